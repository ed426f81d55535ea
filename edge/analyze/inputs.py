"""Which recordings the given files and folders are: each video one, each folder of images one, each image one."""

from __future__ import annotations

import os
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

    Nothing under the folders `without`, which hold results, is a recording.
    """
    results = [folder.resolve() for folder in without]
    return [found for path in given for found in _given(path, images, results)]


def _given(path: Path, images: Kind | None, results: list[Path]) -> Iterator[Found]:
    if not path.is_dir():
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
        yield from (_file(file) for file in files if file.suffix.lower() in VIDEOS)
        pictures = [file for file in files if file.suffix.lower() in IMAGES]
        if pictures:
            size = sum(_size(file) for file in pictures)
            yield Found(name=folder, path=here, files=tuple(p.name for p in pictures), kind=images, size=size)
    for error in unread:
        yield _faulty(Path(error.filename), f"cannot be read: {error.strerror}; check its permissions")


def _file(path: Path) -> Found:
    if not path.exists():
        return _faulty(path, "there is no such file or folder; check the path")
    if not path.is_file():
        return _faulty(path, "is neither a file nor a folder; give a video or images")
    if not os.access(path, os.R_OK):
        return _faulty(path, "may not be read; check its permissions")
    if not (size := _size(path)):
        return _faulty(path, "is empty; give another file")
    if path.suffix.lower() in IMAGES:
        return Found(name=str(path), path=path.parent, files=(path.name,), kind=Kind.PICTURES, size=size)
    return Found(name=str(path), path=path, kind=Kind.VIDEO, size=size)


def _faulty(path: Path, fault: str) -> Found:
    kind = Kind.PICTURES if path.suffix.lower() in IMAGES else Kind.VIDEO
    return Found(name=str(path), path=path, kind=kind, fault=f"{path}: {fault}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone meanwhile: it is named when it is to be read
        return 0
