"""Teachers' answers on the pictures that a student learns from (Hinton, Vinyals & Dean 2015)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from models.card import load
from models.data import Bytes, Floats
from models.heads import HEADS, LOGITS
from models.model import CARD
from models.networks.preprocess import normalise
from models.scores import softmax
from models.training.augment import Field, framed
from models.training.checkpoint import CHECKPOINT, averaged_network, recipe_of
from models.training.machine import Machine, bfloat16_helps, forward_of
from models.training.report import CHUNK, logits_of
from models.training.shipped import CALIBRATED_ON, network_of


def agreed(teachers: Sequence[Path], images: Bytes, kept_in: Path, device: str = "cpu") -> Floats:
    """What teachers agree on (N, LOGITS): the mean of their log probabilities for face pictures, head by head.

    Each is the folder of a finished run, or of a bundle. Raises CheckpointError and CardError where it is neither.
    """
    logs = np.mean([np.log(np.maximum(answers(each, images, kept_in, device), 1e-7)) for each in teachers], axis=0)
    return _probabilities(logs)


def answers(teacher: Path, images: Bytes, kept_in: Path, device: str = "cpu") -> Floats:
    """Probabilities (N, LOGITS) of one teacher for face pictures (N, 48, 48); kept in a folder, and read from there."""
    file = teacher / (load(teacher / CARD).file if (teacher / CARD).exists() else CHECKPOINT)
    key = hashlib.sha256(file.read_bytes() if file.exists() else b"")
    key.update(images.tobytes())
    kept = kept_in / f"answers-{key.hexdigest()[:16]}.npy"
    if kept.exists():
        return np.asarray(np.load(kept), np.float32)
    found = _asked(teacher, images, device)
    kept_in.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    with partial.open("wb") as sink:
        np.save(sink, found.astype(np.float16))
    partial.replace(kept)
    return found.astype(np.float16).astype(np.float32)


@torch.no_grad()
def _asked(teacher: Path, images: Bytes, device: str) -> Floats:
    network, field = _network(teacher, images)
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    forward = forward_of(network, Machine(device=device, bfloat16=bfloat16_helps(device)))
    parts = []
    for at in tqdm(range(0, len(images), CHUNK), desc=f"{teacher.name} answers", mininterval=2):
        view = framed(normalise(torch.from_numpy(images[at : at + CHUNK])[:, None]), field)
        # A picture and its mirror: their mean is steadier than one.
        both = [_probabilities(logits_of(forward, each, device)) for each in (view, view.flip(3))]
        parts.append(np.mean(both, axis=0))
    return np.concatenate(parts).astype(np.float32)


def _network(teacher: Path, images: Bytes) -> tuple[nn.Module, Field]:
    if (teacher / CARD).exists():
        return network_of(teacher, normalise(torch.from_numpy(images[:CALIBRATED_ON])[:, None]))
    recipe = recipe_of(teacher / CHECKPOINT)
    return averaged_network(teacher / CHECKPOINT), Field(recipe.last_side, recipe.of_picture)


def _probabilities(logits: Floats) -> Floats:
    result: Floats = np.empty((len(logits), LOGITS), np.float32)
    for head in HEADS:
        result[:, head.columns] = softmax(logits[:, head.columns], 1.0)
    return result
