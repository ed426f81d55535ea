"""What the centre has of each epoch, as merged ranges of numbers; this, not the raw row, says what is a duplicate.

The pure functions take and give ranges `(first, last)`, both ends included, in rising order, neither overlapping nor
touching. The SQL below keeps them so in the table `received`, reading and writing only the ranges near what arrived.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Final

from sqlalchemy import Connection, and_, delete, select

from central.schema import received
from central.statements import insert_many, insert_sql, look_up
from contract.reading import MAX_INT

Range = tuple[int, int]
Stream = tuple[str, str]  # a box and an epoch of its outbox

_FIRST: Final = itemgetter(0)


def runs(numbers: Iterable[int]) -> list[Range]:
    """The numbers, in any order and however often, as ranges."""
    ordered = sorted(set(numbers))
    if not ordered:
        return []
    if ordered[-1] - ordered[0] == len(ordered) - 1:  # nearly always
        return [(ordered[0], ordered[-1])]
    breaks = [place for place, (one, next_one) in enumerate(pairwise(ordered), 1) if next_one != one + 1]
    return [(ordered[start], ordered[end - 1]) for start, end in pairwise([0, *breaks, len(ordered)])]


def add(ranges: Iterable[Range], more: Iterable[Range]) -> list[Range]:
    """Both together; the arguments may be in any order, overlap and touch."""
    merged: list[Range] = []
    for first, last in sorted([*ranges, *more]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def contains(ranges: Sequence[Range], number: int) -> bool:
    """Whether `number` lies in one of the ranges."""
    place = bisect_right(ranges, number, key=_FIRST) - 1
    return place >= 0 and number <= ranges[place][1]


def size(ranges: Iterable[Range]) -> int:
    """How many numbers the ranges hold."""
    return sum(last - first + 1 for first, last in ranges)


def overlap(ranges: Sequence[Range], others: Iterable[Range]) -> bool:
    """Whether a number lies in both."""
    places = ((bisect_right(ranges, last, key=_FIRST) - 1, first) for first, last in others)
    return any(place >= 0 and first <= ranges[place][1] for place, first in places)


_NEAR: Final = """
WITH wanted (box, epoch, low, high) AS (:wanted)
SELECT r.box, r.epoch, r.first, r.last FROM wanted AS w CROSS JOIN received AS r
WHERE r.box = w.box AND r.epoch = w.epoch AND r.first <= CAST(w.high AS BIGINT) + 1 AND r.last >= w.low - 1
AND r.first >= coalesce((
    SELECT max(p.first) FROM received AS p WHERE p.box = w.box AND p.epoch = w.epoch AND p.first <= w.low
), 0)
"""
_PUT: Final = insert_sql(received, ("box", "epoch", "first", "last"), (("last", "excluded.last"),))


def near(connection: Connection, wanted: Mapping[Stream, Sequence[Range]]) -> dict[Stream, list[Range]]:
    """For each stream what is received among the wanted ranges and beside them; no more, however torn an epoch is."""
    rows = [(box, epoch, low, min(high, MAX_INT - 1)) for (box, epoch), parts in wanted.items() for low, high in parts]
    found: dict[Stream, set[Range]] = {stream: set() for stream in wanted}
    for row in look_up(connection, _NEAR, rows):
        found[row.box, row.epoch].add((row.first, row.last))
    return {stream: sorted(ranges) for stream, ranges in found.items()}


def put(connection: Connection, known: Mapping[Stream, list[Range]], more: Mapping[Stream, Sequence[Range]]) -> None:
    """Add `more` to what is received; `known` is what `near` said of it (or of more than it) in this transaction."""
    rows: list[tuple[str, str, int, int]] = []
    for (box, epoch), ranges in more.items():
        before = known[box, epoch]
        after = add(before, ranges)
        gone = {first for first, _ in before} - {first for first, _ in after}
        for first in gone:
            which = and_(received.c.box == box, received.c.epoch == epoch, received.c.first == first)
            connection.execute(delete(received).where(which))
        rows += [(box, epoch, *part) for part in set(after) - set(before)]
    insert_many(connection, _PUT, rows)


def epochs(connection: Connection, box: str) -> set[str]:
    """The epochs of which the centre ever received something from the box."""
    return set(connection.execute(select(received.c.epoch).where(received.c.box == box).distinct()).scalars())
