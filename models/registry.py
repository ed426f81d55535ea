"""Which models take part in a comparison, and how each is run.

A bundle joins by being a folder with an `expression.json` under edge/bundles/ (or named with --bundle), once for each
operating point of its card. Another project's model joins by a line in PEERS and a script in
models/peers/. Nothing else needs to be edited.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from models.card import load
from models.errors import CardError, CompareError
from models.model import CARD

ROOT = Path(__file__).resolve().parent.parent
BUNDLES = ROOT / "edge" / "bundles"
DEFAULT = BUNDLES / "default"


@dataclass(frozen=True)
class Entrant:
    """A model of a comparison: `command` starts its worker (`models.compare.workers`).

    It sees grey crops of `size` pixels, of `crop` times the height of the detector's box (None: it comes without a rule
    for that). `classes` are the columns that it gives, in the contract's names. `multiply_adds` is what a face costs a
    bundle's network.
    """

    id: str
    command: tuple[str, ...]
    classes: tuple[str, ...]
    size: int
    crop: float | None
    mirror: bool
    trained_on: tuple[str, ...]
    note: str
    is_peer: bool
    place: str
    multiply_adds: int = 0

    @property
    def is_first(self) -> bool:
        """Whether it is a bundle's first operating point, or a peer."""
        return "@" not in self.id

    @property
    def name(self) -> str:
        """The model's name without its version, with its operating point."""
        model, _, point = self.id.partition("@")
        return f"{model.rpartition('-')[0] or model}{'@' if point else ''}{point}"


@dataclass(frozen=True)
class Peer:
    """Another project's model: the package that has it, and the script in models/peers/ that runs it."""

    name: str
    package: str
    script: str
    classes: tuple[str, ...]
    size: int
    trained_on: tuple[str, ...]
    note: str


PEERS = (
    Peer(
        name="fer",
        package="fer",
        script="run_fer.py",
        classes=("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
        size=64,
        trained_on=("FER-2013",),
        note="the package's quantised TensorFlow Lite network (mini_XCEPTION), without its face detector; MIT licence",
    ),
)


def bundles(others: tuple[Path, ...] = (), folder: Path = BUNDLES) -> list[Entrant]:
    """The models of all bundles, the default's first. Raises CardError, or CompareError where two have one name."""
    found = sorted((path.parent for path in folder.glob(f"*/{CARD}")), key=lambda path: (path.name != "default", path))
    entrants = [entrant for bundle in (*found, *others) for entrant in _of_bundle(bundle)]
    places: dict[str, str] = {}
    for entrant in entrants:
        if entrant.id in places:
            raise CompareError(
                f"{entrant.place}: holds {entrant.id}, and so does {places[entrant.id]}; give one another version"
            )
        places[entrant.id] = entrant.place
    return entrants


def bundle_named(name: str, folder: Path = BUNDLES) -> Path:
    """The folder of a bundle, by the rule of the desk's settings: a packaged bundle, its network's name, or a folder.

    A slash makes sure of the folder. Raises CardError where it is none of them.
    """
    if "/" not in name and (folder / name / CARD).is_file():
        return folder / name
    there = {path.parent: load(path) for path in sorted(folder.glob(f"*/{CARD}"))}
    for bundle, card in there.items():
        if name in (card.name, f"{card.name}-{card.version}"):
            return bundle
    if (Path(name) / CARD).is_file():
        return Path(name)
    known = ", ".join(f"{bundle.name} ({card.name}-{card.version})" for bundle, card in there.items())
    raise CardError(f"model {name!r}: there is none of that name; there are {known}, or give the folder of a bundle")


def _of_bundle(bundle: Path) -> list[Entrant]:
    card = load(bundle / CARD)
    return [
        Entrant(
            id=f"{card.name}-{card.version}" + ("" if point == card.points[0] else f"@{point.name}"),
            command=(sys.executable, "-m", "models.compare.worker", str(bundle), point.name),
            classes=point.output.classes,
            size=card.input.size,
            crop=card.input.crop_of_box_height,
            mirror=card.flip_average,
            trained_on=tuple(data.name for data in card.trained_on),
            note=point.note,
            is_peer=False,
            place=str(bundle),
            multiply_adds=card.network.multiply_adds,
        )
        for point in card.points
    ]


def peers(python: str, known: tuple[Peer, ...] = PEERS) -> list[Entrant]:
    """The peers that an interpreter has. Raises CompareError where it cannot be run."""
    return [
        Entrant(
            id=peer.name,
            command=(python, str(Path(__file__).parent / "peers" / peer.script)),
            classes=peer.classes,
            size=peer.size,
            crop=None,
            mirror=False,
            trained_on=peer.trained_on,
            note=peer.note,
            is_peer=True,
            place=peer.package,
        )
        for peer in known
        if _has(python, peer.package)
    ]


def _has(python: str, package: str) -> bool:
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    try:
        return subprocess.run([python, "-c", look, package], capture_output=True, check=False).returncode == 0
    except OSError as error:
        raise CompareError(f"{python}: cannot run it: {error.strerror}; give --peer-python a Python") from None
