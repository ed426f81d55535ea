"""C3D, the baseline of the 3Res-att paper: Tran, Bourdev, Fergus, Torresani & Paluri 2015."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.conv3d import Conv3d
from models.networks.res3_att import standardised

# Channels of the convolutions in parts of the first one's, and what the pooling after each group divides frames and
# sides by.
GROUPS = (((1,), (1, 2)), ((2,), (2, 2)), ((4, 4), (2, 2)), ((8, 8), (2, 2)), ((8, 8), (1, 2)))


@dataclass(frozen=True)
class C3DShape:
    """What fixes a :class:`C3D`: `width` is the channels of the first convolution, 64 in the paper."""

    classes: int = 8
    width: int = 64
    hidden: int = 4096
    dropout: float = 0.5


class C3D(nn.Module):
    """A clip of grey faces (B, 1, 8, side, side), already normalised, to logits (B, classes).

    Eight 3x3x3 convolutions in five groups, each pooled by its largest value, and three fully connected layers, as in
    the paper, which sees 16 frames of 112 pixels; so few pixels as ours are pooled to one place before the last group,
    whose pooling is left out. Batch-norm after each convolution, without which it does not learn from few clips.
    """

    def __init__(self, shape: C3DShape | None = None) -> None:
        super().__init__()
        shape = shape or C3DShape()
        layers: list[nn.Module] = []
        width = 1
        for index, (group, (times, sides)) in enumerate(GROUPS):
            for outputs in (part * shape.width for part in group):
                layers += [Conv3d(width, outputs, 3, 1, 1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()]
                width = outputs
            if index < len(GROUPS) - 1:
                layers.append(nn.MaxPool3d((times, sides, sides)))
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.Linear(width, shape.hidden),
            nn.ReLU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.hidden, shape.hidden),
            nn.ReLU(),
            nn.Dropout(shape.dropout),
        )
        self.head = nn.Linear(shape.hidden, shape.classes)

    def forward(self, clip: Tensor) -> Tensor:
        pooled = torch.amax(cast(Tensor, self.features(standardised(clip))), dim=(2, 3, 4))
        return cast(Tensor, self.head(self.hidden(pooled)))
