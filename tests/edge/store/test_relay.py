"""What a receipt frees, and what it does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from contract.messages import GapCause, Receipt, Refusal
from contract.reading import Reading
from edge.settings import Policy, Store
from edge.store import Counts, Outbox, Relay
from tests.edge.made import BOOT, look, reading

OTHER_EPOCH = "f" * 16


@pytest.fixture
def relay(store: Store) -> Relay:
    """An outbox of ten waiting readings, all of them sent."""
    outbox = Outbox(store, Policy())
    for index in range(10):
        outbox.add(reading(index))
    relay = Relay(store)
    relay.mark_sent(range(1, 11))
    return relay


def _waiting(relay: Relay) -> list[int]:
    return [head.seq for head in relay.oldest(100)]


def test_a_receipt_frees_exactly_its_ranges(relay: Relay) -> None:
    assert relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((2, 3), (7, 7)))) == 3
    assert _waiting(relay) == [1, 4, 5, 6, 8, 9, 10]
    assert relay.counts() == Counts(waiting=7, set_aside=0, received=3, mirror=0, gaps=0)


def test_a_receipt_of_another_epoch_frees_nothing(relay: Relay) -> None:
    assert relay.apply_receipt(Receipt(epoch=OTHER_EPOCH, ranges=((1, 10),))) == 0
    assert len(_waiting(relay)) == 10


def test_a_receipt_frees_no_row_that_was_never_sent(store: Store, relay: Relay) -> None:
    """An outbox that was put back from a copy gives new readings numbers that the centre has seen."""
    number = Outbox(store, Policy()).add(reading(99))
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, number),)))
    assert _waiting(relay) == [number]


def test_a_second_receipt_changes_nothing(relay: Relay) -> None:
    receipt = Receipt(epoch=relay.epoch, ranges=((1, 4),))
    assert [relay.apply_receipt(receipt), relay.apply_receipt(receipt)] == [4, 0]


def test_what_the_centre_refuses_is_set_aside_with_its_reason(store: Store, relay: Relay) -> None:
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, 10),), refused=(Refusal(seq=4, why="too old"),)))
    assert relay.counts() == Counts(waiting=0, set_aside=1, received=9, mirror=0, gaps=0)
    assert look(store, "SELECT seq, why FROM outbox WHERE state = 'set_aside'") == [(4, "too old")]
    assert relay.refusals(10) == []  # it knows


def test_a_row_set_aside_is_reported_until_the_centre_confirms(relay: Relay) -> None:
    relay.set_aside(4, "too large" * 50)
    ((seq, why),) = [(row.seq, row.why) for row in relay.refusals(10)]
    assert (seq, len(why)) == (4, 200)
    relay.apply_receipt(Receipt(epoch=relay.epoch, refused=(Refusal(seq=4, why=why),)))
    assert relay.refusals(10) == []
    assert relay.counts().set_aside == 1


def test_rows_set_aside_wait_again_when_told_so(relay: Relay) -> None:
    relay.set_aside(4, "not authorised")
    assert 4 not in _waiting(relay)
    assert relay.retry_set_aside() == 1
    assert 4 in _waiting(relay)


def test_a_row_that_is_no_reading_is_set_aside_and_the_others_go(store: Store, relay: Relay) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE outbox SET neutral = 1.0 WHERE seq = 2")  # the shares add up no more
        db.commit()
    assert [reading.seq for reading in relay.load([1, 2, 3])] == [1, 3]
    assert "shares do not add up" in relay.refusals(10)[0].why


def test_the_sent_rows_that_wait_are_asked_for(store: Store, relay: Relay) -> None:
    Outbox(store, Policy()).add(reading(99))
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, 2), (5, 5))))
    assert relay.sent_range() == (3, 10)
    relay.apply_receipt(Receipt(epoch=relay.epoch, ranges=((1, 10),)))
    assert relay.sent_range() is None


def test_what_was_sent_is_known_to_the_next_process(store: Store, relay: Relay) -> None:
    relay.close()
    assert Relay(store).sent_range() == (1, 10)


def test_a_new_epoch_keeps_what_waits_and_counts_it_as_never_sent(store: Store, relay: Relay) -> None:
    old = relay.epoch
    relay.apply_receipt(Receipt(epoch=old, ranges=((1, 3),)))
    assert relay.begin_epoch(old)
    assert relay.epoch != old
    assert relay.sent_range() is None
    assert _waiting(relay) == [4, 5, 6, 7, 8, 9, 10]
    assert relay.apply_receipt(Receipt(epoch=old, ranges=((1, 10),))) == 0
    assert Relay(store).epoch == relay.epoch


def test_an_epoch_that_was_left_is_not_left_twice(relay: Relay) -> None:
    old = relay.epoch
    relay.begin_epoch(old)
    now = relay.epoch
    assert not relay.begin_epoch(old)
    assert relay.epoch == now


def test_a_gap_is_confirmed_in_its_own_epoch(store: Store, relay: Relay) -> None:
    Outbox(store, Policy()).lost(5, 0, 5000)
    old = relay.epoch
    relay.begin_epoch(old)
    (owed,) = relay.gaps(10)
    assert (owed.epoch, owed.gap.first, owed.gap.last) == (old, 11, 15)
    relay.apply_receipt(Receipt(epoch=relay.epoch, gaps=((11, 15),)))
    relay.apply_receipt(Receipt(epoch=old, gaps=((11, 14),)))
    assert len(relay.gaps(10)) == 1
    relay.apply_receipt(Receipt(epoch=old, gaps=((11, 15),)))
    assert relay.gaps(10) == []
    assert relay.counts().gaps == 1


def test_a_gap_that_was_sent_is_not_lengthened(store: Store, relay: Relay) -> None:
    outbox = Outbox(store, Policy())
    outbox.lost(2, 0, 2000, GapCause.DISK_FULL)
    outbox.lost(2, 2000, 4000, GapCause.DISK_FULL)
    assert [(o.gap.first, o.gap.last) for o in relay.gaps(10)] == [(11, 14)]
    outbox.lost(2, 4000, 6000, GapCause.DISK_FULL)
    assert [(o.gap.first, o.gap.last) for o in relay.gaps(10)] == [(11, 14), (15, 16)]


def _untimed(index: int, **changed: object) -> Reading:
    return reading(index, wall_ms=index * 1000, clock_ok=False, **changed)


def test_what_was_made_before_the_clock_was_known_gets_the_time_at_which_it_was_made(store: Store) -> None:
    outbox = Outbox(store, Policy())
    for index in (5, 6):
        outbox.add(_untimed(index))
    relay = Relay(store)
    assert relay.owes_times(BOOT)
    assert not relay.newest_has_time(BOOT)
    outbox.add(reading(7, wall_ms=1_000_007_000))
    assert relay.newest_has_time(BOOT)
    assert relay.correct_times(BOOT, 1_000_008_000, 8_000_000_000) == 2
    assert look(store, "SELECT wall_ms, clock_ok FROM outbox ORDER BY seq") == [
        (1_000_005_000, 1),
        (1_000_006_000, 1),
        (1_000_007_000, 1),
    ]
    assert not relay.owes_times(BOOT)


def test_what_was_sent_keeps_the_time_that_it_went_with_in_a_new_epoch_too(store: Store) -> None:
    outbox = Outbox(store, Policy())
    outbox.add(_untimed(1))
    relay = Relay(store)
    relay.mark_sent([1])
    assert relay.begin_epoch(relay.epoch)
    assert not relay.owes_times(BOOT)
    assert relay.correct_times(BOOT, 1_000_000_000, 8_000_000_000) == 0
    assert [head.seq for head in relay.oldest(5)] == [1]


def test_readings_of_another_boot_cannot_be_corrected(store: Store) -> None:
    Outbox(store, Policy()).add(_untimed(1, boot="another0"))
    relay = Relay(store)
    assert not relay.owes_times(BOOT)
    assert relay.correct_times(BOOT, 1_000_000_000, 8_000_000_000) == 0


def test_what_never_leaves_is_corrected_too(store: Store) -> None:
    outbox = Outbox(store, Policy(name="mirror", publish=False))
    outbox.add(_untimed(1))
    relay = Relay(store)
    assert relay.correct_times(BOOT, 1_000_000_000, 2_000_000_000) == 1
    assert look(store, "SELECT wall_ms, clock_ok FROM mirror") == [(999_999_000, 1)]


def test_many_are_corrected_a_part_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.store.relay.CORRECTED_AT_ONCE", 2)
    Outbox(store, Policy()).add_many([_untimed(index) for index in range(5)])
    relay = Relay(store)
    assert [relay.correct_times(BOOT, 1_000_000_000, 2_000_000_000) for _ in range(4)] == [2, 2, 1, 0]
