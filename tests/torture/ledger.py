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

from contract.expressions import EXPRESSIONS
from contract.reading import Reading

Identity = tuple[str, int]  # boot and start: every reading here is of a face

PLAIN: Final = (
    *("wall_ms", "clock_ok", "duration_s", "role", "shift", "policy", "model"),
    *("valence", "confidence", "quality", "faces", "reason"),
)
_COLUMNS: Final = ", ".join((*PLAIN, *(f"p_{name}" for name in EXPRESSIONS)))


@dataclass(frozen=True)
class Line:
    """A reading whose number the outbox returned: where it stood there, what it is, and the hash of its content."""

    epoch: str
    seq: int
    boot: str
    started_ns: int
    content: str

    def text(self) -> str:
        """As it stands in the file."""
        return f"{self.epoch} {self.seq} {self.boot} {self.started_ns} {self.content}\n"


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


def content_of(reading: Reading) -> str:
    """The hash of what a reading says."""
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
    return [Line(epoch, int(seq), boot, int(started), content) for epoch, seq, boot, started, content in parts]


def judge(made: Sequence[Line], central: Path) -> Verdict:
    """Hold what was made beside what the centre has."""
    with closing(sqlite3.connect(f"file:{central}?mode=ro", uri=True)) as db:
        rows = db.execute(f"SELECT boot, started_ns, {_COLUMNS} FROM readings").fetchall()
        gaps = db.execute("SELECT epoch, first, last FROM gaps").fetchall()
        by_number = set(db.execute("SELECT epoch, seq FROM refused UNION SELECT epoch, seq FROM quarantine").fetchall())
        (summed,) = db.execute("SELECT coalesce(sum(readings), 0) FROM minutes").fetchone()
    there: dict[Identity, str] = {(boot, started): _hash(values) for boot, started, *values in rows}
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
            there[line.boot, line.started_ns] != line.content for line in made if (line.boot, line.started_ns) in there
        ),
    )


def _is_named(line: Line, gaps: Sequence[tuple[str, int, int]], by_number: set[tuple[str, int]]) -> bool:
    in_gap = any(epoch == line.epoch and first <= line.seq <= last for epoch, first, last in gaps)
    return in_gap or (line.epoch, line.seq) in by_number
