"""One transaction's work: what is stored of what arrived, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, select

from central import aside, retention
from central.arrivals import FUTURE_MS, Arrival, wall_ok
from central.schema import boxes, gaps, minutes, quarantine, readings, refused
from central.settings import Retention
from central.store import store
from contract.encoding import Opened
from contract.messages import (
    AskReceipt,
    Gap,
    GapCause,
    Message,
    NewEpoch,
    Readings,
    Receipt,
    Refusal,
    ReportGap,
    ReportRefused,
    Status,
)
from contract.reading import Reading, Reason

from .made import DAY_MS, EPOCH, NOW_MS, OTHER_EPOCH, arrival, asking, numbered, reading, renumbered, unseen

Store = Callable[..., list[Message]]


@pytest.fixture
def put(engine: Engine) -> Store:
    """Stores arrivals in one transaction and returns the answers."""

    def run(*arrivals: Arrival, now_ms: int = NOW_MS) -> list[Message]:
        return [answer.message for answer in store(engine, arrivals, now_ms)]

    return run


def rows(engine: Engine, table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of all rows, in their order."""
    wanted = [table.c[name] for name in columns]
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*wanted).order_by(*wanted))]


def receipt(*ranges: tuple[int, int], epoch: str = EPOCH, **more: Any) -> Receipt:
    """A receipt as it is expected."""
    return Receipt(epoch=epoch, ranges=ranges, **more)


def purge(engine: Engine, now_ms: int) -> None:
    """Let go of what is older than the defaults say."""
    work = retention.Purge(engine, Retention())
    work.begin(now_ms)
    while work.step():
        pass


def test_a_batch_is_stored_and_receipted(engine: Engine, put: Store) -> None:
    assert put(arrival(numbered([1, 2, 5]))) == [receipt((1, 2), (5, 5))]
    assert rows(engine, readings, "seq") == [(1,), (2,), (5,)]


def test_a_duplicate_is_receipted_and_not_stored(engine: Engine, put: Store) -> None:
    put(arrival(numbered([1, 2, 3])))
    sums = rows(engine, minutes, "readings", "seen_s")
    assert put(arrival(numbered([2, 3, 4]))) == [receipt((2, 4))]
    assert rows(engine, readings, "seq") == [(1,), (2,), (3,), (4,)]
    assert put(arrival(numbered([1, 2, 3, 4]))) == [receipt((1, 4))]
    assert rows(engine, minutes, "readings", "seen_s") == [(sums[0][0] + 1, sums[0][1] + 1.0)]


def test_a_duplicate_within_one_batch_is_stored_once(engine: Engine, put: Store) -> None:
    assert put(arrival(numbered([1, 2])), arrival(numbered([2, 3]))) == [receipt((1, 3))]
    assert rows(engine, minutes, "readings") == [(3,)]


def test_two_boxes_with_the_same_numbers_are_two(engine: Engine, put: Store) -> None:
    assert put(arrival(numbered([1])), arrival(numbered([1]), box="box-2")) == [receipt((1, 1)), receipt((1, 1))]
    assert rows(engine, readings, "box", "seq") == [("box-1", 1), ("box-2", 1)]


def test_what_is_stored_is_what_was_sent(engine: Engine, put: Store) -> None:
    made = reading(1, conversation="call-9", simulated=True, clock_ok=False)
    put(arrival([made]))
    with engine.connect() as connection:
        row = connection.execute(select(readings)).one()._asdict()
    for name in ("boot", "started_ns", "wall_ms", "clock_ok", "duration_s", "shift", "policy", "model", "conversation"):
        assert row[name] == getattr(made, name)
    assert (row["source"], row["role"], row["reason"], row["simulated"]) == ("face", "agent", None, True)
    assert row["recorded"] is False
    assert (row["p_neutral"], row["p_contempt"], row["valence"]) == (made.shares[0], made.shares[7], made.valence)  # type: ignore[index]


