"""A bundle: the folder of models that a desk loads, and the cards that say what they are.

    detector.json       the card of the detector: the file and the hash of each of MTCNN's three networks; where there
                        is none, the default bundle's detector finds the faces
    expression.json     the card of the expression network: its file, hash, input, and the operating points at which it
                        can be used; the first is the default
    cover.json          the card of the network that sees whether the mouth is covered; where there is none, the
                        default bundle's looks
    *.onnx              the networks

The packaged bundles are package data; another folder of the same form can be named as well as one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from contract.expressions import EXPRESSIONS
from contract.manifest import FileName, Sha256
from edge.errors import ModelError
from edge.runtime.backend import ModelFile

BUNDLES = Path(__file__).parent / "bundles"
DEFAULT = BUNDLES / "default"

# The three together, with what joins them, are a Name of the contract, of 64 letters at most.
_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=31)]
_Version = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=15)]
_PointName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=16)]
_Positive = Annotated[float, Meta(gt=0)]


class FileEntry(msgspec.Struct, frozen=True):
    """One model file as a card names it."""

    file: FileName
    sha256: Sha256


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
    """One of the network's outputs: logits of `classes`, all or some of the contract's expressions, in its order."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    classes: Annotated[tuple[str, ...], Meta(min_length=2)]


class OperatingPoint(msgspec.Struct, frozen=True):
    """A way to use the network: probabilities are softmax(logits / temperature + shift) of one of its outputs.

    `shift` is empty or has a log probability for each of the output's classes. A face whose largest probability, over
    the mean of its views, is under `unsure_below` is unsure; 0 leaves it to the desk when a face is.
    """

    name: _PointName
    output: ExpressionOutput
    temperature: _Positive
    shift: tuple[float, ...] = ()
    unsure_below: Annotated[float, Meta(ge=0, lt=1)] = 0.0


class ExpressionCard(msgspec.Struct, frozen=True):
    """expression.json; what else stands in it is for readers."""

    name: _Word
    version: _Version
    file: FileName
    sha256: Sha256
    input: ExpressionInput
    points: Annotated[tuple[OperatingPoint, ...], Meta(min_length=1)]
    flip_average: bool = True

    @property
    def model(self) -> str:
        """The network's id."""
        return f"{self.name}-{self.version}"


class CoverCard(msgspec.Struct, frozen=True):
    """cover.json; what else stands in it is for readers. Over `threshold` of its output a mouth is covered."""

    name: _Word
    version: _Word
    file: FileName
    sha256: Sha256
    input: ExpressionInput
    threshold: Annotated[float, Meta(gt=0, lt=1)]


_Card = TypeVar("_Card", DetectorCard, ExpressionCard, CoverCard)


@dataclass(frozen=True)
class Bundle:
    """A folder of models whose cards were read, at one operating point of its expression network.

    The files are checked against the cards when they are loaded.
    """

    folder: Path
    detector: DetectorCard
    expression: ExpressionCard
    point: OperatingPoint
    cover: CoverCard | None = None
    cover_folder: Path = DEFAULT

    @property
    def model(self) -> str:
        """The id that readings carry: the network's, and where it is not the default, the operating point's name."""
        default = self.point.name == self.expression.points[0].name
        return self.expression.model if default else f"{self.expression.model}:{self.point.name}"

    def at(self, point: str) -> Bundle:
        """The same bundle at its operating point of that name, at the default where it is "". Raises ModelError."""
        points = self.expression.points
        for one in points:
            if point in ("", one.name):
                return replace(self, point=one)
        known = ", ".join([f"{points[0].name} (the default)", *(one.name for one in points[1:])])
        raise ModelError(f'operating point "{point}": {self.expression.model} has none of that name; there are {known}')

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


def load(folder: Path | None = None, point: str = "") -> Bundle:
    """Read the cards of a bundle, by default the package's, at its operating point `point`, by default the first.

    Raises ModelError where a card is missing or wrong, or where there is no such point.
    """
    folder = folder or DEFAULT
    cover = (folder if (folder / "cover.json").exists() else DEFAULT) / "cover.json"
    card = _read_card(folder / "expression.json", ExpressionCard)
    _check_points(folder / "expression.json", card.points)
    bundle = Bundle(
        folder,
        detector_card(folder),
        card,
        card.points[0],
        _read_card(cover, CoverCard) if cover.exists() else None,
        cover.parent,
    )
    return bundle.at(point)


def _check_points(path: Path, points: tuple[OperatingPoint, ...]) -> None:
    for i, point in enumerate(points):
        classes = point.output.classes
        if classes != tuple(name for name in EXPRESSIONS if name in classes):
            raise ModelError(
                f"{path}: the classes of its point {point.name} are {', '.join(classes)}, but readings are of "
                f"{', '.join(EXPRESSIONS)}, in this order; install a bundle for this version"
            )
        if point.shift and len(point.shift) != len(classes):
            raise ModelError(
                f"{path}: its point {point.name} shifts {len(point.shift)} of {len(classes)} classes; "
                "reinstall the bundle"
            )
        if point.name in (other.name for other in points[:i]):
            raise ModelError(f"{path}: two of its points are named {point.name}; reinstall the bundle")


def named(name: str | None = None, point: str = "", packaged: Path = BUNDLES) -> Bundle:
    """The bundle that `name` means, at its operating point `point`, by default the first.

    A packaged bundle, the name of a packaged bundle's expression network, or else a folder, which a slash makes sure
    of; None means the default.
    Raises ModelError, with what there is, where it means none.
    """
    name = name or DEFAULT.name
    if "/" not in name and (packaged / name / "expression.json").is_file():
        return load(packaged / name, point)
    there = [load(folder) for folder in sorted(packaged.iterdir()) if (folder / "expression.json").is_file()]
    for bundle in there:
        if name in (bundle.expression.name, bundle.expression.model):
            return bundle.at(point)
    if (Path(name) / "expression.json").is_file():
        return load(Path(name), point)
    known = ", ".join(f"{bundle.folder.name} ({bundle.expression.model})" for bundle in there)
    raise ModelError(f'model "{name}": there is none of that name; there are {known}, or give the folder of a bundle')
