"""The process `vision`: from the camera to the outbox, one reading a second or its reason.

A frame goes one way: capture -> detect -> track -> align -> recognise -> window -> store. No frame, crop, landmark or
embedding is written anywhere, logs and crash dumps included; nothing here has a network.
"""

from __future__ import annotations

import logging
import secrets
import signal
import threading
import time
from functools import partial
from typing import Any, Final

import cv2

from contract.reading import Reading, Role, Source, seen
from edge import bundle as bundles
from edge import clock, crash, kernel
from edge.capture import Capture, Frame, open_source
from edge.conversation import Presence
from edge.errors import CaptureError, StaleCamera
from edge.ladder import Ladder
from edge.notify import Watched
from edge.resting import Resting
from edge.settings import Settings
from edge.sight import Sight
from edge.store import Vitals
from edge.window import SECOND, Seconds, Window, summarise
from edge.writer import Writer

READ_WAIT_S: Final = 0.25
HEALTH_EVERY_S: Final = 10.0
FIRST_HEALTH_S: Final = 5.0
SAY_EVERY_S: Final = 300.0

log: Final = logging.getLogger("mien.vision")


class _Rate:
    """Frames a second over the time since it was last asked."""

    def __init__(self) -> None:
        self._since, self._frames = time.monotonic(), 0

    def count(self) -> None:
        self._frames += 1

    def take(self) -> float:
        now = time.monotonic()
        rate = self._frames / max(now - self._since, 1e-3)
        self._since, self._frames = now, 0
        return rate


class Vision:
    """One camera's way to the outbox."""

    def __init__(
        self,
        settings: Settings,
        capture: Capture,
        sight: Sight,
        writer: Writer,
        model: str,
        usual: tuple[float, ...] = (),
    ) -> None:
        """`model` is the id that readings carry, `usual` what it reads of resting faces, where that is known."""
        self._watched = Watched()
        self._settings, self._model = settings, model
        self._capture, self._sight, self._writer = capture, sight, writer
        self._boot = clock.boot()
        self._shift = settings.shift.id or secrets.token_hex(8)
        self._seconds = Seconds()
        self._presence = Presence() if settings.box.role is Role.CUSTOMER else None
        self._resting = Resting.of(settings, writer, self._shift, model, usual)
        self._rate = _Rate()
        self._health_at = self._say_at = time.monotonic() + FIRST_HEALTH_S
        self._ladder = Ladder(capture.reopen, StaleCamera, log)

    def run(self, stop: threading.Event) -> None:
        """Read until `stop` is set or a clip ends. Raises CaptureError, or what ended the writer."""
        self._watched.ready()
        while not stop.is_set() and not self._capture.ended:
            self._watched.alive()
            frame = self._next_frame(stop)
            if frame is not None:
                self._rate.count()
                view = self._sight.read(frame.image, frame.stamp_s)
                self._sight.stages.add("frame", time.monotonic() - frame.stamp_s)
                self._keep(self._seconds.add(frame.stamp_s, view))
            elif not self._capture.ended:
                # A frame that was taken a moment ago may still be on its way.
                self._keep(self._seconds.tick(time.monotonic() - READ_WAIT_S))
            self._sight.look_for_engines()
            self._say_how_it_goes()
            self._writer.check()
        self._watched.stopping()

    def _next_frame(self, stop: threading.Event) -> Frame | None:
        """The next frame; None where none came, or where the camera lies and was opened again."""
        try:
            frame = self._capture.read(READ_WAIT_S)
            if not self._capture.stale:
                return frame
            error = CaptureError(f"{self._capture.name}: gives no new pictures; check its cable")
        except CaptureError as dead:
            if self._capture.is_clip:
                raise
            error = dead
        self._ladder.climb(error, stop, self._pass)
        return None

    def _pass(self) -> None:
        """Time passes without a picture."""
        self._watched.alive()
        self._keep(self._seconds.tick(time.monotonic()))

    def _keep(self, windows: list[Window]) -> None:
        for window in windows:
            self._writer.add(self._reading(window))

    def _reading(self, window: Window) -> Reading:
        summary = summarise(self._resting.taken_out(window.views), self._sight.least_sure)
        made: dict[str, Any] = {"reason": summary.reason, "quality": round(summary.quality, 4), "faces": summary.faces}
        if summary.shares is not None and summary.confidence is not None:
            made = seen(summary.shares, confidence=summary.confidence, quality=summary.quality, faces=summary.faces)
        talk = self._presence.named(summary.faces, SECOND) if self._presence is not None else None
        return Reading(
            source=Source.FACE,
            boot=self._boot,
            started_ns=round(window.started_s * 1e9),
            wall_ms=clock.wall_ms_of(window.started_s),
            clock_ok=clock.is_set(),
            duration_s=SECOND,
            role=self._settings.box.role,
            shift=self._shift,
            policy=self._settings.policy.name,
            model=self._model,
            conversation=talk,
            **made,
        )

    def _say_how_it_goes(self) -> None:
        now = time.monotonic()
        if now < self._health_at:
            return
        self._health_at = now + HEALTH_EVERY_S
        rate = self._rate.take()
        stages_ms = self._sight.stages.take()
        self._writer.note_health(Vitals(rate, self._model, self._sight.backend, self._sight.fault, stages_ms))
        if now >= self._say_at:
            self._say_at = now + SAY_EVERY_S
            log.info("%s: %.1f frames a second", self._capture.name, rate)


def run(settings: Settings, stop: threading.Event | None = None) -> int:
    """Run until SIGTERM or SIGINT, or until `stop` is set where it is given, or to the end of a clip; returns 0.

    Raises ModelError, CaptureError, StaleCamera, StoreError: each a MienDeskError with its exit code.
    """
    kernel.leave_no_dump()
    crash.tell_only_where()
    cv2.setNumThreads(1)
    if stop is None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    camera = settings.camera
    bundle = bundles.named(settings.model.bundle, settings.model.point, trust=settings.model.trust)
    sight = Sight.of(bundle, settings)
    writer = Writer(settings.store, settings.policy)
    try:
        open_it = partial(open_source, camera.source, width=camera.width, height=camera.height, fps=camera.fps)
        capture = Capture(open_it, loop=camera.loop)
        log.info("%s is read by %s, operating point %s", capture.name, bundle.expression.model, bundle.point.name)
        try:
            Vision(settings, capture, sight, writer, bundle.model, bundle.point.neutral).run(stop)
        finally:
            capture.close()
    finally:
        writer.close()
        sight.close()
    return 0
