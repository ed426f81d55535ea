"""Two streams with attention between them, after the patent "Dynamic expression recognition method and system based on
attention mechanism between space-time streams" (Nanjing University of Posts and Telecommunications, 2021).

The patent names the parts: a data layer, a spatial branch, a temporal branch, attention between the streams, feature
fusion, a fully connected layer, classification. Widths and depths are ours.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.se_resnet import BasicBlock, SEResNet, standardise

APART = 2  # frames between the two of which the flow is told
GREY, FLOW = 1, 2  # channels of the face as it is, and of how it moved: x and y


@dataclass(frozen=True)
class TwoStreamShape:
    """What fixes a :class:`TwoStream`; without `between` the streams meet at the end only.

    `streams` says which are there: each alone shows what the other adds.
    """

    classes: int = 8
    between: bool = True
    streams: tuple[str, ...] = ("space", "time")
    stem: int = 16
    stages: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 3)  # of the stream of appearance: as many as the student has
    moving_blocks: tuple[int, ...] = (2, 2, 2)  # of the stream of optical flow
    reduction: int = 8
    hidden: int = 128
    dropout: float = 0.3


class AttentionBetween(nn.Module):
    """What one stream sees tells the other where to look: two (B, C, H, W) to the same two, each weighed.

    A stream's channels are weighed by the other's averages, its places by the other's maps, as squeeze-excitation
    weighs a network by itself. Both weights begin at 1, where nothing passes between them.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.channels = nn.ModuleList(
            nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels)) for _ in range(2)
        )
        self.places = nn.ModuleList(nn.Conv2d(channels, 1, 3, 1, 1) for _ in range(2))
        for last in (*(cast(nn.Sequential, each)[-1] for each in self.channels), *self.places):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, space: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
        return self._weighed(0, space, time), self._weighed(1, time, space)

    def _weighed(self, index: int, stream: Tensor, other: Tensor) -> Tensor:
        channels = 2 * torch.sigmoid(self.channels[index](other.mean(dim=(2, 3))))
        places = 2 * torch.sigmoid(self.places[index](other))
        return stream * channels[:, :, None, None] * places


class TwoStream(nn.Module):
    """A face and how it moved, (B, 3, side, side), already normalised, to logits (B, classes).

    Channel 0 is the grey face, brought to zero mean and unit variance; 1 and 2 are the optical flow since APART
    frames before (`edge.optical_flow`). Each stream has a stem and three stages of residual blocks; after each stage
    attention passes between them. Both are averaged, joined and go through a fully connected layer.
    """

    def __init__(self, shape: TwoStreamShape | None = None) -> None:
        super().__init__()
        shape = shape or TwoStreamShape()
        self.names = shape.streams
        inputs = {"space": GREY, "time": FLOW}
        self.stems = nn.ModuleDict({name: _stem(inputs[name], shape.stem) for name in self.names})
        self.stages = nn.ModuleDict({name: _stages(shape, name) for name in self.names})
        meet = shape.between and len(self.names) == 2
        self.between = nn.ModuleList(AttentionBetween(width, shape.reduction) for width in shape.stages if meet)
        self.fuse = nn.Sequential(
            nn.Dropout(shape.dropout),
            nn.Linear(len(self.names) * shape.stages[-1], shape.hidden),
            nn.ReLU(),
            nn.Dropout(shape.dropout),
        )
        self.head = nn.Linear(shape.hidden, shape.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @torch.no_grad()
    def begin_with(self, student: SEResNet) -> None:
        """Gives the stream of appearance the student's weights."""
        if "space" in self.names:
            self.stems["space"].load_state_dict(student.stem.state_dict())
            stages = cast(nn.ModuleList, self.stages["space"])
            blocks = [block for stage in stages for block in cast(nn.Sequential, stage)]
            for own, theirs in zip(blocks, student.blocks, strict=True):
                own.load_state_dict(theirs.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        seen = {"space": standardise(x[:, :GREY]), "time": x[:, GREY:]}
        streams = [self.stems[name](seen[name]) for name in self.names]
        for depth, stages in enumerate(zip(*(cast(nn.ModuleList, self.stages[n]) for n in self.names), strict=True)):
            streams = [stage(stream) for stage, stream in zip(stages, streams, strict=True)]
            if len(self.between):
                streams = list(self.between[depth](*streams))
        return cast(Tensor, self.head(self.fuse(torch.cat([each.mean(dim=(2, 3)) for each in streams], dim=1))))


def _stem(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def _stages(shape: TwoStreamShape, name: str) -> nn.ModuleList:
    stages = nn.ModuleList()
    counts = shape.blocks if name == "space" else shape.moving_blocks
    width, left = shape.stem, sum(counts)
    for outputs, count in zip(shape.stages, counts, strict=True):
        blocks: list[nn.Module] = []
        for index in range(count):
            left -= 1
            # As in the student, the last block of all weighs nothing by itself.
            blocks.append(BasicBlock(width, outputs, 1 if index else 2, shape.reduction if left else 0))
            width = outputs
        stages.append(nn.Sequential(*blocks))
    return stages
