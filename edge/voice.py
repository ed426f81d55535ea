"""The process `voice`: from the microphone to the outbox, one reading a second or its reason; off unless it is named.

Sound goes one way: source -> seconds -> hearing -> store. No sound, band or embedding is written anywhere, no word is
recognised and no speaker identified; nothing here has a network. Where the face was read in the same second, both are
merged into a reading of their own.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from contract.reading import Reading, Reason, Source, seen
from edge import clock, crash, kernel, voice_card
from edge.errors import CaptureError
from edge.hearing import Heard, Hearing
from edge.ladder import Ladder
from edge.notify import Watched
from edge.settings import Settings
from edge.sound.listening import HeardSecond, Listening, SoundSeconds, open_sound
from edge.store import FaceSeconds
from edge.together import together
from edge.voice_card import Merging
from edge.writer import Writer

READ_WAIT_S: Final = 0.25
FACE_WAIT_S: Final = 3.0  # from a second's beginning, for the face's reading of it
FACE_REACH_S: Final = 0.5  # how far its second may lie from ours
SECOND: Final = 1.0

log: Final = logging.getLogger("mien.voice")


@dataclass(frozen=True)
class _Waiting:
    """A second that was heard, and how, until the face's reading of it is there."""

    reading: Reading
    heard: Heard


class Voice:
    """One microphone's way to the outbox."""

    def __init__(
        self,
        settings: Settings,
        listening: Listening,
        hearing: Hearing,
        writer: Writer,
        model: str,
        merging: Merging | None = None,
        faces: FaceSeconds | None = None,
    ) -> None:
        """`model` is the id that readings carry; with `merging` and `faces`, both are merged as well."""
        self._watched = Watched()
        self._settings, self._model = settings, model
        self._listening, self._hearing, self._writer = listening, hearing, writer
        self._merging, self._faces = merging, faces
        self._waiting: deque[_Waiting] = deque()
        self._boot = clock.boot()
        self._shift = settings.shift.id or secrets.token_hex(8)
        self._seconds = SoundSeconds()
        self._ladder = Ladder(listening.reopen, CaptureError, log)

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set or a file ends. Raises CaptureError, StoreError, or what ended the writer."""
        self._watched.ready()
        while not stop.is_set() and not self._listening.ended:
            self._watched.alive()
            self._take(self._next(stop))
            self._merge(time.monotonic())
            self._writer.check()
        self._merge(time.monotonic() + FACE_WAIT_S)
        self._watched.stopping()

    def _next(self, stop: threading.Event) -> list[HeardSecond]:
        try:
            block = self._listening.read(READ_WAIT_S)
            if block is not None:
                return self._seconds.add(block)
            if not self._listening.stale:
                return self._seconds.tick(time.monotonic())
            error = CaptureError(f"{self._listening.name}: gives no sound; check its cable")
        except CaptureError as dead:
            if self._listening.is_file:
                raise
            error = dead
        self._ladder.climb(error, stop, self._pass)
        return self._seconds.tick(time.monotonic())

    def _pass(self) -> None:
        """Time passes without sound."""
        self._watched.alive()
        self._take(self._seconds.tick(time.monotonic()))

    def _take(self, seconds: list[HeardSecond]) -> None:
        for second in seconds:
            heard = self._heard(second)
            reading = self._reading(second.started_s, heard)
            self._writer.add(reading)
            if self._merging is not None:
                self._waiting.append(_Waiting(reading, heard))

    def _heard(self, second: HeardSecond) -> Heard:
        if second.sound is None:
            self._hearing.forget()
            return STALE
        return self._hearing.second(second.sound)

    def _reading(self, started_s: float, heard: Heard) -> Reading:
        made: dict[str, Any] = {"reason": heard.reason, "quality": round(heard.spoken, 4)}
        if heard.shares is not None and heard.confidence is not None:
            made = seen(heard.shares, confidence=heard.confidence, quality=heard.spoken, faces=0)
        return Reading(
            source=Source.VOICE,
            boot=self._boot,
            started_ns=round(started_s * 1e9),
            wall_ms=clock.wall_ms_of(started_s),
            clock_ok=clock.is_set(),
            duration_s=SECOND,
            role=self._settings.box.role,
            shift=self._shift,
            policy=self._settings.policy.name,
            model=self._model,
            **made,
        )

    def _merge(self, now_s: float) -> None:
        """Merges the seconds of which the face's reading is there by now, or will not come any more."""
        while self._waiting and self._merging is not None and self._faces is not None:
            waiting = self._waiting[0]
            started_ns = waiting.reading.started_ns
            if now_s - started_ns / 1e9 < SECOND + FACE_REACH_S:
                return  # the face's second may still last
            face = self._faces.at(self._boot, started_ns, round(FACE_REACH_S * 1e9))
            if face is None and now_s - started_ns / 1e9 < FACE_WAIT_S:
                return
            self._waiting.popleft()
            self._writer.add(together(face, waiting.reading, waiting.heard.clear_db, self._merging))


STALE: Final = Heard(0.0, reason=Reason.STALE)


def run(settings: Settings, stop: threading.Event | None = None) -> int:
    """Run until SIGTERM or SIGINT, or until `stop` is set where it is given, or to the end of a file; returns 0.

    Raises ModelError, CaptureError, StoreError: each a MienDeskError with its exit code.
    """
    kernel.leave_no_dump()
    crash.tell_only_where()
    if stop is None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    wanted = settings.voice
    assert wanted.source is not None
    bundle = voice_card.named(wanted.bundle, trust=settings.model.trust)
    hearing = Hearing(bundle, reduce=wanted.noise_reduction)
    writer = Writer(settings.store, settings.policy)
    faces = FaceSeconds(settings.store) if wanted.merge else None
    try:
        listening = Listening(partial(open_sound, wanted.source), loop=wanted.loop)
        log.info("%s is read by %s", listening.name, bundle.card.model)
        merging = bundle.card.merging if wanted.merge else None
        try:
            Voice(settings, listening, hearing, writer, bundle.card.model, merging, faces).run(stop)
        finally:
            listening.close()
    finally:
        writer.close()
        if faces is not None:
            faces.close()
    return 0
