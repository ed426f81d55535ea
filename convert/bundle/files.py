"""Plain files read piece by piece: a bundle is made of them alone, with no links and no pipes."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from convert.errors import SourceError

Report = Callable[[str, int, int], None]
"""Told which file is read, and how many of its bytes have been, of how many."""
_PIECE = 1 << 20


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a plain file, in pieces of a MiB. Raises SourceError where it is none or cannot be read."""
    try:
        # A link is not followed, and a pipe is not waited for.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise SourceError(f"{path}: is no plain file, and a bundle is made of those alone; put the file there")
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise SourceError(
                f"{path}: is a symbolic link, and a bundle is made of plain files alone; copy the file itself there"
            ) from error
        raise SourceError(f"{path}: cannot read it: {error.strerror}; put the file there, readable") from error


def told(path: Path, report: Report | None) -> Iterator[bytes]:
    """The same, and `report` hears how far it is. Raises SourceError."""
    done, size = 0, path.stat().st_size if path.is_file() else 0
    for piece in pieces(path):
        yield piece
        done += len(piece)
        if report:
            report(path.name, done, size)


def read(path: Path, most: int | None = None) -> bytes:
    """A small plain file; of one with over `most` bytes no more than shows that. Raises SourceError."""
    data = b""
    for piece in pieces(path):
        data += piece
        if most is not None and len(data) > most:
            break
    return data


def measure(path: Path, report: Report | None = None) -> tuple[str, int]:
    """Hexadecimal SHA-256 and size in bytes of a plain file of any size. Raises SourceError."""
    digest, size = hashlib.sha256(), 0
    for piece in told(path, report):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
