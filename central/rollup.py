"""Roll-ups: sums over the readings of a box by minute and by quarter-hour, kept in the transaction that stores them.

Only what is new is added, so they always equal the sums over the readings ever stored with a wall time that may be
believed (`wall_ok`), whatever the order, the duplicates and the batches. A reading counts in the bin in which it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table

from central.schema import ROLLUPS
from central.statements import insert_many, insert_sql
from contract.expressions import EXPRESSIONS
from contract.reading import LASTING, Reading

SUMS: Final = (
    "readings",
    "seen_s",
    "unseen_s",
    "not_observed_s",
    "late_s",
    "simulated_s",
    "sum_valence",
    "sum_confidence",
    *(f"sum_{name}" for name in EXPRESSIONS),
)
"""The columns of a roll-up beside its key, in the order in which this module sums them."""

Bin = tuple[str, int]  # a box and the start of the bin, UTC milliseconds
_NOTHING: Final = (0.0,) * len(EXPRESSIONS)


class Sample(NamedTuple):
    """A reading newly stored, of the box `box`; `late` where it came as historical."""

    box: str
    late: bool
    reading: Reading


def add(connection: Connection, samples: Iterable[Sample]) -> None:
    """Add newly stored readings to both roll-ups."""
    bins: Mapping[Bin, list[float]] = {}
    for table, length_ms in ROLLUPS:
        bins = coarser(bins, length_ms) if bins else tally(samples, length_ms)
        insert_many(connection, _upsert(table), [(*key, *bins[key]) for key in sorted(bins)])


def tally(samples: Iterable[Sample], length_ms: int) -> dict[Bin, list[float]]:
    """The sums of `SUMS` for each bin of `length_ms`."""
    parts: defaultdict[Bin, list[tuple[float, ...]]] = defaultdict(list)
    for box, late, reading in samples:
        start_ms = reading.wall_ms // length_ms * length_ms
        parts[box, start_ms].append(_parts(reading, late))
    return _summed(parts)


def coarser(bins: Mapping[Bin, list[float]], length_ms: int) -> dict[Bin, list[float]]:
    """The sums of bins of a length that divides `length_ms`, in bins of `length_ms`."""
    parts: defaultdict[Bin, list[list[float]]] = defaultdict(list)
    for (box, start_ms), sums in bins.items():
        parts[box, start_ms // length_ms * length_ms].append(sums)
    return _summed(parts)


def _parts(reading: Reading, late: bool) -> tuple[float, ...]:
    length = reading.duration_s
    shares, valence, confidence = reading.shares, reading.valence, reading.confidence
    late_s = length if late else 0.0
    simulated_s = length if reading.simulated else 0.0
    if shares is None or valence is None or confidence is None:
        lasting = reading.reason in LASTING
        unseen_s, not_observed_s = (0.0, length) if lasting else (length, 0.0)
        return (1, 0.0, unseen_s, not_observed_s, late_s, simulated_s, 0.0, 0.0, *_NOTHING)
    if length == 1.0:  # nearly every reading
        return (1, 1.0, 0.0, 0.0, late_s, simulated_s, valence, confidence, *shares)
    weighted = [length * share for share in shares]
    return (1, length, 0.0, 0.0, late_s, simulated_s, length * valence, length * confidence, *weighted)


def _summed(parts: Mapping[Bin, Iterable[Iterable[float]]]) -> dict[Bin, list[float]]:
    return {key: [sum(column) for column in zip(*rows, strict=True)] for key, rows in parts.items()}


def _upsert(table: Table) -> str:
    grown = tuple((name, f"{table.name}.{name} + excluded.{name}") for name in SUMS)
    return insert_sql(table, ("box", "start_ms", *SUMS), grown)
