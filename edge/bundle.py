"""A bundle: the folder of models that a desk loads, and the cards that say what they are.

    detector.json       the card of the detector: the file and the hash of each of MTCNN's three networks; where there
                        is none, the default bundle's detector finds the faces
    expression.json     the card of the expression network: its file, hash, input, output and temperature
    cover.json          the card of the network that sees whether the mouth is covered; where there is none, the
                        default bundle's looks
    *.onnx              the networks

The default bundle is package data; another folder of the same form can be named in the settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from contract.expressions import EXPRESSIONS
from edge.errors import ModelError
from edge.runtime.backend import ModelFile

BUNDLES = Path(__file__).parent / "bundles"
DEFAULT = BUNDLES / "default"

_FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # no path: a bundle is one flat folder
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=31)]  # two of them name a model
_Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
_Positive = Annotated[float, Meta(gt=0)]


class FileEntry(msgspec.Struct, frozen=True):
    """One model file as a card names it."""

    file: _FileName
    sha256: _Sha256


class Networks(msgspec.Struct, frozen=True):
    """MTCNN's three stages."""

    pnet: FileEntry
    rnet: FileEntry
    onet: FileEntry


class DetectorCard(msgspec.Struct, frozen=True):
    """detector.json; what else stands in it is for readers."""

    name: str
    version: str
    networks: Networks


class ExpressionInput(msgspec.Struct, frozen=True):
    """What the network sees: `size` pixels square, (grey - mean) * scale, of `crop_of_box_height` of the face's box."""

    size: Annotated[int, Meta(ge=8, le=512)]
    scale: _Positive
    mean: float
    crop_of_box_height: _Positive
    channels: Annotated[int, Meta(ge=1, le=1)] = 1


class ExpressionOutput(msgspec.Struct, frozen=True):
    """What it gives: logits of `classes`, to be divided by `temperature` before the softmax."""

    classes: tuple[str, ...]
    temperature: _Positive


class ExpressionCard(msgspec.Struct, frozen=True):
    """expression.json; what else stands in it is for readers."""

    name: _Word
    version: _Word
    file: _FileName
    sha256: _Sha256
    input: ExpressionInput
    output: ExpressionOutput
    flip_average: bool = True

    @property
    def model(self) -> str:
        """The id that readings carry."""
        return f"{self.name}-{self.version}"


class CoverCard(msgspec.Struct, frozen=True):
    """cover.json; what else stands in it is for readers. Over `threshold` of its output a mouth is covered."""

    name: _Word
    version: _Word
    file: _FileName
    sha256: _Sha256
    input: ExpressionInput
    threshold: Annotated[float, Meta(gt=0, lt=1)]


_Card = TypeVar("_Card", DetectorCard, ExpressionCard, CoverCard)


@dataclass(frozen=True)
class Bundle:
    """A folder of models whose cards were read; the files are checked against them when they are loaded."""

    folder: Path
    detector: DetectorCard
    expression: ExpressionCard
    cover: CoverCard | None = None
    cover_folder: Path = DEFAULT

    def expression_file(self) -> ModelFile:
        """The file of the expression network."""
        return ModelFile(self.folder / self.expression.file, self.expression.sha256)

    def cover_file(self) -> ModelFile:
        """The file of the cover network. Only of a bundle whose `cover` is not None."""
        assert self.cover is not None
        return ModelFile(self.cover_folder / self.cover.file, self.cover.sha256)


def _read_card(path: Path, kind: type[_Card]) -> _Card:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the card: {error.strerror}; reinstall the bundle") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: not a card that this version reads: {error}; reinstall the bundle") from error


def detector_folder(folder: Path = DEFAULT) -> Path:
    """Where a bundle's detector lies: a bundle of an expression network alone finds faces with the default's."""
    return folder if (folder / "detector.json").exists() else DEFAULT


def detector_card(folder: Path = DEFAULT) -> DetectorCard:
    """The detector's card alone, for those who need no expressions. Raises ModelError."""
    return _read_card(detector_folder(folder) / "detector.json", DetectorCard)


def load(folder: Path | None = None) -> Bundle:
    """Read the cards of a bundle, by default the package's. Raises ModelError where one is missing or wrong."""
    folder = folder or DEFAULT
    cover = (folder if (folder / "cover.json").exists() else DEFAULT) / "cover.json"
    bundle = Bundle(
        folder,
        detector_card(folder),
        _read_card(folder / "expression.json", ExpressionCard),
        _read_card(cover, CoverCard) if cover.exists() else None,
        cover.parent,
    )
    if bundle.expression.output.classes != EXPRESSIONS:
        raise ModelError(
            f"{folder / 'expression.json'}: its classes are {', '.join(bundle.expression.output.classes)}, "
            f"but readings are of {', '.join(EXPRESSIONS)}; install a bundle for this version"
        )
    return bundle


def named(name: str, packaged: Path = BUNDLES) -> Bundle:
    """The bundle that `name` means: a folder, a packaged bundle, or the name of a packaged bundle's expression network.

    Raises ModelError, with what there is, where it means none.
    """
    folder = Path(name)
    if (folder / "expression.json").is_file():
        return load(folder)
    if (packaged / name / "expression.json").is_file():
        return load(packaged / name)
    there = {
        folder.name: load(folder) for folder in sorted(packaged.iterdir()) if (folder / "expression.json").exists()
    }
    for bundle in there.values():
        if name in (bundle.expression.name, bundle.expression.model):
            return bundle
    known = ", ".join(f"{folder} ({bundle.expression.model})" for folder, bundle in there.items())
    raise ModelError(f'model "{name}": there is none of that name; there are {known}, or give the folder of a bundle')
