"""The default student: a small residual network with squeeze-excitation for a grey 40x40 face."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class SEResNetShape:
    """What fixes the size of an :class:`SEResNet`; the defaults are the network that ships (1.00 M parameters)."""

    classes: int = 8
    stem: int = 16
    stages: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 3)
    reduction: int = 8
    dropout: float = 0.3


def standardise(x: Tensor) -> Tensor:
    """Each picture (B, 1, H, W) with its own mean taken away and divided by its own deviation."""
    centred = x - x.mean(dim=(2, 3), keepdim=True)
    # The constant, about 6 grey levels squared, keeps the noise of a dark, flat picture from being blown up.
    return centred * torch.rsqrt((centred * centred).mean(dim=(2, 3), keepdim=True) + 0.01)


class SqueezeExcitation(nn.Module):
    """Weighs channels by their own averages (Hu, Shen & Sun 2018): (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.relu(self.squeeze(x.mean(dim=(2, 3))))
        return x * torch.sigmoid(self.excite(weights))[:, :, None, None]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions, squeeze-excitation and a shortcut (He et al. 2016): (B, I, H, W) -> (B, O, H/s, W/s).

    Without squeeze-excitation where `reduction` is 0.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, reduction: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        # From 0, so that a new block first hands on what it gets (Goyal et al. 2017).
        nn.init.zeros_(self.norm2.weight)
        self.attend: nn.Module = SqueezeExcitation(outputs, reduction) if reduction else nn.Identity()
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.attend(self.norm2(self.conv2(y)))
        return torch.relu(y + self.shortcut(x))


class SEResNet(nn.Module):
    """Grey face (B, 1, 40, 40), already normalised, to logits (B, classes).

    First each face is brought to zero mean and unit variance: how bright it is says nothing of its expression. A stem
    of 16 channels at full size, then stages of two, two and three blocks (32, 64, 128 channels), each halving the
    sides: 40 -> 20 -> 10 -> 5, global average, dropout, one linear layer. 47 M multiply-adds a face. Residual blocks
    after He et al. 2016, squeeze-excitation after Hu et al. 2018. Any side divisible by 8 works.
    """

    def __init__(self, shape: SEResNetShape | None = None) -> None:
        super().__init__()
        shape = shape or SEResNetShape()
        self.stem = nn.Sequential(
            nn.Conv2d(1, shape.stem, 3, 1, 1, bias=False), nn.BatchNorm2d(shape.stem), nn.ReLU(inplace=True)
        )
        blocks: list[nn.Module] = []
        width = shape.stem
        for outputs, count in zip(shape.stages, shape.blocks, strict=True):
            for index in range(count):
                # The last block of all weighs nothing: behind it its channels are averaged and weighed by the head.
                last = len(blocks) + 1 == sum(shape.blocks)
                blocks.append(BasicBlock(width, outputs, 2 if index == 0 else 1, 0 if last else shape.reduction))
                width = outputs
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(width, shape.classes)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def maps(self, x: Tensor) -> Tensor:
        """The last feature maps (B, 128, H / 8, W / 8), before they are averaged."""
        return cast(Tensor, self.blocks(self.stem(standardise(x))))

    def embed(self, x: Tensor) -> Tensor:
        """Pooled features (B, 128): the deepest, and the one that says least about who the person is."""
        return self.maps(x).mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.head(self.dropout(self.embed(x))))
