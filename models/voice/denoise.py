"""Trains the noise network: speech of some speakers in noises, and which part of each band's power was the speech."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from edge.sound import bands
from edge.sound.bands import NOISE_FRAMES
from edge.sound.samples import Samples
from models.data import Floats
from models.networks.noise_net import NoiseNet
from models.training.machine import Machine, forward_of
from models.training.optimise import groups, schedule
from models.voice.vary import after_lead, echoed, faster, scaled


@dataclass(frozen=True)
class NoiseRecipe:
    """All that decides the weights, beside the sounds. Levels in dB, of the speech over the noise."""

    pairs: int = 8
    least_db: float = -8.0
    most_db: float = 20.0
    speed: float = 0.15
    room_share: float = 0.2
    epochs: int = 14
    batch: int = 32
    learning_rate: float = 2e-3
    warm_up: float = 0.1
    weight_decay: float = 0.01
    seed: int = 1


def train(sounds: list[Samples], noises: list[Samples], recipe: NoiseRecipe, machine: Machine) -> NoiseNet:
    """The trained network, in evaluation."""
    torch.manual_seed(recipe.seed)
    network = NoiseNet()
    forward = forward_of(_Logits(network), machine)
    optimiser = torch.optim.AdamW(groups(network, recipe.weight_decay), lr=recipe.learning_rate)
    pairs = list(_pairs(sounds, noises, recipe))
    steps = recipe.epochs * (len(pairs) // recipe.batch)
    network.train()
    for step, (x, mask) in enumerate(tqdm(_batches(pairs, recipe), total=steps, desc="noise", mininterval=5)):
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * schedule(step / steps, recipe.warm_up)
        loss = functional.binary_cross_entropy_with_logits(forward(x).float(), mask)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval()


class _Logits(torch.nn.Module):
    def __init__(self, network: NoiseNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.logits(x)


def _pairs(sounds: list[Samples], noises: list[Samples], recipe: NoiseRecipe) -> Iterator[tuple[Floats, Floats]]:
    """Bands of speech in noise (BANDS, frames), and the part of their power that is speech."""
    for index, sound in enumerate(tqdm(sounds, desc="pairs", mininterval=5)):
        draw = np.random.default_rng((recipe.seed, index))
        for _ in range(recipe.pairs):
            speech = after_lead(faster(sound, 1 + draw.uniform(-recipe.speed, recipe.speed)))
            if draw.random() < recipe.room_share:
                speech = echoed(speech, draw.uniform(0.1, 0.6), draw)
            level = draw.uniform(recipe.least_db, recipe.most_db)
            noise = scaled(noises[draw.integers(len(noises))], speech, level, draw)
            clean, alone = (np.exp(bands.log_mel(bands.power(each))) for each in (speech, noise))
            both = bands.log_mel(bands.power(speech + noise))
            yield both.astype(np.float16), (clean / (clean + alone)).astype(np.float16)


def _batches(pairs: list[tuple[Floats, Floats]], recipe: NoiseRecipe) -> Iterator[tuple[Tensor, Tensor]]:
    draw = np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        order = draw.permutation(len(pairs))
        for begin in range(0, len(order) - recipe.batch + 1, recipe.batch):
            cut = [_cut(pairs[row], draw) for row in order[begin : begin + recipe.batch]]
            x, mask = (torch.from_numpy(np.stack(part)).float() for part in zip(*cut, strict=True))
            yield x[:, None], mask


def _cut(pair: tuple[Floats, Floats], draw: np.random.Generator) -> tuple[Floats, Floats]:
    """NOISE_FRAMES of a pair, drawn; a shorter one is repeated."""
    noisy, mask = pair
    if noisy.shape[1] < NOISE_FRAMES:
        again = -(-NOISE_FRAMES // noisy.shape[1])
        noisy, mask = np.tile(noisy, again), np.tile(mask, again)
    begin = draw.integers(0, noisy.shape[1] - NOISE_FRAMES + 1)
    return noisy[:, begin : begin + NOISE_FRAMES], mask[:, begin : begin + NOISE_FRAMES]
