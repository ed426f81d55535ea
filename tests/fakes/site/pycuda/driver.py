"""A fake of pycuda.driver: what `edge.runtime.cuda.pycuda` uses of it, and the driver's library for graphs."""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
from collections.abc import Callable
from typing import Any

import fake_cuda
import numpy as np
from numpy.typing import NDArray

if not fake_cuda.SETTINGS.driver or not fake_cuda.SETTINGS.pycuda:
    raise ImportError("libcuda.so.1: cannot open shared object file: No such file or directory")


class Error(Exception):
    """As pycuda's."""


class MemoryError(Error):
    """As pycuda's."""


class LogicError(Error):
    """As pycuda's."""


class device_attribute:
    """As pycuda's."""

    INTEGRATED = "INTEGRATED"


class host_alloc_flags:
    """As pycuda's."""

    DEVICEMAP = 2


def _do(name: str, work: Callable[[], Any], context: bool = True) -> Any:
    """A call of the driver, its failure raised as pycuda does."""
    if context and not fake_cuda.CONTEXTS:
        raise LogicError(f"{name} failed: invalid device context")
    try:
        fake_cuda.called(name)
        return work()
    except fake_cuda.Failure as failure:
        kind = MemoryError if failure.code == fake_cuda.MEMORY else LogicError
        raise kind(f"{name} failed: {failure}") from None


def _clean(name: str, work: Callable[[], Any]) -> None:
    """A call that gives something back: in the context of then, whichever is current; its failure is only printed."""
    try:
        _do(name, work, context=False)
    except Error as error:
        print("PyCUDA WARNING: a clean-up operation failed (dead context maybe?)", error, sep="\n", file=sys.stderr)


def init(flags: int = 0) -> None:
    """As pycuda's."""
    _do("cuInit", lambda: None, context=False)


class Context:
    """A context, as pycuda's."""

    def push(self) -> None:
        """As pycuda's."""
        _do("cuCtxPushCurrent", lambda: fake_cuda.CONTEXTS.append(self), context=False)

    @staticmethod
    def pop() -> None:
        """As pycuda's."""
        _do("cuCtxPopCurrent", fake_cuda.CONTEXTS.pop)


class Device:
    """As pycuda's."""

    def __init__(self, ordinal: int) -> None:
        _do("cuDeviceGet", lambda: None, context=False)

    def name(self) -> str:
        """As pycuda's."""
        return str(_do("cuDeviceGetName", lambda: fake_cuda.SETTINGS.name, context=False))

    def compute_capability(self) -> tuple[int, int]:
        """As pycuda's."""
        major, minor = fake_cuda.SETTINGS.capability
        return int(major), int(minor)

    def get_attribute(self, attribute: str) -> int:
        """As pycuda's."""
        found = {"INTEGRATED": int(fake_cuda.SETTINGS.integrated)}
        return int(_do("cuDeviceGetAttribute", lambda: found[attribute], context=False))

    def retain_primary_context(self) -> Context:
        """As pycuda's."""
        context: Context = _do("cuDevicePrimaryCtxRetain", Context, context=False)
        return context


class Stream:
    """As pycuda's: destroyed with its last reference."""

    def __init__(self, flags: int = 0) -> None:
        self.handle = 0
        self.handle = _do("cuStreamCreate", fake_cuda.new_stream)

    def synchronize(self) -> None:
        """As pycuda's."""
        _do("cuStreamSynchronize", lambda: fake_cuda.synchronize(self.handle))

    def __del__(self) -> None:
        if self.handle:
            _clean("cuStreamDestroy", lambda: fake_cuda.drop_stream(self.handle))


class _Owned:
    """Memory that is freed by hand or with its last reference, once."""

    name = ""
    kinds: tuple[str, ...] = ()
    address = 0

    def free(self) -> None:
        """As pycuda's."""
        if not self.address:
            raise LogicError("free failed: invalid resource handle")
        address, self.address = self.address, 0
        _clean(self.name, lambda: fake_cuda.free(address, *self.kinds))

    def __del__(self) -> None:
        if self.address:
            self.free()


