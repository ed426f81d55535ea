"""manifest.json: what lies in a bundle, whose it is, what it may be used for, and what was accepted for that.

It holds the hash of every other file, so a signature of the whole has only to cover its bytes. That lies beside it, as
manifest.sig.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from contract.documents import Form

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
NOTICE: Final = "NOTICE"
PARTS: Final = ("expression", "detector", "cover", "voice")
MAX_BYTES: Final = 1 << 20  # of a manifest; one of three models has about 4 kB

PartName = Literal["expression", "detector", "cover", "voice"]
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")]  # no path: a bundle is one flat folder
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


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

    def __post_init__(self) -> None:
        """A file has one size and one hash."""
        names = [file.file for file, _ in self.files()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"names {twice} twice")

    def files(self) -> tuple[tuple[File, Model | None], ...]:
        """Every file that the manifest names, with the model that it belongs to; NOTICE belongs to all."""
        return (*((file, model) for model in self.models for file in model.files), (self.notice, None))


MANIFEST_FILE: Final = Form(Manifest, "manifest", MAX_BYTES, "make the bundle anew")
