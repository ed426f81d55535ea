"""What ships: the name, the operating points and the words of each network that becomes a bundle.

A new one joins by a line in SHIPPED; `mien-convert export --as NAME` makes a run into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.runtime.backend import PACKED
from models.calibrate import Plan
from models.card import Card, Input, Network, OperatingPoint, TrainingData, sha256_of
from models.errors import CheckpointError
from models.heads import FER2013, FERPLUS, Head
from models.networks.build import TRANSFERRED
from models.networks.graph import INPUT
from models.networks.preprocess import MEAN, SCALE
from models.training.augment import Field
from models.training.recipe import Recipe

WEIGHTS = "expression.onnx"
OVER_TIME = "over-time.onnx"
# A FER-2013 picture's 40 px middle over the median height of the detector's box there: `mien-models geometry`.
CROP_OF_BOX_HEIGHT = 0.793

CROP_REASON = (
    "Training saw this part of the box. On 1,500 of FER-2013's 48 px pictures the detector's box has a median height "
    "of 1.05 pictures (`mien-models geometry`), so the whole picture is 0.952 of the box, and a part of its side that "
    "part of 0.952."
)

FER_2013_DATA = TrainingData(
    name="FER-2013, split Training",
    source="Goodfellow et al. 2013, face pictures found on the web.",
    licence="Kaggle competition data (DbCL).",
)
FER_PLUS_DATA = TrainingData(
    name="FER+ votes of ten taggers for the same pictures",
    source="Barsoum, Zhang, Canton Ferrer & Zhang 2016.",
    licence="MIT.",
)
MUXSPACE_TAUGHT = TrainingData(
    name="muxspace facial expressions, three fifths of the people",
    source="news photos; what a teacher answers to them, and none of their labels.",
    licence="repository Apache-2.0.",
)
MUXSPACE_DATA = TrainingData(
    name="muxspace facial expressions",
    source="news photos of people who are named; which are one person's was used, to leave that out.",
    licence="repository Apache-2.0.",
)
TAIWANESE_DATA = TrainingData(
    name="Taiwanese performers",
    source="Chen, Cho & Tseng 2013; what at least half of the raters chose, neutral where it was meant.",
    licence="academic use.",
)

INTENDED_USE = (
    "Estimating once a second, on a desk's own box, which expression a face shows to an onlooker; shares of the "
    "expressions, averaged over the frames of that second.",
    "Aggregates over minutes and hours, shown together with their coverage.",
)

MUST_NOT_BE_USED_FOR = (
    "Saying what a person feels, thinks or intends: it reads how a face looks to strangers, nothing more.",
    "Decisions about one person: hiring, dismissal, pay, ranking, discipline.",
    "Inferring the emotions of employees in the European Union, where it is prohibited (AI Act, Article 5(1)(f)).",
    "Recognising or identifying who a person is; medical or psychological diagnosis; detecting lies.",
    "Children.",
)

LIMITS = (
    "Contempt and disgust are rare in the training pictures and are mostly missed, fear often; see the recall of each "
    "class.",
    "Faces unlike those on the web of 2013 score lower: compare the rows of the other data sets. Posed and acted "
    "expressions are often taken for neutral.",
    "About one face in ten of the FER+ split has no label that most taggers agree on; such faces are not scored.",
    "FER-2013 holds near copies within and across its splits. Of near copies in training one was kept, and training "
    "pictures that correlate over 0.9 with a picture of the reported split, mirrors included, were left out.",
    "Accuracy differs between people: the page of the card has it by performer, and how predictions shift with group, "
    "sex and age. Accuracy by group was not measured: the pictures that say the group have no labels.",
)

CHOSEN = (
    "It was chosen among several trainings by scores on the data sets of this page, the posed faces and the news "
    "photos among them, and by what it costs a desk: those scores are a little optimistic."
)

CALIBRATION = (
    "Temperature and the threshold of unsure (nine faces in ten are surer) were fitted on the even rows (0, 2, ...) of "
    "the labelled faces of the valid split; the calibration error to go by is the one of the odd rows."
)

MADE_CLIPS = (
    "Its scores here are of single pictures, as those of every model. What it does with a face that is followed is on "
    "the page of networks over time; it learned that from clips made of stills by known motion, and was calibrated on "
    "single pictures."
)

EVERYDAY = Plan("everyday", FERPLUS, True, "For a desk: how a face looks to most people, the rare expressions too.")
EXPRESSIVE = Plan("expressive", FER2013, True, "For acted and posed faces; calls many everyday faces something else.")
VGG16_AV = Plan(
    "vgg16-av",
    FERPLUS,
    True,
    "The face's part of the sales paper's audio-visual system, beside a voice: a new head on the same convolutions.",
)
PLAIN_FERPLUS = Plan("ferplus", FERPLUS, False, "As FER+ taggers would vote, on pictures like FER-2013's.")
PLAIN_FER2013 = Plan("fer2013", FER2013, False, "As FER-2013 is labelled, on pictures like its own.")


@dataclass(frozen=True)
class Taken:
    """What of a face a network takes: so many channels of so many frames, the optical flow among them or not."""

    channels: int = 1
    frames: int = 1
    flow: bool = False


STILL = Taken()


@dataclass(frozen=True)
class Shipped:
    """What a card says beside what is measured.

    `network` is its recipe's, `folder` its bundle's under edge/bundles/. `packed`: its file is, by
    `convert.pack`.
    """

    name: str
    version: str
    network: str
    folder: str
    family: str
    heads: tuple[Head, ...]
    plans: tuple[Plan, ...]
    trained_on: tuple[TrainingData, ...]
    limits: tuple[str, ...] = LIMITS
    licence: str = "Apache-2.0"
    flip_average: bool = True
    packed: bool = False

    @property
    def weights(self) -> str:
        """The name of its network's file."""
        return WEIGHTS + (PACKED if self.packed else "")


