"""Makes a network wider without changing what it answers (Net2WiderNet: Chen, Goodfellow & Shlens 2016).

A wide network costs four times as much as one of half its width, and learns the first of it no better. So a training
may begin narrow. Here every channel is there as often as the wide network has room, in the same order, and what reads
it takes a part of each; a little noise then lets the copies part ways.
"""

import torch
from torch import Tensor, nn

NOISE = 0.05  # of the deviation of a layer's weights


@torch.no_grad()
def widen(narrow: nn.Module, wide: nn.Module, draw: torch.Generator) -> None:
    """Gives `wide` what `narrow` knows; both are of one family, and each width of the one a multiple of the other's.

    Both must be on the CPU. With its noise, which `draw` decides, `wide` answers nearly as `narrow` does.
    """
    own = wide.state_dict()
    wide.load_state_dict({name: _fitted(value, own[name], draw) for name, value in narrow.state_dict().items()})


def _fitted(value: Tensor, like: Tensor, draw: torch.Generator) -> Tensor:
    if value.shape == like.shape:
        return value
    times = [ours // theirs for ours, theirs in zip(like.shape, value.shape, strict=True)]
    repeated = value.repeat(times)
    if value.ndim == 1:  # a bias, or what a batch-norm holds of each channel
        return repeated
    # Along its second axis a weight reads channels: of each there are now so many.
    noise = torch.randn(repeated.shape, generator=draw) * value.std() * NOISE
    return (repeated + noise) / times[1]
