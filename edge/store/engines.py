"""What the process `engine` leaves for the publisher: how far the engines are, and what was wrong with one."""

from __future__ import annotations

import time
from typing import Final

from edge.settings import Store
from edge.store.connection import open_checked

MOST_TEXT: Final = 200  # characters of a text of the status


def shortened(text: str) -> str:
    """As much of a text as a status takes, in one line."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_TEXT else f"{line[: MOST_TEXT - 1]}…"


class EngineNotes:
    """The one row about engines, for one thread at a time. Every method raises StoreError."""

    def __init__(self, store: Store) -> None:
        """Open the file; the process `store` must have prepared it."""
        self._connection = open_checked(store.path)

    def building(self, step: str, share: float) -> None:
        """Say what is built, and what share of all is done."""
        self._put(shortened(step), min(1.0, max(0.0, share)), None)

    def done(self, fault: str | None = None) -> None:
        """Nothing is built any more; `fault` is why an engine could not be had, where one could not."""
        self._put(None, None, fault and shortened(fault))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _put(self, step: str | None, share: float | None, fault: str | None) -> None:
        row = (time.time_ns() // 1_000_000, step, share, fault)
        with self._connection.writing() as db:
            db.execute("INSERT OR REPLACE INTO engines (id, at_ms, step, share, fault) VALUES (1, ?, ?, ?, ?)", row)
