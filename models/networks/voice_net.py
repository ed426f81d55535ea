"""The voice network: how a voice sounds in two seconds, from log-mel bands."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.se_resnet import SqueezeExcitation

FRONT_HALVINGS = 3


@dataclass(frozen=True)
class VoiceShape:
    """What fixes a :class:`VoiceNet`; the defaults are the network that ships (0.57 M parameters)."""

    classes: int = 15
    bands: int = 64
    front: int = 16
    stages: tuple[tuple[int, int], ...] = ((128, 1), (128, 2), (192, 2))  # channels and stride
    reduction: int = 8
    dropout: float = 0.3


class VoiceNet(nn.Module):
    """Log-mel bands (B, 1, 64, T), or told twice as a training changes them (B, 2, 64, T), to logits (B, classes).

    The bands are first told in two ways (:func:`twofold`): how loud somebody is says nothing, but whether a voice is
    sharp or dull does, as far as the microphone does not decide it. Then three convolutions over bands and time, which
    forgive a voice that lies a little higher or lower; and residual blocks over time alone (He et al. 2016) with
    squeeze-excitation (Hu, Shen & Sun 2018), to which each of the eight parts of the spectrum is its own channel:
    where in the spectrum something happens is not averaged away. At the end the mean and the deviation over time
    (as x-vectors: Snyder et al. 2018), dropout, one layer.
    """

    def __init__(self, shape: VoiceShape | None = None) -> None:
        super().__init__()
        shape = shape or VoiceShape()
        front: list[nn.Module] = []
        for index, (inputs, side, stride) in enumerate(((2, 5, 2), (shape.front, 3, 1), (shape.front, 3, 1))):
            assert index < FRONT_HALVINGS  # of the bands; time is halved once
            front += [
                nn.Conv2d(inputs, shape.front, side, (2, stride), side // 2, bias=False),
                nn.BatchNorm2d(shape.front),
                nn.ReLU(),
            ]
        self.front = nn.Sequential(*front)
        blocks: list[nn.Module] = []
        width = shape.front * (shape.bands >> FRONT_HALVINGS)
        for outputs, stride in shape.stages:
            blocks.append(TimeBlock(width, outputs, stride, shape.reduction))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(2 * width, shape.classes)

    def embed(self, x: Tensor) -> Tensor:
        """Mean and deviation over time of the last features (B, 2 * channels)."""
        y = cast(Tensor, self.blocks(torch.flatten(self.front(twofold(x)), 1, 2)))
        mean = y.mean(dim=2)
        spread = torch.sqrt(((y - mean[:, :, None]) ** 2).mean(dim=2) + 1e-5)
        return torch.cat([mean, spread], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(self.embed(x))))


class TimeBlock(nn.Module):
    """Two convolutions over time, squeeze-excitation and a shortcut: (B, I, T) -> (B, O, T / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int, reduction: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, outputs, 5, stride, 2, bias=False)
        self.norm1 = nn.BatchNorm1d(outputs)
        self.conv2 = nn.Conv1d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm1d(outputs)
        # From 0, so that a new block first hands on what it gets (Goyal et al. 2017).
        nn.init.zeros_(self.norm2.weight)
        self.attend = SqueezeExcitation(outputs, reduction)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv1d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm1d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.attend(self.norm2(self.conv2(y))[..., None])[..., 0]
        return torch.relu(y + self.shortcut(x))


def twofold(x: Tensor) -> Tensor:
    """Bands (B, 1, 64, T) told twice (B, 2, 64, T), in the deviation of the first: without each band's mean over time,
    which is what moves; and without the mean of all, which leaves the colour of the voice and of the microphone.

    What is told twice already, and was changed since, is told so anew.
    """
    moving = x[:, :1] - x[:, :1].mean(dim=3, keepdim=True)
    coloured = x[:, -1:] - x[:, -1:].mean(dim=(2, 3), keepdim=True)
    return torch.cat([moving, coloured], dim=1) * torch.rsqrt((moving * moving).mean(dim=(2, 3), keepdim=True) + 0.01)