def test_a_recording_is_stored_as_one_and_is_never_live_nor_late(engine: Engine, put: Store) -> None:
    put(arrival([reading(1, recorded=True), reading(2, recorded=True, wall_ms=NOW_MS - 40 * 60_000)]))
    assert rows(engine, readings, "seq", "recorded", "historical") == [(1, True, True), (2, True, True)]
    assert rows(engine, boxes, "last_live_ms") == [(None,)]
    assert rows(engine, minutes, "seen_s", "recorded_s", "late_s") == [(1.0, 1.0, 0.0)] * 2


class TestOtherContentUnderANumber:
    """An outbox put back from a copy."""

    def test_goes_to_quarantine_and_asks_for_a_new_epoch(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2, 3])))
        other = reading(3, boot="b1" * 8)
        assert put(arrival([reading(2), other, reading(4)])) == [receipt((2, 2), (4, 4)), NewEpoch(epoch=EPOCH)]
        assert rows(engine, readings, "seq", "boot") == [(seq, "b0" * 8) for seq in (1, 2, 3, 4)]
        [(box, epoch, seq, body)] = rows(engine, quarantine, "box", "epoch", "seq", "body")
        assert (box, epoch, seq) == ("box-1", EPOCH, 3)
        assert msgspec.json.decode(body, type=Reading) == other

    def test_is_quarantined_once_however_often_it_comes(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1])))
        for _ in range(3):
            assert put(arrival([reading(1, boot="b1" * 8)])) == [NewEpoch(epoch=EPOCH)]
        assert len(rows(engine, quarantine, "id")) == 1

    def test_is_stored_when_it_comes_again_under_the_new_epoch(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2])))
        other = reading(2, boot="b1" * 8)
        put(arrival([other]))
        assert put(arrival([other], epoch=OTHER_EPOCH)) == [receipt((2, 2), epoch=OTHER_EPOCH)]
        assert ("b1" * 8, OTHER_EPOCH) in rows(engine, readings, "boot", "epoch")
        assert put(arrival([other])) == [receipt((2, 2))], "a late copy under the old number is a duplicate by now"

    def test_within_one_batch_keeps_the_first(self, engine: Engine, put: Store) -> None:
        answers = put(arrival([reading(1)]), arrival([reading(1, boot="b1" * 8)]))
        assert answers == [receipt((1, 1)), NewEpoch(epoch=EPOCH)]
        assert rows(engine, readings, "boot") == [("b0" * 8,)]

    def test_cannot_fill_the_disk(self, engine: Engine, put: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(aside, "MAX_QUARANTINED", 3)
        put(arrival(numbered(range(1, 11))))
        answers = put(arrival([reading(seq, boot="b1" * 8) for seq in range(1, 11)]))
        assert answers == [NewEpoch(epoch=EPOCH)], "none is receipted: the box still has them"
        assert len(rows(engine, quarantine, "id")) == 3


class TestTheSameReadingUnderAnotherNumber:
    """After a new epoch a box sends again what it has no receipt for."""

    def test_is_a_duplicate_and_receipted(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2, 3])))
        again = [renumbered(reading(2), 7), renumbered(reading(3), 8), reading(9)]
        assert put(arrival(again, epoch=OTHER_EPOCH)) == [receipt((7, 9), epoch=OTHER_EPOCH)]
        assert rows(engine, readings, "epoch", "seq") == [*[(EPOCH, seq) for seq in (1, 2, 3)], (OTHER_EPOCH, 9)]
        assert rows(engine, minutes, "readings") == [(4,)]

    def test_in_one_batch_is_stored_once(self, engine: Engine, put: Store) -> None:
        put(arrival([reading(1)]), arrival([renumbered(reading(1), 5)], epoch=OTHER_EPOCH))
        assert len(rows(engine, readings, "id")) == 1

    def test_with_other_content_is_refused_by_name_and_kept(self, engine: Engine, put: Store) -> None:
        put(arrival([reading(1)]))
        [answer] = put(arrival([renumbered(reading(1, confidence=0.3), 2)]))
        assert isinstance(answer, Receipt)
        assert (answer.ranges, [refusal.seq for refusal in answer.refused]) == ((), [2])
        assert rows(engine, quarantine, "seq") == rows(engine, refused, "seq") == [(2,)]


