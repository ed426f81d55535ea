"""CUDA through pycuda: what a Jetson has, built against the CUDA of its system."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import threading
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.runtime.cuda.api import Cuda, Device
from edge.runtime.cuda.device import OpenDevice
from edge.runtime.cuda.driver import Graphs, load
from edge.runtime.cuda.failures import absent, exhausted, failed

_REMEDY: Final = "on a Jetson: pip install 'mien[jetson]', with nvcc on the PATH"
_NON_BLOCKING: Final = 1  # CU_STREAM_NON_BLOCKING, which pycuda does not name: wait for no work on the default stream


def open_device() -> Cuda:
    """The first device. Raises CudaError where pycuda or the driver is not there, or there is no device."""
    try:
        driver = importlib.import_module("pycuda.driver")
    except (ImportError, OSError) as error:  # without a driver it is there and cannot be imported
        raise absent(f"pycuda cannot be imported: {error}", _REMEDY) from error
    try:
        driver.init()
    except driver.Error as error:
        raise absent(str(error), "install NVIDIA's driver") from error
    graphs = Graphs(load())
    with _told(driver):
        _PRIMARY.enter(driver)
        try:
            return OpenDevice(_Calls(driver, graphs))
        except BaseException:
            _PRIMARY.leave(driver)
            raise


@contextlib.contextmanager
def _told(driver: Any) -> Iterator[None]:
    """What pycuda raises, as CudaError; its text names the call: "cuMemAlloc failed: out of memory"."""
    try:
        yield
    except driver.MemoryError as error:
        raise exhausted(str(error)) from error
    except driver.Error as error:
        raise failed(str(error)) from error


class _Primary(threading.local):
    """The primary context of this thread, the one that TensorRT runs in; current while any device is open.

    It is kept when the last one closes: pycuda's own way of letting it go would leave it current. pycuda aborts a
    process that ends with a current context, so it is popped there too; a thread must close its devices itself.
    """

    def __init__(self) -> None:
        self._context: Any = None
        self._users = 0

    def enter(self, driver: Any) -> None:
        if self._users == 0:
            if self._context is None:
                self._context = driver.Device(0).retain_primary_context()
                atexit.register(self._finish, driver)
            self._context.push()
        self._users += 1

    def leave(self, driver: Any) -> None:
        self._users -= 1
        if self._users == 0:
            driver.Context.pop()

    def _finish(self, driver: Any) -> None:
        if self._users:
            self._users = 0
            driver.Context.pop()


_PRIMARY: Final = _Primary()


class _Calls:
    """See `edge.runtime.cuda.device.Calls`."""

    def __init__(self, driver: Any, graphs: Graphs) -> None:
        self._driver = driver
        self._graphs = graphs
        found = driver.Device(0)
        major, minor = found.compute_capability()
        shared = bool(found.get_attribute(driver.device_attribute.INTEGRATED))
        self.device = Device(found.name(), f"{major}.{minor}", shared)
        self._stream: Any = driver.Stream(_NON_BLOCKING)
        self.stream = int(self._stream.handle)

    def pin(self, size: int, mapped: bool) -> NDArray[Any]:
        flags = self._driver.host_alloc_flags.DEVICEMAP if mapped else 0
        with _told(self._driver):
            host: NDArray[Any] = self._driver.pagelocked_empty(size, np.uint8, mem_flags=flags)
        return host

    def reach(self, host: NDArray[Any]) -> int:
        allocation: Any = host.base
        with _told(self._driver):
            return int(allocation.get_device_pointer())

    def unpin(self, host: NDArray[Any]) -> None:
        allocation: Any = host.base
        with _told(self._driver):
            allocation.free()

    def allocate(self, size: int) -> Any:
        with _told(self._driver):
            return self._driver.mem_alloc(size)

    def release(self, memory: Any) -> None:
        with _told(self._driver):
            memory.free()

    def upload(self, memory: Any, host: NDArray[Any]) -> None:
        with _told(self._driver):
            self._driver.memcpy_htod_async(memory, host, self._stream)

    def download(self, host: NDArray[Any], memory: Any) -> None:
        with _told(self._driver):
            self._driver.memcpy_dtoh_async(host, memory, self._stream)

    def synchronize(self) -> None:
        with _told(self._driver):
            self._stream.synchronize()

    def begin_capture(self) -> None:
        self._graphs.begin(self.stream)

    def end_capture(self) -> Any:
        return self._graphs.end(self.stream)

    def instantiate(self, graph: Any) -> Any:
        return self._graphs.instantiate(graph)

    def drop_graph(self, graph: Any) -> None:
        self._graphs.drop_graph(graph)

    def launch(self, executable: Any) -> None:
        self._graphs.launch(executable, self.stream)

    def drop_executable(self, executable: Any) -> None:
        self._graphs.drop_executable(executable)

    def leave(self) -> None:
        self._stream = None  # pycuda destroys it with the last reference, while the context is still current
        with _told(self._driver):
            _PRIMARY.leave(self._driver)
