"""3Res-att: a P3D residual network with 3D spatial and multi-head attention, after "Research on Video Emotion
Recognition Method Based on Deep Learning" (IJCSIT 5(2), 2025).

What is at hand is the paper's abstract: spatial and temporal kernels decoupled (P3D), a 3D spatial attention that looks
at places that matter, residual connections with multi-head attention. Widths and depths are ours.
"""

from dataclasses import dataclass
from typing import cast

from torch import Tensor, nn

from models.networks.attention import AttentionBlock
from models.networks.conv3d import Conv3d
from models.networks.p3d import P3DBlock, SpatialAttention3D
from models.networks.se_resnet import standardise

CLIP = 8  # frames


@dataclass(frozen=True)
class Res3AttShape:
    """What fixes a :class:`Res3Att`; each attention can be taken away, to see what it is worth."""

    classes: int = 8
    spatial: bool = True
    heads: int = 4  # of the attention between all places and times; 0 takes it away
    stem: int = 16
    stages: tuple[int, ...] = (32, 64, 128)
    blocks: tuple[int, ...] = (2, 2, 2)
    times: tuple[int, ...] = (1, 2, 2)  # what each stage divides the frames by
    dropout: float = 0.3


class Res3Att(nn.Module):
    """A clip of grey faces (B, 1, CLIP, side, side), already normalised, to logits (B, classes).

    Each frame is brought to zero mean and unit variance first. A stem of 16 channels, three stages of P3D blocks, each
    halving the sides and followed by 3D spatial attention; then every place at every time attends to all others, with
    a shortcut; average, dropout, one linear layer. Any number of frames divisible by 4 and side divisible by 8 works.
    """

    def __init__(self, shape: Res3AttShape | None = None) -> None:
        super().__init__()
        shape = shape or Res3AttShape()
        self.stem = nn.Sequential(
            Conv3d(1, shape.stem, (1, 3, 3), 1, (0, 1, 1), bias=False), nn.BatchNorm3d(shape.stem), nn.ReLU()
        )
        stages: list[nn.Module] = []
        width = shape.stem
        for outputs, count, times in zip(shape.stages, shape.blocks, shape.times, strict=True):
            for index in range(count):
                stages.append(P3DBlock(width, outputs, (times, 2) if index == 0 else (1, 1)))
                width = outputs
            stages += [SpatialAttention3D()] if shape.spatial else []
        self.stages = nn.Sequential(*stages)
        self.attend = AttentionBlock(width, shape.heads, shape.dropout) if shape.heads else None
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(width, shape.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, clip: Tensor) -> Tensor:
        tokens = self.stages(self.stem(standardised(clip))).flatten(2).transpose(1, 2)
        if self.attend is not None:
            tokens = self.attend(tokens, tokens)
        return cast(Tensor, self.head(self.dropout(tokens.mean(dim=1))))


def standardised(clip: Tensor) -> Tensor:
    """Each frame of a clip (B, 1, T, H, W) with its own mean taken away and divided by its own deviation."""
    count, _, length, height, width = clip.shape
    return standardise(clip.reshape(count * length, 1, height, width)).reshape(clip.shape)
