"""Room that is kept for the day on which others fill the disk.

Beside the outbox lies a file of zeros. Where the disk is nearly full it gives up its room, which is enough for what
SQLite has not written into its file yet; and from low water on the outbox grows no more, but lets its oldest readings
go for new ones (`bounds.py`). So a full disk stops neither reading nor sending.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

MODE: Final = 0o660
MOST_BYTES: Final = 8 * 1024 * 1024  # twice what SQLite keeps in its write-ahead log before it writes it into the file
SHARE: Final = 8  # of a small disk it takes no more than one part in so many
ENDING: Final = "-reserve"


def low_water(folder: Path) -> int:
    """So many bytes free of a folder's disk are little: those of a reserve. Raises OSError."""
    return min(MOST_BYTES, shutil.disk_usage(folder).total // SHARE)


def is_low(folder: Path) -> bool:
    """Whether an outbox in this folder is to grow no more. Raises OSError."""
    return shutil.disk_usage(folder).free < low_water(folder)


class Reserve:
    """The reserve of one outbox. Only a process that may write the file can give it up or fill it again."""

    def __init__(self, outbox: Path) -> None:
        """Nothing is made here."""
        self.path = outbox.with_name(outbox.name + ENDING)

    @property
    def bytes(self) -> int:
        """How much is kept now."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def make(self) -> None:
        """Have the file, and room in it where the disk has enough. For who may make files there. Raises OSError."""
        self.path.touch(MODE)
        self.path.chmod(MODE)
        self.tend()

    def tend(self) -> str | None:
        """Give it up or fill it again, as the disk is; returns what was done, for a log. Raises OSError."""
        if not self.path.exists():
            return None
        most, free = low_water(self.path.parent), shutil.disk_usage(self.path.parent).free
        if self.bytes and free < most // 4:
            kept = self.bytes
            self.give_up()
            return f"the disk of {self.path} is nearly full: gave up {kept / 1e6:.0f} MB that were kept for that"
        if not self.bytes and free > 3 * most:
            with self.path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, most)
            return f"the disk of {self.path} has room again: {most / 1e6:.0f} MB are kept for when it is full"
        return None

    def give_up(self) -> None:
        """Let its room go. Raises OSError."""
        os.truncate(self.path, 0)
