"""Augmentation of whole batches at once, with torch alone, so that one core is not spent on preparing pictures.

What a desk sees and a data set of web pictures does not: things before the face, a face far away or out of focus,
little light and its noise, a coarse video encoder. Every function takes the generator that it draws from: the same
seed gives the same pictures, on a CPU and on a GPU.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.preprocess import FACE_SIDE, INPUT_SIDE, normalise
from models.training.cover import covered
from models.training.encode import encoded


@dataclass(frozen=True)
class Augmentation:
    """How far a training picture may be moved away from its source; shares are of the crop's side or of the batch.

    `turn` is how much nearer one side of the face may be than its middle, as after a part of a turn of the head.
    """

    rotate_degrees: float = 15.0
    scale: tuple[float, float] = (0.80, 1.02)
    shift: float = 0.08
    turn: float = 0.0
    contrast: tuple[float, float] = (0.75, 1.3)
    brightness: float = 0.3
    dim_share: float = 0.0
    erase_share: float = 0.2
    erase_side: tuple[float, float] = (0.15, 0.40)
    cover_share: float = 0.0
    coarse_share: float = 0.08
    coarse_side: tuple[int, int] = (16, 28)
    blur_share: float = 0.0
    noise_share: float = 0.1
    noise: float = 0.25
    encode_share: float = 0.0


# What a desk's camera makes of a face, beside what moves it. Stronger than this, a network of a million parameters no
# longer learns the pictures as they are.
DESK = Augmentation(
    rotate_degrees=12.0,
    scale=(0.82, 1.05),
    shift=0.07,
    turn=0.15,
    dim_share=0.05,
    erase_share=0.1,
    cover_share=0.07,
    coarse_share=0.14,
    coarse_side=(13, 30),
    blur_share=0.06,
    noise_share=0.18,
    noise=0.4,
    encode_share=0.07,
)


@dataclass(frozen=True)
class Field:
    """What a network sees of a 48 px face picture: its middle, `of_picture` of the side, in `side` pixels."""

    side: int = INPUT_SIDE
    of_picture: float = INPUT_SIDE / FACE_SIDE


def framed(x: Tensor, field: Field) -> Tensor:
    """Normalised pictures (B, 1, 48, 48) as the network sees them (B, 1, side, side), unmoved."""
    span = field.of_picture
    theta = torch.tensor([[span, 0.0, 0.0], [0.0, span, 0.0]], device=x.device).expand(len(x), 2, 3)
    grid = functional.affine_grid(theta, [len(x), 1, field.side, field.side], align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="zeros", align_corners=False)


def uniform(n: int, low: float, high: float, draw: torch.Generator, like: Tensor) -> Tensor:
    """Numbers (n, 1, 1, 1) between low and high, on the device of `like`."""
    return (torch.rand(n, generator=draw) * (high - low) + low).view(n, 1, 1, 1).to(like.device)


def chosen(n: int, share: float, draw: torch.Generator, like: Tensor) -> Tensor:
    """Which pictures (n, 1, 1, 1) of a batch something is done to, as booleans."""
    return (torch.rand(n, generator=draw) < share).view(n, 1, 1, 1).to(like.device)


def augment(faces: Tensor, how: Augmentation, draw: torch.Generator, field: Field | None = None) -> Tensor:
    """Faces (B, 1, 48, 48) uint8 to varied, normalised network inputs (B, 1, side, side) float32."""
    field = field or Field()
    x = normalise(faces)
    if how.cover_share:
        x = covered(x, how.cover_share, draw)
    x = moved(x, how, field, draw)
    if how.blur_share:
        x = torch.where(chosen(len(x), how.blur_share, draw, x), _blurred(x, draw), x)
    x = _coarsen(x, how, draw)
    x = _light(x, how, draw)
    if how.encode_share:
        x = torch.where(chosen(len(x), how.encode_share, draw, x), encoded(x, draw), x)
    return _erase(x, how, draw)


def moved(x: Tensor, how: Augmentation, field: Field, draw: torch.Generator) -> Tensor:
    """Mirror, turn, scale and shift in one resampling; outside the picture is 0, the grey that the desk pads with."""
    n = len(x)
    angle = (uniform(n, -how.rotate_degrees, how.rotate_degrees, draw, x) * (math.pi / 180)).view(n)
    # A scale of 1 keeps the face's size: a crop of 40 px then spans 40/48 of the picture.
    span = field.of_picture / uniform(n, *how.scale, draw, x).view(n)
    mirror = torch.where(torch.rand(n, generator=draw) < 0.5, -1.0, 1.0).to(x.device)
    cosine, sine = torch.cos(angle) * span, torch.sin(angle) * span
    shift = uniform(2 * n, -how.shift, how.shift, draw, x).view(n, 2) * 2 * span[:, None]
    theta = torch.stack([cosine * mirror, -sine, shift[:, 0], sine * mirror, cosine, shift[:, 1]], dim=1).view(n, 2, 3)
    grid = functional.affine_grid(theta, [n, 1, field.side, field.side], align_corners=False)
    if how.turn:
        # One side comes nearer and the other goes away: what a turned head does to a flat picture, by projection.
        nearer = uniform(n, -how.turn, how.turn, draw, x)
        grid = grid / (1 + nearer * grid[..., :1])
    return functional.grid_sample(x, grid, padding_mode="zeros", align_corners=False)


def _blurred(x: Tensor, draw: torch.Generator) -> Tensor:
    """Out of focus, or moving sideways while the shutter was open: one kernel for the batch."""
    radius = int(torch.randint(1, 4, (1,), generator=draw))
    places = torch.arange(-radius, radius + 1, dtype=torch.float32, device=x.device)
    if float(torch.rand(1, generator=draw)) < 0.5:
        along = torch.ones_like(places) / len(places)
        across = torch.ones(1, device=x.device)
    else:
        along = torch.exp(-0.5 * (places / (0.6 * radius)) ** 2)
        along = across = along / along.sum()
    kernel = (across[:, None] * along[None, :])[None, None]
    return functional.conv2d(x, kernel, padding=(len(across) // 2, radius))


def _coarsen(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Takes part of the batch down to fewer pixels and up again: a face far from the camera."""
    count = int(len(x) * how.coarse_share)
    if not count:
        return x
    low, high = how.coarse_side
    side = int(torch.randint(low, high + 1, (1,), generator=draw))
    small = functional.interpolate(x[:count], (side, side), mode="bilinear", antialias=True)
    return torch.cat([functional.interpolate(small, x.shape[-2:], mode="bilinear"), x[count:]])


