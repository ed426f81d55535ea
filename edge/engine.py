"""The process `engine`: builds the engines that TensorRT needs on this box, then ends.

`vision` reads faces with ONNX Runtime meanwhile, and takes the engines when they are there. A box that needs none, or
has them all, is done within seconds.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from edge import kernel
from edge.errors import RuntimeFailure, StoreError
from edge.runtime.auto import wants_tensorrt
from edge.settings import Settings
from edge.store import EngineNotes

SAY_EVERY_S: Final = 2.0

log: Final = logging.getLogger("mien.engine")


def run(settings: Settings) -> int:
    """Build what is missing; returns 0, also where TensorRT fails: that is noted, and ONNX Runtime reads faces.

    Raises SettingsError where the folder of engines cannot be written, ModelError for a wrong bundle, StoreError.
    """
    notes = EngineNotes(settings.store)
    try:
        if not wants_tensorrt(settings.model.backend):
            log.info("no engine is needed: ONNX Runtime reads faces")
            notes.done()
            return 0
        kernel.leave_no_dump()
        notes.done(_build(settings, notes))
    finally:
        notes.close()
    return 0


def _build(settings: Settings, notes: EngineNotes) -> str | None:
    """Build, and say how it goes; why it failed, or None."""
    from edge import bundle as bundles  # with NumPy and ONNX Runtime, which a box without TensorRT need not load here
    from edge.runtime.engines.build import build_here
    from edge.runtime.engines.folder import Folder

    model = settings.model
    bundle = bundles.named(model.bundle, model.point, trust=model.trust)
    folder = Folder(settings.engines)
    folder.make_ready()
    try:
        built = build_here(folder, bundle.every_file(), _Teller(notes))
    except RuntimeFailure as error:
        log.error("ONNX Runtime reads faces, though TensorRT was to: %s", error)
        return str(error)
    for one in built:
        log.info("%s", one)
    return None


class _Teller:
    """Notes how far the build is, every few seconds: the outbox is on a disk that wears."""

    def __init__(self, notes: EngineNotes) -> None:
        self._notes, self._at = notes, 0.0

    def __call__(self, step: str, share: float) -> None:
        if time.monotonic() < self._at:
            return
        self._at = time.monotonic() + SAY_EVERY_S
        log.info("building engines: %d %%, %s", 100 * share, step)
        try:
            self._notes.building(step, share)
        except StoreError as error:  # a full disk keeps no status, and no engine from being built
            log.warning("%s", error)
