"""The process `publish`: sends what waits in the outbox to the centre, and frees it by receipt.

Flow decides what goes next, Relay is the outbox, Link the connection; this module walks between them. Everything in it
runs in one thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from contract.encoding import decode_centre_status, decode_command, decode_receipt, encode
from contract.errors import ContractError
from contract.messages import AskReceipt, Message, Readings, ReportGap, ReportRefused, Status
from contract.reading import Reading
from contract.topics import CENTRE, Channel, box_topic
from edge import status
from edge.backoff import Backoff
from edge.errors import BrokerError, CorruptStore, MienDeskError, SchemaVersionError, SettingsError, StoreError
from edge.flow import Flow, is_historical
from edge.link import Acked, Arrived, Event, Link, Rejected, Will, open_link
from edge.metrics import MetricsFile
from edge.notify import Watched
from edge.settings import Settings
from edge.store import Relay, Reserve
from edge.store.reserve import is_nearly_full
from edge.times import Times

TICK_S: Final = 0.25
STATUS_EVERY_S: Final = 10.0
RESERVE_EVERY_S: Final = 2.0
TELL_AGAIN_S: Final = 60.0  # gaps and refusals that the centre has not confirmed
TELL_AT_ONCE: Final = 50
STEADY_S: Final = 30.0  # a connection that held so long was a good one
SAY_AGAIN_S: Final = 900.0
FAREWELL_S: Final = 5.0


class Publisher:
    """One box's publisher. Raises SettingsError (password file), CorruptStore, SchemaVersionError; all else waits."""

    def __init__(self, settings: Settings, *, simulated: bool = False) -> None:
        """Open the outbox; the process `store` must have prepared it."""
        self._settings = settings
        self._simulated = simulated
        self._watched = Watched()
        self._relay = Relay(settings.store)
        self._metrics = MetricsFile(settings, self._relay)
        self._recorded = self._relay.is_recorded()
        self._flow = Flow(None if self._recorded else settings.broker.catch_up_per_s)
        self._topics = {channel: box_topic(settings.box.id, channel) for channel in Channel}
        self._log = _Log(logging.getLogger(f"mien.publish.{settings.box.id}"))
        self._centre_online: bool | None = None
        self._was_connected = False
        self._reserve = Reserve(Path(settings.store.path))
        self._reserve_at = 0.0
        self._times = Times(self._relay, settings.broker.clock_wait_s)
        self._told: set[tuple[str, int]] = set()
        self._tell_again_at = self._status_at = 0.0

    @property
    def trouble(self) -> str | None:
        """What stood in the way last, where no receipt has freed a row since."""
        return self._log.last

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; connections come and go."""
        backoff = Backoff(1.0, 60.0)
        self._watched.ready()
        try:
            while not stop.is_set():
                self._watched.alive()
                self._look_around()
                began = time.monotonic()
                try:
                    link = open_link(self._settings.broker, f"mien-{self._settings.box.id}", self._will())
                    self._serve(link, stop)
                except (BrokerError, StoreError, SettingsError) as error:
                    self._say_or_end(error)
                if time.monotonic() - began > STEADY_S:
                    backoff.reset()
                stop.wait(backoff.next())
        finally:
            self._relay.close()

    def _serve(self, link: Link, stop: threading.Event) -> None:
        """Use a connection until it is lost, then say why as a BrokerError."""
        broker = self._settings.broker
        self._log.info(f"connected to {broker.host}:{broker.port}, MQTT {'5' if link.is_v5 else '3.1.1'}")
        link.subscribe((self._topics[Channel.RECEIPT], self._topics[Channel.COMMAND], CENTRE))
        self._centre_online, self._was_connected = None, True
        self._times.linked()
        self._begin(link)
        while link.lost is None and not stop.is_set():
            self._watched.alive()
            self._look_around()
            if not self._step(link, TICK_S):
                stop.wait(1.0)
        if link.lost is None:
            self._watched.stopping()
            self._part(link)
            return
        why = link.lost.why
        for seq in self._flow.unlinked(link.lost.blame):
            self._set_aside(seq, f"the connection ended each time it was sent ({why})")
        raise BrokerError(f"{why}; readings wait in the outbox")

    def _step(self, link: Link, wait_s: float) -> bool:
        """Take what came and send what is to go; False where the outbox failed."""
        for event in link.pump(wait_s):
            self._try(self._take, link, event)
        return self._try(self._tick, link)

    def _try(self, step: Callable[..., None], *arguments: object) -> bool:
        """Do a step; where the outbox fails, say so and go on: the row it was about still waits."""
        try:
            step(*arguments)
        except StoreError as error:
            self._say_or_end(error)
            return False
        return True

    def _say_or_end(self, error: MienDeskError) -> None:
        at_first = (
            isinstance(error, SettingsError) and not self._was_connected
        )  # later the password file may be changing
        if at_first or isinstance(error, CorruptStore | SchemaVersionError):
            raise error
        self._log.error(str(error))

    def _begin(self, link: Link) -> None:
        """Both sides are there, perhaps again: ask what the centre has before anything is sent twice."""
        asked = self._relay.sent_range()
        if asked is not None:
            self._request(link, AskReceipt(epoch=self._relay.epoch, first=asked[0], last=asked[1]))
        self._flow.linked(time.monotonic(), asking=asked is not None)
        self._told.clear()
        self._tell_again_at = self._status_at = 0.0

    def _tick(self, link: Link) -> None:
        now, now_ms = time.monotonic(), _now_ms()
        if now >= self._status_at:
            self._status_at = now + STATUS_EVERY_S
            self._publish(link, Channel.STATUS, self._own_status(now_ms), retain=True)
            self._tell(link, now)
        if self._times.hold():
            return
        while link.lost is None and (numbers := self._flow.next(now, now_ms, self._relay.oldest, self._relay.newest)):
            readings = self._relay.load(numbers)
            if not all(reading.clock_ok for reading in readings) and self._times.hold():
                return  # one came in since, from before the clock was known
            self._send(link, numbers, readings, now, now_ms)

    def _send(self, link: Link, numbers: Sequence[int], readings: Sequence[Reading], now: float, now_ms: int) -> None:
        self._flow.forget(set(numbers) - {reading.seq for reading in readings})
        for part, payload in self._fitting(readings, link.max_payload, now_ms):
            sent = tuple(reading.seq for reading in part)
            self._relay.mark_sent(sent)
            self._flow.sent(link.publish(self._topics[Channel.READINGS], payload), sent, now)

    def _fitting(
        self, readings: Sequence[Reading], limit: int, now_ms: int
    ) -> Iterator[tuple[Sequence[Reading], bytes]]:
        """The readings as messages that the broker takes; one that is too large by itself is set aside."""
        if not readings:
            return
        old = self._recorded or is_historical(readings[0].ended_ms, now_ms)
        message = Readings(epoch=self._relay.epoch, historical=old, readings=tuple(readings))
        try:
            payload = encode(message)
            why = f"{len(payload)} bytes, of which the broker takes {limit}"
        except ContractError as error:
            payload, why = b"", str(error)
        if payload and len(payload) <= limit:
            yield readings, payload
        elif len(readings) == 1:
            self._set_aside(readings[0].seq, f"too large: {why}")
        else:
            half = len(readings) // 2
            yield from self._fitting(readings[:half], limit, now_ms)
            yield from self._fitting(readings[half:], limit, now_ms)

    def _take(self, link: Link, event: Event) -> None:
        if isinstance(event, Acked):
            self._flow.acked(event.message)
        elif isinstance(event, Rejected):
            self._take_rejection(event)
        else:
            try:
                self._take_message(link, event)
            except ContractError as error:
                self._log.error(f"ignored a message on {event.topic}: {error}")

    def _take_rejection(self, event: Rejected) -> None:
        if event.whole_box:
            topics = f"{self._topics[Channel.READINGS]}, .../requests and .../status"
            self._log.error(
                f"the broker refuses what this box sends: {event.why}; let its user write to {topics} in the broker's "
                "ACL, or raise its quota there; readings wait in the outbox and are tried again"
            )
        for seq in self._flow.refused(event.message, time.monotonic(), whole_box=event.whole_box):
            self._set_aside(seq, f"refused by the broker: {event.why}")

    def _take_message(self, link: Link, event: Arrived) -> None:
        if event.topic == self._topics[Channel.RECEIPT]:
            receipt = decode_receipt(event.payload)
            if self._relay.apply_receipt(receipt):
                self._log.last = None
            if receipt.epoch == self._relay.epoch:
                refused = [refusal.seq for refusal in receipt.refused]
                self._flow.received(time.monotonic(), receipt.ranges, refused)
            if receipt.refused:
                self._status_at = 0.0
            for refusal in receipt.refused:
                self._log.error(
                    f"set aside reading {refusal.seq}, which the centre refuses: {refusal.why}", refusal.why
                )
        elif event.topic == self._topics[Channel.COMMAND]:
            command = decode_command(event.payload)
            if self._relay.begin_epoch(command.epoch):
                self._log.error("the centre knows other readings under these numbers: began a new epoch, sending again")
                self._begin(link)
        elif event.topic == CENTRE:
            centre = decode_centre_status(event.payload)
            came = self._centre_online is False or (self._centre_online is None and not event.retained)
            if centre.online and came:
                self._begin(link)
            if centre.online is not self._centre_online:
                self._log.info(f"the centre is {'there' if centre.online else 'away'}")
            self._centre_online = centre.online

    def _tell(self, link: Link, now: float) -> None:
        """Name what the outbox let go of and what was set aside, until the centre's receipt names it too."""
        if now >= self._tell_again_at:
            self._told.clear()
            self._tell_again_at = now + TELL_AGAIN_S
        for owed in self._relay.gaps(TELL_AT_ONCE):
            if ("gap", owed.id) not in self._told:
                self._told.add(("gap", owed.id))
                self._request(link, ReportGap(epoch=owed.epoch, gap=owed.gap))
        for row in self._relay.refusals(TELL_AT_ONCE):
            if ("row", row.seq) not in self._told:
                self._told.add(("row", row.seq))
                report = ReportRefused(epoch=self._relay.epoch, seq=row.seq, wall_ms=row.wall_ms, why=row.why)
                self._request(link, report)

    def _set_aside(self, seq: int, why: str) -> None:
        self._log.error(f"set aside reading {seq}: {why}", why.partition(":")[0])
        self._relay.set_aside(seq, why)
        self._flow.forget((seq,))
        self._status_at = 0.0

    def _own_status(self, now_ms: int) -> Status:
        return status.of(self._relay, self._settings.store, now_ms, simulated=self._simulated)

    def _look_around(self) -> None:
        """What is done with a connection and without one."""
        self._try(self._tend_reserve)
        self._try(self._correct_times)
        self._try(self._measure)

    def _tend_reserve(self) -> None:
        if time.monotonic() < self._reserve_at:
            return
        self._reserve_at = time.monotonic() + RESERVE_EVERY_S
        path = self._reserve.path
        try:
            if is_nearly_full(path.parent):
                if self._relay.make_room():
                    self._log.error(f"{path}: the disk is full, and what was kept for that is in use; free some space")
            elif self._reserve.fill():
                self._log.info(f"{path}: room is kept for when the disk is full")
        except OSError as error:
            self._log.error(f"{path}: {error.strerror}; check whose it is")

    def _correct_times(self) -> None:
        if corrected := self._times.correct():
            self._log.info(f"the clock is known: {corrected} readings of before have the right time now")

    def _measure(self) -> None:
        if why := self._metrics.refresh(_now_ms()):
            self._log.error(why)

    def _request(self, link: Link, message: Message) -> None:
        self._publish(link, Channel.REQUESTS, message)

    def _publish(self, link: Link, channel: Channel, message: Message, *, retain: bool = False) -> int:
        return link.publish(self._topics[channel], encode(message), retain=retain)

    def _will(self) -> Will:
        return Will(self._topics[Channel.STATUS], encode(Status(online=False)))

    def _part(self, link: Link) -> None:
        """Send what is left, wait a moment for its receipts, and say that this box goes: a clean end fires no will."""
        deadline = time.monotonic() + FAREWELL_S
        self._flow.hurry()
        while self._centre_online is not False and time.monotonic() < deadline and self._relay.oldest(1):
            if link.lost is not None or not self._step(link, 0.05):
                return
        message = link.publish(self._topics[Channel.STATUS], encode(Status(online=False)), retain=True)
        deadline = time.monotonic() + FAREWELL_S
        while link.lost is None and time.monotonic() < deadline and Acked(message) not in link.pump(0.05):
            pass
        link.close()


class _Log:
    """Few lines: one that repeats is said again after a quarter of an hour only."""

    def __init__(self, log: logging.Logger) -> None:
        self.last: str | None = None
        self._log = log
        self._said: dict[str, float] = {}

    def info(self, text: str) -> None:
        """What goes well."""
        self._log.info("%s", text)

    def error(self, text: str, subject: str | None = None) -> None:
        """What someone should see to; `subject` is what makes it a repetition, where that is not the text."""
        self.last, now = text, time.monotonic()
        self._said = {line: at for line, at in self._said.items() if now - at < SAY_AGAIN_S}
        if (subject or text) not in self._said:
            self._said[subject or text] = now
            self._log.error("%s", text)


def run(settings: Settings, stop: threading.Event) -> int:
    """The process `publish`: returns 0 once `stop` is set."""
    Publisher(settings).run(stop)
    return 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
