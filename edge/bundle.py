"""A bundle: the folder of models that a desk loads, and the cards that say what they are.

    detector.json       the card of the detector: the file and the hash of each of MTCNN's three networks; where there
                        is none, the default bundle's detector finds the faces
    expression.json     the card of the expression network: its file, hash, input, and the operating points at which it
                        can be used; the first is the default; and of the network that reads a face over time, where
                        there is one
    cover.json          the card of the network that sees whether the mouth is covered; where there is none, the
                        default bundle's looks
    *.onnx, *.onnx.xz   the networks, plain or packed

The packaged bundles are package data; another folder of the same form can be named as well as one of these. Where the
settings name a trust file, that one has to be signed: edge/trust.py says what else is asked of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta

from contract.expressions import EXPRESSIONS
from contract.manifest import FileName, Sha256
from edge.errors import ModelError
from edge.runtime.backend import ModelFile

if TYPE_CHECKING:
    from edge.trust import Verified

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

    def files(self, folder: Path) -> tuple[ModelFile, ...]:
        """The files of its networks where the card lies in `folder`, in the order of the stages."""
        stages = (self.networks.pnet, self.networks.rnet, self.networks.onet)
        return tuple(ModelFile(folder / stage.file, stage.sha256) for stage in stages)


class ExpressionInput(msgspec.Struct, frozen=True):
    """What the network sees: `size` pixels square, (grey - mean) * scale, of `crop_of_box_height` of the face's box.

    It may take a followed face's last `frames` at once, a channel each, the newest last; before the first one stands
    that, and a still is a face that never moved. With `flow` it takes the newest, and how the oldest of them moved to
    it, x and y (`edge.optical_flow`): three channels.
    """

    size: Annotated[int, Meta(ge=8, le=512)]
    scale: _Positive
    mean: float
    crop_of_box_height: _Positive
    channels: Annotated[int, Meta(ge=1, le=64)] = 1
    frames: Annotated[int, Meta(ge=1, le=64)] = 1
    flow: bool = False


class ExpressionOutput(msgspec.Struct, frozen=True):
    """One of the network's outputs: logits of `classes`, all or some of the contract's expressions, in its order."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    classes: Annotated[tuple[str, ...], Meta(min_length=2)]


class OperatingPoint(msgspec.Struct, frozen=True):
    """A way to use the network: probabilities are softmax(logits / temperature + shift) of one of its outputs.

    `shift` is empty or has a log probability for each of the output's classes. A face whose largest probability, over
    the mean of its views, is under `unsure_below` is unsure; 0 leaves it to the desk when a face is. `neutral` is what
    the log probabilities of resting faces are in the mean, of all eight expressions; empty where that is not known.
    """

    name: _PointName
    output: ExpressionOutput
    temperature: _Positive
    shift: tuple[float, ...] = ()
    unsure_below: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    neutral: tuple[float, ...] = ()


class OverTimeCard(msgspec.Struct, frozen=True):
    """The network that reads the last frames of a followed face together.

    It takes `length` rows, (1, 1, length, width + 2), the newest last: what the expression network keeps of a frame,
    its second output, `width` numbers; the frame's age in seconds before the newest; and 1, or 0 where there is none.
    It gives the logits of the operating points' output.
    """

    file: FileName
    sha256: Sha256
    length: Annotated[int, Meta(ge=1, le=256)]
    width: Annotated[int, Meta(ge=1, le=1024)]


class ExpressionCard(msgspec.Struct, frozen=True):
    """expression.json; what else stands in it is for readers."""

    name: _Word
    version: _Version
    file: FileName
    sha256: Sha256
    input: ExpressionInput
    points: Annotated[tuple[OperatingPoint, ...], Meta(min_length=1)]
    flip_average: bool = True
    over_time: OverTimeCard | None = None

    @property
    def model(self) -> str:
        """The network's id."""
        return f"{self.name}-{self.version}"

    def files(self, folder: Path) -> tuple[ModelFile, ...]:
        """The files of its networks where the card lies in `folder`: of a frame and, where it has one, over time."""
        networks = (self, self.over_time) if self.over_time is not None else (self,)
        return tuple(ModelFile(folder / each.file, each.sha256) for each in networks)


class CoverCard(msgspec.Struct, frozen=True):
    """cover.json; what else stands in it is for readers. Over `threshold` of its output a mouth is covered."""

    name: _Word
    version: _Word
    file: FileName
    sha256: Sha256
    input: ExpressionInput
    threshold: Annotated[float, Meta(gt=0, lt=1)]

    def files(self, folder: Path) -> tuple[ModelFile, ...]:
        """The file of its network where the card lies in `folder`."""
        return (ModelFile(folder / self.file, self.sha256),)


class _NamesFiles(Protocol):
    """A card."""

    def files(self, folder: Path) -> tuple[ModelFile, ...]:
        """The files that it names, where it lies in `folder`."""


_Card = TypeVar("_Card", bound=_NamesFiles)


