"""The training loop of the networks over time: few clips, small networks, the last step's averaged weights."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from models.errors import TrainingError
from models.temporal.checkpoint import Checkpoint
from models.training.augment import Augmentation, Field
from models.training.machine import Machine, forward_of
from models.training.optimise import average, groups, schedule

# Posed faces before one wall, cut alike: little more than the detector's jitter and a turn of the head.
POSED = Augmentation(
    rotate_degrees=10.0,
    scale=(0.92, 1.12),
    shift=0.05,
    turn=0.1,
    erase_share=0.05,
    coarse_share=0.0,
    noise_share=0.1,
    noise=0.15,
)


OFTEN = 250  # steps between two checkpoints


@dataclass(frozen=True)
class TimeRecipe:
    """How a network over time is trained. `views` is in how many ways each clip is varied, once for all epochs."""

    epochs: int = 30
    batch: int = 32
    learning_rate: float = 2e-3
    warm_up: float = 0.1
    weight_decay: float = 0.05
    smoothing: float = 0.1
    average: float = 0.98
    views: int = 24
    seed: int = 1
    augmentation: Augmentation = field(default_factory=lambda: POSED)
    field: Field = field(default_factory=lambda: Field(of_picture=0.9))


def fit(
    network: nn.Module,
    batches: Iterator[tuple[tuple[Tensor, ...], Tensor]],
    steps: int,
    recipe: TimeRecipe,
    also: nn.Module | None = None,
    *,
    progress: str = "",
    machine: Machine | None = None,
    checkpoint: Checkpoint | None = None,
) -> nn.Module:
    """Trains on `steps` batches of inputs, and labels (B,) or targets (B, classes); the averaged weights, ready to use.

    `also` gives another loss for the network, and is trained with it. `progress` is what a bar is called, none without.
    With a `checkpoint`, the training is kept there as it goes, and goes on from there: `batches` begin at its step.
    Raises TrainingError.
    """
    forward = forward_of(network, machine or Machine())
    trained = nn.ModuleList([network, *([also] if also is not None else [])])
    optimiser = torch.optim.AdamW(groups(trained, recipe.weight_decay), lr=recipe.learning_rate)
    averaged = copy.deepcopy(network).eval()
    begin = 0
    if checkpoint is not None:
        begin = checkpoint.step
        checkpoint.restore(network, averaged, optimiser)
    bar = tqdm(desc=progress, total=steps, initial=begin, unit="step", mininterval=2, disable=not progress)
    network.train()
    for step in range(begin, steps):
        inputs, wanted = next(batches)
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * schedule(step / steps, recipe.warm_up)
        loss = functional.cross_entropy(forward(*inputs).float(), wanted, label_smoothing=recipe.smoothing)
        if also is not None:
            loss = loss + also(network)
        if not math.isfinite(found := loss.item()):
            raise TrainingError(f"the loss is {found} at step {step} of {steps}; lower the learning rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        average(averaged, network, recipe.average, step)
        bar.update()
        if checkpoint is not None and (step + 1) % OFTEN == 0:
            checkpoint.keep(step + 1, network, averaged, optimiser)
    bar.close()
    return averaged
