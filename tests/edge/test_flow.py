"""What goes next, and when: no broker, no file, a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from edge.flow import (
    ALONE_AFTER,
    ANSWER_WAIT_S,
    FIRST_WAIT_S,
    FOLLOWS_S,
    HOLD_S,
    LIVE_EVERY_S,
    LONGEST_WAIT_S,
    UNACKED_MESSAGES,
    WINDOW,
    Blame,
    Flow,
)
from edge.store import Head

NOW_MS = 1_800_000_000_000


class Box:
    """A flow with rows in memory and a clock. `send()` sends one message, which takes a millisecond."""

    def __init__(self, *, old: int = 0, live: int = 0, per_s: int | None = 1_000_000) -> None:
        self.flow = Flow(per_s)
        self.now = 1000.0
        self.rows = {seq: Head(seq, NOW_MS - 3_600_000 + seq, False) for seq in range(1, old + 1)}
        self.rows |= {seq: Head(seq, NOW_MS - 1000, False) for seq in range(old + 1, old + live + 1)}
        self.messages = 0
        self.flow.linked(self.now, asking=False)

    def send(self, *, acked: bool = True) -> tuple[int, ...]:
        """What goes now, after it went."""
        heads = sorted(self.rows.values(), key=lambda head: head.seq)
        now_ms = NOW_MS + int((self.now - 1000.0) * 1000)
        numbers = self.flow.next(self.now, now_ms, lambda n: heads[:n], lambda n: heads[-n:])
        if numbers:
            self.messages += 1
            self.flow.sent(self.messages, numbers, self.now)
            for seq in numbers:
                self.rows[seq] = Head(seq, self.rows[seq].ended_ms, True)
            if acked:
                self.flow.acked(self.messages)
            self.now += 0.001
        return numbers

    def send_all(self) -> list[tuple[int, ...]]:
        """All that goes now."""
        sent = []
        while numbers := self.send():
            sent.append(numbers)
        return sent

    def receive(self, numbers: Iterable[int]) -> None:
        """The centre's receipt for these."""
        numbers = set(numbers)
        for seq in numbers:
            self.rows.pop(seq, None)
        self.flow.received(self.now, [(seq, seq) for seq in sorted(numbers)])


def _flat(sent: Iterable[tuple[int, ...]]) -> list[int]:
    return [seq for numbers in sent for seq in numbers]


def test_all_unsent_live_rows_go_in_one_message() -> None:
    assert Box(live=7).send_all() == [(1, 2, 3, 4, 5, 6, 7)]


def test_live_rows_go_every_two_seconds() -> None:
    box = Box(live=1)
    assert box.send() == (1,)
    box.rows[2] = Head(2, NOW_MS, False)
    box.now += LIVE_EVERY_S - 0.1
    assert box.send() == ()
    box.now += 0.2
    assert box.send() == (2,)


def test_in_a_hurry_live_rows_go_at_once() -> None:
    box = Box(live=1)
    box.send()
    box.rows[2] = Head(2, NOW_MS, False)
    assert box.send() == ()
    box.flow.hurry()
    assert box.send() == (2,)


def test_old_rows_go_oldest_first_by_a_hundred_at_most() -> None:
    box = Box(old=1000)
    sent = box.send_all()
    assert _flat(sent) == list(range(1, len(_flat(sent)) + 1))
    assert len(sent[0]) == 100


def test_live_rows_go_beside_old_ones_that_fill_the_window() -> None:
    box = Box(old=1000)
    box.send_all()
    box.rows[1001] = Head(1001, NOW_MS + 5000, False)
    box.now += 5
    assert box.send_all() == [(1001,)]


def test_no_more_than_the_window_is_in_flight() -> None:
    box = Box(old=500, live=500)
    box.send_all()
    for _ in range(30):
        box.now += 1.0
        box.send_all()
    assert sum(head.sent for head in box.rows.values()) == WINDOW == 256


def test_a_receipt_makes_room_for_as_many() -> None:
    box = Box(old=1000)
    first = _flat(box.send_all())
    box.receive(range(1, 51))
    box.now += 0.1
    assert _flat(box.send_all()) == list(range(len(first) + 1, len(first) + 51))


def test_an_acknowledgement_makes_no_room() -> None:
    box = Box(old=1000)
    box.send_all()  # each acknowledged
    box.now += 1.0
    assert box.send_all() == []


