"""What every training here does alike: which weights decay, and how the learning rate goes."""

import math
from typing import Any

import torch
from torch import nn


def groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """A network's parameters for an optimiser.

    Weight decay pulls on what multiplies pixels or features; biases and batch-norm gains are left alone.
    """
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]


@torch.no_grad()
def average(averaged: nn.Module, network: nn.Module, keep: float, step: int) -> None:
    """Exponential moving average of weights and batch-norm statistics, shorter-lived while the run is young."""
    keep = min(keep, (1 + step) / (10 + step))
    pairs = zip(averaged.state_dict().values(), network.state_dict().values(), strict=True)
    floats = [(a, b) for a, b in pairs if a.is_floating_point()]
    torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - keep)


def schedule(progress: float, warm_up: float) -> float:
    """Share of the full learning rate at `progress` (0 to 1): a straight rise, then half a cosine down to 0."""
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))
