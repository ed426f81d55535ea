"""The cover network: says whether something is before the mouth of a grey 40x40 face."""

from typing import cast

import torch
from torch import Tensor, nn

from models.networks.se_resnet import standardise

WIDTHS = (16, 32, 32, 48)
SIDE_AT_END = 5  # of 40 pixels after three halvings


class CoverNet(nn.Module):
    """Grey face (B, 1, 40, 40), already normalised, to one logit (B, 1): over 0 where the mouth is rather covered.

    Each face is brought to zero mean and unit variance first. Four convolutions with batch-norm (Ioffe & Szegedy
    2015), three of which halve the sides; the last map is read place by place, since what is missing is missing at
    the mouth.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, dropout: float = 0.2) -> None:
        super().__init__()
        first, second, third, fourth = widths
        self.layers = nn.Sequential(
            *_convolution(1, first, 5, 2),
            *_convolution(first, second, 3, 2),
            *_convolution(second, third, 3, 1),
            *_convolution(third, fourth, 3, 2),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(fourth * SIDE_AT_END**2, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = cast(Tensor, self.layers(standardise(x)))
        return cast(Tensor, self.head(self.dropout(torch.flatten(features, 1))))


def _convolution(inputs: int, outputs: int, side: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
