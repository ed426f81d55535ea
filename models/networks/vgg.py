"""VGG16 for grey faces, the network of the paper on MTCNN and VGG-Face (Vinh University Journal of Science 53, 3A)."""

from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.se_resnet import standardise

STAGES = ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8), (8, 8, 8))  # channels, in parts of the first stage's
HALVINGS = 2 ** len(STAGES)


@dataclass(frozen=True)
class VGG16Shape:
    """What fixes a :class:`VGG16`. `head` is `average` or `paper`; `side` matters to the paper's head alone.

    `width` is the channels of the first stage: 64 in VGG16, less only while a training grows towards it. Where
    `still`, convolutions stay as they are, and what follows them learns.
    """

    classes: int = 7
    head: str = "average"
    side: int = 48
    hidden: int = 4096
    width: int = 64
    dropout: float = 0.5
    still: bool = False


class VGG16(nn.Module):
    """Grey face (B, 1, side, side), already normalised, to logits (B, classes).

    Thirteen 3x3 convolutions in five stages, each halving the sides by its largest value, and three fully connected
    layers (Simonyan & Zisserman 2015, configuration D, which the paper takes from VGG-Face, Parkhi et al. 2015). Two
    things differ: batch-norm after each convolution, without which it does not train from scratch, and each face is
    brought to zero mean and unit variance first. `head="paper"` has the three fully connected layers (4,096 wide, with
    dropout); `head="average"` has one, after a global average: 14.7 M parameters in place of 33.6 M, any side from 32
    up. 702 M multiply-adds at 48 px.
    """

    def __init__(self, shape: VGG16Shape | None = None) -> None:
        super().__init__()
        shape = shape or VGG16Shape()
        layers: list[nn.Module] = []
        width = 1
        for stage in STAGES:
            for outputs in (shape.width * times for times in stage):
                layers += [
                    nn.Conv2d(width, outputs, 3, 1, 1, bias=False),
                    nn.BatchNorm2d(outputs),
                    nn.ReLU(inplace=True),
                ]
                width = outputs
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        places = (shape.side // HALVINGS) ** 2 if shape.head == "paper" else 1
        self.averaged = shape.head == "average"
        self.dropout = nn.Dropout(shape.dropout)
        self.hidden = nn.Sequential(*(_hidden(width * places, shape) if shape.head == "paper" else ()))
        self.head = nn.Linear(shape.hidden if shape.head == "paper" else width, shape.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        self.still = shape.still
        if self.still:
            self.features.requires_grad_(False)

    def train(self, mode: bool = True) -> "VGG16":
        """As of any network; but what does not learn does not gather statistics either."""
        super().train(mode)
        if self.still:
            self.features.eval()
        return self

    def embed(self, x: Tensor) -> Tensor:
        """Features before the last layer: (B, 512), or (B, 4096) with the paper's head."""
        maps = cast(Tensor, self.features(standardise(x)))
        pooled = maps.mean(dim=(2, 3)) if self.averaged else torch.flatten(maps, 1)
        return cast(Tensor, self.hidden(pooled))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(self.embed(x))))


class VGG16Transferred(VGG16):
    """The face branch of an audio-visual system (Naas & Sigg 2020): another head on convolutions that stay as they are.

    Of its logits (B, classes) the first `own` are of two fully connected layers, which alone learn; the others are of
    the head that the convolutions were trained with.
    """

    def __init__(self, shape: VGG16Shape, own: int, hidden: int = 256) -> None:
        super().__init__(replace(shape, still=True))
        self.requires_grad_(False)
        self.own = own
        self.transferred = nn.Sequential(
            nn.Linear(self.head.in_features, hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(shape.dropout),
            nn.Linear(hidden, own),
        )

    def forward(self, x: Tensor) -> Tensor:
        features = self.embed(x)
        return torch.cat([self.transferred(features), self.head(features)[:, self.own :]], dim=1)


def _hidden(inputs: int, shape: VGG16Shape) -> tuple[nn.Module, ...]:
    first, second = nn.Linear(inputs, shape.hidden), nn.Linear(shape.hidden, shape.hidden)
    return first, nn.ReLU(inplace=True), nn.Dropout(shape.dropout), second, nn.ReLU(inplace=True)
