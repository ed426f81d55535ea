"""CUDA as the TensorRT backend sees it: buffers, a stream, graphs, and what device it is.

Two adapters stand behind it, `edge.runtime.cuda.pycuda` and `edge.runtime.cuda.nvidia`; tests bring one of numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from edge.errors import RuntimeFailure


class CudaError(RuntimeFailure):
    """CUDA is not there, has no memory left, or a call failed: the text says which call, and what CUDA said."""


@dataclass(frozen=True)
class Device:
    """The GPU: its name, its compute capability ("8.7"), and whether it shares the memory of the host."""

    name: str
    capability: str
    shares_memory: bool


class Buffer(Protocol):
    """Memory that host and device both have: pinned on the host and a copy on the device, or mapped where shared."""

    @property
    def host(self) -> NDArray[Any]:
        """The host's side, one-dimensional uint8."""

    @property
    def address(self) -> int:
        """Where the device finds it."""

    def upload(self, size: int) -> None:
        """Queue a copy of the first `size` bytes to the device; nothing where the memory is mapped."""

    def download(self, size: int) -> None:
        """Queue a copy of the first `size` bytes to the host; nothing where the memory is mapped."""

    def free(self) -> None:
        """Give both sides back; a second call does nothing."""


class Graph(Protocol):
    """Work that was recorded once and is launched whole."""

    def launch(self) -> None:
        """Queue it."""

    def free(self) -> None:
        """Give it back; a second call does nothing."""


class Cuda(Protocol):
    """One device with one stream, on which everything is queued. Every call raises CudaError where it fails.

    All calls come from the thread that made it.
    """

    @property
    def device(self) -> Device:
        """What it runs on."""

    @property
    def stream(self) -> int:
        """The stream's handle, as TensorRT takes it."""

    def buffer(self, size: int) -> Buffer:
        """A new buffer of `size` bytes."""

    def synchronize(self) -> None:
        """Wait until everything that was queued is done."""

    def record(self, work: Callable[[], None]) -> Graph:
        """The graph of what `work` queues; `work` is called once, and nothing of it is done yet."""

    def close(self) -> None:
        """Give the stream back, and every buffer and graph that is still open; a second call does nothing."""