class DeviceAllocation(_Owned):
    """As pycuda's."""

    name, kinds = "cuMemFree", ("device",)

    def __init__(self, size: int) -> None:
        self.address = _do("cuMemAlloc", lambda: fake_cuda.allocate("device", size))

    def __int__(self) -> int:
        return self.address

    __index__ = __int__


class PagelockedHostAllocation(_Owned):
    """As pycuda's: the base of the array that `pagelocked_empty` gives."""

    name, kinds = "cuMemFreeHost", ("pinned", "mapped")

    def __init__(self, shape: int, dtype: np.dtype[Any], flags: int) -> None:
        kind = "mapped" if flags & host_alloc_flags.DEVICEMAP else "pinned"
        self.address = _do("cuMemHostAlloc", lambda: fake_cuda.allocate(kind, shape * dtype.itemsize))
        array = {"data": (self.address, False), "shape": (shape,), "typestr": dtype.str, "version": 3}
        self.__array_interface__ = array

    def get_device_pointer(self) -> int:
        """As pycuda's."""
        return int(_do("cuMemHostGetDevicePointer", lambda: fake_cuda.reach(self.address)))


def mem_alloc(size: int) -> DeviceAllocation:
    """As pycuda's."""
    return DeviceAllocation(size)


def pagelocked_empty(shape: int, dtype: Any, order: str = "C", mem_flags: int = 0) -> NDArray[Any]:
    """As pycuda's, of one dimension."""
    return np.asarray(PagelockedHostAllocation(shape, np.dtype(dtype), mem_flags))


def memcpy_htod_async(dest: Any, src: NDArray[Any], stream: Stream) -> None:
    """As pycuda's."""
    at, size = src.ctypes.data, src.nbytes
    _do("cuMemcpyHtoDAsync", lambda: fake_cuda.copy(stream.handle, int(dest), at, size))


def memcpy_dtoh_async(dest: NDArray[Any], src: Any, stream: Stream) -> None:
    """As pycuda's."""
    at, size = dest.ctypes.data, dest.nbytes
    _do("cuMemcpyDtoHAsync", lambda: fake_cuda.copy(stream.handle, at, int(src), size))


class Library:
    """The driver's C functions for graphs, as ctypes would call them."""

    def __getattr__(self, name: str) -> Callable[..., int]:
        work = _FUNCTIONS.get(name)
        if work is None:
            raise AttributeError(f"libcuda.so.1: undefined symbol: {name}")

        def function(*arguments: Any) -> int:
            try:
                fake_cuda.called(name)
                work(*arguments)
            except fake_cuda.Failure as failure:
                return int(failure.code)
            return 0

        return function


def _give(place: Any, value: Any) -> None:
    """Write where ctypes.byref points."""
    place._obj.value = value


_FUNCTIONS: dict[str, Callable[..., None]] = {
    "cuStreamBeginCapture_v2": lambda stream, mode: fake_cuda.begin(stream.value),
    "cuStreamEndCapture": lambda stream, graph: _give(graph, fake_cuda.end(stream.value)),
    "cuGraphInstantiateWithFlags": lambda made, graph, _: _give(made, fake_cuda.instantiate(graph.value)),
    "cuGraphLaunch": lambda executable, stream: fake_cuda.launch(executable.value, stream.value),
    "cuGraphDestroy": lambda graph: fake_cuda.drop_graph(graph.value, "graph"),
    "cuGraphExecDestroy": lambda executable: fake_cuda.drop_graph(executable.value, "executable"),
    "cuGetErrorString": lambda code, text: _give(text, fake_cuda.TEXTS[code.value].encode()),
    "cuGetErrorName": lambda code, text: _give(text, f"CUDA_ERROR_{code.value}".encode()),
}

_load = ctypes.cdll.LoadLibrary


def _find(name: str) -> Any:
    return Library() if name == "libcuda.so.1" else _load(name)


ctypes.cdll.LoadLibrary = _find  # type: ignore[method-assign]


def _abort() -> None:
    """As pycuda does where a process ends with a current context."""
    if fake_cuda.CONTEXTS:
        print("PyCUDA ERROR: The context stack was not empty upon module cleanup.", file=sys.stderr, flush=True)
        os.abort()


atexit.register(_abort)
