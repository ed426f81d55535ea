"""Pictures as a teacher and its student both see them: moved, and some of them two laid over each other.

A large network may know the pictures that it learned from by heart, and then answers with little more than their
labels. Of a picture that is moved, or is a mixture, it has to say what it understands; a student that sees the same
picture learns that (Beyer et al. 2022: a good teacher is patient and consistent).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.data import Bytes
from models.networks.preprocess import FACE_SIDE, normalise
from models.training.augment import Augmentation, Field, moved

HOW = Augmentation(rotate_degrees=12.0, scale=(0.86, 1.14), shift=0.08, turn=0.12)
MIXED = 3  # of so many views one is of mixtures
LEAST = 0.5  # the share of a mixture that its own picture has at least
CHUNK = 512


@dataclass(frozen=True)
class View:
    """Every picture once (N, 48, 48) uint8; `mixed` with another one, or each by itself."""

    images: Bytes
    mixed: bool


def views(images: Bytes, count: int, seed: int) -> Iterator[View]:
    """Views of pictures (N, 48, 48), the first as they are; the same seed gives the same views."""
    for place in range(count):
        draw = torch.Generator().manual_seed(seed * 100_003 + place)
        mixed = place % MIXED == MIXED - 1
        yield View(_moved(images, draw, mixed) if place else images, mixed)


def _moved(images: Bytes, draw: torch.Generator, mixed: bool) -> Bytes:
    others = torch.randperm(len(images), generator=draw).numpy()
    parts = []
    for at in range(0, len(images), CHUNK):
        x = _seen(images[at : at + CHUNK], draw)
        if mixed:
            share = (torch.rand(len(x), generator=draw) * (1 - LEAST) + LEAST).view(-1, 1, 1, 1)
            x = share * x + (1 - share) * _seen(images[others[at : at + CHUNK]], draw)
        parts.append(_grey(x))
    return np.concatenate(parts)


def _seen(images: Bytes, draw: torch.Generator) -> Tensor:
    return moved(normalise(torch.from_numpy(images)[:, None]), HOW, Field(FACE_SIDE, 1.0), draw)


def _grey(x: Tensor) -> Bytes:
    """Normalised pictures (B, 1, 48, 48), black being -2 and white 2, as grey (B, 48, 48)."""
    grey: Bytes = ((x.clamp(-2.0, 2.0) + 2) * 64).round().clamp(0, 255).to(torch.uint8)[:, 0].numpy()
    return grey
