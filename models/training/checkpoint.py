"""A training run between two epochs: its recipe, its networks and optimiser, and the checkpoint that keeps them."""

import copy
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import msgspec
import torch
from torch import nn

from models.errors import CheckpointError
from models.networks.build import build
from models.training.optimise import groups
from models.training.recipe import Recipe
from models.training.widen import widen

CHECKPOINT = "checkpoint.pt"


@dataclass
class Run:
    """What a training carries from one step to the next.

    `prior` (LOGITS values) and `faces`, of the training set, are for those who use the weights.
    """

    network: nn.Module
    averaged: nn.Module
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    step: int = 0
    prior: tuple[float, ...] = ()
    faces: int = 0


def begin(recipe: Recipe, device: str = "cpu", start: nn.Module | None = None) -> Run:
    """A run that has taken no step, its weights drawn from the recipe's seed.

    Those that `start` has too, by name and shape, are taken from there: with another head, all but the head's.
    """
    torch.manual_seed(recipe.seed)
    network = _built(recipe, 0)
    if start is not None:
        own = network.state_dict()
        shared = {name: value for name, value in start.state_dict().items() if _shape(own.get(name)) == value.shape}
        network.load_state_dict(own | shared)
    return _run_of(network, copy.deepcopy(network), recipe, device)


def _built(recipe: Recipe, epoch: int) -> nn.Module:
    """The recipe's network as wide as it is in an epoch (0 is the first)."""
    return build(recipe.network, recipe.dropout, recipe.last_side, recipe.part(epoch))


def _run_of(network: nn.Module, averaged: nn.Module, recipe: Recipe, device: str) -> Run:
    for each in (network, averaged):
        each.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    decayed = groups(network, recipe.weight_decay)
    optimiser = torch.optim.SGD(decayed, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=True)
    return Run(network, averaged.eval(), optimiser)


def grown(run: Run, recipe: Recipe, device: str = "cpu") -> Run:
    """The run with its networks as wide as its next epoch has them; itself where they are."""
    if not run.epoch or recipe.part(run.epoch) == recipe.part(run.epoch - 1):
        return run
    torch.manual_seed(recipe.seed + run.epoch)
    network, averaged = (_built(recipe, run.epoch) for _ in range(2))
    for narrow, wide in ((run.network, network), (run.averaged, averaged)):
        # The same noise for both, or their mean would be of networks whose channels are not the same.
        widen(narrow.cpu(), wide, torch.Generator().manual_seed(recipe.seed + run.epoch))
    found = _run_of(network, averaged, recipe, device)
    return replace(found, epoch=run.epoch, step=run.step, prior=run.prior, faces=run.faces)


def _shape(value: torch.Tensor | None) -> torch.Size | None:
    """The shape of a tensor, None where there is none."""
    return None if value is None else value.shape


def save(run: Run, checkpoint: Path, recipe: Recipe) -> None:
    """Writes the checkpoint, whole or not at all."""
    state = {
        "recipe": json.dumps(asdict(recipe)),
        "network": run.network.state_dict(),
        "averaged": run.averaged.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "epoch": run.epoch,
        "step": run.step,
        "prior": list(run.prior),
        "faces": run.faces,
    }
    partial = checkpoint.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(checkpoint)


def load(checkpoint: Path) -> dict[str, Any]:
    """The checkpoint's contents, on the CPU; CheckpointError where it is missing or broken."""
    try:
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    except FileNotFoundError:
        raise CheckpointError(f"{checkpoint}: no such file; train first with `mien-models train`") from None
    except (RuntimeError, OSError, EOFError, LookupError, ValueError, TypeError, UnpicklingError):
        raise CheckpointError(f"{checkpoint}: not a readable checkpoint; train again into a new --out") from None
    return dict(state)


def restored(checkpoint: Path, recipe: Recipe, device: str = "cpu") -> Run:
    """The run as its checkpoint has it; CheckpointError where that is broken or of another recipe."""
    state = load(checkpoint)
    if _recipe(state) != recipe:
        raise CheckpointError(
            f"{checkpoint}: made by another recipe or from other pictures; give the same options, or choose a new --out"
        )
    network, averaged = (_built(recipe, max(0, state["epoch"] - 1)) for _ in range(2))
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    run = _run_of(network, averaged, recipe, device)
    run.optimiser.load_state_dict(state["optimiser"])
    return replace(run, epoch=state["epoch"], step=state["step"])


def averaged_network(checkpoint: Path) -> nn.Module:
    """The result of a finished run: the averaged weights, ready to evaluate. CheckpointError where it is unfinished."""
    state = load(checkpoint)
    recipe = _recipe(state)
    if state["epoch"] < recipe.epochs:
        stands = f"stands at epoch {state['epoch']} of {recipe.epochs}"
        raise CheckpointError(f"{checkpoint}: {stands}; go on with `mien-models train --resume`")
    network = build(recipe.network, recipe.dropout, recipe.last_side)
    network.load_state_dict(state["averaged"])
    return network.eval()


def recipe_of(checkpoint: Path) -> Recipe:
    """The recipe that a checkpoint was made by; CheckpointError where it is missing or broken."""
    return _recipe(load(checkpoint))


def _recipe(state: dict[str, Any]) -> Recipe:
    return msgspec.json.decode(state["recipe"], type=Recipe)
