"""What goes next to the centre, and when: the window, the waits, the rates. Pure: it knows neither broker nor file.

Rows are named by their numbers. A row is *in flight* from when it is sent until a receipt names it, *unacked* while the
broker has not acknowledged its message, and a *suspect* while it may be what made the broker refuse a message or close
the connection: suspects go alone, one after the other, so that one bad row is found and cannot block the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby, islice
from typing import Final, Protocol

from contract.messages import MAX_READINGS, Range

WINDOW: Final = 256  # rows in flight at most
LIVE_RESERVE: Final = 100  # of them left free for live rows while old ones catch up
LIVE_EVERY_S: Final = 2.0
FRESH_MS: Final = 60_000  # older rows are historical
LIVE_ONLY_MS: Final = 4_000  # younger rows are left to the next live message
ANSWER_WAIT_S: Final = 10.0  # for the receipt that was asked for after a reconnect
FOLLOWS_S: Final = 1.0  # after any receipt, which may be one that was on its way before
FIRST_WAIT_S: Final = 60.0  # for a receipt, before a row is sent again; doubles each time
LONGEST_WAIT_S: Final = 900.0
ALONE_AFTER: Final = 3  # sendings without a receipt
UNACKED_MESSAGES: Final = 8  # at most in the client's hands: the queue is the outbox
HOLD_S: Final = 2.0  # after the broker refused all of this box; doubles up to LONGEST_WAIT_S


class Blame(IntEnum):
    """How surely a lost connection is the fault of what was being sent; a row is set aside at `SET_ASIDE_AT`."""

    NONE = 0
    MAYBE = 1
    SURE = 2


SET_ASIDE_AT: Final = 4


class Head(Protocol):
    """A waiting row."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def ended_ms(self) -> int:
        """When its window ended, UTC."""

    @property
    def sent(self) -> bool:
        """Whether it was sent in this epoch, by whatever process."""


Heads = Callable[[int], Sequence[Head]]


@dataclass
class _Flight:
    tries: int
    due: float


def is_historical(ended_ms: int, now_ms: int) -> bool:
    """Whether live tiles should ignore a reading that ended then; one may have begun a minute earlier."""
    return now_ms - ended_ms > FRESH_MS


