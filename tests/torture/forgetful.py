"""A disk that forgets: what was not synced is gone when the power is cut, but for parts that were written back before.

A file system in user space over a folder, which stands for the disk itself. A write stays in the memory of this process
until its file is synced; but each sector of it may at once be written back too, by chance, as a kernel does in any
order and as a write that was cut off is torn. To kill this process is to cut the power.
"""

from __future__ import annotations

import argparse
import errno
import os
import random
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import mfusepy

SECTOR: Final = 512  # written as a whole or not at all
WRITTEN_BACK: Final = 0.3  # of the sectors that nobody synced


class _File:
    """A file as whoever has it open sees it, and which of its sectors the disk does not have yet."""

    def __init__(self, on_disk: Path) -> None:
        self.on_disk = on_disk
        self.content = bytearray(on_disk.read_bytes() if on_disk.exists() else b"")
        self.mode = stat.S_IMODE(on_disk.stat().st_mode) if on_disk.exists() else 0o644
        self._unsynced: set[int] = set()

    def write(self, data: bytes, offset: int, chance: random.Random) -> None:
        """Into memory, and some sectors to the disk."""
        end = offset + len(data)
        self.content.extend(bytes(max(0, offset - len(self.content))))
        self.content[offset:end] = data
        for sector in range(offset // SECTOR, -(-end // SECTOR)):
            self._unsynced.add(sector)
            if chance.random() < WRITTEN_BACK:
                self._to_disk([sector])

    def truncate(self, length: int) -> None:
        """In memory alone."""
        del self.content[length:]
        self.content.extend(bytes(length - len(self.content)))

    def sync(self) -> None:
        """All of it to the disk, its length and its mode too."""
        self._to_disk(sorted(self._unsynced))
        os.truncate(self.on_disk, len(self.content))
        self.on_disk.chmod(self.mode)

    def _to_disk(self, sectors: Sequence[int]) -> None:
        handle = os.open(self.on_disk, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for sector in sectors:
                part = self.content[sector * SECTOR : (sector + 1) * SECTOR]
                os.pwrite(handle, part, sector * SECTOR)
        finally:
            os.close(handle)
        self._unsynced.difference_update(sectors)


class Disk(mfusepy.Operations):  # type: ignore[misc, unused-ignore]
    """One folder of files."""

    use_ns = True

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._chance = folder, random.Random(seed)
        self._files = {f"/{path.name}": _File(path) for path in folder.iterdir()}

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        """What it is, how large, whose."""
        whose = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o777, "st_nlink": 2, **whose}
        file = self._file(path)
        return {"st_mode": stat.S_IFREG | file.mode, "st_nlink": 1, "st_size": len(file.content), **whose}

    def readdir(self, path: str, fh: int) -> list[str]:
        """The names."""
        return [".", "..", *(name[1:] for name in self._files)]

    def create(self, path: str, mode: int, fi: object = None) -> int:
        """A new file, of which the disk knows nothing before it is synced."""
        self._files[path] = _File(self._folder / path[1:])
        self._files[path].truncate(0)
        self._files[path].mode = stat.S_IMODE(mode)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """As it was written, synced or not."""
        return bytes(self._file(path).content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """See `_File.write`."""
        self._file(path).write(data, offset, self._chance)
        return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """See `_File.truncate`."""
        self._file(path).truncate(length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """The promise that is kept."""
        self._file(path).sync()
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """In memory, until the file is synced."""
        self._file(path).mode = stat.S_IMODE(mode)
        return 0

    def utimens(self, path: str, times: object = None) -> int:
        """Times are those of the mount."""
        return 0

    def unlink(self, path: str) -> int:
        """At once: SQLite takes away what it has no more need of."""
        self._file(path)
        (self._folder / path[1:]).unlink(missing_ok=True)
        del self._files[path]
        return 0

    def _file(self, path: str) -> _File:
        try:
            return self._files[path]
        except KeyError:
            raise mfusepy.FuseOSError(errno.ENOENT) from None


def main(arguments: Sequence[str] | None = None) -> None:
    """The program; it ends when the mount point is unmounted."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.forgetful", description=__doc__)
    parser.add_argument("folder", type=Path, help="what the disk keeps")
    parser.add_argument("mount_point", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    disk = Disk(options.folder, options.seed)
    mfusepy.FUSE(disk, str(options.mount_point), foreground=True, nothreads=True, fsname="forgetful")


if __name__ == "__main__":
    main()
