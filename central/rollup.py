"""Roll-ups: sums over the readings of a box by minute and by quarter-hour, kept in the transaction that stores them.

Each source (face, voice, both) has its own.

Only what is new is added, so they always equal the sums over the readings ever stored with a wall time that may be
believed (`wall_ok`), whatever the order, the duplicates and the batches. A reading counts in the bin in which it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import mul
from typing import Final

from sqlalchemy import Connection, Table

from central.raw import Sheaf
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
    "recorded_s",
    "sum_valence",
    "sum_confidence",
    *(f"sum_{name}" for name in EXPRESSIONS),
)
"""The columns of a roll-up beside its key, in the order in which this module sums them."""

Bin = tuple[str, int]  # a box and the start of the bin, UTC milliseconds
_NOTHING: Final = (0.0,) * (2 + len(EXPRESSIONS))


def add(connection: Connection, sheaves: Iterable[Sheaf]) -> None:
    """Add newly stored readings to both roll-ups of their source."""
    for source, own in _by_source(list(sheaves)).items():
        bins: Mapping[Bin, list[float]] = {}
        for table, length_ms in ROLLUPS[source]:
            bins = coarser(bins, length_ms) if bins else tally(own, length_ms)
            insert_many(connection, _upsert(table), [(*key, *bins[key]) for key in sorted(bins)])


def _by_source(sheaves: Sequence[Sheaf]) -> Mapping[str, Sequence[Sheaf]]:
    """The sheaves by the source of their readings; as they are where all are of faces, as nearly always."""
    sources = {reading.source for sheaf in sheaves for reading in sheaf.readings}
    if len(sources) == 1:
        return {source.value: sheaves for source in sources}
    return {
        source.value: [
            sheaf._replace(readings=tuple(each for each in sheaf.readings if each.source is source))
            for sheaf in sheaves
        ]
        for source in sorted(sources)
    }


def tally(sheaves: Iterable[Sheaf], length_ms: int) -> dict[Bin, list[float]]:
    """The sums of `SUMS` for each bin of `length_ms`."""
    readings: defaultdict[tuple[str, bool], list[Reading]] = defaultdict(list)
    for sheaf in sheaves:
        readings[sheaf.box, sheaf.late] += sheaf.readings
    parts: defaultdict[Bin, list[list[float]]] = defaultdict(list)
    for (box, late), found in readings.items():
        for start, group in groupby(found, lambda reading: reading.wall_ms // length_ms):
            parts[box, start * length_ms].append(_sums([*group], late))
    return _summed(parts)


def _sums(readings: Sequence[Reading], late: bool) -> list[float]:
    """The sums of `SUMS` over readings of one bin."""
    lengths = [reading.duration_s for reading in readings]
    recorded_s = sum([reading.duration_s for reading in readings if reading.recorded])
    late_s = sum(lengths) - recorded_s if late else 0.0  # a recording is never awaited, so it never comes late
    simulated_s = sum([reading.duration_s for reading in readings if reading.simulated])
    seen = [(reading.valence, reading.confidence, *reading.shares) for reading in readings if reading.shares]
    unseen_s = not_observed_s = 0.0
    if len(seen) < len(readings):
        lengths = [reading.duration_s for reading in readings if reading.shares]
        reasons = [(reading.reason in LASTING, reading.duration_s) for reading in readings if not reading.shares]
        unseen_s = sum([length for lasting, length in reasons if not lasting])
        not_observed_s = sum([length for lasting, length in reasons if lasting])
    sums = [sum(map(mul, lengths, column)) for column in zip(*seen, strict=True)] or _NOTHING
    return [len(readings), sum(lengths), unseen_s, not_observed_s, late_s, simulated_s, recorded_s, *sums]


def coarser(bins: Mapping[Bin, list[float]], length_ms: int) -> dict[Bin, list[float]]:
    """The sums of bins of a length that divides `length_ms`, in bins of `length_ms`."""
    parts: defaultdict[Bin, list[list[float]]] = defaultdict(list)
    for (box, start_ms), sums in bins.items():
        parts[box, start_ms // length_ms * length_ms].append(sums)
    return _summed(parts)


def _summed(parts: Mapping[Bin, Sequence[list[float]]]) -> dict[Bin, list[float]]:
    return {key: rows[0] if len(rows) == 1 else [*map(sum, zip(*rows, strict=True))] for key, rows in parts.items()}


def _upsert(table: Table) -> str:
    grown = tuple((name, f"{table.name}.{name} + excluded.{name}") for name in SUMS)
    return insert_sql(table, ("box", "start_ms", *SUMS), grown)
