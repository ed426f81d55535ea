"""Recipes: all that decides the weights of a network, beside the pictures."""

from dataclasses import dataclass, field, replace

from models.networks.preprocess import FACE_SIDE, INPUT_SIDE
from models.training.augment import DESK, Augmentation


@dataclass(frozen=True)
class Recipe:
    """How a network is trained; kept in the checkpoint, which refuses to go on with another.

    `sides` are pairs of a share of the training and the side in pixels at which it goes on until then: a network with a
    global average sees small pictures first, at a part of the cost. `widths` are pairs of a share of the training and
    what the network's width is divided by until then: it begins narrow and is widened (`models.training.widen`), the
    last time to its own width. `of_picture` is the part of a FER-2013 picture's side that it sees. `plus` is the weight
    of the FER+ votes beside FER-2013's labels. `taught` is the teacher's share of the targets. `views` is how many
    views of each picture teacher and student see (`models.training.views`), all of them in an epoch; 0: the teacher
    sees the picture as it is. `each` is how many pictures of each prepared set are taken, repeated where it has fewer
    (0: all that there are, once). `start` and `pictures` are the SHA-256 of the checkpoint that a run begins from,
    where it does, and of what is trained on, both set when it begins.
    """

    network: str = "student"
    epochs: int = 60
    batch: int = 128
    learning_rate: float = 0.12
    warm_up: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    average: float = 0.998
    dropout: float = 0.3
    smoothing: float = 0.1
    plus: float = 1.0
    taught: float = 0.0
    views: int = 0
    seed: int = 1
    sides: tuple[tuple[float, int], ...] = ((1.0, INPUT_SIDE),)
    widths: tuple[tuple[float, int], ...] = ((1.0, 1),)
    of_picture: float = INPUT_SIDE / FACE_SIDE
    augmentation: Augmentation = field(default_factory=lambda: DESK)
    each: int = 0
    start: str = ""
    pictures: str = ""

    def side(self, epoch: int) -> int:
        """The input's side in pixels in an epoch (0 is the first)."""
        done = epoch / self.epochs
        return next(side for until, side in self.sides if done < until)

    def part(self, epoch: int) -> int:
        """What the network's width is divided by in an epoch (0 is the first)."""
        done = epoch / self.epochs
        return next(part for until, part in self.widths if done < until)

    @property
    def last_side(self) -> int:
        """The input's side in pixels that the finished network takes."""
        return self.sides[-1][1]


_WHOLE_PICTURE = 1.0

# Web pictures like those that it is scored on, enlarged rather than made smaller: they fill the input.
WEB = Augmentation(rotate_degrees=12.0, scale=(0.95, 1.25), shift=0.07, turn=0.15, coarse_share=0.05)

# Desks' faces for most of a student's training: moved as a head moves before a detector, seldom spoilt.
MOVED = Augmentation(
    rotate_degrees=12.0,
    scale=(0.90, 1.14),
    shift=0.07,
    turn=0.1,
    dim_share=0.01,
    erase_share=0.1,
    cover_share=0.10,
    coarse_share=0.08,
    coarse_side=(13, 30),
    blur_share=0.01,
    noise_share=0.14,
    noise=0.33,
    encode_share=0.01,
)

# And for its end: nearer to pictures as they are.
NEAR = replace(
    MOVED,
    rotate_degrees=10.0,
    scale=(0.94, 1.10),
    shift=0.05,
    turn=0.08,
    contrast=(0.85, 1.18),
    brightness=0.2,
    dim_share=0.0,
    erase_share=0.06,
    coarse_share=0.06,
    blur_share=0.0,
    noise_share=0.10,
    encode_share=0.0,
)

# A view of a picture is moved already.
SEEN = replace(MOVED, rotate_degrees=4.0, scale=(0.97, 1.03), shift=0.02, turn=0.03, cover_share=0.3)

_STUDENT = Recipe(
    learning_rate=0.03,
    warm_up=0.05,
    dropout=0.2,
    smoothing=0.03,
    plus=1.3,
    taught=0.5,
    of_picture=11 / 12,
    augmentation=NEAR,
)

_VGG = Recipe(
    network="vgg16",
    learning_rate=0.05,
    dropout=0.5,
    sides=((1.0, 48),),
    of_picture=_WHOLE_PICTURE,
    augmentation=WEB,
)

RECIPES: dict[str, Recipe] = {
    # Each goes on from the one before, the last from the mean of both before it: docs/training.md.
    "student": replace(
        _STUDENT,
        epochs=60,
        learning_rate=0.1,
        warm_up=0.1,
        dropout=0.25,
        sides=((0.5, 32), (1.0, INPUT_SIDE)),
        augmentation=MOVED,
    ),
    "student-settled": replace(_STUDENT, epochs=12),
    "student-covered": replace(_STUDENT, epochs=12, augmentation=replace(NEAR, cover_share=0.27, noise_share=0.30)),
    "student-last": replace(
        _STUDENT, epochs=8, learning_rate=0.02, augmentation=replace(NEAR, cover_share=0.16, noise_share=0.18)
    ),
    # Under teachers who see what it sees: it may follow any of them.
    "student-seen": replace(
        _STUDENT,
        epochs=8,
        learning_rate=0.08,
        taught=0.6,
        views=6,
        sides=((0.4, 32), (1.0, INPUT_SIDE)),
        augmentation=SEEN,
    ),
    "face-asia": replace(
        _STUDENT, epochs=8, warm_up=0.1, smoothing=0.1, plus=0.5, taught=0.0, augmentation=DESK, each=1200
    ),
    # Half as wide it learns four times as fast: mixed pictures (mixup) and an early full width bought nothing.
    "vgg-face": replace(_VGG, epochs=100, sides=((0.4, 32), (0.9, 40), (1.0, 48)), widths=((0.96, 2), (1.0, 1))),
    # Goes on from that at its full width; what ships is the mean of both ends.
    "vgg-face-wide": replace(_VGG, epochs=7, learning_rate=0.02, sides=((0.56, 40), (1.0, 48))),
    "vgg16-av": replace(_VGG, network="vgg16-av", epochs=4),
    # The paper's own head on the same convolutions, to be measured beside the average that ships.
    "vgg-face-paper-head": replace(_VGG, network="vgg16-paper", epochs=6, learning_rate=0.02),
}
