"""What was read of the face in a second, for the process that reads the voice in it and merges both."""

from __future__ import annotations

from typing import Final

from contract.reading import Reading, Source
from edge.settings import Store
from edge.store.connection import open_checked
from edge.store.rows import COLUMN_LIST, from_row

_IN: Final = "source = ? AND boot = ? AND started_ns BETWEEN ? AND ?"


class FaceSeconds:
    """Looks them up; for one thread. Raises StoreError."""

    def __init__(self, store: Store) -> None:
        """Open the file; the process `store` must have prepared it."""
        self._connection = open_checked(store.path)

    def at(self, boot: str, started_ns: int, reach_ns: int) -> Reading | None:
        """The reading of a face that began nearest to `started_ns`, up to `reach_ns` away; None where there is none."""
        span = (Source.FACE.value, boot, started_ns - reach_ns, started_ns + reach_ns)
        with self._connection.reading() as db:
            rows = [
                row
                for table in ("outbox", "mirror")
                for row in db.execute(f"SELECT seq, {COLUMN_LIST} FROM {table} WHERE {_IN}", span)
            ]
        found = [from_row(row) for row in rows]
        return min(found, key=lambda reading: abs(reading.started_ns - started_ns), default=None)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