class TestAfterRawRowsArePurged:
    """What is received outlives what is kept."""

    LATER_MS = NOW_MS + 40 * DAY_MS

    def test_a_replay_changes_nothing(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2, 3])))
        purge(engine, self.LATER_MS)
        sums = rows(engine, minutes, "start_ms", "readings", "seen_s")
        assert rows(engine, readings, "id") == []
        assert put(arrival(numbered([1, 2, 3])), now_ms=self.LATER_MS) == [receipt((1, 3))]
        assert rows(engine, readings, "id") == []
        assert rows(engine, minutes, "start_ms", "readings", "seen_s") == sums

    def test_young_content_under_a_received_number_is_other_content(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1])))
        purge(engine, self.LATER_MS)
        young = reading(1, boot="b1" * 8, wall_ms=self.LATER_MS)
        assert put(arrival([young]), now_ms=self.LATER_MS) == [NewEpoch(epoch=EPOCH)]
        assert rows(engine, quarantine, "seq") == [(1,)]

    def test_a_late_reading_of_a_box_of_one_epoch_is_new(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2])))
        purge(engine, self.LATER_MS)
        assert put(arrival([reading(3)]), now_ms=self.LATER_MS) == [receipt((3, 3))]
        assert rows(engine, minutes, "readings") == [(3,)]

    def test_a_late_reading_of_a_box_of_two_epochs_is_refused_by_name(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1, 2])))
        purge(engine, self.LATER_MS)
        [answer] = put(arrival([reading(2)], epoch=OTHER_EPOCH), now_ms=self.LATER_MS)
        assert isinstance(answer, Receipt)
        assert (answer.ranges, [refusal.seq for refusal in answer.refused]) == ((), [2])
        assert rows(engine, refused, "epoch", "seq") == [(OTHER_EPOCH, 2)]
        assert rows(engine, minutes, "readings") == [(2,)]

    def test_longer_retention_afterwards_does_not_bring_doubt_back(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1])))
        purge(engine, self.LATER_MS)
        work = retention.Purge(engine, Retention(raw_days=100, minutes_days=200, quarters_days=300))
        work.begin(self.LATER_MS)
        assert put(arrival(numbered([1])), now_ms=self.LATER_MS) == [receipt((1, 1))]


class TestClocks:
    """A reading without a wall time to go by is stored, and left out of the roll-ups."""

    @pytest.mark.parametrize(
        ("wall_ms", "clock_ok", "is_placed"),
        [
            (NOW_MS, True, True),
            (NOW_MS - 20 * DAY_MS, True, True),
            (NOW_MS + FUTURE_MS, True, True),
            (NOW_MS + FUTURE_MS + 1, True, False),
            (NOW_MS - FUTURE_MS, False, True),
            (NOW_MS - FUTURE_MS - 1, False, False),
            (1_000, False, False),
        ],
    )
    def test_the_centre_believes_a_vouched_past_or_its_own_clock(
        self, engine: Engine, put: Store, wall_ms: int, clock_ok: bool, is_placed: bool
    ) -> None:
        assert wall_ok(wall_ms, clock_ok, NOW_MS) is is_placed
        assert put(arrival([reading(1, wall_ms=wall_ms, clock_ok=clock_ok)])) == [receipt((1, 1))]
        assert rows(engine, readings, "wall_ok") == [(is_placed,)]
        assert len(rows(engine, minutes, "box")) == int(is_placed)

    def test_a_message_of_both_kinds_is_stored_each_as_it_is(self, engine: Engine, put: Store) -> None:
        put(arrival([reading(1), reading(2, wall_ms=5, clock_ok=False), reading(3, wall_ms=NOW_MS - 3_600_000)]))
        assert rows(engine, readings, "seq", "wall_ok", "historical") == [
            (1, True, False),
            (2, False, False),
            (3, True, True),
        ]

    def test_an_unset_clock_is_as_old_as_its_receipt(self, engine: Engine, put: Store) -> None:
        put(arrival([reading(1, wall_ms=5, clock_ok=False)]))
        purge(engine, NOW_MS + 10 * DAY_MS)
        assert len(rows(engine, readings, "id")) == 1
        purge(engine, NOW_MS + 40 * DAY_MS)
        assert rows(engine, readings, "id") == []

    def test_an_unset_clock_is_no_proof_of_a_replay(self, engine: Engine, put: Store) -> None:
        """Under a number whose row was purged it may be a reading that nobody has: it is stored under a new epoch."""
        put(arrival([reading(1)]))
        later_ms = NOW_MS + 40 * DAY_MS
        purge(engine, later_ms)
        sums = rows(engine, minutes, "start_ms", "readings")
        lost = [reading(1, boot="b1" * 8, wall_ms=5, clock_ok=False)]
        assert put(arrival(lost), now_ms=later_ms) == [NewEpoch(epoch=EPOCH)]
        assert rows(engine, quarantine, "seq") == [(1,)]
        assert put(arrival(lost, epoch=OTHER_EPOCH), now_ms=later_ms) == [receipt((1, 1), epoch=OTHER_EPOCH)]
        assert rows(engine, readings, "epoch", "boot", "wall_ok") == [(OTHER_EPOCH, "b1" * 8, False)]
        assert rows(engine, minutes, "start_ms", "readings") == sums


