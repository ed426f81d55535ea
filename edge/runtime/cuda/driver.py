"""CUDA graphs through the driver's own library, for pycuda, which has none."""

from __future__ import annotations

import ctypes
from typing import Any, Final

from edge.runtime.cuda.failures import absent, exhausted, failed

LIBRARY: Final = "libcuda.so.1"

_SUCCESS: Final = 0
_OUT_OF_MEMORY: Final = 2
_THREAD_LOCAL: Final = (
    1  # CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do meanwhile does not end the capture
)


def load() -> Any:
    """The driver's library, which pycuda has loaded already. Raises CudaError where there is none."""
    try:
        return ctypes.cdll.LoadLibrary(LIBRARY)
    except OSError as error:
        raise absent(f"{LIBRARY} cannot be loaded: {error}", "install NVIDIA's driver") from error


class Graphs:
    """Recording and launching graphs. Handles are integers; every call raises CudaError where it fails."""

    def __init__(self, library: Any) -> None:
        """`library` has the driver's C functions, as `load` gives them."""
        self._library = library

    def begin(self, stream: int) -> None:
        """Record what is queued on a stream from now on."""
        self._call("cuStreamBeginCapture_v2", ctypes.c_void_p(stream), ctypes.c_int(_THREAD_LOCAL))

    def end(self, stream: int) -> int:
        """The graph of what was recorded."""
        graph = ctypes.c_void_p()
        self._call("cuStreamEndCapture", ctypes.c_void_p(stream), ctypes.byref(graph))
        return graph.value or 0

    def instantiate(self, graph: int) -> int:
        """A graph as it can be launched."""
        executable = ctypes.c_void_p()
        none = ctypes.c_ulonglong(0)
        self._call("cuGraphInstantiateWithFlags", ctypes.byref(executable), ctypes.c_void_p(graph), none)
        return executable.value or 0

    def launch(self, executable: int, stream: int) -> None:
        """Queue what `instantiate` made."""
        self._call("cuGraphLaunch", ctypes.c_void_p(executable), ctypes.c_void_p(stream))

    def drop_graph(self, graph: int) -> None:
        """Give a graph back."""
        self._call("cuGraphDestroy", ctypes.c_void_p(graph))

    def drop_executable(self, executable: int) -> None:
        """Give back what `instantiate` made."""
        self._call("cuGraphExecDestroy", ctypes.c_void_p(executable))

    def _call(self, name: str, *arguments: Any) -> None:
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise absent(f"{LIBRARY} has no {name}", "install a driver of CUDA 12 or later") from error
        code = int(function(*arguments))
        if code == _SUCCESS:
            return
        said = f"{name} failed: {self._text(code)}"
        raise exhausted(said) if code == _OUT_OF_MEMORY else failed(said)

    def _text(self, code: int) -> str:
        """What the driver calls an error and says of it; its number where it knows no more."""
        words = []
        for name in ("cuGetErrorString", "cuGetErrorName"):
            found = ctypes.c_char_p()
            known = getattr(self._library, name)(ctypes.c_int(code), ctypes.byref(found)) == _SUCCESS
            words.append(found.value.decode(errors="replace") if known and found.value else "")
        text, title = words
        return f"{text} ({title})" if text and title else text or title or f"error {code}"
