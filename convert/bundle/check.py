"""Holds a bundle to its manifest: every file there, with its bytes, and nothing besides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.manifest import MANIFEST, SIGNATURE, File, Manifest, Model
from convert.bundle import files
from convert.bundle.files import Report
from convert.errors import ManifestError


@dataclass(frozen=True)
class Finding:
    """A file of a bundle, the model that it belongs to, and what is wrong with it: "" where nothing is.

    `file` is as the manifest has it, None where it has none of that name; `model` is None for a file of all models.
    """

    name: str
    file: File | None
    model: Model | None
    fault: str = ""


def examine(folder: Path, made: Manifest, report: Report | None = None) -> list[Finding]:
    """What is found of each file that the manifest `made` names, and of each that it does not name.

    Raises SourceError where a file is there and cannot be read.
    """
    found = [Finding(file.file, file, model, _fault(folder / file.file, file, report)) for file, model in made.files()]
    known = {MANIFEST, SIGNATURE, *(finding.name for finding in found)}
    strays = sorted(path.name for path in folder.iterdir() if path.name not in known)
    return [*found, *(Finding(name, None, None, f"is not in {MANIFEST}") for name in strays)]


def hold(folder: Path, found: list[Finding]) -> None:
    """Raises ManifestError with the first of these findings that does not fit, and how many more there are."""
    wrong = [finding for finding in found if finding.fault]
    if wrong:
        more = f", and {len(wrong) - 1} more" if wrong[1:] else ""
        raise ManifestError(
            f"{folder / wrong[0].name}: {wrong[0].fault}{more}; do not load this folder: make the bundle anew"
        )


def _fault(path: Path, file: File, report: Report | None) -> str:
    if path.is_symlink():
        return "is a symbolic link"
    if not path.exists():
        return "is missing"
    if not path.is_file():
        return "is no plain file"
    sha256, size = files.measure(path, report)
    if size != file.size:
        return f"has {size} bytes instead of {file.size}"
    return "" if sha256 == file.sha256 else f"has other bytes: its sha256 is {sha256}"
