"""How many readings a box keeps: two limits, one order, and a name for what was owed."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.messages import GapCause, Receipt, Refusal
from edge.settings import Policy, Store
from edge.store import Outbox, Relay, prepare
from edge.store.bounds import DAY_MS, Trimmed, trim
from edge.store.connection import open_checked
from tests.edge.made import look, reading

T0 = 1_800_000_000_000
MIRROR = Policy(name="mirror", publish=False)


def _fill(store: Store, count: int, *, first: int = 0, clock_ok: bool = True, policy: Policy | None = None) -> None:
    """Readings a second apart from `T0`, not trimmed meanwhile."""
    made = [reading(i, wall_ms=T0 + i * 1000, clock_ok=clock_ok) for i in range(first, first + count)]
    Outbox(store, policy or Policy()).add_many(made)


def _receive(store: Store, *ranges: tuple[int, int]) -> None:
    relay = Relay(store)
    for first, last in ranges:
        relay.mark_sent(range(first, last + 1))
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=ranges))


def _trim(store: Store, now_ms: int | None, keep_bytes: int = 10**9) -> Trimmed:
    limits = Store(path=store.path, keep_days=1, keep_bytes=keep_bytes)
    connection = open_checked(store.path)
    with connection.writing() as db:
        return trim(db, limits, now_ms)


def _used(store: Store) -> int:
    pages, free, size = (look(store, f"PRAGMA {name}")[0][0] for name in ("page_count", "freelist_count", "page_size"))
    return int((pages - free) * size)


def _numbers(store: Store) -> list[int]:
    return [seq for (seq,) in look(store, "SELECT seq FROM outbox ORDER BY seq")]


def test_nothing_goes_while_both_limits_hold(store: Store) -> None:
    _fill(store, 50)
    _receive(store, (1, 20))
    assert _trim(store, T0 + DAY_MS - 1) == Trimmed(0, 0)
    assert _numbers(store) == list(range(1, 51))
    assert look(store, "SELECT count(*) FROM gaps") == [(0,)]


def test_received_rows_go_by_days_without_a_gap(store: Store) -> None:
    _fill(store, 50)
    _receive(store, (1, 50))
    assert _trim(store, T0 + DAY_MS + 10_000) == Trimmed(settled=10)
    assert _numbers(store) == list(range(11, 51))
    assert look(store, "SELECT count(*) FROM gaps") == [(0,)]


def test_owed_rows_that_go_by_days_are_named(store: Store) -> None:
    _fill(store, 50)
    assert _trim(store, T0 + DAY_MS + 10_000) == Trimmed(owed=10)
    (owed,) = Relay(store).gaps(10)
    gap = owed.gap
    assert owed.epoch == Relay(store).epoch
    assert (gap.first, gap.last, gap.count, gap.cause) == (1, 10, 10, GapCause.FULL_DAYS)
    assert (gap.from_ms, gap.until_ms) == (T0, T0 + 10_000)


def test_a_gap_does_not_name_received_rows_between(store: Store) -> None:
    _fill(store, 20)
    _receive(store, (4, 6))
    _trim(store, T0 + DAY_MS + 10_000)
    assert [(o.gap.first, o.gap.last, o.gap.count) for o in Relay(store).gaps(10)] == [(1, 3, 3), (7, 10, 4)]


def test_a_gap_grows_until_it_is_sent_and_not_after(store: Store) -> None:
    _fill(store, 50)
    _trim(store, T0 + DAY_MS + 10_000)
    _trim(store, T0 + DAY_MS + 20_000)
    assert [(o.gap.first, o.gap.last) for o in Relay(store).gaps(10)] == [(1, 20)]
    _trim(store, T0 + DAY_MS + 30_000)
    assert [(o.gap.first, o.gap.last) for o in Relay(store).gaps(10)] == [(1, 20), (21, 30)]


def test_by_bytes_the_oldest_received_rows_go_first(store: Store) -> None:
    _fill(store, 6000)
    _receive(store, (1001, 6000))
    limit = _used(store) - 100_000
    trimmed = _trim(store, None, limit)
    assert trimmed.settled > 0
    assert trimmed.owed == 0
    assert _used(store) <= limit
    gone = set(range(1, 6001)) - set(_numbers(store))
    assert gone == set(range(1001, 1001 + trimmed.settled))


def test_by_bytes_the_oldest_owed_rows_go_when_no_received_one_is_left(store: Store) -> None:
    _fill(store, 6000)
    _receive(store, (3001, 3100))
    limit = _used(store) - 200_000
    trimmed = _trim(store, None, limit)
    assert trimmed.settled == 100
    assert trimmed.owed > 0
    assert _used(store) <= limit
    (owed,) = Relay(store).gaps(10)
    assert (owed.gap.first, owed.gap.last, owed.gap.cause) == (1, trimmed.owed, GapCause.FULL_BYTES)


def test_mirror_rows_go_before_owed_ones(store: Store) -> None:
    _fill(store, 3000)
    _fill(store, 3000, first=5000, policy=MIRROR)
    trimmed = _trim(store, None, _used(store) - 100_000)
    assert trimmed.owed == 0
    assert trimmed.settled > 0
    assert _numbers(store) == list(range(1, 3001))


def test_a_row_set_aside_is_owed_until_the_centre_knows_of_it(store: Store) -> None:
    _fill(store, 3)
    relay = Relay(store)
    relay.set_aside(1, "too large")
    relay.set_aside(2, "too large")
    _confirm_refusal(relay, 2)
    assert _trim(store, T0 + DAY_MS + 10_000) == Trimmed(settled=1, owed=2)
    assert [(o.gap.first, o.gap.last) for o in relay.gaps(10)] == [(1, 1), (3, 3)]


def test_a_clock_that_is_not_set_makes_nothing_old(store: Store) -> None:
    """A box that woke in 1970 learns the time: what it made before is not days old."""
    old = [reading(i, wall_ms=i * 1000, clock_ok=False) for i in range(10)]
    Outbox(store, Policy()).add_many([*old, *(reading(i, wall_ms=T0 + i * 1000) for i in range(10, 20))])
    assert _trim(store, T0 + 20_000) == Trimmed(0, 0)
    assert _trim(store, None) == Trimmed(0, 0)


def test_rows_of_an_unset_clock_go_with_the_next_row_that_is_too_old(store: Store) -> None:
    old = [reading(i, wall_ms=i * 1000, clock_ok=False) for i in range(10)]
    Outbox(store, Policy()).add_many([*old, *(reading(i, wall_ms=T0 + i * 1000) for i in range(10, 20))])
    assert _trim(store, T0 + DAY_MS + 12_000) == Trimmed(owed=12)


def test_rows_of_an_unset_clock_after_the_last_expired_one_stay(store: Store) -> None:
    """The box ran, was off for days, and woke without the time."""
    unset = [reading(i, wall_ms=i * 1000, clock_ok=False) for i in range(10, 20)]
    Outbox(store, Policy()).add_many([*(reading(i, wall_ms=T0 + i * 1000) for i in range(10)), *unset])
    assert _trim(store, T0 + DAY_MS + 60_000) == Trimmed(owed=10)
    assert _numbers(store) == list(range(11, 21))


@pytest.mark.parametrize("publish", [True, False])
def test_adding_holds_the_bounds(tmp_path: Path, publish: bool) -> None:
    store = Store(path=str(tmp_path / "small.db"), keep_bytes=1_000_000)
    prepare(store)
    _fill(store, 6000, policy=Policy(publish=publish))
    before = _used(store)
    outbox = Outbox(store, Policy(publish=publish))
    for i in range(130):
        outbox.add(reading(10_000 + i))
    assert before > 1_000_000
    assert _used(store) <= 1_000_000
    assert bool(Relay(store).gaps(10)) is publish


def _confirm_refusal(relay: Relay, seq: int) -> None:
    relay.apply_receipt(Receipt(epoch=relay.epoch, refused=(Refusal(seq=seq, why="known"),)))