class Flow:
    """One box's way to the centre. `now` is monotonic seconds, `now_ms` UTC milliseconds."""

    def __init__(self, catch_up_per_s: int | None) -> None:
        """Nothing is in flight, and nothing goes before `linked()`.

        `catch_up_per_s` None: no row is live, so old ones go as fast as receipts free the window, and have all of it.
        """
        self._per_s = catch_up_per_s
        self._batch = MAX_READINGS
        self._flights: dict[int, _Flight] = {}
        self._unacked: dict[int, tuple[int, ...]] = {}
        self._suspects: dict[int, int] = {}  # to the blame that a row has gathered
        self._asking_until: float | None = None
        self._live_at = self._catch_up_at = self._hold_until = 0.0
        self._hold = HOLD_S

    def linked(self, now: float, *, asking: bool) -> None:
        """A connection is new, or the centre came back. `asking`: a receipt was asked for, and old rows wait for it."""
        self._flights.clear()
        self._asking_until = now + ANSWER_WAIT_S if asking else None
        self._hold_until = 0.0

    def unlinked(self, blame: Blame) -> list[int]:
        """The connection was lost; returns the rows to be set aside, whose every sending ends it."""
        messages = list(self._unacked.values())
        self._unacked.clear()
        if blame is Blame.NONE or not messages:
            return []
        rows = [seq for numbers in messages for seq in numbers]
        for seq in rows:
            self._suspects[seq] = self._suspects.get(seq, 0) + (blame if len(rows) == 1 else 0)
        if blame is Blame.SURE:
            self._halve(max(map(len, messages)))
        aside = [seq for seq in rows if self._suspects[seq] >= SET_ASIDE_AT]
        self.forget(aside)
        return aside

    def next(self, now: float, now_ms: int, oldest: Heads, newest: Heads) -> tuple[int, ...]:
        """The numbers of the rows to send in one message now, rising; empty where nothing is to go."""
        most = 1 if self._hold > HOLD_S else UNACKED_MESSAGES  # where all is refused, one message tries it
        if now < self._hold_until or len(self._unacked) >= most:
            return ()
        if self._asking_until is not None and now >= self._asking_until:
            self._asking_until = None
        if self._suspects:
            return self._alone()
        return self._live(now, now_ms, newest) or self._again(now) or self._old(now, now_ms, oldest)

    def hurry(self) -> None:
        """Let live rows go at once, not with the next message of their rhythm."""
        self._live_at = 0.0

    def sent(self, message: int, numbers: tuple[int, ...], now: float) -> None:
        """Message `message` went with these rows."""
        self._unacked[message] = numbers
        for seq in numbers:
            flight = self._flights.setdefault(seq, _Flight(0, 0.0))
            flight.due = now + min(FIRST_WAIT_S * 2**flight.tries, LONGEST_WAIT_S)
            flight.tries += 1

    def acked(self, message: int) -> None:
        """The broker took a message: its rows are not at fault. That frees nothing."""
        if (numbers := self._unacked.pop(message, None)) is None:
            return
        self._hold = HOLD_S
        for seq in numbers:
            self._suspects.pop(seq, None)

    def refused(self, message: int, now: float, *, whole_box: bool) -> list[int]:
        """The broker refused a message; returns the row to be set aside where it went alone.

        `whole_box`: it would refuse any other too (not authorised, over quota): no row is at fault, all wait, and one
        message tries it again after a growing wait.
        """
        if (numbers := self._unacked.pop(message, None)) is None:
            return []
        for seq in numbers:
            self._flights.pop(seq, None)
        if whole_box:
            if now >= self._hold_until:  # else it is one of several that were on their way
                self._hold_until = now + self._hold
                self._hold = min(self._hold * 2, LONGEST_WAIT_S)
            return []
        if len(numbers) == 1:
            self.forget(numbers)
            return list(numbers)
        self._suspects.update(dict.fromkeys(numbers, 0))
        self._halve(len(numbers))
        return []

    def received(self, now: float, ranges: Iterable[Range], refused: Iterable[int] = ()) -> None:
        """A receipt came: what it names has left. What was asked is answered by it, or by one that follows closely."""
        if self._asking_until is not None:
            self._asking_until = min(self._asking_until, now + FOLLOWS_S)
        ranges = tuple(ranges)
        named = {seq for seq in self._known() if any(first <= seq <= last for first, last in ranges)}
        self.forget(named | set(refused))

    def forget(self, numbers: Iterable[int]) -> None:
        """These rows wait no longer."""
        for seq in numbers:
            self._flights.pop(seq, None)
            self._suspects.pop(seq, None)

    def _halve(self, refused: int) -> None:
        """After a refusal of a message of so many rows: it may have been too large, and then all of that size are."""
        self._batch = max(1, min(self._batch, refused // 2))

    def _known(self) -> set[int]:
        return self._flights.keys() | self._suspects.keys()

    def _alone(self) -> tuple[int, ...]:
        """The oldest suspect that is not in flight, once nothing else is unacked."""
        waiting = [seq for seq in self._suspects if seq not in self._flights]
        return (min(waiting),) if waiting and not self._unacked else ()

    def _live(self, now: float, now_ms: int, newest: Heads) -> tuple[int, ...]:
        if now < self._live_at or self._per_s is None:
            return ()
        self._live_at = now + LIVE_EVERY_S
        heads = newest(WINDOW + MAX_READINGS)
        asking = self._asking_until is not None
        fresh = [
            head.seq
            for head in heads
            if not is_historical(head.ended_ms, now_ms) and self._may_go(head) and not (asking and head.sent)
        ]
        room = min(self._batch, WINDOW - len(self._flights))
        return tuple(fresh[-room:]) if room > 0 else ()

    def _again(self, now: float) -> tuple[int, ...]:
        """Rows in flight whose wait for a receipt is over; after several waits each goes in a message of its own."""
        if self._asking_until is not None:
            return ()
        due = sorted(seq for seq, flight in self._flights.items() if flight.due <= now)
        tired = [seq for seq in due if self._flights[seq].tries >= ALONE_AFTER]
        return tuple(tired[:1] or due[: self._batch])

    def _old(self, now: float, now_ms: int, oldest: Heads) -> tuple[int, ...]:
        reserve = 0 if self._per_s is None else LIVE_RESERVE
        room = min(self._batch, WINDOW - reserve - len(self._flights))
        if self._asking_until is not None or now < self._catch_up_at or room <= 0:
            return ()
        heads = [
            head
            for head in oldest(WINDOW + MAX_READINGS)
            if (self._per_s is None or now_ms - head.ended_ms >= LIVE_ONLY_MS) and self._may_go(head)
        ]
        kinds = groupby(heads[:room], key=lambda head: is_historical(head.ended_ms, now_ms))
        batch = tuple(head.seq for _, kind in islice(kinds, 1) for head in kind)
        self._catch_up_at = now + (len(batch) / (self._per_s or math.inf) if batch else 1.0)
        return batch

    def _may_go(self, head: Head) -> bool:
        return head.seq not in self._flights and head.seq not in self._suspects