class TestBoxes:
    """What is known of a box beside its readings."""

    def test_readings_show_that_it_is_alive(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1], wall_ms=NOW_MS - 1000)), now_ms=NOW_MS)
        assert rows(engine, boxes, "box", "last_seen_ms", "last_live_ms") == [("box-1", NOW_MS, NOW_MS - 1000)]

    def test_historical_readings_are_not_live(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([1]), historical=True))
        put(arrival(numbered([2], wall_ms=NOW_MS - 61_001)))
        assert rows(engine, boxes, "last_seen_ms", "last_live_ms") == [(NOW_MS, None)]
        assert rows(engine, readings, "historical") == [(True,), (True,)]

    def test_a_minute_that_is_told_at_its_end_is_live(self, engine: Engine, put: Store) -> None:
        put(arrival([unseen(1, Reason.NOT_OBSERVED, wall_ms=NOW_MS - 61_000, duration_s=60.0)]))
        assert rows(engine, readings, "historical") == [(False,)]

    def test_the_newest_live_reading_stays_the_newest(self, engine: Engine, put: Store) -> None:
        put(arrival(numbered([2], wall_ms=NOW_MS)))
        put(arrival(numbered([1], wall_ms=NOW_MS - 30_000)))
        assert rows(engine, boxes, "last_live_ms") == [(NOW_MS,)]

    def test_its_status_is_kept(self, engine: Engine, put: Store) -> None:
        put(asking(Status(online=True, at_ms=5, software="1.0", epoch=EPOCH, frames_per_second=14.5, waiting=3)))
        columns = ("online", "status_ms", "software", "epoch", "frames_per_second", "waiting", "last_seen_ms")
        assert rows(engine, boxes, *columns) == [(True, 5, "1.0", EPOCH, 14.5, 3, NOW_MS)]

    def test_what_it_measures_is_kept_until_it_tells_it_no_more(self, engine: Engine, put: Store) -> None:
        columns = ("frame_ms", "memory_mb", "temperature_c", "disk_free_mb")
        put(asking(Status(online=True, frame_ms=24.5, memory_mb=131.0, temperature_c=-4.5, disk_free_mb=21480.0)))
        assert rows(engine, boxes, *columns) == [(24.5, 131.0, -4.5, 21480.0)]
        put(asking(Status(online=True)))
        assert rows(engine, boxes, *columns) == [(None, None, None, None)]

    def test_its_will_says_only_that_it_is_gone(self, engine: Engine, put: Store) -> None:
        put(asking(Status(online=True, software="1.0")))
        put(asking(Status(online=False)), now_ms=NOW_MS + 5000)
        assert rows(engine, boxes, "online", "software", "last_seen_ms") == [(False, "1.0", NOW_MS)]

    def test_a_retained_status_is_no_sign_of_life(self, engine: Engine, put: Store) -> None:
        put(Arrival("box-1", Status(online=True), retained=True))
        assert rows(engine, boxes, "online", "last_seen_ms") == [(True, None)]


