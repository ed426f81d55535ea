"""The parts of a bundle, each found by the name of a packaged bundle, of its network, or as a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from contract.manifest import MANIFEST, NOTICE, PARTS, SIGNATURE, FileName, Ground, PartName, Sha256
from convert.bundle import files, manifest
from convert.errors import SourceError
from edge import runtime

PACKAGED: Final = Path(runtime.__file__).parents[1] / "bundles"
"""The folder of the bundles that come with Mien."""
_RESERVED: Final = (
    MANIFEST,
    SIGNATURE,
    NOTICE,
    *(f"{part}.json" for part in PARTS),
)


class _Entry(msgspec.Struct, frozen=True):
    file: FileName
    sha256: Sha256


class _Stages(msgspec.Struct, frozen=True):
    pnet: _Entry
    rnet: _Entry
    onet: _Entry


class _Data(msgspec.Struct, frozen=True):
    name: str
    licence: str = "not stated"


class _DetectorCard(msgspec.Struct, frozen=True):
    """What is needed here of detector.json."""

    name: str
    version: str
    networks: _Stages
    source: str = ""
    licence: str = "MIT"  # that of the mtcnn package, from which `mien-convert mtcnn` makes detectors

    def grounds(self) -> tuple[Ground, ...]:
        return (Ground(self.source, self.licence),) if self.source else ()

    def entries(self) -> tuple[_Entry, ...]:
        return self.networks.pnet, self.networks.rnet, self.networks.onet


class _NetworkCard(msgspec.Struct, frozen=True):
    """What is needed here of expression.json, cover.json and voice.json."""

    name: str
    version: str
    file: FileName
    sha256: Sha256
    trained_on: tuple[_Data, ...] = ()
    licence: str = "Apache-2.0"
    over_time: _Entry | None = None
    speech: _Entry | None = None
    noise: _Entry | None = None

    def grounds(self) -> tuple[Ground, ...]:
        return tuple(Ground(data.name, data.licence) for data in self.trained_on)

    def entries(self) -> tuple[_Entry, ...]:
        beside = (self.over_time, self.speech, self.noise)
        return (_Entry(self.file, self.sha256), *(each for each in beside if each is not None))


_Card = TypeVar("_Card", _DetectorCard, _NetworkCard)


@dataclass(frozen=True)
class Taken:
    """A file that a part takes along, and the SHA-256 (hexadecimal) that it must have."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Part:
    """One model of the bundle, where it lies, what it may be used for, and its files; the card is the first of them."""

    name: PartName
    folder: Path
    model: str
    licence: str
    rests_on: tuple[Ground, ...]
    files: tuple[Taken, ...]


def find(part: PartName, name: str, packaged: Path) -> Part:
    """The part that `name` means: of the packaged bundle of that name, the packaged network of that name or id, or else
    of a folder, which a slash makes sure of.

    Raises SourceError where it means none, or where the card there is broken.
    """
    card = f"{part}.json"
    if "/" not in name and (packaged / name / card).is_file():
        return read(part, packaged / name)
    there = [folder for folder in sorted(packaged.iterdir()) if (folder / card).is_file()]
    parts = [read(part, folder) for folder in there] if "/" not in name else []
    for each in parts:
        if name in (each.model, each.model.rpartition("-")[0]):
            return each
    if (Path(name) / card).exists():
        return read(part, Path(name))
    known = ", ".join(folder.name for folder in there)
    raise SourceError(f'--{part} "{name}": there is none of that name; there are {known}, or give a folder with {card}')


def read(part: PartName, folder: Path) -> Part:
    """The part whose card lies in `folder`. Raises SourceError where the card is broken or its folder's manifest says
    otherwise; the networks are only looked at when they are copied.
    """
    path = folder / f"{part}.json"
    data = files.read(path)
    card: _DetectorCard | _NetworkCard
    card = _decode(path, data, _DetectorCard) if part == "detector" else _decode(path, data, _NetworkCard)
    networks = [Taken(folder / entry.file, entry.sha256) for entry in card.entries()]
    taken = (Taken(path, hashlib.sha256(data).hexdigest()), *networks)
    _hold_to_manifest(folder, taken)
    return Part(part, folder, f"{card.name}-{card.version}", card.licence, card.grounds(), taken)


def _decode(path: Path, data: bytes, kind: type[_Card]) -> _Card:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as error:
        raise SourceError(
            f"{path}: not a card that this version reads: {error}; make the model's files anew"
        ) from error


def _hold_to_manifest(folder: Path, taken: Sequence[Taken]) -> None:
    """A folder that is itself a bundle with a manifest is what that says."""
    if not (folder / MANIFEST).exists():
        return
    said = {file.file: file.sha256 for file, _ in manifest.load(folder).files()}
    for each in taken:
        if said.get(each.path.name) != each.sha256:
            raise SourceError(
                f"{each.path}: sha256 {each.sha256} is not what {MANIFEST} beside it says; "
                "look with `mien-convert inspect`, and make that bundle anew"
            )


def check_together(parts: Sequence[Part]) -> None:
    """Raises SourceError where a desk could not load these parts from one folder: two of their files have one name, or
    the expression network is not what its card says.
    """
    from models import card  # here, so that --help needs none of it
    from models.errors import CardError

    owners = dict.fromkeys(_RESERVED, "the bundle itself")
    for part in parts:
        for name in (taken.path.name for taken in part.files[1:]):
            if name in owners:
                raise SourceError(
                    f"{part.files[0].path}: names a file {name}, which is a name of {owners[name]}; "
                    "give the file another name there"
                )
            owners[name] = f"the {part.name} {part.model}"
        if part.name == "expression":
            try:
                card.load(part.files[0].path)
            except CardError as error:
                raise SourceError(str(error)) from error
