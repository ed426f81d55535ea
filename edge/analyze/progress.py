"""How far an analysis is: a bar on a terminal, a line now and then elsewhere, nothing where that is asked for."""

from __future__ import annotations

import shutil
import time
from typing import Final, TextIO

BAR: Final = 24
TERMINAL_EVERY_S: Final = 0.2
FILE_EVERY_S: Final = 15.0


class Progress:
    """Says on `stream` how far it is."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream, self._quiet = stream, quiet
        self._terminal = stream.isatty()
        self._began = time.monotonic()
        self._next = self._began + (TERMINAL_EVERY_S if self._terminal else FILE_EVERY_S)
        self._drawn = False

    def at(self, share: float, film_s: float, name: str) -> None:
        """`share` of the work is done, which was `film_s` seconds of film; now `name` is read."""
        now = time.monotonic()
        if self._quiet or now < self._next:
            return
        self._next = now + (TERMINAL_EVERY_S if self._terminal else FILE_EVERY_S)
        text = line(share, film_s, now - self._began, name)
        if not self._terminal:
            print(text, file=self._stream, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        filled = round(BAR * min(1.0, share))
        whole = f"[{'#' * filled}{'.' * (BAR - filled)}] {text}"
        self._stream.write(f"\r{whole[:width]:<{width}}")
        self._stream.flush()
        self._drawn = True

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        if not self._quiet:
            print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self._stream.flush()
            self._drawn = False


def line(share: float, film_s: float, spent_s: float, name: str) -> str:
    """Share, film, pace, what remains, and the recording."""
    left = f", {span(spent_s * (1 - share) / share)} left" if share > 0.005 and spent_s > 2 else ""
    pace = film_s / spent_s if spent_s > 0 else 0.0
    return f"{share:4.0%}  {span(film_s)} of film, {pace:.1f} x real time{left}  {name}"


def span(seconds: float) -> str:
    """A length of time for people, as 1:02:03 or 2:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
