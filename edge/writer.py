"""The one thread of `vision` that writes to the outbox: the camera's loop never waits for the disk or the lock."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from contract.reading import Reading
from edge.errors import CorruptStore, DiskFull, MienDeskError, SchemaVersionError, SettingsError, StoreError
from edge.settings import Policy, Store
from edge.stages import Stages
from edge.store import KeptNeutral, Outbox, Vitals

MOST_WAITING: Final = 3600  # readings held in memory while the disk takes none: an hour's
RETRY_S: Final = 5.0
RETRY_SOON_S: Final = 0.2
FAREWELL_S: Final = 8.0

log: Final = logging.getLogger("mien.vision")


@dataclass(frozen=True)
class _Dropped:
    """Readings for which there was no room: how many, and from when to when (UTC)."""

    count: int
    from_ms: int
    until_ms: int


class Writer:
    """Takes readings at once and keeps them in the outbox, in their order, in a thread of its own."""

    def __init__(self, store: Store, policy: Policy) -> None:
        """Open the outbox. Raises StoreError, and SettingsError where it holds recordings."""
        self._outbox = Outbox(store, policy)
        self._changed = threading.Condition()
        self._waiting: deque[Reading] = deque()
        self._dropped: _Dropped | None = None
        self._health: Vitals | None = None
        self._neutral: KeptNeutral | None = None
        self._forgotten = False
        self._stages = Stages()
        self._closing_at: float | None = None
        self._error: MienDeskError | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def add(self, reading: Reading) -> None:
        """Keep a reading. One for which there is no room any more is dropped, and the outbox names it later."""
        with self._changed:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.append(reading)
            else:
                before = self._dropped or _Dropped(0, reading.wall_ms, reading.wall_ms)
                self._dropped = _Dropped(before.count + 1, before.from_ms, reading.wall_ms)
            self._changed.notify()

    def note_health(self, vitals: Vitals) -> None:
        """Leave for the publisher what the box says about itself; see `Outbox.note_health`."""
        with self._changed:
            self._health = vitals
            self._changed.notify()

    def own_neutral(self) -> KeptNeutral:
        """What the outbox holds of a resting face. To be asked before anything is added. Raises StoreError."""
        return self._outbox.own_neutral()

    def keep_neutral(self, kept: KeptNeutral) -> None:
        """Keep what was learned of a resting face; see `neutral_forgotten`."""
        with self._changed:
            self._neutral = kept
            self._changed.notify()

    def neutral_forgotten(self) -> bool:
        """Whether somebody deleted it since this was last asked: then what was to be kept was not."""
        with self._changed:
            forgotten, self._forgotten = self._forgotten, False
            return forgotten

    def check(self) -> None:
        """Raise what ended the thread, if anything has: for others to mend."""
        if self._error is not None:
            raise self._error
        if not self._thread.is_alive():
            raise StoreError("the thread that writes readings has ended; see the lines above, then report them")

    def close(self) -> None:
        """Write what waits, for at most FAREWELL_S, and close."""
        with self._changed:
            self._closing_at = time.monotonic() + FAREWELL_S
            self._changed.notify()
        self._thread.join(FAREWELL_S + 1.0)
        if self._waiting:
            log.error("the outbox took no more: %d readings of the last moments are gone", len(self._waiting))

    def _run(self) -> None:
        try:
            while self._wait_for_work():
                self._write_all()
        except (CorruptStore, SchemaVersionError, SettingsError) as error:
            self._error = error
        finally:
            self._outbox.close()

    def _wait_for_work(self) -> bool:
        """True as soon as there is something to write; False once all is written and `close` was called."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._beside() or self._closing_at is not None)
            return bool(self._waiting or self._beside())

    def _beside(self) -> bool:
        """Whether anything but readings is to be written."""
        return self._health is not None or self._neutral is not None

    def _write_all(self) -> None:
        """Write what waits, again and again while the disk is full or locked, but not beyond the farewell."""
        complained = False
        while self._waiting or self._dropped or self._beside():
            try:
                self._write_next()
            except (CorruptStore, SchemaVersionError):
                raise
            except StoreError as error:
                if not complained:
                    log.error("%s", error)
                complained = True
                with self._changed:
                    if self._closing_at is not None and time.monotonic() >= self._closing_at:
                        self._health = self._dropped = self._neutral = None
                        return
                    soon = isinstance(error, DiskFull) or self._closing_at is not None
                    self._changed.wait(RETRY_SOON_S if soon else RETRY_S)
        if complained:
            log.info("the outbox takes readings again")

    def _write_next(self) -> None:
        if self._waiting:
            with self._stages.time("store"):
                self._outbox.add(self._waiting[0])  # stays here until it is safe there; it is not kept twice
            with self._changed:
                self._waiting.popleft()
        elif self._dropped is not None:
            self._outbox.lost(self._dropped.count, self._dropped.from_ms, self._dropped.until_ms)
            self._dropped = None  # with none waiting, none was dropped meanwhile
        elif self._health is not None:
            stages_ms = {**self._health.stages_ms, **self._stages.take()}
            self._outbox.note_health(self._health._replace(stages_ms=stages_ms))
            self._health = None
        elif (learned := self._neutral) is not None:
            kept = self._outbox.keep_neutral(learned)
            with self._changed:
                self._forgotten |= not kept
                if self._neutral is learned:  # else there is more by now
                    self._neutral = None
