"""Received ranges: the pure functions against plain sets, and their SQL."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from central import database, received
from central.schema import received as table
from contract.reading import MAX_INT

from .made import EPOCH, OTHER_EPOCH

numbers = st.sets(st.integers(1, 60), max_size=40)
STREAM = ("box-1", EPOCH)


def spread(ranges: list[received.Range]) -> set[int]:
    """The numbers that ranges hold."""
    return {number for first, last in ranges for number in range(first, last + 1)}


def is_merged(ranges: list[received.Range]) -> bool:
    """Whether ranges rise and neither overlap nor touch."""
    return all(first <= last for first, last in ranges) and all(
        one[1] + 1 < other[0] for one, other in pairwise(ranges)
    )


@given(st.lists(st.integers(1, 60)))
def test_runs_hold_the_numbers_once_each(some: list[int]) -> None:
    found = received.runs(some)
    assert spread(found) == set(some)
    assert is_merged(found)
    assert received.size(found) == len(set(some))


@given(numbers, numbers)
def test_adding_is_the_union(some: set[int], more: set[int]) -> None:
    both = received.add(received.runs(some), received.runs(more))
    assert spread(both) == some | more
    assert is_merged(both)


@given(numbers, st.integers(0, 61))
def test_contains_is_membership(some: set[int], number: int) -> None:
    assert received.contains(received.runs(some), number) == (number in some)


@given(numbers, numbers)
def test_overlap_is_a_common_number(some: set[int], others: set[int]) -> None:
    assert received.overlap(received.runs(some), received.runs(others)) == bool(some & others)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(batches=st.lists(numbers, min_size=1, max_size=6))
def test_the_table_holds_the_union_in_merged_ranges_whatever_the_batches(
    engine: Engine, batches: list[set[int]]
) -> None:
    with database.writing(engine) as connection:
        connection.execute(delete(table))
    for batch in batches:
        with database.writing(engine) as connection:
            wanted = {STREAM: received.runs(batch)}
            received.put(connection, received.near(connection, wanted), wanted)
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.first, table.c.last).order_by(table.c.first)).all()
    ranges = [(first, last) for first, last in rows]
    assert spread(ranges) == set().union(*batches)
    assert is_merged(ranges)


def test_near_reads_only_what_touches(engine: Engine) -> None:
    with database.writing(engine) as connection:
        known = {STREAM: [(first, first) for first in range(1, 1001, 10)], ("box-1", OTHER_EPOCH): [(500, 600)]}
        received.put(connection, {stream: [] for stream in known}, known)
        assert received.near(connection, {STREAM: [(500, 512)]}) == {STREAM: [(501, 501), (511, 511)]}
        assert received.near(connection, {STREAM: [(512, 519)]}) == {STREAM: [(511, 511)]}
        assert received.near(connection, {STREAM: [(513, 519)]}) == {STREAM: []}


def test_the_largest_numbers_of_the_contract_fit(engine: Engine) -> None:
    with database.writing(engine) as connection:
        wanted = {STREAM: [(1, 1), (2**31 - 1, 2**31 - 1), (MAX_INT - 1, MAX_INT)]}
        received.put(connection, received.near(connection, wanted), wanted)
        assert received.near(connection, wanted) == wanted
        assert received.epochs(connection, "box-1") == {EPOCH}
