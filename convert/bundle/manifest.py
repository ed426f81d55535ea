"""The manifest of a bundle's folder, as it lies there."""

from __future__ import annotations

from pathlib import Path

from contract.errors import ContractError
from contract.manifest import MANIFEST, MANIFEST_FILE, MAX_BYTES, Manifest
from convert.bundle import files
from convert.errors import ManifestError


def read(folder: Path) -> bytes:
    """Its bytes. Raises ManifestError where there is none, SourceError where it is a link or cannot be read."""
    path = folder / MANIFEST
    if not path.exists():
        raise ManifestError(f"{path}: there is none; `mien-convert bundle` makes a bundle with one")
    return files.read(path, MAX_BYTES)


def decode(folder: Path, data: bytes) -> Manifest:
    """What these bytes say, which were read in `folder`. Raises ManifestError."""
    try:
        return MANIFEST_FILE.decode(data)
    except ContractError as error:
        raise ManifestError(f"{folder / MANIFEST}: {error}") from error


def load(folder: Path) -> Manifest:
    """The manifest of a bundle. Raises ManifestError where there is none or it is broken, SourceError for a link."""
    return decode(folder, read(folder))
