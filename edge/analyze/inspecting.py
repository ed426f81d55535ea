"""The first look at a recording: what it is, how long, whether it can be read in parts, and what identifies it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge.analyze.film import Film, can_seek, read_picture
from edge.analyze.messages import Facts, Inspect
from edge.analyze.results import Kind
from edge.analyze.scene import FEWEST, Order, order_of, thumbnail
from edge.analyze.whole import MP4, edited_s, is_cut_gif
from edge.errors import CaptureError

SPLIT_FROM_S: Final = 180.0  # shorter films are read in one part, and need not be sought
TRIPLES: Final = 200  # of consecutive images, spread over a folder, by which it is judged
BLOCK: Final = 1 << 20


def inspect(task: Inspect) -> Facts:
    """What is found, its fault included where there is nothing to read."""
    try:
        return _folder(task) if task.files else _film(task)
    except CaptureError as error:
        return Facts(item=task.item, kind=task.kind or Kind.VIDEO, fault=str(error))


def _film(task: Inspect) -> Facts:
    path = Path(task.path)
    film = Film(path)
    try:
        rate, frames, seconds = film.rate, film.stated_frames, film.stated_s
        size = (film.width, film.height)
    finally:
        film.close()
    try:
        shown_s = edited_s(path) if path.suffix.lower() in MP4 else None
        cut = is_cut_gif(path)
    except OSError as error:
        raise CaptureError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}; check the disk") from error
    if shown_s is not None and shown_s < seconds:
        frames, seconds = round(shown_s * rate), shown_s
    return Facts(
        item=task.item,
        kind=Kind.VIDEO,
        width=size[0],
        height=size[1],
        rate=rate,
        stated_frames=frames,
        stated_s=seconds,
        can_seek=seconds >= SPLIT_FROM_S and can_seek(path),
        cut=cut,
        digest=_digest([path]),
        modified_s=path.stat().st_mtime,
    )


def _folder(task: Inspect) -> Facts:
    folder = Path(task.path)
    kind, note = task.kind, None
    if kind is None:
        order = judge(folder, task.files)
        kind = Kind.FRAMES if order is not None and order.is_clip else Kind.PICTURES
        note = _decision(task, kind, order) if len(task.files) >= FEWEST else None
    paths = [folder / file for file in task.files]
    return Facts(
        item=task.item,
        kind=kind,
        stated_frames=len(paths),
        can_seek=True,
        digest=_digest(paths),
        modified_s=max((path.stat().st_mtime for path in paths if path.exists()), default=0.0),
        note=note,
    )


def judge(folder: Path, files: tuple[str, ...]) -> Order | None:
    """The order of a folder's images, by name; None where there are too few, or where they differ in size."""
    starts = range(0, len(files) - FEWEST + 1)
    triples = []
    for start in starts[:: max(1, -(-len(starts) // TRIPLES))]:
        try:
            images = [read_picture(folder / file) for file in files[start : start + FEWEST]]
        except CaptureError:
            continue  # it is named when it is read
        if len({image.shape for image in images}) > 1:
            return None
        one, two, three = (thumbnail(image) for image in images)
        triples.append((one, two, three))
    return order_of(triples) if triples else None


def _decision(task: Inspect, kind: Kind, order: Order | None) -> str:
    why = f"neighbours differ by {order.differs:.2f}, {order.in_order:.0%} are in order" if order else "sizes differ"
    say = "frames of a clip (--pictures if not)" if kind is Kind.FRAMES else "single pictures (--frames if not)"
    return f"{task.path}: {len(task.files)} images are taken as {say}: {why}"


def _digest(paths: list[Path]) -> str:
    """sha256 over the content of one file, or over the names and contents of several. Raises CaptureError."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            if len(paths) > 1:
                digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            for block in _blocks(path):
                digest.update(block)
        except OSError as error:
            if len(paths) == 1:
                raise CaptureError(
                    f"{path}: cannot be read: {os.strerror(error.errno or 0)}; check the disk"
                ) from error
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
