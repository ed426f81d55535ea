"""Files that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convert.errors import OutputError


def check_folder(folder: Path) -> None:
    """Raises OutputError where files cannot be put into that folder, before it takes time to make them."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is there already and is no folder; name another one")


def write(path: Path, data: bytes) -> None:
    """The file of these bytes, or what was there before. Raises OutputError."""
    partial = path.with_name(f".{path.name}.partial")
    with told_as_output_error(path):
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def told_as_output_error(out: Path) -> Iterator[None]:
    """What the disk does not take inside is told as OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{out}: cannot write it: {error.strerror}; what was there is untouched: make room, or name another folder"
        ) from error
