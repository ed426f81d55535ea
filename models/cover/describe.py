"""What the card of the cover network says in words, and how its parts are put together."""

from dataclasses import dataclass
from pathlib import Path

from models.card import Input, Network, TrainingData, sha256_of
from models.cover.card import CoverCard, CoverOutput
from models.cover.cloth import Repertoire
from models.cover.train import OUTPUT, CoverRecipe
from models.describe import CROP_OF_BOX_HEIGHT
from models.networks.cover import CoverNet
from models.networks.graph import INPUT
from models.networks.measure import multiply_adds, parameters_of
from models.networks.preprocess import INPUT_SIDE, MEAN, SCALE

NAME = "mien-cover"
VERSION = "1.0.0"

TRAINED_ON = (
    TrainingData(
        name="FER-2013, split Training",
        source="Goodfellow et al. 2013, face pictures found on the web; a part of the pictures, without labels, and "
        "without near copies of PublicTest.",
        licence="Kaggle competition data (DbCL).",
    ),
    TrainingData(
        name="muxspace, three fifths of the people",
        source="news pictures of faces; the pictures alone, no labels.",
        licence="Apache-2.0 (the repository).",
    ),
)

LIMITS = (
    "All covers that it learned from and is scored on are drawn: photographs of people in masks were not at hand.",
    "It looks at the mouth: sunglasses or a hand before the eyes are none of its business.",
    "A hand before the mouth is to count as free, since it comes and goes; some are called covered nevertheless.",
    "A mask that one sees through, or that leaves most of the mouth free, is no cover to it.",
    "It says nothing of who wears a mask or why, and must not be used to find out who wears none.",
)


@dataclass(frozen=True)
class Counts:
    """How many faces and crops were trained on, how many faces chose the threshold, and what it misses there."""

    faces: int
    crops: int
    aside: int
    missed: float


def card(
    network: CoverNet, weights: Path, threshold: float, recipe: CoverRecipe, how: Repertoire, counts: Counts
) -> CoverCard:
    """The card for the weights at `weights`; its scores are still to be measured."""
    return CoverCard(
        name=NAME,
        version=VERSION,
        file=weights.name,
        sha256=sha256_of(weights),
        input=Input(
            name=INPUT,
            size=INPUT_SIDE,
            scale=SCALE,
            mean=MEAN,
            crop_of_box_height=CROP_OF_BOX_HEIGHT,
            outside=int(MEAN),
            formula="(grey - mean) * scale, grey from 0 to 255",
            crop_reason="The same crop that the expression network of the default bundle sees, so it is cut once.",
        ),
        output=CoverOutput(OUTPUT, "probability that the mouth is covered, as often as covers were drawn in training"),
        threshold=threshold,
        network=Network("four convolutions", parameters_of(network), multiply_adds(network, INPUT_SIDE)),
        trained_on=TRAINED_ON,
        training=_training(recipe, how, counts),
        threshold_reason=(
            f"Chosen on {counts.aside} faces of the training data that were kept aside (a fifth of FER-2013's Training "
            f"and of muxspace's people): {recipe.false_alarms:.1%} of them are over it as they are, and "
            f"{counts.missed:.1%} of those with something drawn before the mouth are not."
        ),
        scores=(),
        limits=LIMITS,
    )


def _training(recipe: CoverRecipe, how: Repertoire, counts: Counts) -> str:
    left_out = [name for name, drawn in (("printed patterns", how.prints), ("scarves", how.wraps)) if not drawn]
    without = f" Left out were {' and '.join(left_out)}." if left_out else ""
    return (
        f"{counts.crops} crops of {counts.faces} faces: each as it is, twice with something drawn before the mouth "
        "(masks, bands, blots, rectangles; of any grey, shaded, folded, woven, printed, lettered) and once with "
        "the same beside the mouth, with a beard, or with something to be seen through; every second one also with a "
        "hand before the mouth, which is to count as free. After drawing the detector looked again "
        f"at each, and its box was cut.{without} Batch {recipe.batch}, AdamW with weight decay {recipe.weight_decay}, "
        f"learning rate up to {recipe.learning_rate}, {recipe.epochs} epochs, seed {recipe.seed}; crops mirrored, "
        "moved, made coarse and noisy. Made by `mien-models train-cover`."
    )