_BOTH = (FERPLUS, FER2013)
_FOUR = (EVERYDAY, EXPRESSIVE, PLAIN_FERPLUS, PLAIN_FER2013)

SHIPPED: tuple[Shipped, ...] = (
    Shipped(
        "mien-face",
        "3.0.0",
        "student",
        "default",
        "SE-ResNet",
        _BOTH,
        _FOUR,
        (FER_2013_DATA, FER_PLUS_DATA, MUXSPACE_TAUGHT),
        (*LIMITS, CHOSEN),
    ),
    Shipped(
        "face-asia",
        "2.0.0",
        "student",
        "face-asia",
        "SE-ResNet",
        _BOTH,
        _FOUR,
        (FER_2013_DATA, FER_PLUS_DATA, MUXSPACE_TAUGHT, TAIWANESE_DATA),
        (
            *LIMITS,
            "Its scores on Taiwanese performers are of people whom it was trained on; those of people kept apart are "
            "what `mien-models train face-asia --folds` prints.",
        ),
        "research-only",
    ),
    Shipped(
        "vgg-face",
        "1.0.0",
        "vgg16-av",
        "vgg-face",
        "VGG16 with batch-norm and a global-average head, and another head on its convolutions",
        _BOTH,
        (PLAIN_FER2013, EXPRESSIVE, VGG16_AV),
        (FER_2013_DATA, FER_PLUS_DATA),
        (
            *LIMITS,
            "It does not know contempt but at vgg16-av: FER-2013's labels have seven expressions.",
            "A face takes a processor many times as long as with the default (`mien-models compare` says how many): "
            "whether a box without a GPU keeps up with its camera has to be tried.",
        ),
        packed=True,
    ),
    Shipped(
        "st-attention",
        "2.0.0",
        "st-attention",
        "st-attention",
        "SE-ResNet, spatiotemporal attention and an identity-aware layer",
        (FERPLUS,),
        (EVERYDAY, PLAIN_FERPLUS),
        (FER_2013_DATA, FER_PLUS_DATA, MUXSPACE_DATA),
        (*LIMITS, MADE_CLIPS),
        flip_average=False,
    ),
    Shipped(
        "res3-att",
        "1.1.0",
        "res3-att",
        "res3-att",
        "P3D residual network with 3D spatial and multi-head attention",
        (FERPLUS,),
        (EVERYDAY, PLAIN_FERPLUS),
        (FER_2013_DATA, FER_PLUS_DATA),
        (*LIMITS, MADE_CLIPS),
        flip_average=False,
    ),
    Shipped(
        "two-stream",
        "1.0.0",
        "two-stream",
        "two-stream",
        "Residual networks of a face and of its optical flow, attention between them",
        (FERPLUS,),
        (EVERYDAY, PLAIN_FERPLUS),
        (FER_2013_DATA, FER_PLUS_DATA, MUXSPACE_TAUGHT),
        (*LIMITS, MADE_CLIPS),
        flip_average=False,
    ),
)


def shipped_as(name: str, network: str, run: Path) -> Shipped:
    """What a run of that network becomes: of that name, or by "" the first. Raises CheckpointError where nothing."""
    fitting = [each for each in SHIPPED if each.network == network]
    found = next((each for each in fitting if name in ("", each.name)), None)
    if found is None:
        known = ", ".join(each.name for each in fitting)
        what = f"ships as {known}" if known else "is no network that ships"
        raise CheckpointError(f"{run}: a {network} {what}; name another run, or another --as")
    return found


