"""What a coarse video or picture encoder does to a face: the 8x8 cosine transform of JPEG, rounded, and back."""

import math

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 8
# Luminance steps at quality 50: Annex K of the JPEG standard (ITU-T T.81).
_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


def _cosines() -> Tensor:
    """The orthonormal cosine transform (8, 8), a row a frequency."""
    rows = torch.arange(BLOCK, dtype=torch.float32)
    basis = torch.cos((2 * rows[None, :] + 1) * rows[:, None] * math.pi / (2 * BLOCK)) * math.sqrt(2 / BLOCK)
    basis[0] /= math.sqrt(2)
    return basis


def encoded(x: Tensor, draw: torch.Generator) -> Tensor:
    """Normalised pictures (B, 1, H, W) through an encoder of quality 10 to 60, its blocks at any offset."""
    n, _, height, width = x.shape
    top, left = torch.randint(0, BLOCK, (2,), generator=draw).tolist()
    below, right = -(top + height) % BLOCK, -(left + width) % BLOCK
    framed = functional.pad(x, (left, right, top, below), mode="replicate")
    cosines, steps = _cosines().to(x.device), torch.tensor(_STEPS, dtype=torch.float32, device=x.device) / 64
    quality = (torch.rand(n, generator=draw) * 50 + 10).to(x.device)
    coarse = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(n, 1, 1, 1, 1)
    blocks = framed.reshape(n, -1, BLOCK, framed.shape[-1] // BLOCK, BLOCK).transpose(2, 3)
    spectrum = cosines @ blocks @ cosines.T
    rounded = (spectrum / (steps * coarse)).round() * (steps * coarse)
    blocks = cosines.T @ rounded @ cosines
    back = blocks.transpose(2, 3).reshape(n, 1, framed.shape[-2], framed.shape[-1])
    return back[:, :, top : top + height, left : left + width]