@dataclass(frozen=True)
class Bundle:
    """A folder of models whose cards were read, at one operating point of its expression network.

    The files are checked against the cards when they are loaded. `signers` are the trusted keys that signed the bundle;
    none where nobody asked for that.
    """

    folder: Path
    detector: DetectorCard
    expression: ExpressionCard
    point: OperatingPoint
    cover: CoverCard | None = None
    cover_folder: Path = DEFAULT
    detector_folder: Path = DEFAULT
    signers: tuple[str, ...] = ()

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
        return self.expression.files(self.folder)[0]

    def over_time_file(self) -> ModelFile:
        """The file of the network over time. Only of a bundle whose expression card has one."""
        return self.expression.files(self.folder)[1]

    def cover_file(self) -> ModelFile:
        """The file of the cover network. Only of a bundle whose `cover` is not None."""
        assert self.cover is not None
        [file] = self.cover.files(self.cover_folder)
        return file

    def detector_files(self) -> tuple[ModelFile, ...]:
        """The files of the detector's networks."""
        return self.detector.files(self.detector_folder)

    def every_file(self) -> tuple[ModelFile, ...]:
        """The files of all its networks, the one that reads expressions first."""
        cover = (self.cover_file(),) if self.cover is not None else ()
        return (*self.expression.files(self.folder), *cover, *self.detector_files())

    def every_output(self) -> tuple[tuple[ModelFile, str | None], ...]:
        """The same, each with the one output that a desk asks it for; None for all of them."""
        alone = self.expression.over_time is None
        outputs = {self.expression_file(): self.point.output.name} if alone else {}
        return tuple((file, outputs.get(file)) for file in self.every_file())


def read_card(path: Path, kind: type[_Card], verified: Verified | None = None) -> _Card:
    """The card at `path`; where its bundle was verified, of the bytes that were, and naming files of that bundle alone.

    Raises ModelError.
    """
    try:
        card = msgspec.json.decode(verified.card(path.name) if verified else path.read_bytes(), type=kind)
    except OSError as error:
        raise ModelError(f"{path}: cannot read the card: {error.strerror}; reinstall the bundle") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: not a card that this version reads: {error}; reinstall the bundle") from error
    if verified:
        verified.hold(path.name, card.files(path.parent))
    return card


def detector_folder(folder: Path = DEFAULT) -> Path:
    """Where a bundle's detector lies: a bundle of an expression network alone finds faces with the default's."""
    return folder if (folder / "detector.json").exists() else DEFAULT


def detector_card(folder: Path = DEFAULT) -> DetectorCard:
    """The detector's card alone, for those who need no expressions. Raises ModelError."""
    return read_card(detector_folder(folder) / "detector.json", DetectorCard)


def load(folder: Path | None = None, point: str = "", trust: str | None = None) -> Bundle:
    """Read the cards of a bundle, by default the package's, at its operating point `point`, by default the first.

    `trust` is the trust file to which it is held unless it is a packaged one. Raises ModelError where it does not hold,
    where a card is missing or wrong, or where there is no such point.
    """
    folder, verified = held(folder or DEFAULT, trust)
    card = read_card(folder / "expression.json", ExpressionCard, verified)
    _check_points(folder / "expression.json", card.points)
    detector, detector_at = _part(folder, "detector.json", DetectorCard, verified)
    has_cover = any((at / "cover.json").exists() for at in (DEFAULT, folder))
    cover, cover_at = _part(folder, "cover.json", CoverCard, verified) if has_cover else (None, DEFAULT)
    signers = verified.signers if verified else ()
    bundle = Bundle(folder, detector, card, card.points[0], cover, cover_at, detector_at, signers)
    return bundle.at(point)


def held(folder: Path, trust: str | None) -> tuple[Path, Verified | None]:
    """The folder that is to be read and, where it is held to a trust file, what was verified of it."""
    if trust is None:
        return folder, None
    home = folder.resolve()  # where a link leads now, whatever it leads to a moment later
    if home.is_relative_to(BUNDLES.resolve()):
        return home, None
    from edge import trust as trusting  # brings cryptography, which takes memory and time where nobody asks for it

    return folder, trusting.verified(folder, Path(trust))


def _part(folder: Path, name: str, kind: type[_Card], verified: Verified | None) -> tuple[_Card, Path]:
    """A card and where it lies: the default's where a bundle has none of its own, or none that was verified."""
    own = name in verified.cards if verified else (folder / name).exists()
    at = folder if own else DEFAULT
    return read_card(at / name, kind, verified if own else None), at


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
        if point.neutral and len(point.neutral) != len(EXPRESSIONS):
            raise ModelError(
                f"{path}: its point {point.name} says of resting faces {len(point.neutral)} of {len(EXPRESSIONS)} "
                "expressions; reinstall the bundle"
            )
        if point.name in (other.name for other in points[:i]):
            raise ModelError(f"{path}: two of its points are named {point.name}; reinstall the bundle")


def named(name: str | None = None, point: str = "", packaged: Path = BUNDLES, *, trust: str | None = None) -> Bundle:
    """The bundle that `name` means, at its operating point `point`, by default the first.

    A packaged bundle, the name of a packaged bundle's expression network, or else a folder, which a slash makes sure
    of; None means the default. `trust` is the trust file to which a folder is held; a packaged bundle needs none.
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
        return load(Path(name), point, trust)
    known = ", ".join(f"{bundle.folder.name} ({bundle.expression.model})" for bundle in there)
    raise ModelError(f'model "{name}": there is none of that name; there are {known}, or give the folder of a bundle')
