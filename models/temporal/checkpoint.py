"""Files of a run over time: read with clear errors; and a training that goes on where it was interrupted."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn

from models.errors import CheckpointError


def loaded(path: Path) -> dict[str, Any]:
    """What a file of a run holds. Raises CheckpointError."""
    try:
        return dict(torch.load(path, weights_only=True, map_location="cpu"))
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such file; train first with `mien-models clips train`") from None
    except (RuntimeError, OSError, EOFError, LookupError, ValueError, TypeError, UnpicklingError):
        raise CheckpointError(f"{path}: not a readable run; train again into a new --out") from None


def loaded_for(path: Path, told: str) -> dict[str, Any]:
    """The same of a file that was written for what `told` says. Raises CheckpointError where it was for another run."""
    state = loaded(path)
    if state.get("told") != told:
        raise CheckpointError(f"{path}: was made for another run ({state.get('told')}); choose a new --out")
    return state


def write(path: Path, state: dict[str, Any]) -> None:
    """Writes a file of a run, whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


class Checkpoint:
    """How far a training has come, in a file. `step` is how many steps were done before; `told` says which training."""

    def __init__(self, path: Path, told: str) -> None:
        """Raises CheckpointError where what is there is of another training, or cannot be read."""
        self._path, self._told = path, told
        self._before = loaded_for(path, told) if path.exists() else {}
        self.step: int = self._before.get("step", 0)

    def restore(self, network: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Puts back what was learned before, and the state of chance; nothing where the training begins."""
        if self._before:
            network.load_state_dict(self._before["network"])
            averaged.load_state_dict(self._before["averaged"])
            optimiser.load_state_dict(self._before["optimiser"])
            torch.set_rng_state(self._before["chance"])
        self._before = {}

    def keep(self, step: int, network: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Writes what was learned in so many steps."""
        learned = {"network": network, "averaged": averaged, "optimiser": optimiser}
        states = {name: part.state_dict() for name, part in learned.items()}  # type: ignore[attr-defined]
        write(self._path, {"told": self._told, "step": step, "chance": torch.get_rng_state(), **states})

    def forget(self) -> None:
        """Takes the file away: the training is done."""
        self._path.unlink(missing_ok=True)