def training_text(recipe: Recipe, faces: int, teachers: Sequence[str] = (), starts: Sequence[str] = ()) -> str:
    """How the weights were made, as one paragraph.

    `teachers` taught it, and it began with the weights of the last of `starts`, which began with those before it.
    A network of which a head alone learned has the words of its convolutions' training among them.
    """
    mixed = f"{recipe.taught:.0%} of each target, and all of it" if recipe.taught else "the target"
    answers = f"answers of a teacher ({', '.join(teachers)})"
    taught = f" The {answers} are {mixed} where a face has no label." if teachers else ""
    began = f"It began with the weights of {', then '.join(starts)}. " if starts else ""
    if recipe.network == TRANSFERRED:
        began = (
            f"Convolutions and FER-2013's head have the {'mean of the ' if len(starts) > 1 else ''}weights of "
            f"{', and of '.join(starts)}. They stayed as they were, and another head learned alone: "
        )
    return (
        f"{began}{faces} faces for two heads on one backbone: the FER+ votes (single votes dropped, at least half of "
        f"the rest on the eight expressions) and FER-2013's own labels ({recipe.smoothing:.0%} smoothing).{taught} "
        f"Batches of {recipe.batch}, SGD with momentum {recipe.momentum} and weight decay {recipe.weight_decay}; seed "
        f"{recipe.seed}; exponential average ({recipe.average}) of weights. In this training {step_text(recipe)}. No "
        "epoch was chosen: the weights are those of the last step."
    )


def step_text(recipe: Recipe) -> str:
    """What of a training may differ from the one that it went on from, in words to stand within a sentence."""
    moved = recipe.augmentation
    sides = ", ".join(f"{side} px until {until:.0%}" for until, side in recipe.sides)
    taught = f"; a teacher's answers {recipe.taught:.0%} of each target" if recipe.taught else ""
    if recipe.views:
        taught += f", in {recipe.views} views of each picture that it sees too, moved, or mixed and then all its answer"
    return (
        f"{recipe.epochs} epochs at {sides} of the training, the learning rate rising to {recipe.learning_rate}, then "
        f"falling as a cosine{taught}; dropout {recipe.dropout}; pictures mirrored, rotated by up to "
        f"{moved.rotate_degrees:.0f} degrees, scaled by {moved.scale[0]} to {moved.scale[1]}, shifted by up to "
        f"{moved.shift:.0%}, turned; {moved.cover_share:.0%} with a drawn mask, hand or glasses, "
        f"{moved.erase_share:.0%} with a rectangle, {moved.coarse_share:.0%} made coarse, {moved.blur_share:.0%} "
        f"blurred, {moved.noise_share:.0%} noisy, {moved.dim_share:.0%} dim, {moved.encode_share:.0%} encoded coarsely"
    )


# What of a network over time learned, and from which frames of a clip; `{student}` is what it began with.
_LEARNED = {
    "st-attention": (
        "The features are those of {student}, which were not trained on. Attention and identity-aware layer learned",
        "",
    ),
    "res3-att": ("It began with weights drawn at random and learned", " (the last eight of them)"),
    "two-stream": (
        "The stream of appearance began with the weights of {student}, that of flow with weights drawn at random. "
        "Both learned",
        " (the last, and the flow to it from two frames before)",
    ),
}
_BLINDED = (
    " Beside that, photos of people who are named: whoever tries to tell them apart by what is kept of a face is "
    "worked against, and faces of different people with one expression are drawn together."
)


def training_over_time(network: str, clips: int, epochs: int, student: str) -> str:
    """How the weights of a network over time were made, as one paragraph."""
    learned, frames = _LEARNED[network]
    seen = f"{epochs} epochs" if epochs > 1 else "each seen once"
    blinded = _BLINDED if network == "st-attention" else ""
    return (
        f"{learned.format(student=student)} from {clips} clips of 32 frames{frames}, each made of one or two "
        "FER-2013 pictures by known motion (4 to 15 frames a second, some lost, some spoiled), with the FER+ votes of "
        f"what they show at the end as targets: {seen}, AdamW.{blinded} No epoch was chosen."
    )


def card_of(
    shipped: Shipped,
    network: Network,
    weights: Path,
    sees: Field,
    points: tuple[OperatingPoint, ...],
    training: str,
    taken: Taken = STILL,
) -> Card:
    """The card of a network for the weights at `weights`; its scores are still to be measured."""
    return Card(
        name=shipped.name,
        version=shipped.version,
        file=weights.name,
        sha256=sha256_of(weights),
        input=Input(
            name=INPUT,
            size=sees.side,
            scale=SCALE,
            mean=MEAN,
            crop_of_box_height=round(CROP_OF_BOX_HEIGHT * sees.of_picture * 48 / 40, 3),
            outside=int(MEAN),
            formula="(grey - mean) * scale, grey from 0 to 255",
            crop_reason=CROP_REASON,
            channels=taken.channels,
            frames=taken.frames,
            flow=taken.flow,
        ),
        points=points,
        flip_average=shipped.flip_average,
        network=network,
        trained_on=shipped.trained_on,
        training=training,
        calibration=CALIBRATION,
        scores=(),
        intended_use=INTENDED_USE,
        must_not_be_used_for=MUST_NOT_BE_USED_FOR,
        limits=shipped.limits,
        licence=shipped.licence,
    )
