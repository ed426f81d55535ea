"""What a run says of itself after each epoch: accuracy and macro-F1 of both heads on pictures it does not train on."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.data import NOT_A_CLASS, Faces, Floats, majority
from models.heads import FER2013, FERPLUS, HEADS, LOGITS
from models.networks.preprocess import normalise
from models.scores import score, softmax
from models.training.augment import Field, framed
from models.training.recipe import Recipe

CHUNK = 512


@dataclass(frozen=True)
class Reported:
    """The pictures that are reported on, and how the network sees them."""

    faces: Faces
    recipe: Recipe
    device: str = "cpu"

    def inputs(self, epoch: int) -> Tensor:
        """Network inputs (N, 1, side, side) at the side of that epoch."""
        field = Field(self.recipe.side(min(epoch, self.recipe.epochs - 1)), self.recipe.of_picture)
        return framed(normalise(torch.from_numpy(self.faces.images)[:, None]), field)


@torch.no_grad()
def logits_of(network: nn.Module, x: Tensor, device: str = "cpu") -> Floats:
    """Logits (N, LOGITS) of network inputs (N, 1, side, side)."""
    parts = [network(part.to(device)).float().cpu().numpy() for part in torch.split(x, CHUNK)]
    return np.concatenate(parts).reshape(len(x), LOGITS)


def report(network: nn.Module, reported: Reported, epoch: int) -> dict[str, float]:
    """Accuracy and macro-F1 of each head on the clearly labelled faces, without the mirror image."""
    logits = logits_of(network, reported.inputs(epoch), reported.device)
    labels = {FERPLUS: majority(reported.faces.votes), FER2013: reported.faces.labels}
    found = {}
    for head in HEADS:
        rows = np.flatnonzero(labels[head] != NOT_A_CLASS)
        if not len(rows):
            continue
        scores = score(softmax(logits[rows][:, head.columns], 1.0), labels[head][rows], head.classes)
        found[f"{head.name}_accuracy"], found[f"{head.name}_f1"] = scores.accuracy, scores.macro_f1
    return found
