"""A training run between two epochs: its recipe, its networks and optimiser, and the checkpoint that keeps them."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import msgspec
import torch

from models.augment import GENTLE, Augmentation
from models.errors import CheckpointError
from models.networks.se_resnet import SEResNet, SEResNetShape

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True)
class Recipe:
    """All that decides the weights, beside the data; kept in the checkpoint, which refuses to go on with another.

    `start` is the SHA-256 of the checkpoint that a second stage began from, or empty.
    """

    epochs: int = 36
    batch: int = 128
    learning_rate: float = 0.12
    warm_up: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    average: float = 0.998
    dropout: float = 0.3
    seed: int = 1
    start: str = ""
    augmentation: Augmentation = field(default_factory=Augmentation)


# What a second stage does otherwise: a lower rate, lighter augmentation, less dropout.
SECOND_STAGE: dict[str, Any] = {"learning_rate": 0.06, "warm_up": 0.05, "dropout": 0.15, "augmentation": GENTLE}


@dataclass
class Run:
    """What a training carries from one step to the next."""

    network: SEResNet
    averaged: SEResNet
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0


def begin(recipe: Recipe, start: SEResNet | None = None) -> Run:
    """A run that has taken no step, its weights those of `start` or drawn from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    shape = SEResNetShape(dropout=recipe.dropout)
    network, averaged = SEResNet(shape), SEResNet(shape)
    for each in (network, averaged):
        each.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None:
        network.load_state_dict(start.state_dict())
    averaged.load_state_dict(network.state_dict())
    # Weight decay pulls on what multiplies pixels or features; biases and batch-norm gains are left alone.
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=True)
    return Run(network, averaged.eval(), optimiser)


def save(run: Run, checkpoint: Path, recipe: Recipe) -> None:
    """Writes the checkpoint, whole or not at all."""
    state = {
        "recipe": json.dumps(asdict(recipe)),
        "network": run.network.state_dict(),
        "averaged": run.averaged.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "epoch": run.epoch,
        "step": run.step,
    }
    partial = checkpoint.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(checkpoint)


def load(checkpoint: Path) -> dict[str, Any]:
    """The checkpoint's contents; CheckpointError where it is missing or broken."""
    try:
        state = torch.load(checkpoint, weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"{checkpoint}: no such file; train first with `mien-models train`") from None
    except (RuntimeError, OSError, EOFError, ValueError, UnpicklingError):
        raise CheckpointError(f"{checkpoint}: not a readable checkpoint; train again into a new --out") from None
    return dict(state)


def restore(run: Run, checkpoint: Path, recipe: Recipe) -> None:
    """Puts a run where its checkpoint stands; CheckpointError where that is broken or of another recipe."""
    state = load(checkpoint)
    if state["recipe"] != json.dumps(asdict(recipe)):
        raise CheckpointError(f"{checkpoint}: made by another recipe; give the same options, or choose a new --out")
    run.network.load_state_dict(state["network"])
    run.averaged.load_state_dict(state["averaged"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.epoch, run.step = state["epoch"], state["step"]


def averaged_network(checkpoint: Path) -> SEResNet:
    """The result of a run: the averaged weights, ready to evaluate."""
    network = SEResNet()
    network.load_state_dict(load(checkpoint)["averaged"])
    return network.eval()


def recipe_of(checkpoint: Path) -> Recipe:
    """The recipe that a checkpoint was made by; CheckpointError where it is missing or broken."""
    return msgspec.json.decode(load(checkpoint)["recipe"], type=Recipe)
