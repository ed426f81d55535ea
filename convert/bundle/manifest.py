"""manifest.json: what lies in a bundle, whose it is, what it may be used for, and what was accepted for that.

It holds the hash of every other file, so a signature of the whole has only to cover its bytes. The name `manifest.sig`
is kept free for one, beside it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from convert.bundle import files
from convert.errors import ManifestError

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
NOTICE: Final = "NOTICE"
PARTS: Final = ("expression", "detector", "cover")

PartName = Literal["expression", "detector", "cover"]
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # no path: a bundle is one flat folder
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the bundle; `size` in bytes."""

    file: FileName
    sha256: Sha256
    size: Annotated[int, Meta(ge=0)]


class Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a model's licence rests on: weights taken over or data trained on, and its own licence."""

    name: str
    licence: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model, its licence with what that rests on, and its files; the card is the first of them."""

    part: PartName
    model: str
    licence: str
    rests_on: tuple[Ground, ...]
    files: tuple[File, ...]


class Accepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A licence that whoever made the bundle accepted for the whole of it, and the day (UTC)."""

    licence: str
    date: date


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole manifest; `use` is what the licences of all parts together allow, in words."""

    format: Literal[1]
    use: str
    models: tuple[Model, ...]
    notice: File
    accepted: tuple[Accepted, ...] = ()

    def files(self) -> tuple[tuple[File, Model | None], ...]:
        """Every file that the manifest names, with the model that it belongs to; NOTICE belongs to all."""
        return (*((file, model) for model in self.models for file in model.files), (self.notice, None))


def encode(manifest: Manifest) -> bytes:
    """The manifest as indented JSON; the same parts, accepted on the same day, give the same bytes."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def load(folder: Path) -> Manifest:
    """The manifest of a bundle. Raises ManifestError where there is none or it is broken, SourceError for a link."""
    path = folder / MANIFEST
    if not path.exists():
        raise ManifestError(f"{path}: there is none; `mien-convert bundle` makes a bundle with one")
    try:
        manifest = msgspec.json.decode(files.read(path), type=Manifest)
    except msgspec.DecodeError as error:
        raise ManifestError(f"{path}: not a manifest that this version reads: {error}; make the bundle anew") from error
    names = [file.file for file, _ in manifest.files()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ManifestError(f"{path}: names {twice} twice; make the bundle anew")
    return manifest
