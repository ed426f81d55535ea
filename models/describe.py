"""What the card of the default network says in words, and how its parts are put together."""

from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.card import Card, Input, Network, Output, TrainingData, sha256_of
from models.checkpoint import Recipe
from models.export import INPUT, OUTPUT
from models.networks.preprocess import INPUT_SIDE, MEAN, SCALE
from models.networks.se_resnet import SEResNet, multiply_adds, parameters_of

NAME = "mien-face"
VERSION = "1.0.0"
WEIGHTS = "expression.onnx"
# The 40 px middle of a FER-2013 picture over the median height of the detector's box there: `mien-models geometry`.
CROP_OF_BOX_HEIGHT = 0.793

CROP_REASON = (
    "Training saw the 40 px middle of 48 px pictures. On 1,500 of those the detector's box has a median height of 1.05 "
    "pictures (`mien-models geometry`), so the middle is 0.793 of the box and the whole picture 0.952. On muxspace the "
    "three crops 0.7, 0.793 and 0.941 give 85.3, 86.2 and 84.9 % (`mien-models evaluate --data "
    "muxspace/muxspace.parquet --crop 0.941`)."
)

TRAINED_ON = (
    TrainingData(
        name="FER-2013, split Training",
        source="Goodfellow et al. 2013, face pictures found on the web.",
        licence="Kaggle competition data (DbCL).",
    ),
    TrainingData(
        name="FER+ votes of ten taggers for the same pictures",
        source="Barsoum, Zhang, Canton Ferrer & Zhang 2016; the votes alone are the target, not FER-2013's own labels.",
        licence="MIT.",
    ),
)

INTENDED_USE = (
    "Estimating once a second, on a desk's own box, which expression a face shows to an onlooker; shares of eight "
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
    "Faces unlike those on the web of 2013 score lower: compare the rows of the other data sets, none of which were "
    "trained on. Posed and acted expressions it often takes for neutral.",
    "About one face in ten of the FER+ split has no label that most taggers agree on; such faces are not scored.",
    "How errors differ between groups of people was not measured for this version.",
    "FER-2013 holds near copies across its splits. Training pictures that correlate over 0.9 with a picture of the "
    "reported split, mirrors included, were left out of training.",
)


# Of this version alone; the next one writes its own.
HISTORY = (
    "No epoch was chosen by the reported split: the weights are those of the last step. Yet its score did say when to "
    "go on: a run of 40 epochs with heavier augmentation and pictures not standardised was given up because of it, and "
    "because of it the gentler second stage was added to the first. So the score there is a little optimistic. The "
    "second stage's settings were set once and not varied."
)


def training_text(stages: list[Recipe], faces: int) -> str:
    """How the weights were made, as one paragraph."""
    last = stages[-1]
    return (
        f"{faces} faces, FER+ votes as soft targets (single votes dropped, at least half of the rest on the eight "
        f"expressions); batch {last.batch}, SGD with momentum {last.momentum} and weight decay {last.weight_decay}, "
        f"the learning rate rising, then falling as a cosine; seed {last.seed}; exponential average ({last.average}) "
        f"of the weights. {' Then '.join(_stage_text(stage) for stage in stages)} {HISTORY}"
    )


def _stage_text(stage: Recipe) -> str:
    moved = stage.augmentation
    return (
        f"{stage.epochs} epochs from {'the stage before' if stage.start else 'scratch'} at a learning rate up to "
        f"{stage.learning_rate}, dropout {stage.dropout}, pictures mirrored, turned by up to "
        f"{moved.rotate_degrees:.0f} degrees, scaled by {moved.scale[0]} to {moved.scale[1]}, shifted by up to "
        f"{moved.shift:.0%}, {moved.erase_share:.0%} covered in part, "
        f"{moved.coarse_share:.0%} made coarse, {moved.noise_share:.0%} noisy."
    )


CALIBRATION = (
    "The temperature was fitted on the even rows (0, 2, ...) of the clearly labelled faces of FER+ valid; the "
    "calibration error to go by is the one of the odd rows. On posed faces of other data sets it is far too "
    "sure of itself, as their rows show."
)


def default_card(network: SEResNet, weights: Path, temperature: float, training: str) -> Card:
    """The card of the default network for the weights at `weights`; its scores are still to be measured."""
    return Card(
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
            crop_reason=CROP_REASON,
        ),
        output=Output(
            name=OUTPUT,
            classes=EXPRESSIONS,
            temperature=temperature,
            formula="softmax(logits / temperature), then the mean over the face and its mirror image",
        ),
        flip_average=True,
        network=Network("SE-ResNet", parameters_of(network), multiply_adds(network, INPUT_SIDE)),
        trained_on=TRAINED_ON,
        training=training,
        calibration=CALIBRATION,
        scores=(),
        intended_use=INTENDED_USE,
        must_not_be_used_for=MUST_NOT_BE_USED_FOR,
        limits=LIMITS,
    )
