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
from models.training.report import CHUNK, logits_of

# The parts of a picture's side that the teacher looks at; each also in the mirror. Their mean is steadier than one.
LOOKS = (1.0, 0.9)


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


def _asked(checkpoint: Path, images: Bytes, device: str) -> Floats:
    recipe, network = recipe_of(checkpoint), averaged_network(checkpoint).to(device)
    parts = []
    for at in tqdm(range(0, len(images), CHUNK), desc=f"{checkpoint.parent.name} answers", mininterval=2):
        x = normalise(torch.from_numpy(images[at : at + CHUNK])[:, None])
        views = [framed(x, Field(recipe.last_side, recipe.of_picture * look)) for look in LOOKS]
        views += [view.flip(3) for view in views]
        parts.append(np.mean([_probabilities(logits_of(network, view, device)) for view in views], axis=0))
    return np.concatenate(parts).astype(np.float32)


def _probabilities(logits: Floats) -> Floats:
    result: Floats = np.empty((len(logits), LOGITS), np.float32)
    for head in HEADS:
        result[:, head.columns] = softmax(logits[:, head.columns], 1.0)
    return result
