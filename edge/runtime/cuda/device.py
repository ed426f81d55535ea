"""A device with one stream over any binding of CUDA: who holds what, and in which order it is given back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from edge.runtime.cuda.api import Buffer, CudaError, Device, Graph
from edge.runtime.cuda.failures import misused


class Calls(Protocol):
    """The calls that a binding makes for `OpenDevice`, all on one stream; each raises CudaError where it fails."""

    @property
    def device(self) -> Device:
        """What it runs on."""

    @property
    def stream(self) -> int:
        """The stream's handle."""

    def pin(self, size: int, mapped: bool) -> NDArray[Any]:
        """Memory of the host that is never paged out, as uint8; the device can reach it where it is `mapped`."""

    def reach(self, host: NDArray[Any]) -> int:
        """Where the device finds mapped memory."""

    def unpin(self, host: NDArray[Any]) -> None:
        """Give pinned memory back."""

    def allocate(self, size: int) -> Any:
        """Memory of the device; int() of it is its address."""

    def release(self, memory: Any) -> None:
        """Give memory of the device back."""

    def upload(self, memory: Any, host: NDArray[Any]) -> None:
        """Queue a copy to the device."""

    def download(self, host: NDArray[Any], memory: Any) -> None:
        """Queue a copy to the host."""

    def synchronize(self) -> None:
        """Wait for the stream."""

    def begin_capture(self) -> None:
        """From now on what is queued is recorded, not done."""

    def end_capture(self) -> Any:
        """The graph of what was recorded."""

    def instantiate(self, graph: Any) -> Any:
        """The graph as it can be launched."""

    def drop_graph(self, graph: Any) -> None:
        """Give a graph back."""

    def launch(self, executable: Any) -> None:
        """Queue what `instantiate` made."""

    def drop_executable(self, executable: Any) -> None:
        """Give back what `instantiate` made."""

    def leave(self) -> None:
        """Give back the stream, and the context where the binding holds one."""


class OpenDevice:
    """See `edge.runtime.cuda.api.Cuda`. It knows all that it gave out, so that nothing outlives `close`."""

    def __init__(self, calls: Calls) -> None:
        """From now on `calls` is closed through this."""
        self._calls: Calls | None = calls
        self._device = calls.device
        self._held: dict[int, _Buffer | _Graph] = {}

    @property
    def device(self) -> Device:
        """See `edge.runtime.cuda.api.Cuda.device`."""
        return self._device

    @property
    def stream(self) -> int:
        """See `edge.runtime.cuda.api.Cuda.stream`."""
        return self.calls.stream

    @property
    def calls(self) -> Calls:
        """The binding's calls. Raises CudaError where the device is closed."""
        if self._calls is None:
            raise misused("the CUDA device was given back and is used again")
        return self._calls

    def buffer(self, size: int) -> Buffer:
        """See `edge.runtime.cuda.api.Cuda.buffer`."""
        if size < 1:
            raise misused(f"a buffer of {size} bytes was asked for")
        made = _Buffer(self, size)
        self._held[id(made)] = made
        return made

    def synchronize(self) -> None:
        """See `edge.runtime.cuda.api.Cuda.synchronize`."""
        self.calls.synchronize()

    def record(self, work: Callable[[], None]) -> Graph:
        """See `edge.runtime.cuda.api.Cuda.record`."""
        calls = self.calls
        calls.begin_capture()
        try:
            work()
        except BaseException:
            with contextlib.suppress(CudaError):  # what stopped the work says more than what it left behind
                calls.drop_graph(calls.end_capture())
            raise
        graph = calls.end_capture()
        try:
            made = _Graph(self, calls.instantiate(graph))
            self._held[id(made)] = made
        finally:
            calls.drop_graph(graph)
        return made

    def forget(self, held: _Buffer | _Graph) -> None:
        """It gives itself back."""
        self._held.pop(id(held), None)

    def close(self) -> None:
        """See `edge.runtime.cuda.api.Cuda.close`."""
        if self._calls is None:
            return
        calls = self._calls
        # Graphs first: they hold the addresses of buffers.
        held = sorted(self._held.values(), key=lambda one: isinstance(one, _Buffer))
        _all_of(*[one.free for one in held], lambda: setattr(self, "_calls", None), calls.leave)


class _Buffer:
    """See `edge.runtime.cuda.api.Buffer`. Views of `host` die with it."""

    def __init__(self, owner: OpenDevice, size: int) -> None:
        calls = owner.calls
        mapped = owner.device.shares_memory
        self._owner = owner
        self._size = size
        self._memory: Any = None
        self._host: NDArray[Any] | None = None
        host = calls.pin(size, mapped)
        try:
            self._memory = None if mapped else calls.allocate(size)
            self._address = calls.reach(host) if mapped else int(self._memory)
        except CudaError:
            with contextlib.suppress(CudaError):
                calls.unpin(host)
            raise
        self._host = host

    @property
    def host(self) -> NDArray[Any]:
        """See `edge.runtime.cuda.api.Buffer.host`."""
        if self._host is None:
            raise misused("a CUDA buffer was given back and is used again")
        return self._host

    @property
    def address(self) -> int:
        """See `edge.runtime.cuda.api.Buffer.address`."""
        if self._host is None:
            raise misused("a CUDA buffer was given back and is used again")
        return self._address

    def upload(self, size: int) -> None:
        """See `edge.runtime.cuda.api.Buffer.upload`."""
        part = self._part(size)
        if self._memory is not None and size:
            self._owner.calls.upload(self._memory, part)

    def download(self, size: int) -> None:
        """See `edge.runtime.cuda.api.Buffer.download`."""
        part = self._part(size)
        if self._memory is not None and size:
            self._owner.calls.download(part, self._memory)

    def _part(self, size: int) -> NDArray[Any]:
        if not 0 <= size <= self._size:
            raise misused(f"a copy of {size} bytes was asked of a buffer of {self._size}")
        return self.host[:size]

    def free(self) -> None:
        """See `edge.runtime.cuda.api.Buffer.free`."""
        if self._host is None:
            return
        host, self._host = self._host, None
        memory, self._memory = self._memory, None
        self._owner.forget(self)
        calls = self._owner.calls
        steps = [calls.synchronize]  # a copy that is still queued would write to memory of someone else
        if memory is not None:
            steps.append(lambda: calls.release(memory))
        _all_of(*steps, lambda: calls.unpin(host))


class _Graph:
    """See `edge.runtime.cuda.api.Graph`."""

    def __init__(self, owner: OpenDevice, executable: Any) -> None:
        self._owner = owner
        self._executable = executable

    def launch(self) -> None:
        """See `edge.runtime.cuda.api.Graph.launch`."""
        if self._executable is None:
            raise misused("a CUDA graph was given back and is used again")
        self._owner.calls.launch(self._executable)

    def free(self) -> None:
        """See `edge.runtime.cuda.api.Graph.free`."""
        if self._executable is None:
            return
        executable, self._executable = self._executable, None
        self._owner.forget(self)
        self._owner.calls.drop_executable(executable)


def _all_of(*steps: Callable[[], object]) -> None:
    """Take every step, whatever became of the ones before; raise the first CudaError at the end."""
    first: CudaError | None = None
    for step in steps:
        try:
            step()
        except CudaError as error:
            first = first or error
    if first is not None:
        raise first
