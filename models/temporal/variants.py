"""The networks over time, and each without a part of it: what stands and falls with that part.

A new one joins by a line in VARIANTS.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.clips.batch import Batch, even, streams
from models.networks.c3d import C3D, C3DShape
from models.networks.res3_att import Res3Att, Res3AttShape
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention, STAttentionShape
from models.networks.two_stream import TwoStream, TwoStreamShape

Inputs = tuple[Tensor, ...]

AT_ONCE = 256  # faces in memory together


@dataclass(frozen=True)
class Variant:
    """A network over time, whole or without a part.

    `build` gives it with new weights, or those of the student where it has a place for them; `inputs` is what of a
    batch it takes, computed once: the student, which some begin with, is not trained. `of` is the whole one's name, ""
    where it is one.
    """

    name: str
    told: str
    build: Callable[[SEResNet], nn.Module]
    inputs: Callable[[Batch, SEResNet], Inputs]
    of: str = ""


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


def _two_stream(shape: TwoStreamShape) -> Callable[[SEResNet], nn.Module]:
    def build(student: SEResNet) -> nn.Module:
        network = TwoStream(shape)
        network.begin_with(student)
        return network

    return build


def _clip(batch: Batch, student: SEResNet) -> Inputs:
    return even(batch)


def _streams(batch: Batch, student: SEResNet) -> Inputs:
    return streams(batch)


SINGLE = "single-frame"
_ST, _RES3, _TWO = "st-attention", "res3-att", "two-stream"
_NARROW = C3DShape(width=16, hidden=1024)

VARIANTS: tuple[Variant, ...] = (
    Variant(SINGLE, "the newest frame alone", _attention(spatial=False, temporal=False, identity=False), newest),
    Variant(_ST, "spatiotemporal attention, identity-aware layer", _attention(), maps),
    Variant(f"{_ST}-no-space", "without spatial attention", _attention(spatial=False), maps, _ST),
    Variant(f"{_ST}-no-time", "without temporal attention", _attention(temporal=False), newest, _ST),
    Variant(f"{_ST}-no-identity", "without the identity-aware layer", _attention(identity=False), maps, _ST),
    Variant(_RES3, "P3D residual network, 3D spatial and multi-head attention", lambda student: Res3Att(), _clip),
    Variant(
        f"{_RES3}-no-space",
        "without 3D spatial attention",
        lambda student: Res3Att(Res3AttShape(spatial=False)),
        _clip,
        _RES3,
    ),
    Variant(
        f"{_RES3}-no-heads",
        "without multi-head attention",
        lambda student: Res3Att(Res3AttShape(heads=0)),
        _clip,
        _RES3,
    ),
    Variant("c3d", "baseline of the 3Res-att paper, a quarter as wide", lambda student: C3D(_NARROW), _clip),
    Variant(_TWO, "appearance and optical flow, attention between", _two_stream(TwoStreamShape()), _streams),
    Variant(f"{_TWO}-apart", "without attention between", _two_stream(TwoStreamShape(between=False)), _streams, _TWO),
    Variant(f"{_TWO}-space", "appearance alone", _two_stream(TwoStreamShape(streams=("space",))), _streams, _TWO),
    Variant(f"{_TWO}-time", "optical flow alone", _two_stream(TwoStreamShape(streams=("time",))), _streams, _TWO),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}
