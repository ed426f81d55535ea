"""How large a network is and what one face costs it."""

import torch
from torch import Tensor, nn


def parameters_of(network: nn.Module) -> int:
    """Number of parameters, those that stay as they are among them."""
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network: nn.Module, side: int, channels: int = 1) -> int:
    """Multiply-adds of the convolutions and linear layers for one face of `side` pixels."""
    counts: list[int] = []

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            counts.append(output[0].numel() * module.weight[0].numel())
        elif isinstance(module, nn.Linear):
            counts.append(module.weight.numel())

    hooks = [module.register_forward_hook(count) for module in network.modules()]
    with torch.no_grad():
        network.eval()(torch.zeros(1, channels, side, side))
    for hook in hooks:
        hook.remove()
    return sum(counts)
