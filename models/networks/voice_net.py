"""The voice network: how a voice sounds in two seconds, from log-mel bands and pitches."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.se_resnet import SqueezeExcitation

FRONT_HALVINGS = 3


@dataclass(frozen=True)
class VoiceShape:
    """What fixes a :class:`VoiceNet`; the defaults are the network that ships (0.99 M parameters).

    `heads` are the sizes of the label sets, one after the other. `pitched` is, for each listener, whether it hears the
    pitch of a voice in place of its colour, and `pitch_counts`, for each label set, what such a listener counts in its
    answers, where one that hears the colour counts 1.
    """

    heads: tuple[int, ...] = (8, 7)
    bands: int = 64
    pitches: int = 32
    front: int = 16
    stages: tuple[tuple[int, int], ...] = ((84, 1), (84, 2), (92, 2))  # channels and stride
    pitched: tuple[bool, ...] = (False, False, True, True)
    pitch_counts: tuple[float, ...] = (0.5, 1.0)
    reduction: int = 8
    dropout: float = 0.3

    @property
    def classes(self) -> int:
        """How many logits there are, of all label sets."""
        return sum(self.heads)

    def counts(self) -> Tensor:
        """What each listener counts in each logit (listeners, 1, classes); of all listeners it sums to 1."""
        found = torch.tensor(
            [[count if pitched else 1.0 for count in self.pitch_counts] for pitched in self.pitched]
        ).repeat_interleave(torch.tensor(self.heads), dim=1)
        return (found / found.sum(dim=0))[:, None]


class VoiceNet(nn.Module):
    """Log-mel bands with pitches below them (B, 1, 96, T), or both told twice as a training changes them
    (B, 2, 96, T), to logits (B, classes).

    Four listeners, and the mean of what they say. Each hears what moves in the bands; two hear the colour of the voice
    beside it (:func:`twofold`), two its pitch. With so few speakers to learn from, what a network makes of a new one is
    much chance, and what several agree on is less so. The colour of a voice says more than its pitch to whoever hears
    another language than was learned from: in the first label set, which a desk reads whatever is spoken there, the
    pitched ones count half.
    """

    counts: Tensor

    def __init__(self, shape: VoiceShape | None = None) -> None:
        super().__init__()
        shape = shape or VoiceShape()
        self.listeners = nn.ModuleList([Listener(shape, pitched=each) for each in shape.pitched])
        self.register_buffer("counts", shape.counts(), persistent=False)

    def each(self, x: Tensor) -> Tensor:
        """What each listener says (listeners, B, classes); each is trained by itself."""
        told = twofold(x)
        return torch.stack([listener(told) for listener in self.listeners])

    def forward(self, x: Tensor) -> Tensor:
        return (self.each(x) * self.counts).sum(dim=0)


class Listener(nn.Module):
    """What :func:`twofold` tells (B, 2, 96, T) to logits (B, classes), with the pitches or with the colour of a voice.

    Three convolutions over bands and time, which forgive a voice that lies a little higher or lower, and one over time
    of the pitches; then residual blocks over time alone (He et al. 2016) with squeeze-excitation (Hu, Shen & Sun 2018),
    to which each of the eight parts of the spectrum is its own channel: where in the spectrum something happens is not
    averaged away. At the end the mean and the deviation over time (as x-vectors: Snyder et al. 2018), dropout, one
    layer.
    """

    def __init__(self, shape: VoiceShape, *, pitched: bool) -> None:
        super().__init__()
        self.bands, self.told = shape.bands, 1 if pitched else 2
        front: list[nn.Module] = []
        for index, (inputs, side, stride) in enumerate(((self.told, 5, 2), (shape.front, 3, 1), (shape.front, 3, 1))):
            assert index < FRONT_HALVINGS  # of the bands; time is halved once
            front += [
                nn.Conv2d(inputs, shape.front, side, (2, stride), side // 2, bias=False),
                nn.BatchNorm2d(shape.front),
                nn.ReLU(),
            ]
        self.front = nn.Sequential(*front)
        width = shape.front * (shape.bands >> FRONT_HALVINGS)
        self.pitch: nn.Module | None = None
        if pitched:
            own = shape.pitches
            self.pitch = nn.Sequential(nn.Conv1d(own, own, 5, 2, 2, bias=False), nn.BatchNorm1d(own), nn.ReLU())
            width += own
        blocks: list[nn.Module] = []
        for outputs, stride in shape.stages:
            blocks.append(TimeBlock(width, outputs, stride, shape.reduction))
            width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(2 * width, shape.classes)

    def embed(self, told: Tensor) -> Tensor:
        """Mean and deviation over time of the last features (B, 2 * channels)."""
        heard = torch.flatten(self.front(told[:, : self.told, : self.bands]), 1, 2)
        if self.pitch is not None:
            heard = torch.cat([heard, self.pitch(told[:, 0, self.bands :])], dim=1)
        y = cast(Tensor, self.blocks(heard))
        mean = y.mean(dim=2)
        spread = torch.sqrt(((y - mean[:, :, None]) ** 2).mean(dim=2) + 1e-5)
        return torch.cat([mean, spread], dim=1)

    def forward(self, told: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(self.embed(told))))


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


def twofold(x: Tensor, bands: int = VoiceShape.bands) -> Tensor:
    """Bands with pitches (B, 1, 96, T) told twice (B, 2, 96, T), the bands in the deviation of the first: without each
    band's mean over time, which is what moves; and without the mean of all, which leaves the colour of the voice and of
    the microphone. How loud somebody is says nothing; whether a voice is sharp or dull does, as far as the microphone
    does not decide it. The pitches are what they are.

    What is told twice already, and was changed since, is told so anew.
    """
    first, last = x[:, :1, :bands], x[:, -1:, :bands]
    moving = first - first.mean(dim=3, keepdim=True)
    coloured = last - last.mean(dim=(2, 3), keepdim=True)
    size = torch.rsqrt((moving * moving).mean(dim=(2, 3), keepdim=True) + 0.01)
    pitches = torch.cat([x[:, :1, bands:], x[:, -1:, bands:]], dim=1)
    return torch.cat([torch.cat([moving, coloured], dim=1) * size, pitches], dim=2)
