"""Pseudo-3D residual blocks and 3D spatial attention: what `res3_att` is built of."""

from typing import cast

import torch
from torch import Tensor, nn

from models.networks.conv3d import Conv3d


class P3DBlock(nn.Module):
    """A residual block whose 3x3x3 kernels are taken apart into 1x3x3 over space, then 3x1x1 over time.

    P3D-A of Qiu, Yao & Mei (2017): (B, I, T, H, W) -> (B, O, T / t, H / s, W / s), `stride` being (t, s). Twelve
    weights a pair of channels in place of 27.
    """

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]) -> None:
        super().__init__()
        over_time, over_space = stride
        self.space = Conv3d(inputs, outputs, (1, 3, 3), (1, over_space, over_space), (0, 1, 1), bias=False)
        self.norm1 = nn.BatchNorm3d(outputs)
        self.time = Conv3d(outputs, outputs, (3, 1, 1), (over_time, 1, 1), (1, 0, 0), bias=False)
        self.norm2 = nn.BatchNorm3d(outputs)
        nn.init.zeros_(self.norm2.weight)  # so that a new block first hands on what it gets
        self.shortcut: nn.Module = nn.Identity()
        if stride != (1, 1) or inputs != outputs:
            step = (over_time, over_space, over_space)
            self.shortcut = nn.Sequential(Conv3d(inputs, outputs, 1, step, bias=False), nn.BatchNorm3d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.space(x)))
        return torch.relu(self.norm2(self.time(y)) + self.shortcut(x))


class SpatialAttention3D(nn.Module):
    """Weighs each place at each time: (B, C, T, H, W) -> the same.

    A 3x3x3 kernel over the mean and the largest of all channels (as Woo et al. 2018 in two dimensions) gives a weight
    from 0 to 2; it begins at 1, where it changes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.score = Conv3d(2, 1, 3, 1, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(cast(Tensor, self.score.bias))

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1)
        return x * (2 * torch.sigmoid(self.score(seen)))
