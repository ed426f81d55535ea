"""The forms in which networks over time leave training: of one frame, of a face's last frames, and of a clip.

Of `st-attention` a desk runs the first once a frame and the second over what it kept of the frames before. The third,
for whoever has clips, is both in one and gives the same. What takes the faces themselves has one form for all three: a
desk gives it the last frames, and a still as a face that never moved.
"""

from typing import cast

import onnx
import torch
from torch import Tensor, nn

from models.networks.c3d import C3D
from models.networks.graph import INPUT, exported
from models.networks.res3_att import CLIP, Res3Att
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import RING, STAttention
from models.networks.two_stream import APART, FLOW, GREY, TwoStream

KEPT = "kept"  # the output that a ring is made of
RING_INPUT = "ring"
BESIDE = 2  # columns of a ring beside what is kept of a frame: its age in seconds, and 1 where there is one


class FrameForm(nn.Module):
    """A frame's faces (B, 1, side, side) to the logits (B, classes) of each alone, and what is kept of it (B, D)."""

    def __init__(self, student: SEResNet, network: STAttention) -> None:
        super().__init__()
        self.student, self.network = student, network

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        kept = self.network.frames(self.student.maps(faces))
        now = kept[:, :1] * 0  # zeros whose type and batch follow from what is there, in any precision
        return self.network.over_time(kept[:, None], now, now + 1), kept


class RingForm(nn.Module):
    """A ring (B, 1, T, D + BESIDE), the newest frame last, to logits (B, classes)."""

    def __init__(self, network: STAttention) -> None:
        super().__init__()
        self.network = network

    def forward(self, ring: Tensor) -> Tensor:
        rows = ring[:, 0]
        # No age is below 0 and no frame there more than once: values that cannot be must not become ones that are not.
        ages, mask = torch.relu(rows[:, :, -BESIDE]), torch.clamp(rows[:, :, -BESIDE + 1], 0.0, 1.0)
        return cast(Tensor, self.network.over_time(rows[:, :, :-BESIDE], ages, mask))


class ClipForm(nn.Module):
    """Faces (B, T, 1, side, side), ages (B, T) and mask (B, T) to logits (B, classes)."""

    def __init__(self, student: SEResNet, network: STAttention) -> None:
        super().__init__()
        self.student, self.network = student, network

    def forward(self, faces: Tensor, ages: Tensor, mask: Tensor) -> Tensor:
        count, length = faces.shape[:2]
        maps = self.student.maps(faces.flatten(0, 1))
        return cast(Tensor, self.network(maps.reshape(count, length, *maps.shape[1:]), ages, mask))


class FacesForm(nn.Module):
    """A face's last CLIP frames (B, CLIP, side, side) to logits (B, classes)."""

    def __init__(self, network: Res3Att | C3D) -> None:
        super().__init__()
        self.network = network

    def forward(self, faces: Tensor) -> Tensor:
        return cast(Tensor, self.network(faces[:, None]))


def frame_to_onnx(student: SEResNet, network: STAttention, side: int, logits: str) -> onnx.ModelProto:
    """The frame form: `face` (batch, 1, side, side) to the output named `logits`, and `kept`."""
    return exported(FrameForm(student, network), {INPUT: torch.zeros(1, 1, side, side)}, [logits, KEPT])


def ring_to_onnx(network: STAttention, logits: str) -> onnx.ModelProto:
    """The ring form: `ring` (batch, 1, RING, D + BESIDE) to the output named `logits`."""
    ring = torch.zeros(1, 1, RING, network.shape.embedding + BESIDE)
    return exported(RingForm(network), {RING_INPUT: ring}, [logits])


def clip_to_onnx(student: SEResNet, network: STAttention, side: int, logits: str) -> onnx.ModelProto:
    """The clip form: `faces` (batch, RING, 1, side, side), `ages` and `mask` (batch, RING) to the output `logits`."""
    taken = {
        "faces": torch.zeros(1, RING, 1, side, side),
        "ages": torch.zeros(1, RING),
        "mask": torch.ones(1, RING),
    }
    return exported(ClipForm(student, network), taken, [logits])


def faces_form(network: Res3Att | C3D | TwoStream) -> tuple[nn.Module, int, int]:
    """What takes the faces themselves, as it is exported: the form, its channels, and of how many frames they are."""
    if isinstance(network, TwoStream):
        return network, GREY + FLOW, APART + 1
    return FacesForm(network), CLIP, CLIP
