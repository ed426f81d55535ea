"""The files of an analysis: readings.jsonl as it goes, summary.json and report.html at the end."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from contract.expressions import EXPRESSIONS
from contract.reading import Reading, Role, Source, seen
from edge.analyze.messages import Window
from edge.errors import OutputError

READINGS: Final = "readings.jsonl"
SUMMARY: Final = "summary.json"
REPORT: Final = "report.html"
MOST_FACES: Final = 1000  # that a reading can tell


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What all readings of one recording have in common. `boot` names the recording, not a machine."""

    boot: str
    began_ms: int
    role: Role
    policy: str
    model: str


def reading_of(window: Window, of: Identity) -> Reading:
    """A window as the contract's reading."""
    made: dict[str, Any] = {"reason": window.reason, "quality": round(window.quality, 4), "faces": window.view_faces}
    if window.shares is not None and window.confidence is not None:
        made = seen(window.shares, confidence=window.confidence, quality=window.quality, faces=window.view_faces)
    made["faces"] = min(made["faces"], MOST_FACES)
    return Reading(
        source=Source.FACE,
        boot=of.boot,
        started_ns=round(window.at_s * 1e9),
        wall_ms=of.began_ms + round(window.at_s * 1e3),
        duration_s=round(window.seconds, 3),
        role=of.role,
        shift=of.boot,
        policy=of.policy,
        model=of.model,
        recorded=True,
        **made,
    )


class Output:
    """A folder of results. Each method raises OutputError where the disk refuses."""

    def __init__(self, folder: Path) -> None:
        """Make the folder and begin readings.jsonl; the other results of an earlier analysis there are deleted."""
        self.folder = folder
        self._path = folder / READINGS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (SUMMARY, REPORT):
                (folder / name).unlink(missing_ok=True)
            self._file = self._path.open("wb", buffering=0)  # a line is whole in the file, or not in it
        except OSError as error:
            raise _refused(folder, error) from error
        self.size = 0  # bytes of readings.jsonl, all of them whole lines

    def add(self, file: str, at_s: float, reading: Reading) -> None:
        """Append a line: the recording's or the picture's file, its second, the label, and the reading's own fields."""
        line: dict[str, Any] = {"file": file, "at_s": round(at_s, 3)}
        if reading.shares is not None:
            line["label"] = EXPRESSIONS[reading.shares.index(max(reading.shares))]
        line |= msgspec.to_builtins(reading)
        data = msgspec.json.encode(line) + b"\n"
        try:
            if self._file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(self._file.fileno(), self.size)
            raise _refused(self._path, error) from error
        self.size += len(data)

    def readings(self, begin: int, end: int) -> Iterator[Reading]:
        """The readings of the lines between two sizes of the file, read back from it."""
        with self._path.open("rb") as file:
            file.seek(begin)
            while file.tell() < end:
                line = msgspec.json.decode(file.readline())
                fields = {name: value for name, value in line.items() if name not in ("file", "at_s", "label")}
                yield msgspec.convert(fields, Reading)

    def write(self, name: str, text: str) -> Path:
        """Write a file whole or not at all."""
        path, part = self.folder / name, self.folder / f".{name}.part"
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _refused(path, error) from error
        return path

    def close(self) -> None:
        """Finish readings.jsonl."""
        self._file.close()


def _refused(path: Path, error: OSError) -> OutputError:
    why = error.strerror or str(error)
    return OutputError(f"{path}: cannot be written: {why}; check --out and that its disk has room")