def test_catching_up_keeps_to_its_rate() -> None:
    box = Box(old=3000, per_s=50)
    sent = 0
    for _ in range(200):
        numbers = _flat(box.send_all())
        sent += len(numbers)
        box.receive(numbers)
        box.now += 0.1
    assert 1000 <= sent <= 1100  # 20 s at 50 a second, and the message that begins


def test_without_a_rate_rows_of_any_age_go_oldest_first_and_fill_the_window() -> None:
    box = Box(old=200, live=1000, per_s=None)
    assert _flat(box.send_all()) == list(range(1, WINDOW + 1))
    box.receive(range(1, 101))
    assert _flat(box.send_all()) == list(range(WINDOW + 1, WINDOW + 101)), "it waited for something but a receipt"


def test_a_message_never_mixes_live_and_historical_rows() -> None:
    box = Box(old=30)
    box.rows |= {seq: Head(seq, NOW_MS - 30_000, False) for seq in range(31, 61)}
    box.flow._live_at = box.now + 100  # leave all to the catching up
    assert [len(numbers) for numbers in box.send_all()] == [30, 30]


def test_a_row_is_sent_again_after_waits_that_double_from_a_minute_to_a_quarter_of_an_hour() -> None:
    box = Box(old=1)
    went: list[float] = []
    while len(went) < 8:
        if box.send():
            went.append(box.now)
        box.now += 0.5
    waits = [round(after - before) for before, after in pairwise(went)]
    assert waits == [60, 120, 240, 480, 900, 900, 900]
    assert (FIRST_WAIT_S, LONGEST_WAIT_S) == (60, 900)


def test_rows_that_get_no_receipt_after_several_waits_go_one_by_one() -> None:
    box = Box(old=5)
    sizes = []
    for _ in range(2000):
        sizes += [len(numbers) for numbers in box.send_all()]
        box.now += 1.0
    assert sizes[: ALONE_AFTER + 5] == [5] * ALONE_AFTER + [1] * 5


def test_after_a_reconnect_sent_rows_wait_for_the_answer_and_only_the_missing_go_again() -> None:
    box = Box(old=10)
    box.send_all()
    box.flow.linked(box.now, asking=True)
    assert box.send_all() == []
    box.receive([1, 2, 3, 4, 9])
    box.now += FOLLOWS_S
    assert _flat(box.send_all()) == [5, 6, 7, 8, 10]


def test_without_an_answer_they_go_again_after_a_while() -> None:
    box = Box(old=10)
    box.send_all()
    box.flow.linked(box.now, asking=True)
    box.now += ANSWER_WAIT_S - 0.1
    assert box.send_all() == []
    box.now += 0.2
    assert _flat(box.send_all()) == list(range(1, 11))


def test_live_rows_that_were_never_sent_do_not_wait_for_the_answer() -> None:
    box = Box(live=3)
    box.send_all()
    box.rows[4] = Head(4, NOW_MS + 2000, False)
    box.flow.linked(box.now, asking=True)
    box.now += LIVE_EVERY_S
    assert box.send_all() == [(4,)]


def test_few_messages_are_in_the_hands_of_the_client() -> None:
    box = Box(live=100)
    box.flow._batch = 1
    sent = 0
    for _ in range(100):
        sent += bool(box.send(acked=False))
        box.now += LIVE_EVERY_S
    assert sent == UNACKED_MESSAGES


def test_the_rows_of_a_refused_message_go_one_by_one_and_the_refused_one_is_set_aside() -> None:
    box = Box(old=5)
    assert box.send(acked=False) == (1, 2, 3, 4, 5)
    assert box.flow.refused(1, box.now, whole_box=False) == []
    aside = []
    for _ in range(5):
        (seq,) = box.send(acked=False)
        if seq == 3:
            aside += box.flow.refused(box.messages, box.now, whole_box=False)
            del box.rows[3]
        else:
            box.flow.acked(box.messages)
    assert aside == [3]
    assert box.send_all() == []  # the four that the broker took wait for a receipt


def test_a_suspect_goes_alone() -> None:
    box = Box(old=5, live=5)
    numbers = box.send(acked=False)
    box.flow.refused(1, box.now, whole_box=False)
    assert box.send(acked=False) == numbers[:1]
    box.now += LIVE_EVERY_S
    assert box.send(acked=False) == ()
    box.flow.acked(box.messages)
    assert box.send(acked=False) == numbers[1:2]


