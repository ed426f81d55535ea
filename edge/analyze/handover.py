"""Hands the readings of recordings over to the centre: through the outbox and the publisher of a desk, as `recorded`.

A row is in the outbox before it is sent, and only a receipt frees it. So whatever ends a hand-over, what the centre has
not received waits on in the outbox, and goes with the next one or with `mien-desk publish`. A reading's identity is
that of its recording: the same recording handed over twice is there once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from contract.reading import Reading
from edge.errors import MienDeskError, SettingsError
from edge.publish import Publisher
from edge.settings import Settings
from edge.store import Outbox, Relay, prepare

CHUNK: Final = 2_000  # readings a transaction
LOOK_EVERY_S: Final = 0.2
PATIENCE_S: Final = 60.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class HandOver:
    """What became of a hand-over. `received`, `set_aside` and `waiting` also count what an earlier one left waiting."""

    added: int  # readings that were not in the outbox yet
    known: int  # that were, from an earlier hand-over of the same recording
    received: int  # by the centre, for good
    set_aside: int  # refused on their way or by the centre; kept in the outbox with the reason, sent no more
    waiting: int  # still in the outbox
    trouble: str | None = None  # why they wait, where it is known

    @property
    def complete(self) -> bool:
        """Whether the centre has all."""
        return not self.waiting and not self.set_aside

    def lines(self, config: str) -> Iterator[str]:
        """What to tell, and what to do; `config` is the settings file as it was named."""
        yield f"handed over: the centre received {self.received} readings"
        if self.known:
            yield f"{self.known} readings were handed over before and did not go again"
        if self.set_aside:
            yield (
                f"{self.set_aside} readings were refused and set aside; the lines above say why; once that is mended: "
                f"mien-desk store --retry-set-aside {config}, then mien-desk publish {config}"
            )
        if self.waiting:
            why = f": {self.trouble}" if self.trouble else ""
            yield (
                f"{self.waiting} readings wait in the outbox{why}; they go with the next hand-over, "
                f"or with mien-desk publish {config}"
            )


def hand_over(
    settings: Settings,
    readings: Iterable[Reading],
    stop: threading.Event,
    progress: Progress | None = None,
    *,
    patience_s: float = PATIENCE_S,
) -> HandOver:
    """Keep `readings` in the outbox that `settings` names and send it until the centre has all of it.

    Ends sooner where `stop` is set, or where nothing moves for `patience_s` seconds; `progress` is told how many of how
    many have gone. Raises SettingsError where the policy publishes nothing, where the outbox holds a camera's readings
    or where a password file is wrong; StoreError or one of its kinds where the outbox fails or is full.
    """
    if not settings.policy.publish:
        raise SettingsError(
            f"policy {settings.policy.name}: publishes nothing, so no recording is handed over; "
            "name a settings file whose policy.publish is true, or leave out --publish"
        )
    prepare(settings.store)
    added, known = _keep(settings, readings, stop)
    relay = Relay(settings.store)
    try:
        return _send(settings, relay, stop, progress or _say_nothing, patience_s, added, known)
    finally:
        relay.close()


def _keep(settings: Settings, readings: Iterable[Reading], stop: threading.Event) -> tuple[int, int]:
    """Add the readings to the outbox; returns how many, and how many were there already."""
    outbox = Outbox(settings.store, settings.policy, recorded=True)
    added = given = 0
    left = iter(readings)
    try:
        while not stop.is_set() and (chunk := list(islice(left, CHUNK))):
            if not all(reading.recorded for reading in chunk):
                raise ValueError("readings to be handed over must say that they are recorded")
            given += len(chunk)
            added += outbox.add_recordings(chunk)
    finally:
        outbox.close()
    return added, given - added


def _send(
    settings: Settings,
    relay: Relay,
    stop: threading.Event,
    progress: Progress,
    patience_s: float,
    added: int,
    known: int,
) -> HandOver:
    """Run the publisher until nothing waits, and say what became of what did."""
    before = relay.owed()
    trouble = None
    if before.waiting:
        sender = _Sender(settings)
        sender.start()
        try:
            _watch(relay, sender, stop, progress, patience_s)
        finally:
            trouble = sender.end()
    after = relay.owed()
    refused = after.set_aside - before.set_aside
    return HandOver(
        added=added,
        known=known,
        received=before.waiting - after.waiting - refused,
        set_aside=refused,
        waiting=after.waiting,
        trouble=trouble if after.waiting else None,
    )


def _watch(relay: Relay, sender: _Sender, stop: threading.Event, progress: Progress, patience_s: float) -> None:
    """Wait until nothing is owed: every row is received, or set aside and the centre knows of it."""
    total = left = relay.owed().waiting
    moved_at = time.monotonic()
    progress(0, total)
    while sender.is_alive() and not stop.wait(LOOK_EVERY_S):
        now, waiting = time.monotonic(), relay.owed().waiting
        if waiting != left:
            left, moved_at = waiting, now
            progress(total - left, total)
        if (not left and not relay.refusals(1)) or now - moved_at > patience_s:
            return


class _Sender(threading.Thread):
    """The publisher, in a thread of its own as it wants one."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="publish", daemon=True)
        self._publisher = Publisher(settings)
        self._stop_sending = threading.Event()
        self._error: MienDeskError | None = None

    def run(self) -> None:
        """Send until `end`."""
        try:
            self._publisher.run(self._stop_sending)
        except MienDeskError as error:
            self._error = error

    def end(self) -> str | None:
        """Stop sending in order; returns what stood in the way last. Raises what ended the thread."""
        self._stop_sending.set()
        self.join()
        if self._error is not None:
            raise self._error
        return self._publisher.trouble


def _say_nothing(_gone: int, _all: int) -> None:
    pass
