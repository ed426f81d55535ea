"""A fake of cuda.bindings.runtime: what `edge.runtime.cuda.nvidia` uses of it. Each call gives its code first."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import fake_cuda

cudaHostAllocDefault = 0
cudaHostAllocMapped = 2
cudaStreamNonBlocking = 1


class cudaError_t(enum.IntEnum):
    """As NVIDIA's."""

    cudaSuccess = fake_cuda.SUCCESS
    cudaErrorInvalidValue = fake_cuda.INVALID
    cudaErrorMemoryAllocation = fake_cuda.MEMORY
    cudaErrorInsufficientDriver = fake_cuda.DRIVER
    cudaErrorNoDevice = 100
    cudaErrorIllegalAddress = fake_cuda.LOST
    cudaErrorStreamCaptureUnsupported = fake_cuda.CAPTURING
    cudaErrorStreamCaptureInvalidated = fake_cuda.INVALIDATED


class cudaMemcpyKind(enum.IntEnum):
    """As NVIDIA's."""

    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class cudaStreamCaptureMode(enum.IntEnum):
    """As NVIDIA's."""

    cudaStreamCaptureModeThreadLocal = 1


class cudaDeviceProp:
    """As NVIDIA's."""

    def __init__(self) -> None:
        self.name = fake_cuda.SETTINGS.name.encode()
        self.major, self.minor = fake_cuda.SETTINGS.capability
        self.integrated = int(fake_cuda.SETTINGS.integrated)


class _Handle:
    """A stream, a graph or an executable, as NVIDIA's."""

    def __init__(self, value: int) -> None:
        self._value = value

    def __int__(self) -> int:
        return self._value


def _do(name: str, work: Callable[[], Any], gives: bool = False) -> tuple[Any, ...]:
    try:
        if not fake_cuda.SETTINGS.driver:
            raise fake_cuda.Failure(fake_cuda.DRIVER)
        fake_cuda.called(name)
        value = work()
    except fake_cuda.Failure as failure:
        return (cudaError_t(failure.code), None) if gives else (cudaError_t(failure.code),)
    return (cudaError_t.cudaSuccess, value) if gives else (cudaError_t.cudaSuccess,)


def cudaGetErrorString(error: cudaError_t) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return cudaError_t.cudaSuccess, fake_cuda.TEXTS.get(int(error), "unrecognized error code").encode()


def cudaSetDevice(device: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaSetDevice", lambda: None)


def cudaGetDeviceProperties(device: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaGetDeviceProperties", cudaDeviceProp, gives=True)


def cudaStreamCreateWithFlags(flags: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaStreamCreateWithFlags", lambda: _Handle(fake_cuda.new_stream()), gives=True)


def cudaStreamDestroy(stream: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaStreamDestroy", lambda: fake_cuda.drop_stream(int(stream)))


def cudaStreamSynchronize(stream: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaStreamSynchronize", lambda: fake_cuda.synchronize(int(stream)))


def cudaHostAlloc(size: int, flags: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    kind = "mapped" if flags & cudaHostAllocMapped else "pinned"
    return _do("cudaHostAlloc", lambda: fake_cuda.allocate(kind, size), gives=True)


def cudaHostGetDevicePointer(host: int, flags: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaHostGetDevicePointer", lambda: fake_cuda.reach(host), gives=True)


def cudaFreeHost(host: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaFreeHost", lambda: fake_cuda.free(host, "pinned", "mapped"))


def cudaMalloc(size: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaMalloc", lambda: fake_cuda.allocate("device", size), gives=True)


def cudaFree(memory: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaFree", lambda: fake_cuda.free(memory, "device"))


def cudaMemcpyAsync(to: int, source: int, count: int, kind: cudaMemcpyKind, stream: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaMemcpyAsync", lambda: fake_cuda.copy(int(stream), to, source, count))


def cudaStreamBeginCapture(stream: Any, mode: cudaStreamCaptureMode) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaStreamBeginCapture", lambda: fake_cuda.begin(int(stream)))


def cudaStreamEndCapture(stream: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaStreamEndCapture", lambda: _Handle(fake_cuda.end(int(stream))), gives=True)


def cudaGraphInstantiate(graph: Any, flags: int) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaGraphInstantiate", lambda: _Handle(fake_cuda.instantiate(int(graph))), gives=True)


def cudaGraphLaunch(executable: Any, stream: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaGraphLaunch", lambda: fake_cuda.launch(int(executable), int(stream)))


def cudaGraphDestroy(graph: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaGraphDestroy", lambda: fake_cuda.drop_graph(int(graph), "graph"))


def cudaGraphExecDestroy(executable: Any) -> tuple[Any, ...]:
    """As NVIDIA's."""
    return _do("cudaGraphExecDestroy", lambda: fake_cuda.drop_graph(int(executable), "executable"))
