"""Clips made from stills by known motion: nobody filmed them, and their source says so.

A still is moved as a head before a camera moves: smoothly, in place, size, roll and turn, with light that drifts, noise
that is new in each frame, and now and then a few frames out of focus or half covered. Half of the clips change from one
still to another: what a face shows is what it shows at the end.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.clips.clips import FASTEST, SLOWEST
from models.networks.preprocess import normalise
from models.training.augment import Field, uniform

SOURCE = "made"


@dataclass(frozen=True)
class Motion:
    """How far a made clip moves; shares are of the picture's side, of the clips, or of their frames."""

    frames: int = 32
    rotate_degrees: float = 8.0
    scale: tuple[float, float] = (0.86, 1.06)
    shift: float = 0.05
    turn: float = 0.12
    light: float = 0.3
    noise: float = 0.2
    knots: int = 4  # places between which it moves smoothly
    jitter: float = 0.012  # of the crop, anew in each frame: the detector's
    changes: float = 0.5
    spoiled: float = 0.3  # clips in which a few frames are blurred, noisy or covered
    lost: float = 0.1


@dataclass(frozen=True)
class MadeClips:
    """Frames (B, T, 1, side, side) normalised; ages (B, T) s; mask (B, T) float; and of the two stills of each: which
    rows of the pictures they are (B, 2), and the part (B,) of the second in what the newest frame shows.
    """

    frames: Tensor
    ages: Tensor
    mask: Tensor
    rows: Tensor
    later: Tensor


def made(
    pictures: Tensor, rows: Tensor, motion: Motion, draw: torch.Generator, field: Field | None = None
) -> MadeClips:
    """Clips of the stills `pictures` (N, 1, 48, 48) uint8; `rows` (B, 2) says which two each may be made of."""
    field = field or Field()
    count, length = len(rows), motion.frames
    ages, mask = _ages(count, motion, draw)
    # When the second still has come: 0 before, 1 after, in between within a third of a second.
    changes = torch.rand(count, 1, generator=draw) < motion.changes
    since = torch.rand(count, 1, generator=draw) * ages.amax(dim=1, keepdim=True)
    second = torch.sigmoid((since - ages) / 0.06) * changes
    faces = normalise(pictures[rows])  # (B, 2, 1, 48, 48)
    mixed = (
        faces[:, None, 0] * (1 - second)[:, :, None, None, None] + faces[:, None, 1] * second[:, :, None, None, None]
    )
    moved = _moved(mixed.flatten(0, 1), count, motion, field, draw)
    seen = _lit(moved.reshape(count, length, *moved.shape[1:]), motion, draw)
    return MadeClips(_spoiled(seen, motion, draw), ages, mask, rows, second[:, -1])


def _ages(count: int, motion: Motion, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Ages (B, T) at a rate of a desk's, its steps uneven and some frames lost; a mask where the face is new."""
    step = 1 / (torch.rand(count, 1, generator=draw) * (FASTEST - SLOWEST) + SLOWEST)
    steps = step * (0.7 + 0.6 * torch.rand(count, motion.frames, generator=draw))
    steps = steps * (1 + (torch.rand(count, motion.frames, generator=draw) < motion.lost))
    steps[:, -1] = 0
    ages = steps.flip(1).cumsum(dim=1).flip(1)
    seen = torch.randint(1, motion.frames + 1, (count, 1), generator=draw)
    seen = torch.where(torch.rand(count, 1, generator=draw) < 0.5, torch.full_like(seen, motion.frames), seen)
    return ages, (torch.arange(motion.frames) >= motion.frames - seen).float()


def _path(count: int, low: float, high: float, motion: Motion, draw: torch.Generator) -> Tensor:
    """A value for each frame (B * T,) that goes smoothly from knot to knot."""
    knots = torch.rand(count, 1, motion.knots, generator=draw) * (high - low) + low
    path = functional.interpolate(knots, motion.frames, mode="linear", align_corners=True)
    return path.flatten()


def _moved(x: Tensor, count: int, motion: Motion, field: Field, draw: torch.Generator) -> Tensor:
    """Each frame (B * T, 1, 48, 48) where its head is: (B * T, 1, side, side)."""
    angle = _path(count, -motion.rotate_degrees, motion.rotate_degrees, motion, draw) * (math.pi / 180)
    span = field.of_picture / _path(count, *motion.scale, motion, draw)
    mirror = torch.where(torch.rand(count, 1, generator=draw) < 0.5, -1.0, 1.0).expand(-1, motion.frames).flatten()
    cosine, sine = torch.cos(angle) * span, torch.sin(angle) * span
    places = [_path(count, -motion.shift, motion.shift, motion, draw) for _ in range(2)]
    right, down = (each + torch.randn(len(each), generator=draw) * motion.jitter for each in places)
    theta = torch.stack([cosine * mirror, -sine, 2 * right * span, sine * mirror, cosine, 2 * down * span], dim=1).view(
        -1, 2, 3
    )
    grid = functional.affine_grid(theta, [len(x), 1, field.side, field.side], align_corners=False)
    turn = _path(count, -motion.turn, motion.turn, motion, draw)
    grid = grid / (1 + turn[:, None, None, None] * grid[..., :1])
    return functional.grid_sample(x, grid, padding_mode="zeros", align_corners=False)


def _lit(x: Tensor, motion: Motion, draw: torch.Generator) -> Tensor:
    """Light that drifts, contrast, and noise that is new in each frame (B, T, 1, side, side)."""
    count, length = x.shape[:2]
    shape = (count, length, 1, 1, 1)
    light = _path(count, -motion.light, motion.light, motion, draw).view(shape)
    contrast = uniform(count, 0.75, 1.3, draw, x)[:, None]
    noise = uniform(count, 0.0, motion.noise, draw, x)[:, None]
    return (x * contrast + light + torch.randn(x.shape, generator=draw) * noise).clamp(-2.0, 2.0)


def _spoiled(x: Tensor, motion: Motion, draw: torch.Generator) -> Tensor:
    """A run of frames of some clips out of focus, noisy, or with a hand before the face."""
    count, length, _, side, _ = x.shape
    begin = torch.randint(0, length, (count, 1), generator=draw)
    run = torch.randint(1, max(2, length // 3), (count, 1), generator=draw)
    at = torch.arange(length)[None]
    within = (at >= begin) & (at < begin + run) & (torch.rand(count, 1, generator=draw) < motion.spoiled)
    kind = torch.randint(0, 3, (count, 1), generator=draw).expand(-1, length)
    result = x.clone()
    blurred, noisy, covered = (within & (kind == which) for which in range(3))
    if blurred.any():
        result[blurred] = functional.avg_pool2d(x[blurred], 5, 1, 2, count_include_pad=False)
    if noisy.any():
        result[noisy] = (x[noisy] + torch.randn(x[noisy].shape, generator=draw) * 0.6).clamp(-2.0, 2.0)
    if covered.any():
        hidden = x[covered].clone()
        hidden[:, :, int(side * 0.55) :] = (torch.rand(len(hidden), 1, 1, 1, generator=draw) - 0.5) * 2
        result[covered] = hidden
    return result
