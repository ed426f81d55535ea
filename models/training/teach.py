"""A teacher's answers on the pictures that a student learns from (Hinton, Vinyals & Dean 2015)."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from models.data import Bytes, Floats
from models.heads import HEADS, LOGITS
from models.networks.preprocess import normalise
from models.scores import softmax
from models.training.augment import Field, framed
from models.training.checkpoint import CHECKPOINT, averaged_network, recipe_of
from models.training.machine import Machine, bfloat16_helps, forward_of
from models.training.report import CHUNK, logits_of


def answers(run: Path, images: Bytes, device: str = "cpu") -> Floats:
    """Probabilities (N, LOGITS) of a finished run for face pictures (N, 48, 48); kept beside the run's checkpoint.

    Raises CheckpointError where there is none.
    """
    checkpoint = run / CHECKPOINT
    key = hashlib.sha256(checkpoint.read_bytes() if checkpoint.exists() else b"")
    key.update(images.tobytes())
    kept = run / f"answers-{key.hexdigest()[:16]}.npy"
    if kept.exists():
        return np.asarray(np.load(kept), np.float32)
    found = _asked(checkpoint, images, device)
    partial = kept.with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, found.astype(np.float16))
    partial.replace(kept)
    return found.astype(np.float16).astype(np.float32)


@torch.no_grad()
def _asked(checkpoint: Path, images: Bytes, device: str) -> Floats:
    recipe, network = recipe_of(checkpoint), averaged_network(checkpoint).to(device)
    forward = forward_of(network, Machine(device=device, bfloat16=bfloat16_helps(device)))
    parts = []
    for at in tqdm(range(0, len(images), CHUNK), desc=f"{checkpoint.parent.name} answers", mininterval=2):
        x = normalise(torch.from_numpy(images[at : at + CHUNK])[:, None])
        view = framed(x, Field(recipe.last_side, recipe.of_picture))
        # A picture and its mirror: their mean is steadier than one.
        both = [_probabilities(logits_of(forward, each, device)) for each in (view, view.flip(3))]
        parts.append(np.mean(both, axis=0))
    return np.concatenate(parts).astype(np.float32)


def _probabilities(logits: Floats) -> Floats:
    result: Floats = np.empty((len(logits), LOGITS), np.float32)
    for head in HEADS:
        result[:, head.columns] = softmax(logits[:, head.columns], 1.0)
    return result
