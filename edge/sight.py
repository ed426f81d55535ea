"""What reads the faces of `vision`: TensorRT once its engines are there, ONNX Runtime until then and where it fails.

No second is lost to a build: the process `engine` builds meanwhile, and the engines are taken when they are all there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.bundle import Bundle
from edge.errors import RuntimeFailure
from edge.reader import FaceReader
from edge.runtime.auto import onnx_runtime, wants_tensorrt
from edge.runtime.backend import Runtime
from edge.runtime.engines.folder import Folder, NoEngine
from edge.runtime.engines.runtime import TensorRTRuntime
from edge.runtime.onnx import ON_PROCESSOR
from edge.settings import Settings
from edge.stages import Stages
from edge.window import FrameView

LOOK_EVERY_S: Final = 5.0  # for engines that are being built

log: Final = logging.getLogger("mien.vision")

Make = Callable[[Runtime], FaceReader]


class Sight:
    """A reader of faces that changes from ONNX Runtime to TensorRT, and back to the processor. For one thread."""

    def __init__(self, make: Make, bundle: Bundle, backend: str, engines: Path, stages: Stages | None = None) -> None:
        """`make` gives the reader of a runtime; `backend` is the setting, `engines` the folder of engines.

        `stages` is told how long the readers take. Raises ModelError where the bundle's networks cannot be loaded.
        """
        self.stages = stages or Stages()
        self._make, self._bundle, self._folder = make, bundle, Folder(engines)
        self._wanted = backend if backend.startswith("onnx-") else "TensorRT"
        self._runtime: Runtime = onnx_runtime(backend)
        self._reader = make(self._runtime)
        self._tensorrt: TensorRTRuntime | None = None
        self._waits = wants_tensorrt(backend)
        self._look_at = 0.0
        self.fault: str | None = None  # why it is not what it was to be
        while self.look_for_engines():  # nobody waits for a frame yet
            pass

    @classmethod
    def of(cls, bundle: Bundle, settings: Settings) -> Sight:
        """What the settings ask for. Raises ModelError."""
        stages = Stages()
        make = partial(
            FaceReader.from_bundle,
            bundle,
            role=settings.box.role,
            aim=settings.box.aim,
            min_face=settings.detector.min_face,
            cascade_every=settings.detector.cascade_every,
            stages=stages,
        )
        return cls(make, bundle, settings.model.backend, settings.engines, stages)

    @property
    def waits(self) -> bool:
        """Whether engines are still to come."""
        return self._waits

    @property
    def backend(self) -> str:
        """What runs the networks now: `onnx` or `tensorrt`."""
        return self._runtime.name

    def describe(self) -> str:
        """The same, for a person."""
        return self._runtime.describe()

    @property
    def least_sure(self) -> float:
        """See `FaceReader.least_sure`."""
        return self._reader.least_sure

    def read(self, image: NDArray[np.uint8], at_s: float) -> FrameView:
        """See `FaceReader.read`. Where a GPU fails, the processor reads this frame and all that follow."""
        try:
            return self._reader.read(image, at_s)
        except RuntimeFailure as error:
            if self._runtime is ON_PROCESSOR:
                raise
            self._give_up(error)
        self._runtime, self._reader = ON_PROCESSOR, self._make(ON_PROCESSOR)
        return self._reader.read(image, at_s)

    def look_for_engines(self) -> bool:
        """Change to TensorRT if its engines are there by now; looks once in a few seconds at most.

        Loads one engine a call, so that no frame waits for them all; whether there is more to do at once.
        """
        if not self._waits or time.monotonic() < self._look_at:
            return False
        try:
            if self._tensorrt is None:
                self._tensorrt = TensorRTRuntime.open(self._folder)
            more = self._change(self._tensorrt)
        except RuntimeFailure as error:
            self._give_up(error)
            return False
        self._look_at = 0.0 if more else time.monotonic() + LOOK_EVERY_S
        return more

    def _change(self, runtime: TensorRTRuntime) -> bool:
        """To TensorRT, if every network has its engine; whether another is to be loaded first.

        Raises RuntimeFailure where one is wrong.
        """
        if not all(runtime.has(file) for file in self._bundle.every_file()):
            return False
        try:
            if any(runtime.make_ready(file, output) for file, output in self._bundle.every_output()):
                return True
            self._reader = self._make(runtime)
        except NoEngine as error:  # the process `engine` sees that too, and builds it
            runtime.unload()
            if str(error) != self.fault:
                log.warning("ONNX Runtime reads faces until the engine is built: %s", error)
            self.fault = str(error)
            return False
        self._runtime, self._waits, self.fault = runtime, False, None
        log.info("TensorRT reads faces now: %s", runtime.describe())
        return False

    def close(self) -> None:
        """Give the GPU back."""
        if self._tensorrt is not None:
            self._tensorrt.close()
            self._tensorrt = None

    def _give_up(self, error: RuntimeFailure) -> None:
        log.error("ONNX Runtime reads faces, though %s was to: %s", self._wanted, error)
        self._waits, self.fault = False, str(error)
        self.close()
