"""Clips as networks over time take them: normalised faces, ages and a mask, as they are or varied for training."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from models.clips.clips import Clips
from models.clips.flow import APART, between
from models.data import Ints
from models.networks.preprocess import MEAN, SCALE, normalise
from models.networks.res3_att import CLIP
from models.training.augment import Augmentation, Field, augment, framed


@dataclass(frozen=True)
class Batch:
    """Faces (B, T, 1, side, side) normalised, ages (B, T) in seconds before the newest, mask (B, T) 1 or 0, float32."""

    faces: Tensor
    ages: Tensor
    mask: Tensor

    def __len__(self) -> int:
        return len(self.faces)

    def mirrored(self) -> "Batch":
        """Every face as in a mirror."""
        return Batch(self.faces.flip(-1), self.ages, self.mask)


def plain(clips: Clips, field: Field) -> Batch:
    """Clips as they are."""
    count, length = clips.mask.shape
    faces = framed(normalise(torch.from_numpy(clips.frames).flatten(0, 1)[:, None]), field)
    return Batch(faces.reshape(count, length, *faces.shape[1:]), *_when(clips))


def varied(clips: Clips, rows: Ints, how: Augmentation, draw: torch.Generator, field: Field) -> Batch:
    """Some of the clips, each varied as one still would be: all of its frames are moved alike, their noise is new."""
    chosen = clips[rows]
    return Batch(augment(torch.from_numpy(chosen.frames), how, draw, field)[:, :, None], *_when(chosen))


def _when(clips: Clips) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(clips.ages), torch.from_numpy(clips.mask.astype(np.float32))


def even(batch: Batch) -> tuple[Tensor, ...]:
    """CLIP frames (B, 1, CLIP, side, side), the nearest to even steps from the oldest frame to the newest.

    A clip of fewer frames gives some of them more than once.
    """
    oldest = (batch.ages * batch.mask).amax(dim=1, keepdim=True)
    wanted = oldest * torch.linspace(1, 0, CLIP)
    away = (batch.ages[:, None] - wanted[:, :, None]).abs() + (1 - batch.mask[:, None]) * 1e6
    chosen = away.argmin(dim=2)
    frames = batch.faces[torch.arange(len(batch))[:, None], chosen]
    return (frames.transpose(1, 2).contiguous(),)


def streams(batch: Batch) -> tuple[Tensor, ...]:
    """What `TwoStream` takes: the newest face, and the flow to it from APART frames before, (B, 3, side, side)."""
    grey = (batch.faces[:, :, 0] / SCALE + MEAN).clamp(0, 255).byte().numpy()
    counts = batch.mask.sum(dim=1).int().tolist()
    flows = [between(frames[-min(APART + 1, count)], frames[-1]) for frames, count in zip(grey, counts, strict=True)]
    return (torch.cat([batch.faces[:, -1], torch.from_numpy(np.stack(flows))], dim=1),)


cv2.setNumThreads(1)  # the cores belong to the network
