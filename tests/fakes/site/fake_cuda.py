"""A GPU of ordinary memory, behind the fakes of pycuda and of cuda-bindings: what they share.

Addresses are real ones of this process, so that a fake kernel can read them. A stream does nothing before it is
synchronized; while it captures, what is queued is recorded. `FAULTS` makes calls fail. In a process of its own it is
set up by the variable MIEN_FAKE_CUDA, JSON of `Settings`' fields and of `faults`.
"""

from __future__ import annotations

import ctypes
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SUCCESS, INVALID, MEMORY, DRIVER, LOST, CAPTURING, INVALIDATED = 0, 1, 2, 35, 700, 900, 901
TEXTS = {
    SUCCESS: "no error",
    INVALID: "invalid argument",
    MEMORY: "out of memory",
    DRIVER: "CUDA driver version is insufficient for CUDA runtime version",
    LOST: "an illegal memory access was encountered",
    CAPTURING: "operation not permitted when stream is capturing",
    INVALIDATED: "operation failed due to a previous error during capture",
}
ALLOCATING = ("cuMemAlloc", "cuMemHostAlloc", "cudaMalloc", "cudaHostAlloc")
FREED = 0xDD  # what memory holds after it was freed


@dataclass
class Settings:
    """What GPU it is; `driver` False: there is none, and no GPU."""

    name: str = "Fake Orin"
    capability: tuple[int, int] = (8, 7)
    integrated: bool = False
    driver: bool = True
    pycuda: bool = True
    bindings: bool = True


class Failure(Exception):
    """A call that fails; the fakes say it as the binding they stand for does. A fake kernel may raise it too."""

    def __init__(self, code: int) -> None:
        super().__init__(TEXTS[code])
        self.code = code


@dataclass
class Stream:
    """What is queued; `recorded` is what it captures, None where it does not; `spoilt` where capturing went wrong."""

    queued: list[Callable[[], None]]
    recorded: list[Callable[[], None]] | None = None
    spoilt: bool = False


SETTINGS = Settings()
FAULTS: dict[str, int] = {}
"""By the name of a C function, "*" for any: 0 fails always, n fails the n-th call from now, once."""
CALLS: Counter[str] = Counter()
"""How often each C function was called."""
CONTEXTS: list[Any] = []
"""The contexts that pycuda pushed; a process of pycuda that ends with one is aborted."""

_memory: dict[int, tuple[str, Any]] = {}
_streams: dict[int, Stream] = {}
_graphs: dict[int, tuple[str, list[Callable[[], None]]]] = {}
_buried: list[Any] = []  # freed memory stays mapped, so that a late access finds FREED and not another's memory
_handles = iter(range(0x1000, 1 << 40, 16))


def reset(faults: dict[str, int] | None = None, **settings: Any) -> None:
    """A new GPU: nothing open, nothing counted."""
    for each in (FAULTS, CALLS, CONTEXTS, _streams, _graphs):
        each.clear()
    _buried.extend(_memory.values())
    _memory.clear()
    for name, value in (vars(Settings()) | settings).items():
        setattr(SETTINGS, name, value)
    FAULTS.update(faults or {})


def open_objects() -> dict[str, int]:
    """How many of each kind are open: `device`, `pinned`, `mapped`, `stream`, `graph`, `executable`."""
    kinds = [kind for kind, _ in _memory.values()] + [kind for kind, _ in _graphs.values()] + ["stream"] * len(_streams)
    return dict(Counter(kinds))


def enqueue(stream: int, work: Callable[[], None]) -> None:
    """What a kernel does, on a stream by its handle: done when the stream is synchronized, or a graph replays it."""
    _push(find(int(stream)), [work])


def view(address: int, size: int) -> NDArray[Any]:
    """The bytes at an address, of device or of host. Raises Failure where they are not all in one open allocation."""
    for start, (_, block) in _memory.items():
        if start <= address and address + size <= start + len(block):
            return np.frombuffer(block, np.uint8, size, address - start)
    raise Failure(LOST)


# ---- what the fakes of the bindings call -----------------------------------------------------------------------


