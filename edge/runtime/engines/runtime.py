"""TensorRT as a runtime of the desk: it loads what this box has built, and nothing else."""

from __future__ import annotations

import contextlib
from typing import Final

from edge.runtime import tensorrt
from edge.runtime.backend import ModelFile
from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.choose import open_cuda
from edge.runtime.engines import golden
from edge.runtime.engines.folder import Folder
from edge.runtime.engines.key import Key, this_box
from edge.runtime.onnx import OnnxBackend
from edge.runtime.tensorrt import Engine


class TensorRTRuntime:
    """The engines of a folder on one GPU; see `edge.runtime.backend.Runtime`. For one thread."""

    name: Final = "tensorrt"

    def __init__(self, folder: Folder, cuda: Cuda) -> None:
        """Raises RuntimeFailure where TensorRT is not there."""
        self._folder, self._cuda = folder, cuda
        self._platform = this_box(tensorrt.version(), cuda.device)
        self._engines: list[Engine] = []
        self._ready: dict[tuple[str, str | None], Engine] = {}

    @classmethod
    def open(cls, folder: Folder) -> TensorRTRuntime:
        """On the GPU of this box. Raises RuntimeFailure where TensorRT or CUDA is not there."""
        tensorrt.version()  # before CUDA: of a box that has neither, this is what to install first
        return cls(folder, open_cuda())

    def has(self, model: ModelFile) -> bool:
        """Whether an engine of it seems to be there."""
        return self._folder.has(Key(model.sha256, self._platform))

    def load(self, model: ModelFile, output: str | None = None) -> Engine:
        """See `edge.runtime.backend.Runtime.load`. Raises NoEngine (a RuntimeFailure) where none fits."""
        self.make_ready(model, output)
        return self._ready.pop((model.sha256, output))

    def make_ready(self, model: ModelFile, output: str | None = None) -> bool:
        """Do now what `load` would do, and compare what it says with ONNX Runtime; False where that was done before."""
        if (model.sha256, output) in self._ready:
            return False
        reference = OnnxBackend(model, output)  # refuses a file that is not the one of its card
        plan = self._folder.plan(Key(model.sha256, self._platform))
        engine = Engine(plan, self._cuda, model.path.stem, reference.outputs)
        self._engines.append(engine)
        golden.compare(engine, reference, engine.shape, engine.dtype, model.path.stem)
        self._ready[model.sha256, output] = engine
        return True

    def describe(self) -> str:
        """What it loads networks for."""
        return f"TensorRT {self._platform.tensorrt}, {self._platform.gpu}"

    def unload(self) -> None:
        """Give back all that it loaded."""
        for engine in self._engines:
            engine.close()
        self._engines.clear()
        self._ready.clear()

    def close(self) -> None:
        """Give that and the GPU back, unless it is gone; a second call does nothing."""
        self.unload()
        with contextlib.suppress(CudaError):
            self._cuda.close()
