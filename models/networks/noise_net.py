"""The noise network: how much of each band of a sound, at each moment, is speech."""

from typing import cast

import torch
from torch import Tensor, nn

WIDTH = 96
DILATIONS = (1, 2, 4, 8)
LEAST = 0.01  # of a band's power is always left: what is not there at all sounds like nothing in nature


class NoiseNet(nn.Module):
    """Log-mel bands (B, 1, 64, T) of speech in noise to the bands of the speech (B, 1, 64, T).

    It estimates the ideal ratio mask (Narayanan & Wang 2013), as RNNoise does (Valin 2018): for each band and moment
    the part of the power that is speech, by which the power is multiplied. Residual convolutions over time, dilated
    1, 2, 4 and 8 frames (as Conv-TasNet: Luo & Mesgarani 2019), see half a second: 0.26 M parameters.
    """

    def __init__(self, bands: int = 64, width: int = WIDTH) -> None:
        super().__init__()
        self.begin = nn.Conv1d(bands, width, 5, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation) for dilation in DILATIONS)
        self.end = nn.Conv1d(width, bands, 1)

    def logits(self, x: Tensor) -> Tensor:
        """The mask before its sigmoid (B, 64, T)."""
        x = x[:, 0]
        centred = x - x.mean(dim=(1, 2), keepdim=True)
        y = torch.relu(self.begin(centred * torch.rsqrt((centred * centred).mean(dim=(1, 2), keepdim=True) + 0.01)))
        for block in self.blocks:
            y = block(y)
        return cast(Tensor, self.end(y))

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.sigmoid(self.logits(x))[:, None]
        return x + torch.log(LEAST + (1 - LEAST) * mask)


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.norm1 = nn.BatchNorm1d(width)
        self.conv2 = nn.Conv1d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm1d(width)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x))))))