def called(name: str) -> None:
    """Count a call. Raises Failure where it is to fail."""
    CALLS[name] += 1
    for key in (name, "*"):
        if key in FAULTS:
            if FAULTS[key] > 1:
                FAULTS[key] -= 1
                continue
            if FAULTS[key] == 1:
                del FAULTS[key]
            if name.endswith("StreamEndCapture"):  # however that ends, it ends
                for stream in _streams.values():
                    stream.recorded = None
            raise Failure(MEMORY if name in ALLOCATING else LOST)


def no_capture() -> None:
    """Raises Failure where a stream is capturing, which this spoils: some calls are not for then."""
    for stream in _streams.values():
        if stream.recorded is not None:
            stream.spoilt = True
            raise Failure(CAPTURING)


def allocate(kind: str, size: int) -> int:
    """New memory, of `device`, `pinned` or `mapped`."""
    no_capture()
    if size < 1:
        raise Failure(INVALID)
    block = (ctypes.c_ubyte * size)()
    address = ctypes.addressof(block)
    _memory[address] = (kind, block)
    return address


def free(address: int, *kinds: str) -> None:
    """Give memory back. Raises Failure where it is none of these kinds, or was given back."""
    if _memory.get(int(address), ("",))[0] not in kinds:
        raise Failure(INVALID)
    _, block = _memory.pop(int(address))
    ctypes.memset(block, FREED, len(block))
    _buried.append(block)


def reach(address: int) -> int:
    """Where the device finds memory of the host."""
    if _memory.get(int(address), ("",))[0] != "mapped":
        raise Failure(INVALID)
    return int(address)


def copy(stream: int, to: int, source: int, size: int) -> None:
    """Queue a copy; both sides must be open now, and when it is done."""
    view(int(to), size), view(int(source), size)
    enqueue(stream, lambda: view(int(to), size).__setitem__(slice(None), view(int(source), size)))


def new_stream() -> int:
    """A stream's handle."""
    handle = next(_handles)
    _streams[handle] = Stream([])
    return handle


def find(handle: int) -> Stream:
    """A stream by its handle. Raises Failure where it is not open."""
    if handle not in _streams:
        raise Failure(INVALID)
    return _streams[handle]


def drop_stream(handle: int) -> None:
    """Give a stream back; what is still queued is done first, as CUDA does."""
    synchronize(handle)
    del _streams[handle]


def synchronize(handle: int) -> None:
    """Do all that is queued."""
    stream = find(handle)
    no_capture()
    queued, stream.queued = stream.queued, []
    for work in queued:
        work()


def begin(handle: int) -> None:
    """Capture from now on."""
    stream = find(handle)
    no_capture()
    stream.recorded, stream.spoilt = [], False


def end(handle: int) -> int:
    """The graph of what was captured."""
    stream = find(handle)
    if stream.recorded is None:
        raise Failure(INVALID)
    recorded, stream.recorded = stream.recorded, None
    if stream.spoilt:
        raise Failure(INVALIDATED)
    return _graph("graph", recorded)


def instantiate(graph: int) -> int:
    """The executable of a graph."""
    return _graph("executable", list(_known(graph, "graph")))


def launch(executable: int, stream: int) -> None:
    """Queue what an executable holds."""
    _push(find(int(stream)), _known(executable, "executable"))


def drop_graph(handle: int, kind: str) -> None:
    """Give a `graph` or an `executable` back."""
    _known(handle, kind)
    del _graphs[int(handle)]


def _push(stream: Stream, work: list[Callable[[], None]]) -> None:
    (stream.queued if stream.recorded is None else stream.recorded).extend(work)


def _graph(kind: str, work: list[Callable[[], None]]) -> int:
    handle = next(_handles)
    _graphs[handle] = (kind, work)
    return handle


def _known(handle: int, kind: str) -> list[Callable[[], None]]:
    found, work = _graphs.get(int(handle), ("", []))
    if found != kind:
        raise Failure(INVALID)
    return work


reset(**json.loads(os.environ.get("MIEN_FAKE_CUDA", "{}")))