def _light(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """More or less light and contrast, and the sensor's noise; a dim picture is noisier and has fewer greys."""
    n = len(x)
    x = x * uniform(n, *how.contrast, draw, x) + uniform(n, -how.brightness, how.brightness, draw, x)
    noisy = chosen(n, how.noise_share, draw, x) * uniform(n, 0.0, how.noise, draw, x)
    x = x + torch.randn(x.shape, generator=draw).to(x.device) * noisy
    if how.dim_share:
        light = uniform(n, 0.12, 0.5, draw, x)
        grain = torch.randn(x.shape, generator=draw).to(x.device) * 0.04
        # Black is -2, and whole greys are 1/64 apart.
        dim = ((x.clamp(-2.0, 2.0) + 2) * light + grain).mul(64).round().div(64) - 2
        x = torch.where(chosen(n, how.dim_share, draw, x), dim, x)
    # A camera saturates at 0 and 255, which are -2 and 2 here.
    return x.clamp(-2.0, 2.0)


def _erase(x: Tensor, how: Augmentation, draw: torch.Generator) -> Tensor:
    """Covers a rectangle of part of the batch with one grey of its own: a hand, a headset, a cup."""
    n, side = len(x), x.shape[-1]
    size = uniform(2 * n, *how.erase_side, draw, x).view(n, 2) * side
    corner = torch.rand(n, 2, generator=draw).to(x.device) * (side - size)
    at = torch.arange(side, device=x.device).view(1, 1, side)
    inside = (at >= corner[:, :, None]) & (at < (corner + size)[:, :, None])
    mask = inside[:, 0, None, :, None] & inside[:, 1, None, None, :]
    return torch.where(mask & chosen(n, how.erase_share, draw, x), uniform(n, -1.5, 1.5, draw, x), x)
