"""The GPU of this machine with TensorRT; where there is none, the fakes of the tests, and a mark that says so.

What goes over the fakes is all real but TensorRT and CUDA: a fake engine is a session of ONNX Runtime.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.errors import CannotMeasure
from edge.errors import RuntimeFailure
from edge.runtime import tensorrt
from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.choose import RELEASE, open_cuda
from tests.fakes import SITE, installed, with_tensorrt

FAKE: Final = "fake: no GPU here; not a measurement of TensorRT"
SIGNS: Final = (RELEASE, Path("/dev/nvidiactl"), Path("/dev/nvgpu"))
"""What only a machine with NVIDIA's GPU has."""


@dataclass(frozen=True)
class Gpu:
    """A device, the mark of what is measured on it ("" of a real one), and what a process needs to find it too."""

    cuda: Cuda
    mark: str
    env: dict[str, str]


@contextlib.contextmanager
def opened() -> Iterator[Gpu]:
    """The GPU while the block runs.

    Raises CannotMeasure where there is one without TensorRT or a binding of CUDA: fakes would hide that.
    """
    with contextlib.ExitStack() as stack:
        try:
            cuda = _open()
        except RuntimeFailure as error:
            if any(sign.exists() for sign in SIGNS):
                raise CannotMeasure(f"there is a GPU, but {error}") from error
            stack.enter_context(installed())
            stack.enter_context(with_tensorrt())
            cuda = _open()
        stack.enter_context(_closing(cuda))
        fake = is_fake()
        yield Gpu(cuda, FAKE if fake else "", {"PYTHONPATH": str(SITE)} if fake else {})


def is_fake() -> bool:
    """Whether the TensorRT that is loaded is the fake one, by where it lies: a mark must not be lost."""
    return Path(importlib.import_module("tensorrt").__file__ or "").is_relative_to(SITE)


def _open() -> Cuda:
    tensorrt.version()
    return open_cuda()


@contextlib.contextmanager
def _closing(cuda: Cuda) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(CudaError):  # of a GPU that is gone, which was told already
            cuda.close()
