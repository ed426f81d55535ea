"""The raw rows: from a reading to a row of `readings`, and the look-ups that tell duplicates.

What is compared is all of a reading but its number: the same reading may come again under another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from central.schema import purged, readings
from central.statements import insert_many, insert_sql, look_up
from contract.expressions import EXPRESSIONS
from contract.reading import Reading

Content = tuple[Any, ...]
Number = tuple[str, str, int]  # box, epoch, seq
Identity = tuple[str, str, str, int]  # box, source, boot, started_ns

_SHARES: Final = tuple(f"p_{name}" for name in EXPRESSIONS)
_CONTENT: Final = (
    *("source", "boot", "started_ns", "wall_ms", "clock_ok", "duration_s", "role", "shift", "policy", "model"),
    *("conversation", "simulated", "recorded", *_SHARES, "valence", "confidence", "quality", "faces", "reason"),
)
_OWN: Final = ("box", "epoch", "seq", "received_ms", "historical", "wall_ok")
_NO_SHARES: Final = (None,) * len(EXPRESSIONS)


class Sheaf(NamedTuple):
    """Readings that arrived together. `late`: they are historical; `placed`: their wall times may be believed."""

    box: str
    epoch: str
    late: bool
    placed: bool
    readings: Sequence[Reading]


class Item(NamedTuple):
    """One reading of a sheaf, where each is looked at for itself."""

    box: str
    epoch: str
    late: bool
    placed: bool
    reading: Reading

    @property
    def number(self) -> Number:
        """What it is called in its box's outbox."""
        return self.box, self.epoch, self.reading.seq

    @property
    def identity(self) -> Identity:
        """What it is, whatever it is called."""
        return self.box, self.reading.source.value, self.reading.boot, self.reading.started_ns

    def alone(self) -> Sheaf:
        """A sheaf of this one."""
        return Sheaf(self.box, self.epoch, self.late, self.placed, (self.reading,))


@dataclass(frozen=True)
class Held:
    """The raw rows that share a number or an identity with what arrived."""

    numbers: dict[Number, Content]
    identities: dict[Identity, Content]


def content(reading: Reading) -> Content:
    """All of a reading but its number, as the columns hold it."""
    (source, boot, started_ns, _, wall_ms, clock_ok, duration_s, role, shift, policy, model, conversation, simulated,
     recorded, shares, valence, confidence, quality, faces, reason) = msgspec.structs.astuple(reading)  # fmt: skip
    return (
        source._value_,  # `.value` runs Python code at each call; this is the plain attribute behind it
        *(boot, started_ns, wall_ms, +clock_ok, duration_s),
        role._value_,
        *(shift, policy, model, conversation, +simulated, +recorded),
        *(shares or _NO_SHARES),
        *(valence, confidence, quality, faces),
        None if reason is None else reason._value_,
    )


_INSERT: Final = insert_sql(readings, (*_OWN, *_CONTENT))


def insert(connection: Connection, sheaves: Iterable[Sheaf], now_ms: int) -> None:
    """Store new rows; sqlalchemy's IntegrityError where one shares its number or identity with another."""
    rows = [
        (box, epoch, reading.seq, now_ms, +late, +placed, *content(reading))
        for box, epoch, late, placed, found in sheaves
        for reading in found
    ]
    insert_many(connection, _INSERT, rows)


_SELECT: Final = f"SELECT r.box, r.epoch, r.seq, {', '.join(f'r.{name}' for name in _CONTENT)}"
_BY_NUMBER: Final = f"""
WITH wanted (box, epoch, seq) AS (:wanted) {_SELECT} FROM wanted AS w CROSS JOIN readings AS r
WHERE r.box = w.box AND r.epoch = w.epoch AND r.seq = w.seq
"""
_BY_IDENTITY: Final = f"""
WITH wanted (box, source, boot, started_ns) AS (:wanted) {_SELECT} FROM wanted AS w CROSS JOIN readings AS r
WHERE r.box = w.box AND r.source = w.source AND r.boot = w.boot AND r.started_ns = w.started_ns
"""


def held(connection: Connection, items: Sequence[Item]) -> Held:
    """What is stored under the numbers and the identities of the items."""
    found = Held({}, {})
    for sql, wanted in (
        (_BY_NUMBER, sorted({item.number for item in items})),
        (_BY_IDENTITY, sorted({item.identity for item in items})),
    ):
        for row in look_up(connection, sql, wanted):
            box, epoch, seq, *fields = tuple(row)
            remember(found, (box, epoch, seq), tuple(fields))
    return found


def remember(found: Held, number: Number, fields: Content) -> None:
    """Put a row among those held."""
    source, boot, started_ns = fields[:3]
    found.numbers[number] = fields
    found.identities[number[0], source, boot, started_ns] = fields


RECORDED: Final = "recorded"  # what `purged` calls the raw rows of recordings
_PURGED: Final = f"SELECT what, before_ms FROM {purged.name} WHERE what IN ('{readings.name}', '{RECORDED}')"


class Purged(NamedTuple):
    """Up to which wall time, in ms, raw rows may have been purged; 0 where none ever was."""

    live_ms: int
    recorded_ms: int

    def covers(self, reading: Reading) -> bool:
        """Whether a reading is from a time of which they may have been."""
        return reading.wall_ms < (self.recorded_ms if reading.recorded else self.live_ms)

    def covers_any(self, readings: Sequence[Reading]) -> bool:
        """Whether one of them is; nearly always the oldest says that none is."""
        oldest = min([reading.wall_ms for reading in readings])
        return oldest < max(self) and any(map(self.covers, readings))


def purged_before(connection: Connection) -> Purged:
    """What may have been purged by now."""
    found = {row.what: row.before_ms for row in connection.exec_driver_sql(_PURGED)}
    return Purged(found.get(readings.name, 0), found.get(RECORDED, 0))
