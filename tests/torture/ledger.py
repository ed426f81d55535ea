"""What was made and what arrived: a line for each reading that the outbox took, held beside the centre's rows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from contract.expressions import EXPRESSIONS
from contract.reading import Reading

IN_TIME_MS: Final = 200  # between what two clocks say that are asked one after the other, on a busy machine

Identity = tuple[str, int]  # boot and start: every reading here is of a face

PLAIN: Final = (
    *("wall_ms", "clock_ok", "duration_s", "role", "shift", "policy", "model"),
    *("valence", "confidence", "quality", "faces", "reason"),
)
_COLUMNS: Final = ", ".join((*PLAIN, *(f"p_{name}" for name in EXPRESSIONS)))


@dataclass(frozen=True)
class Line:
    """A reading whose number the outbox returned: where it stood there, what it is, and the hash of its content.

    `true_ms` is when it was made (UTC), where that is not in the hash since the box may not have known it; else 0.
    """

    epoch: str
    seq: int
    boot: str
    started_ns: int
    content: str
    true_ms: int = 0

    def text(self) -> str:
        """As it stands in the file."""
        return f"{self.epoch} {self.seq} {self.boot} {self.started_ns} {self.content} {self.true_ms}\n"

    def is_kept(self, values: Sequence[object]) -> bool:
        """Whether the centre has what was made; `values` are those of its row, as `_COLUMNS` has them."""
        if not self.true_ms:
            return _hash(values) == self.content
        wall_ms, clock_ok, *rest = values
        in_time = isinstance(wall_ms, int) and clock_ok and abs(wall_ms - self.true_ms) <= IN_TIME_MS
        return bool(in_time) and _hash([0, False, *rest]) == self.content


@dataclass(frozen=True)
class Verdict:
    """The count after a scenario. `named` are those that the centre knows by number: in gaps, refused, quarantined."""

    made: int
    stored: int
    named: int
    lost: int
    twice: int
    changed: int

    @property
    def holds(self) -> bool:
        """Whether nothing was lost without a name, nothing is there twice, and nothing was changed."""
        return self.lost == self.twice == self.changed == 0


def content_of(reading: Reading, *, with_time: bool = True) -> str:
    """The hash of what a reading says, but for the time where that may be corrected."""
    if not with_time:
        reading = msgspec.structs.replace(reading, wall_ms=0, clock_ok=False)
    plain = [getattr(reading, name) for name in PLAIN]
    values = [getattr(value, "value", value) for value in plain]
    return _hash([*values, *(reading.shares or [None] * len(EXPRESSIONS))])


def _hash(values: Sequence[object]) -> str:
    exact = [bool(value) if name == "clock_ok" else value for name, value in zip(PLAIN, values, strict=False)]
    whole = [*exact, *values[len(PLAIN) :]]
    # SQLite keeps -0.0 as 0.0, which is the same number.
    return hashlib.sha256(
        json.dumps([each or 0.0 if isinstance(each, float) else each for each in whole]).encode()
    ).hexdigest()


def read(path: Path) -> list[Line]:
    """The lines of a file; one that was cut off by the end of who wrote it was not promised."""
    whole = path.read_text(encoding="ascii").rpartition("\n")[0] if path.exists() else ""
    parts = [line.split(" ") for line in whole.splitlines()]
    return [
        Line(epoch, int(seq), boot, int(started), content, int(true_ms))
        for epoch, seq, boot, started, content, true_ms in parts
    ]


def judge(made: Sequence[Line], central: Path) -> Verdict:
    """Hold what was made beside what the centre has."""
    with closing(sqlite3.connect(f"file:{central}?mode=ro", uri=True)) as db:
        rows = db.execute(f"SELECT boot, started_ns, {_COLUMNS} FROM readings").fetchall()
        gaps = db.execute("SELECT epoch, first, last FROM gaps").fetchall()
        by_number = set(db.execute("SELECT epoch, seq FROM refused UNION SELECT epoch, seq FROM quarantine").fetchall())
        (summed,) = db.execute("SELECT coalesce(sum(readings), 0) FROM minutes").fetchone()
    there: dict[Identity, list[object]] = {(boot, started): values for boot, started, *values in rows}
    counted = Counter((boot, started) for boot, started, *_ in rows)
    missing = [line for line in made if (line.boot, line.started_ns) not in there]
    named = [line for line in missing if _is_named(line, gaps, by_number)]
    return Verdict(
        made=len(made),
        stored=len(there),
        named=len(named),
        lost=len(missing) - len(named),
        twice=counted.total() - len(counted) + abs(summed - len(there)),
        changed=sum(
            not line.is_kept(there[line.boot, line.started_ns])
            for line in made
            if (line.boot, line.started_ns) in there
        ),
    )


def _is_named(line: Line, gaps: Sequence[tuple[str, int, int]], by_number: set[tuple[str, int]]) -> bool:
    in_gap = any(epoch == line.epoch and first <= line.seq <= last for epoch, first, last in gaps)
    return in_gap or (line.epoch, line.seq) in by_number
