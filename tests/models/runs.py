"""Finished training runs, made without a training: a network whose batch-norms have seen something, as a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from models.heads import LOGITS
from models.training.checkpoint import CHECKPOINT, begin, save
from models.training.recipe import Recipe

ONE_EPOCH = Recipe(epochs=1)


def finished_run(folder: Path, recipe: Recipe = ONE_EPOCH, *, head: float = 1.0) -> Path:
    """Writes such a checkpoint into a new folder and returns that; `head` scales the weights of the last layer."""
    run = begin(recipe)
    torch.manual_seed(recipe.seed)
    with torch.no_grad():
        for _ in range(3):
            run.averaged.train()(torch.randn(8, 1, recipe.last_side, recipe.last_side) * 1.5 + 0.2)
        if head != 1.0:
            run.averaged.get_parameter("head.weight").mul_(head)
    folder.mkdir()
    prior = tuple([1 / LOGITS * 2] * LOGITS)
    save(replace(run, epoch=recipe.epochs, prior=prior, faces=64), folder / CHECKPOINT, recipe)
    return folder