class TestRequests:
    """What a box asks and reports."""

    def test_a_question_is_answered_but_names_no_number(self, put: Store) -> None:
        put(arrival(numbered([1, 2, 5, 9])))
        assert put(asking(AskReceipt(epoch=EPOCH, first=2, last=8))) == [receipt()]

    def test_an_outbox_put_back_from_a_young_copy_loses_nothing_by_asking(self, engine: Engine, put: Store) -> None:
        """Its new rows were sent, and lost by the broker: the numbers are known, the readings are not."""
        put(arrival(numbered([1, 2])))
        lost = [reading(seq, boot="b1" * 8) for seq in (1, 2)]
        assert put(asking(AskReceipt(epoch=EPOCH, first=1, last=2)), now_ms=NOW_MS + 60_000) == [receipt()]
        assert put(arrival(lost), now_ms=NOW_MS + 61_000) == [NewEpoch(epoch=EPOCH)]
        put(arrival(lost, epoch=OTHER_EPOCH), now_ms=NOW_MS + 62_000)
        assert len(rows(engine, readings, "id")) == 4

    def test_a_gap_is_kept_once_and_confirmed_each_time(self, engine: Engine, put: Store) -> None:
        gap = Gap(first=3, last=9, count=5, from_ms=1, until_ms=2, cause=GapCause.FULL_BYTES)
        for _ in range(2):
            assert put(asking(ReportGap(epoch=EPOCH, gap=gap))) == [receipt(gaps=((3, 9),))]
        assert rows(engine, gaps, "epoch", "first", "last", "count", "cause") == [(EPOCH, 3, 9, 5, "full_bytes")]

    def test_a_reading_that_the_box_set_aside_is_named(self, engine: Engine, put: Store) -> None:
        why = "too large\x00\x1b[2J for the broker"
        put(asking(ReportRefused(epoch=EPOCH, seq=4, wall_ms=1, why=why)))
        assert rows(engine, refused, "box", "epoch", "seq", "why") == [
            ("box-1", EPOCH, 4, "too large  [2J for the broker")
        ]

    def test_a_reading_that_breaks_the_contract_is_refused_by_name(self, engine: Engine, put: Store) -> None:
        opened = Opened(EPOCH, False, (reading(1),), (Refusal(seq=2, why="shares do not add up to 1"),))
        [answer] = put(Arrival("box-1", opened))
        assert answer == receipt((1, 1), refused=opened.refused)
        assert rows(engine, refused, "seq", "why") == [(2, "shares do not add up to 1")]


def test_answers_fit_the_contract_however_torn_the_numbers(put: Store) -> None:
    torn = [arrival(numbered(range(start, start + 200, 2))) for start in range(1, 2401, 200)]
    answers = put(*torn)
    assert [len(answer.ranges) for answer in answers if isinstance(answer, Receipt)] == [1000, 200]


def test_receipts_name_no_more_than_the_batch(put: Store) -> None:
    """An outbox put back from a copy shows one known reading; that must not free the numbers behind it."""
    put(arrival(numbered(range(1, 101))))
    assert put(arrival([reading(40)])) == [receipt((40, 40))]


def test_a_message_of_the_largest_numbers_is_stored(engine: Engine, put: Store) -> None:
    largest = 2**63 - 1
    made = msgspec.structs.replace(reading(1), seq=largest, started_ns=largest, wall_ms=largest)
    assert put(arrival([made])) == [receipt((largest, largest))]
    assert rows(engine, readings, "seq", "wall_ok") == [(largest, False)]


def test_the_made_readings_are_of_the_contract() -> None:
    made: Sequence[Reading] = numbered([1, 2])
    assert msgspec.json.decode(msgspec.json.encode(Readings(epoch=EPOCH, readings=tuple(made))), type=Readings)
