"""Multi-head attention as the networks over time use it, of plain matrix products, which export to any ONNX reader."""

import math
from typing import cast

import torch
from torch import Tensor, nn

NEVER = -30.0  # added to a logit that must not count: 1e-13 of its weight, without what half precision would round


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention in parts (Vaswani et al. 2017): (B, Q, D) asks (B, K, D), and gets (B, Q, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"attention of width {width} does not divide into {heads} heads")
        self.heads = heads
        self.scale = 1 / math.sqrt(width // heads)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` (B, K) is 1 for what may be looked at and 0 for what may not."""
        query = self._split(self.query(asking))
        key, value = (self._split(part) for part in self.key_value(asked).chunk(2, dim=-1))
        logits = query @ key.transpose(2, 3) * self.scale
        if mask is not None:
            logits = logits + (1 - mask[:, None, None, :]) * NEVER
        found = torch.softmax(logits, dim=-1) @ value
        return cast(Tensor, self.out(found.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        """(B, N, D) as (B, heads, N, D / heads)."""
        count, rows, width = x.shape
        return x.reshape(count, rows, self.heads, width // self.heads).transpose(1, 2)


class AttentionBlock(nn.Module):
    """Attention, then two linear layers, each with a shortcut and what goes in normalised first (Xiong et al. 2020).

    Asks with (B, Q, D) over (B, K, D) and gives (B, Q, D).
    """

    def __init__(self, width: int, heads: int, dropout: float, widen: int = 2) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attend = MultiHeadAttention(width, heads)
        self.between = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, widen * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(widen * width, width),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor | None = None) -> Tensor:
        x = asking + self.dropout(self.attend(self.norm(asking), self.norm(asked), mask))
        return cast(Tensor, x + self.dropout(self.between(x)))
