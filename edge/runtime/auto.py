"""Which runtime a box's setting `model.backend` means. Imports nothing heavy: the process `engine` asks this first."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.runtime.onnx import OnnxRuntime


def wants_tensorrt(backend: str) -> bool:
    """Whether a box is to run its networks with TensorRT: told to, or left to decide and TensorRT is installed."""
    return backend == "tensorrt" or (backend == "auto" and importlib.util.find_spec("tensorrt") is not None)


def onnx_runtime(backend: str) -> OnnxRuntime:
    """ONNX Runtime as the setting names it; it stands behind TensorRT too.

    Raises RuntimeFailure where the installed one cannot do what an `onnx-...` asks for.
    """
    from edge.runtime.onnx import ON_PROCESSOR, OnnxRuntime

    return OnnxRuntime(backend.removeprefix("onnx-")) if backend.startswith("onnx-") else ON_PROCESSOR
