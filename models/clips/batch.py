"""Clips as networks over time take them: normalised faces, ages and a mask, as they are or varied for training."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from edge.optical_flow import flow
from models.clips.clips import Clips
from models.data import Ints
from models.networks.preprocess import MEAN, SCALE, normalise
from models.networks.res3_att import CLIP
from models.networks.two_stream import APART
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


def last(batch: Batch) -> tuple[Tensor, ...]:
    """The last CLIP frames (B, 1, CLIP, side, side); before the first one of a face, it looked as in that."""
    missing = (CLIP - batch.mask.sum(dim=1, keepdim=True).clamp(max=CLIP)).long()
    length = batch.faces.shape[1]
    rows = torch.maximum(torch.arange(CLIP)[None].expand(len(batch), -1), missing) + length - CLIP
    frames = batch.faces[torch.arange(len(batch))[:, None], rows]
    return (frames.transpose(1, 2).contiguous(),)


def streams(batch: Batch) -> tuple[Tensor, ...]:
    """What `TwoStream` takes: the newest face, and the flow to it from APART frames before, (B, 3, side, side)."""
    grey = (batch.faces[:, :, 0] / SCALE + MEAN).clamp(0, 255).byte().numpy()
    counts = batch.mask.sum(dim=1).int().tolist()
    flows = [flow(frames[-min(APART + 1, count)], frames[-1]) for frames, count in zip(grey, counts, strict=True)]
    return (torch.cat([batch.faces[:, -1], torch.from_numpy(np.stack(flows))], dim=1),)


cv2.setNumThreads(1)  # the cores belong to the network
