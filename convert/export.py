"""From a finished training run to what ships: the network in half precision, its operating points fitted, its card.

Half precision is in the file's own graph, so that TensorRT builds a box's engines from the very file that ships.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from convert import half, output, pack
from convert.inscribed import inscribe
from models import describe
from models.calibrate import Plan, fitted_point
from models.card import Card, Network, OperatingPoint, Output, save
from models.data import CLASSES, Floats
from models.datasets import data_file
from models.model import CARD, Model
from models.networks.graph import to_onnx
from models.networks.measure import multiply_adds, parameters_of
from models.registry import BUNDLES
from models.samples import read_samples
from models.training.augment import Field
from models.training.checkpoint import CHECKPOINT, averaged_network, load, recipe_of

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class Origin:
    """Where a network comes from: the folder of its run, and what that does not say: which model it ships as ("": its
    network's first), who taught it, and with which weights it began, the first first: a model, or the folder of a run.
    """

    run: Path
    name: str = ""
    teachers: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()

    @property
    def checkpoint(self) -> Path:
        """The file that a training leaves there."""
        return self.run / CHECKPOINT


@dataclass(frozen=True)
class Exported:
    """What a run became: its card, its network in half precision, and the same before it was rounded.

    Of a network over time that keeps something of a frame, that of a frame; then `over_time` is the one of a ring, in
    half precision, and `clip` both in one, in float32. Of one that takes the faces themselves `clip` is the same.
    """

    card: Card
    half: ModelProto
    float32: ModelProto
    over_time: ModelProto | None = None
    clip: ModelProto | None = None

    @cached_property
    def file(self) -> bytes:
        """The bytes of the file that the card names; to pack a large one takes a while."""
        return pack.file_of(self.card.file, self.half)

    def told(self) -> str:
        """What was found, for people: size, what is in half, and each operating point."""
        weights, size = half.weights_of(self.half), len(self.file)
        points = [
            f"  {point.name}: temperature {point.temperature}, unsure below {point.unsure_below}"
            for point in self.card.points
        ]
        first = (
            f"{self.card.file}: {size / 1e6:.2f} MB, {size / self.float32.ByteSize():.2f} of float32; "
            f"{weights.half} of {weights.count} weights of convolutions and matrix products in half"
        )
        return "\n".join([first, *points])


def bundle_of(origin: Origin) -> Path:
    """The packaged bundle that a run ships in. Raises CheckpointError."""
    network = recipe_of(origin.checkpoint).network
    return BUNDLES / describe.shipped_as(origin.name, network, origin.checkpoint).folder


def export(origin: Origin, valid: Path) -> Exported:
    """The network of a finished run. The even rows of the labelled faces of `valid` fit its operating points.

    Raises RangeError where float16 does not hold a weight, CheckpointError for the run, DataError for the faces.
    """
    faces = data_file(valid)
    recipe, state = recipe_of(origin.checkpoint), load(origin.checkpoint)
    shipped = describe.shipped_as(origin.name, recipe.network, origin.checkpoint)
    network = averaged_network(origin.checkpoint)
    plain = to_onnx(network, recipe.last_side, shipped.heads)
    if shipped.packed:
        pack.stepped(plain)
    made = half.half(plain, str(origin.checkpoint))
    cost = Network(shipped.family, parameters_of(network), multiply_adds(network, recipe.last_side))
    text = describe.training_text(recipe, state["faces"], origin.teachers, tuple(map(_in_words, origin.starts)))
    sees = Field(recipe.last_side, recipe.of_picture)
    card = fitted_card(shipped, cost, made, sees, text, faces, np.array(state["prior"], np.float32))
    return Exported(inscribed(card, made), made, plain)


def fitted_card(
    shipped: describe.Shipped,
    cost: Network,
    made: ModelProto,
    sees: Field,
    training: str,
    valid: Path,
    prior: Floats,
    taken: describe.Taken = describe.STILL,
) -> Card:
    """The card of a network, its operating points fitted on the even rows of `valid`.

    `prior` (LOGITS,) is how frequent each head's classes are among what it was trained on.
    """
    with TemporaryDirectory(prefix="mien-") as folder:
        weights = Path(folder) / describe.WEIGHTS
        weights.write_bytes(made.SerializeToString())
        card = describe.card_of(shipped, cost, weights, sees, tuple(map(_unfitted, shipped.plans)), training, taken)
        save(card, Path(folder) / CARD)
        points = tuple(_fitted(plan, Path(folder), valid, prior) for plan in shipped.plans)
    return msgspec.structs.replace(card, points=points, file=shipped.weights)


def inscribed(card: Card, made: ModelProto) -> Card:
    """Writes what the card says of its use into its network, whose hash the card that is returned has."""
    inscribe(made, msgspec.to_builtins(card), card.licence)
    sha256 = hashlib.sha256(pack.file_of(card.file, made)).hexdigest()
    return msgspec.structs.replace(card, sha256=sha256)


def write(exported: Exported, folder: Path) -> None:
    """Writes network and card into a folder, which is made where it is not there. Raises OutputError."""
    with output.told_as_output_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        output.write(folder / exported.card.file, exported.file)
        if exported.over_time is not None:
            output.write(folder / describe.OVER_TIME, exported.over_time.SerializeToString())
        save(exported.card, folder / CARD)


def _in_words(start: str) -> str:
    """What a network began with: where it is the folder of a run, how that was trained."""
    if not (checkpoint := Path(start) / CHECKPOINT).is_file():
        return start
    return f"{Path(start).name} ({describe.step_text(recipe_of(checkpoint))})"


def _unfitted(plan: Plan) -> OperatingPoint:
    return OperatingPoint(plan.name, plan.head.name, Output(plan.head.name, plan.head.classes), 1.0)


def _fitted(plan: Plan, bundle: Path, valid: Path, prior: Floats) -> OperatingPoint:
    model = Model(bundle, plan.name)
    taken = model.card.input
    even = read_samples(valid, taken.crop_of_box_height, taken.size, plan.head.name)[::2]
    places = [plan.head.classes.index(CLASSES[label]) for label in even.labels]
    return fitted_point(plan, model.logits(even.crops), np.array(places, np.int64), prior[plan.head.columns])
