"""Room that is kept for the day on which others fill the disk.

Beside the outbox lies a file of zeros. Where the disk takes no more it gives up its room, at the very moment at which
what SQLite keeps in its write-ahead log is to be written into the file and needs it: what is given up earlier, others
would fill too. From low water on the outbox grows no more, but lets its oldest readings go for new ones (`bounds.py`).
So a full disk stops neither reading nor sending.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

MODE: Final = 0o660
MOST_BYTES: Final = 8 * 1024 * 1024  # twice what SQLite keeps in its write-ahead log before it writes it into the file
SHARE: Final = 8  # of a small disk it takes no more than one part in so many
PARTS: Final = 4  # in which it is given up
ENDING: Final = "-reserve"


def low_water(folder: Path) -> int:
    """So many bytes free of a folder's disk are little: those of a reserve. Raises OSError."""
    return min(MOST_BYTES, shutil.disk_usage(folder).total // SHARE)


def is_low(folder: Path) -> bool:
    """Whether an outbox in this folder is to grow no more. Raises OSError."""
    return shutil.disk_usage(folder).free < low_water(folder)


def is_nearly_full(folder: Path) -> bool:
    """Whether a folder's disk is about to take no more. Raises OSError."""
    return shutil.disk_usage(folder).free < low_water(folder) // 4


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
        self.fill()

    def fill(self) -> bool:
        """Take its room where it has not all of it and the disk has enough; whether it did. Raises OSError."""
        if not self.path.exists() or self.bytes >= (most := low_water(self.path.parent)):
            return False
        if shutil.disk_usage(self.path.parent).free <= 3 * most:
            return False
        with self.path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, most)
        return True

    def give_up(self) -> None:
        """Let a part of its room go: what is needed once more may be needed again. Raises OSError."""
        os.truncate(self.path, max(0, self.bytes - low_water(self.path.parent) // PARTS))
