"""Which recordings the given files and folders are: each video one, each folder of images one, each image one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.analyze.results import Kind
from edge.capture.files import IMAGES, by_number

VIDEOS: Final = frozenset(
    {".3gp", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts"}
    | {".webm", ".wmv"}
)
"""What is taken for a video in a folder; a file that is named is tried whatever its ending."""


COPY: Final = "-annotated"  # ends the name, before its ending, of a copy that was drawn on request


@dataclass(frozen=True, kw_only=True)
class Found:
    """A recording that is to be read: `path` is the video, or the folder in which its images `files` lie."""

    name: str  # as it was given, or found under the folder that was given
    path: Path
    files: tuple[str, ...] = ()
    kind: Kind | None = None  # where it is known without a look at the images
    size: int = 0  # bytes
    fault: str | None = None  # why it cannot be read at all


def find(given: Sequence[Path], images: Kind | None, without: Iterable[Path]) -> list[Found]:
    """The recordings, in the order given, a folder's by name. `images` says what folders of images are, if anything.

    Nothing under the folders `without`, which hold results, is a recording, nor is an annotated copy in a folder.
    """
    results = [folder.resolve() for folder in without]
    return [found for path in given for found in _given(path, images, results)]


def _given(path: Path, images: Kind | None, results: list[Path]) -> Iterator[Found]:
    if not os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a folder above may not be entered
        yield _file(path)
        return
    any_found = False
    for found in _folder(path, images, results):
        any_found = True
        yield found
    if not any_found:
        yield _faulty(path, "has no video and no image in it; give another folder")


def _folder(top: Path, images: Kind | None, results: list[Path]) -> Iterator[Found]:
    unread: list[OSError] = []
    for folder, below, names in os.walk(top, onerror=unread.append):
        here = Path(folder)
        below[:] = sorted(
            (name for name in below if not name.startswith(".") and (here / name).resolve() not in results),
            key=lambda name: by_number(Path(name)),
        )
        files = sorted((here / name for name in names if not name.startswith(".")), key=by_number)
        files = [file for file in files if not file.stem.endswith(COPY)]
        yield from (_file(file) for file in files if file.suffix.lower() in VIDEOS)
        pictures = [file for file in files if file.suffix.lower() in IMAGES]
        yield from (_unnamed(file) for file in pictures if not _is_text(file))
        pictures = [file for file in pictures if _is_text(file)]
        if pictures:
            size = sum(_size(file) for file in pictures)
            yield Found(name=folder, path=here, files=tuple(p.name for p in pictures), kind=images, size=size)
    for error in unread:
        yield _faulty(Path(error.filename), f"cannot be read: {error.strerror}; check its permissions")


def _file(path: Path) -> Found:
    if not _is_text(path):
        return _unnamed(path)
    try:
        there = path.stat()
    except FileNotFoundError:
        return _faulty(path, "there is no such file or folder; check the path")
    except OSError as error:
        return _faulty(path, f"cannot be read: {error.strerror}; check its path and permissions")
    if not stat.S_ISREG(there.st_mode):
        return _faulty(path, "is neither a file nor a folder; give a video or images")
    if not os.access(path, os.R_OK):
        return _faulty(path, "may not be read; check its permissions")
    if not (size := there.st_size):
        return _faulty(path, "is empty; give another file")
    if path.suffix.lower() in IMAGES:
        return Found(name=str(path), path=path.parent, files=(path.name,), kind=Kind.PICTURES, size=size)
    return Found(name=str(path), path=path, kind=Kind.VIDEO, size=size)


def _is_text(path: Path) -> bool:
    """Whether a name can be written down: on old disks are names in encodings that nobody states."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unnamed(path: Path) -> Found:
    shown = os.fsencode(path).decode(errors="replace")
    return _faulty(Path(shown), "its name is not UTF-8; rename it")


def _faulty(path: Path, fault: str) -> Found:
    kind = Kind.PICTURES if path.suffix.lower() in IMAGES else Kind.VIDEO
    return Found(name=str(path), path=path, kind=kind, fault=f"{path}: {fault}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile: it is named when it is to be read
        return 0
