"""Augmentation of whole batches at once, with torch alone, so that one core is not spent on preparing pictures.

Every function takes the generator that it draws from: the same seed gives the same pictures.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.preprocess import INPUT_SIDE, normalise


@dataclass(frozen=True)
class Augmentation:
    """How far a training picture may be moved away from its source; shares are of the crop's side or of the batch."""

    rotate_degrees: float = 15.0
    scale: tuple[float, float] = (0.80, 1.02)
    shift: float = 0.08
    contrast: tuple[float, float] = (0.75, 1.3)
    brightness: float = 0.3
    erase_share: float = 0.2
    erase_side: tuple[float, float] = (0.15, 0.40)
    coarse_share: float = 0.08
    noise_share: float = 0.1
    noise: float = 0.25


# For the second stage of a training, which lets the network fit what the first one only roughly saw.
GENTLE = Augmentation(
    rotate_degrees=10.0,
    scale=(0.87, 1.05),
    shift=0.06,
    contrast=(0.85, 1.2),
    brightness=0.2,
    erase_share=0.1,
    coarse_share=0.04,
    noise_share=0.05,
)


def _uniform(n: int, low: float, high: float, draw: torch.Generator) -> Tensor:
    return torch.rand(n, generator=draw) * (high - low) + low


def augment(faces: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Faces (B, 1, 48, 48) uint8 to varied, normalised network inputs (B, 1, 40, 40) float32."""
    x = _move(normalise(faces), how, draw)
    x = _coarsen(x, how, draw)
    n = len(x)
    x = x * _uniform(n, *how.contrast, draw).view(n, 1, 1, 1)
    x = x + _uniform(n, -how.brightness, how.brightness, draw).view(n, 1, 1, 1)
    noisy = (torch.rand(n, generator=draw) < how.noise_share) * _uniform(n, 0.0, how.noise, draw)
    x = x + torch.randn(x.shape, generator=draw) * noisy.view(n, 1, 1, 1)
    # A camera saturates at 0 and 255, which are -2 and 2 here.
    return _erase(x.clamp(-2.0, 2.0), how, draw)


def _move(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Mirror, turn, scale and shift in one resampling; outside the picture is 0, the grey that the desk pads with."""
    n = len(x)
    angle = _uniform(n, -how.rotate_degrees, how.rotate_degrees, draw) * (math.pi / 180)
    # A scale of 1 keeps pixels as they are: the 40 px crop then spans 40/48 of the picture.
    span = (INPUT_SIDE / x.shape[-1]) / _uniform(n, *how.scale, draw)
    mirror = torch.where(torch.rand(n, generator=draw) < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle) * span, torch.sin(angle) * span
    shift = _uniform(2 * n, -how.shift, how.shift, draw).view(n, 2) * 2 * span[:, None]
    theta = torch.stack([cosine * mirror, -sine, shift[:, 0], sine * mirror, cosine, shift[:, 1]], dim=1).view(n, 2, 3)
    grid = functional.affine_grid(theta, [n, 1, INPUT_SIDE, INPUT_SIDE], align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="zeros", align_corners=False)


def _coarsen(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Takes part of the batch down to 16-28 pixels and up again: a face far from the camera."""
    count = int(len(x) * how.coarse_share)
    if not count:
        return x
    side = int(torch.randint(16, 29, (1,), generator=draw))
    small = functional.interpolate(x[:count], (side, side), mode="bilinear", antialias=True)
    return torch.cat([functional.interpolate(small, x.shape[-2:], mode="bilinear"), x[count:]])


def _erase(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Covers a rectangle of part of the batch with one grey of its own: a hand, a headset, a cup."""
    n, side = len(x), x.shape[-1]
    size = _uniform(2 * n, *how.erase_side, draw).view(n, 2) * side
    corner = torch.rand(n, 2, generator=draw) * (side - size)
    at = torch.arange(side).view(1, 1, side)
    inside = (at >= corner[:, :, None]) & (at < (corner + size)[:, :, None])
    chosen = torch.rand(n, generator=draw) < how.erase_share
    mask = inside[:, 0, :, None] & inside[:, 1, None, :] & chosen[:, None, None]
    return torch.where(mask[:, None], _uniform(n, -1.5, 1.5, draw).view(n, 1, 1, 1), x)