def test_suspects_that_the_broker_took_hold_nothing_up() -> None:
    box = Box(old=5)
    box.send(acked=False)
    box.flow.refused(1, box.now, whole_box=False)
    assert _flat(box.send_all()) == [1, 2, 3, 4, 5]
    box.rows[6] = Head(6, NOW_MS, False)
    box.now += LIVE_EVERY_S
    assert box.send_all() == [(6,)]


def test_after_a_refusal_messages_are_half_as_large() -> None:
    box = Box(old=600)
    assert len(box.send(acked=False)) == 100
    box.flow.refused(1, box.now, whole_box=False)
    sizes = [len(numbers) for numbers in box.send_all()]
    assert sizes[:100] == [1] * 100
    box.receive(range(1, 257))
    box.now += 2
    assert max(len(numbers) for numbers in box.send_all()) == 50


@pytest.mark.parametrize("rows", [1, 5])
def test_where_the_broker_refuses_all_of_a_box_its_rows_are_tried_after_growing_waits(rows: int) -> None:
    box = Box(old=rows)
    went = []
    for _ in range(6):
        while not (numbers := box.send(acked=False)):
            box.now += 0.1
        assert numbers == tuple(range(1, rows + 1))
        went.append(box.now)
        assert box.flow.refused(box.messages, box.now, whole_box=True) == []
    waits = [round(after - before) for before, after in pairwise(went)]
    assert waits == [2, 4, 8, 16, 32]


def test_after_the_broker_refused_all_of_a_box_all_goes_once_it_takes_one() -> None:
    box = Box(old=5)
    box.send(acked=False)
    box.flow.refused(1, box.now, whole_box=True)
    box.rows |= {seq: Head(seq, 0, False) for seq in range(6, 201)}
    box.now += HOLD_S
    first = box.send(acked=False)
    assert len(first) == 100
    box.now += 1.0
    assert box.send(acked=False) == ()  # one message tries it
    box.flow.acked(box.messages)
    box.receive(first)
    box.now += 1.0
    assert _flat(box.send_all()) == list(range(101, 201))


def test_messages_refused_together_lengthen_the_wait_once() -> None:
    box = Box(old=200)
    box.send(acked=False)
    box.send(acked=False)
    for message in (1, 2):
        box.flow.refused(message, box.now, whole_box=True)
    box.now += HOLD_S
    box.send(acked=False)
    box.flow.refused(3, box.now, whole_box=True)
    box.now += 2 * HOLD_S
    assert box.send(acked=False)


def test_a_suspect_that_goes_alone_is_not_to_blame_where_all_of_a_box_is_refused() -> None:
    box = Box(old=5)
    box.send(acked=False)
    box.flow.refused(1, box.now, whole_box=False)
    assert box.send(acked=False) == (1,)
    assert box.flow.refused(2, box.now, whole_box=True) == []
    box.now += HOLD_S
    assert _flat(box.send_all()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("blame", "times"), [(Blame.SURE, 2), (Blame.MAYBE, 4)])
def test_a_row_that_ends_the_connection_each_time_is_found_and_set_aside(blame: Blame, times: int) -> None:
    box = Box(old=5)
    aside: list[int] = []
    alone_and_lost = 0
    for _ in range(100):
        numbers = box.send(acked=False)
        if not numbers:
            break
        if 3 in numbers:
            alone_and_lost += len(numbers) == 1
            aside += box.flow.unlinked(blame)
            if aside:
                del box.rows[3]
            box.flow.linked(box.now, asking=False)
        else:
            box.flow.acked(box.messages)
            box.receive(numbers)
    assert aside == [3]
    assert alone_and_lost == times
    assert box.rows == {}


def test_a_lost_connection_alone_blames_no_row() -> None:
    box = Box(old=5)
    for _ in range(20):
        assert box.send(acked=False) == (1, 2, 3, 4, 5)
        assert box.flow.unlinked(Blame.NONE) == []
        box.flow.linked(box.now, asking=False)
        box.now += 1


def test_rows_of_a_clock_that_runs_ahead_are_live_and_go() -> None:
    box = Box()
    box.rows = {seq: Head(seq, NOW_MS + 86_400_000, False) for seq in range(1, 301)}
    sent: set[int] = set()
    for _ in range(10):
        numbers = _flat(box.send_all())
        sent |= set(numbers)
        box.receive(numbers)
        box.now += LIVE_EVERY_S
    assert sent == set(range(1, 301))
