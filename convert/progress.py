"""How far the reading or writing of a large file is: a line that changes on a terminal, one now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Final, TextIO

LARGE: Final = 8 << 20
"""Bytes under which a file is done before anybody would read how far it is."""
TERMINAL_EVERY_S: Final = 0.2
FILE_EVERY_S: Final = 15.0


class Line:
    """A line of `stream` that says how far something is, and changes where that is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Standard error, unless another stream is named."""
        self._stream = stream or sys.stderr
        self.terminal = self._stream.isatty()
        self._width = 0

    def show(self, text: str) -> None:
        """Say this now: in place of what was said before, or below it where that is no terminal."""
        if not self.terminal:
            print(text, file=self._stream, flush=True)
            return
        self._stream.write(f"\r{text:<{self._width}}")
        self._stream.flush()
        self._width = len(text)

    def clear(self) -> None:
        """Take the changing line away."""
        if self._width:
            self._stream.write(f"\r{'':<{self._width}}\r")
            self._stream.flush()
            self._width = 0


class Progress:
    """Says on `stream` how far it is with one file after the other."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Standard error, unless another stream is named."""
        self._line = Line(stream)
        self._next = time.monotonic() + (0.0 if self._line.terminal else FILE_EVERY_S)

    def at(self, name: str, done: int, size: int) -> None:
        """`done` of the `size` bytes of the file `name` are read or written."""
        if size < LARGE or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (TERMINAL_EVERY_S if self._line.terminal else FILE_EVERY_S)
        self._line.show(f"{name}: {done / 1e6:.1f} of {size / 1e6:.1f} MB")

    def clear(self) -> None:
        """Take the changing line away."""
        self._line.clear()
