"""CUDA through NVIDIA's own cuda-bindings, 12.6 or later: wheels, nothing to build."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.runtime.cuda.api import Cuda, CudaError, Device
from edge.runtime.cuda.device import OpenDevice
from edge.runtime.cuda.failures import absent, exhausted, failed

_DRIVER: Final = "install NVIDIA's driver, or the bindings for the one that is there: pip install 'cuda-bindings<13'"


def open_device() -> Cuda:
    """The first device. Raises CudaError where cuda-bindings or the driver is not there, or there is no device."""
    try:
        runtime = importlib.import_module("cuda.bindings.runtime")
    except (ImportError, OSError) as error:
        raise absent(f"cuda-bindings cannot be imported: {error}", "pip install 'mien[cuda]'") from error
    return OpenDevice(_Calls(runtime))


class _Calls:
    """See `edge.runtime.cuda.device.Calls`. The runtime's calls use the primary context, as TensorRT does."""

    def __init__(self, runtime: Any) -> None:
        self._runtime = runtime
        self._call(runtime.cudaSetDevice, 0)
        found = self._call(runtime.cudaGetDeviceProperties, 0)
        name = found.name.decode(errors="replace") if isinstance(found.name, bytes) else str(found.name)
        self.device = Device(name.rstrip("\0"), f"{found.major}.{found.minor}", bool(found.integrated))
        # One that does not block: it waits for no work on the default stream.
        self._stream = self._call(runtime.cudaStreamCreateWithFlags, runtime.cudaStreamNonBlocking)
        self.stream = int(self._stream)

    def pin(self, size: int, mapped: bool) -> NDArray[Any]:
        runtime = self._runtime
        flags = runtime.cudaHostAllocMapped if mapped else runtime.cudaHostAllocDefault
        address = int(self._call(runtime.cudaHostAlloc, size, flags))
        return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))

    def reach(self, host: NDArray[Any]) -> int:
        return int(self._call(self._runtime.cudaHostGetDevicePointer, host.ctypes.data, 0))

    def unpin(self, host: NDArray[Any]) -> None:
        self._call(self._runtime.cudaFreeHost, host.ctypes.data)

    def allocate(self, size: int) -> Any:
        return self._call(self._runtime.cudaMalloc, size)

    def release(self, memory: Any) -> None:
        self._call(self._runtime.cudaFree, memory)

    def upload(self, memory: Any, host: NDArray[Any]) -> None:
        runtime = self._runtime
        kind = runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._call(runtime.cudaMemcpyAsync, memory, host.ctypes.data, host.nbytes, kind, self._stream)

    def download(self, host: NDArray[Any], memory: Any) -> None:
        runtime = self._runtime
        kind = runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self._call(runtime.cudaMemcpyAsync, host.ctypes.data, memory, host.nbytes, kind, self._stream)

    def synchronize(self) -> None:
        self._call(self._runtime.cudaStreamSynchronize, self._stream)

    def begin_capture(self) -> None:
        runtime = self._runtime
        # Of this thread alone: what others do meanwhile does not end the capture.
        mode = runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call(runtime.cudaStreamBeginCapture, self._stream, mode)

    def end_capture(self) -> Any:
        return self._call(self._runtime.cudaStreamEndCapture, self._stream)

    def instantiate(self, graph: Any) -> Any:
        return self._call(self._runtime.cudaGraphInstantiate, graph, 0)

    def drop_graph(self, graph: Any) -> None:
        self._call(self._runtime.cudaGraphDestroy, graph)

    def launch(self, executable: Any) -> None:
        self._call(self._runtime.cudaGraphLaunch, executable, self._stream)

    def drop_executable(self, executable: Any) -> None:
        self._call(self._runtime.cudaGraphExecDestroy, executable)

    def leave(self) -> None:
        self._call(self._runtime.cudaStreamDestroy, self._stream)

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a call gives beside its code. Raises CudaError where the code is not that of success."""
        name = function.__name__
        try:
            code, *values = function(*arguments)
        except RuntimeError as error:  # the bindings for CUDA 12 look for the driver's library only now
            raise absent(f"{name} failed: {error}", _DRIVER) from error
        if code != self._runtime.cudaError_t.cudaSuccess:
            raise self._failure(name, code)
        return values[0] if values else None

    def _failure(self, name: str, code: Any) -> CudaError:
        known = self._runtime.cudaError_t
        _, text = self._runtime.cudaGetErrorString(code)
        said = f"{name} failed: {text.decode(errors='replace') if text else f'error {int(code)}'}"
        if code == known.cudaErrorMemoryAllocation:
            return exhausted(said)
        if code in (known.cudaErrorInsufficientDriver, known.cudaErrorNoDevice):
            return absent(said, _DRIVER)
        return failed(said)
