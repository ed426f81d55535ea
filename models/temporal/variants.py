"""The networks over time, and each without a part of it: what stands and falls with that part.

A new one joins by a line in VARIANTS.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from models.clips.batch import Batch, last, streams
from models.networks.c3d import C3D, C3DShape
from models.networks.res3_att import Res3Att, Res3AttShape
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention, STAttentionShape
from models.networks.two_stream import TwoStream, TwoStreamShape
from models.temporal.fit import TimeRecipe
from models.training.machine import Machine, bfloat16_helps

Inputs = tuple[Tensor, ...]

AT_ONCE = 256  # faces in memory together
SLOWER = 0.25  # of the learning rate, for weights that know something already


@dataclass(frozen=True)
class Variant:
    """A network over time, whole or without a part.

    `build` gives it with new weights, or those of the student where it has a place for them; `inputs` is what of a
    batch it takes, computed once: the student, which some begin with, is not trained. `of` is the whole one's name, ""
    where it is one; `beside` another network that its document holds it against. `convolves` says that it is mostly
    convolutions of frames, whose training bfloat16 shortens; `begins`, that all of it begins with the student's
    weights, which are to be moved less.
    """

    name: str
    told: str
    build: Callable[[SEResNet], nn.Module]
    inputs: Callable[[Batch, SEResNet], Inputs]
    of: str = ""
    convolves: bool = False
    begins: bool = False
    beside: str = ""

    def recipe(self, recipe: TimeRecipe) -> TimeRecipe:
        """The recipe for this one."""
        return replace(recipe, learning_rate=recipe.learning_rate * (SLOWER if self.begins else 1.0))

    def machine(self) -> Machine:
        """How to train it here."""
        return Machine(bfloat16=self.convolves and bfloat16_helps("cpu"))


@torch.no_grad()
def stills(faces: Tensor, student: SEResNet) -> Tensor:
    """The student's maps (B, C, H, W) of faces (B, 1, side, side)."""
    return torch.cat([student.maps(faces[at : at + AT_ONCE]) for at in range(0, len(faces), AT_ONCE)])


def maps(batch: Batch, student: SEResNet) -> Inputs:
    """What `STAttention` takes: the student's maps of each frame, ages and mask."""
    found = stills(batch.faces.flatten(0, 1), student)
    return found.reshape(*batch.faces.shape[:2], *found.shape[1:]), batch.ages, batch.mask


def newest(batch: Batch, student: SEResNet) -> Inputs:
    """The same of the newest frame alone."""
    return maps(Batch(batch.faces[:, -1:], batch.ages[:, -1:], batch.mask[:, -1:]), student)


def _attention(**parts: bool) -> Callable[[SEResNet], nn.Module]:
    return lambda student: STAttention(STAttentionShape(**parts))


def _clip(batch: Batch, student: SEResNet) -> Inputs:
    return last(batch)


def _face_and_flow(batch: Batch, student: SEResNet) -> Inputs:
    return streams(batch)


SINGLE = "single-frame"
_ST, _RES3, _TWO = "st-attention", "res3-att", "two-stream"


def _clips(name: str, told: str, shape: Res3AttShape) -> Variant:
    of, beside = ("", "c3d") if name == _RES3 else (_RES3, "")
    return Variant(name, told, lambda student: Res3Att(shape), _clip, of, convolves=True, beside=beside)


def _streams(name: str, told: str, shape: TwoStreamShape) -> Variant:
    def build(student: SEResNet) -> nn.Module:
        network = TwoStream(shape)
        network.begin_with(student)
        return network

    of, begins = "" if name == _TWO else _TWO, "space" in shape.streams
    return Variant(name, told, build, _face_and_flow, of, True, begins)


VARIANTS: tuple[Variant, ...] = (
    Variant(SINGLE, "the newest frame alone", _attention(spatial=False, temporal=False, identity=False), newest),
    Variant(_ST, "spatiotemporal attention, identity-aware layer", _attention(), maps),
    Variant(f"{_ST}-no-space", "without spatial attention", _attention(spatial=False), maps, _ST),
    Variant(f"{_ST}-no-time", "without temporal attention", _attention(temporal=False), newest, _ST),
    Variant(f"{_ST}-no-identity", "without the identity-aware layer", _attention(identity=False), maps, _ST),
    _clips(_RES3, "P3D residual network, 3D spatial and multi-head attention", Res3AttShape()),
    _clips(f"{_RES3}-no-space", "without 3D spatial attention", Res3AttShape(spatial=False)),
    _clips(f"{_RES3}-no-heads", "without multi-head attention", Res3AttShape(heads=0)),
    Variant(
        "c3d",
        "baseline of the 3Res-att paper, a quarter as wide",
        lambda student: C3D(C3DShape(width=16, hidden=1024)),
        _clip,
        convolves=True,
    ),
    _streams(_TWO, "appearance and optical flow, attention between", TwoStreamShape()),
    _streams(f"{_TWO}-apart", "without attention between", TwoStreamShape(between=False)),
    _streams(f"{_TWO}-space", "appearance alone", TwoStreamShape(streams=("space",))),
    _streams(f"{_TWO}-time", "optical flow alone", TwoStreamShape(streams=("time",))),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}
