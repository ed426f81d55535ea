"""Whether a recording is all there, as the bytes of its file say: decoders end at what is missing without a word.

A GIF ends with a semicolon, a JPEG with a mark that its coded data cannot hold. An MP4 says in its edit list (ISO/IEC
14496-12, 8.6.6) which of its frames are to be shown: a phone that trims a film cuts nothing out of it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

MP4: Final = frozenset({".mp4", ".m4v", ".mov", ".3gp"})  # in which the number of frames is exact

_GIF: Final = (b"GIF87a", b"GIF89a")
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_TAIL: Final = 1024  # some programs write zeros behind a GIF's end
_Box = tuple[bytes, int, int]  # its kind, and where its content begins and ends


def is_cut_gif(path: Path) -> bool:
    """Whether a file is a GIF whose end is missing. Raises OSError."""
    with path.open("rb") as file:
        if file.read(6) not in _GIF:
            return False
        file.seek(-min(_TAIL, path.stat().st_size), os.SEEK_END)
        return not file.read().rstrip(b"\0").endswith(b";")


def is_cut_jpeg(data: bytes) -> bool:
    """Whether the bytes of an image file are those of a JPEG whose end is missing.

    What stands before the coded data may hold a small picture with an end of its own, and cameras write more behind.
    """
    if data[:2] != b"\xff\xd8":
        return False
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at : at + 2] != _SCAN:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return data.find(_END, at) < 0


def edited_s(path: Path) -> float | None:
    """How many seconds of its first video track an MP4 is to show; None where it has no edit list. Raises OSError."""
    with path.open("rb") as file:
        moov = _first(file, b"moov", (b"", 0, path.stat().st_size))
        head = _first(file, b"mvhd", moov)
        if moov is None or head is None:
            return None
        scale = _number(file, head[1] + (20 if _byte(file, head[1]) else 12), ">I")
        for track in (box for box in _boxes(file, moov) if box[0] == b"trak"):
            handler = _first(file, b"hdlr", _first(file, b"mdia", track))
            if handler is not None and _read(file, handler[1] + 8, 4) == b"vide":
                shown = _shown(file, _first(file, b"elst", _first(file, b"edts", track)))
                return shown / scale if shown and scale else None
    return None


def _shown(file: IO[bytes], edits: _Box | None) -> int:
    """The sum of an edit list's stretches that show something; 0 without one."""
    if edits is None:
        return 0
    form = ">QqI" if _byte(file, edits[1]) else ">IiI"
    entries = _read(file, edits[1] + 8, edits[2] - edits[1] - 8)
    whole = len(entries) // struct.calcsize(form) * struct.calcsize(form)
    return sum(length for length, begins, _ in struct.iter_unpack(form, entries[:whole]) if begins >= 0)


def _first(file: IO[bytes], kind: bytes, inside: _Box | None) -> _Box | None:
    return next((box for box in _boxes(file, inside) if box[0] == kind), None) if inside else None


def _boxes(file: IO[bytes], inside: _Box) -> Iterator[_Box]:
    at, end = inside[1], inside[2]
    while at + 8 <= end:
        size, kind = struct.unpack(">I4s", _read(file, at, 8).ljust(8, b"\0"))
        begins = at + 8
        if size == 1:
            size, begins = _number(file, at + 8, ">Q"), at + 16
        ends = at + size if size else end
        if ends < begins or ends > end:
            return  # not a box, or cut off
        yield kind, begins, ends
        at = ends


def _read(file: IO[bytes], at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(max(0, min(count, 1 << 20)))


def _byte(file: IO[bytes], at: int) -> int:
    return _number(file, at, ">B")


def _number(file: IO[bytes], at: int, form: str) -> int:
    data = _read(file, at, struct.calcsize(form))
    return int(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else 0
