"""Trains the voice network on views of utterances; the same seed, threads and library give the same weights."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from edge.sound.bands import BANDS, FRAMES, newest
from models.data import Floats, Ints
from models.networks.voice_net import VoiceNet, twofold
from models.training.machine import Machine, forward_of
from models.training.optimise import average, groups, schedule
from models.voice.denoise import NoiseRecipe
from models.voice.heads import HEADS, LOGITS
from models.voice.utterances import Utterance, labels_of
from models.voice.vary import Halves, Variation

LONGEST_HOLE, HIGHEST_HOLE = 24, 12  # frames and bands that one hole may cover
SEMITONES = 4  # that the pitches of a piece are shifted by at most: how high somebody speaks is the speaker's own
UNPITCHED = 0.1  # the share of pieces whose pitches are left out: a whisper, or a room too loud to hear one
WAVES = 4  # that a microphone's colour is made of
STEP = 24  # frames between two looks at one utterance


@dataclass(frozen=True)
class VoiceRecipe:
    """All that decides the weights, beside the data.

    `mixed` is the parameter of mixup (Zhang et al. 2018), `again` how often an epoch takes each utterance of a data set
    that is smaller. `colour` is how far a microphone of its own colours each piece: the deviation of the slowest wave
    over the bands, in natural logarithms of power.
    """

    epochs: int = 70
    batch: int = 32
    learning_rate: float = 3e-3
    warm_up: float = 0.15
    weight_decay: float = 0.05
    smoothing: float = 0.1
    mixed: float = 0.2
    colour: float = 0.6
    average: float = 0.995
    again: dict[str, int] = field(default_factory=lambda: {"emodb": 5})
    seed: int = 1
    variation: Variation = field(default_factory=Variation)
    noise: NoiseRecipe = field(default_factory=NoiseRecipe)


def train(utterances: list[Utterance], views: list[list[Halves]], recipe: VoiceRecipe, machine: Machine) -> VoiceNet:
    """The trained network, in evaluation; `views` are those of the utterances, in their order.

    Each label set is learned by its own head, and by each listener for itself.
    """
    torch.manual_seed(recipe.seed)
    network = VoiceNet()
    averaged = deepcopy(network)
    forward = forward_of(_Each(network), machine)
    optimiser = torch.optim.AdamW(groups(network, recipe.weight_decay), lr=recipe.learning_rate)
    targets = targets_of(utterances, recipe.smoothing)
    taken = np.array([row for row, each in enumerate(utterances) for _ in range(recipe.again.get(each.corpus, 1))])
    steps = recipe.epochs * (len(taken) // recipe.batch)
    network.train()
    with tqdm(total=steps, unit="batch", mininterval=5) as progress:
        for step, (x, y) in enumerate(_batches(views, targets, taken, recipe)):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step / steps, recipe.warm_up)
            logits = forward(x).float()
            each = [
                (y[:, head.columns] * functional.log_softmax(logits[..., head.columns], -1)).sum(-1) for head in HEADS
            ]
            loss = -torch.stack(each).sum((0, 1)).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            average(averaged, network, recipe.average, step)
            progress.update()
            if step % 50 == 0:
                progress.set_postfix(loss=f"{loss.detach():.3f}")
    return averaged.eval()


class _Each(nn.Module):
    def __init__(self, network: VoiceNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.each(x)


def targets_of(utterances: list[Utterance], smoothing: float) -> Tensor:
    """What is to be answered (N, LOGITS): the label, a part of it shared out, by the head of its data set alone."""
    found = torch.zeros(len(utterances), LOGITS)
    for head in HEADS:
        for row, (each, label) in enumerate(zip(utterances, labels_of(utterances, head.classes).tolist(), strict=True)):
            if each.corpus == head.name:
                found[row, head.columns] = smoothing / len(head.classes)
                found[row, head.begin + label] += 1 - smoothing
    return found


def _batches(
    views: list[list[Halves]], targets: Tensor, taken: Ints, recipe: VoiceRecipe
) -> Iterator[tuple[Tensor, Tensor]]:
    draw = np.random.default_rng(recipe.seed)
    for _ in range(recipe.epochs):
        order = draw.permutation(taken)
        for begin in range(0, len(order) - recipe.batch + 1, recipe.batch):
            rows = order[begin : begin + recipe.batch]
            pieces = [_piece(views[row][draw.integers(len(views[row]))], draw) for row in rows]
            x = np.stack(pieces)
            x[:, :BANDS] += np.stack([_microphone(recipe.colour, draw) for _ in pieces])
            x[:, BANDS:] = np.stack([shifted(piece[BANDS:], draw) for piece in pieces])
            # As the network does first: once before, so that holes are cut and pieces mixed in things of one size.
            x = _with_holes(twofold(torch.from_numpy(x[:, None])).numpy(), draw)
            y = targets[torch.from_numpy(rows)]
            share = np.float32(draw.beta(recipe.mixed, recipe.mixed)) if recipe.mixed else np.float32(1)
            others = draw.permutation(len(rows))
            x = share * x + (1 - share) * x[others]
            yield torch.from_numpy(x), share * y + (1 - share) * y[torch.from_numpy(others)]


def _piece(view: Halves, draw: np.random.Generator) -> Floats:
    """FRAMES of a view (ROWS, frames), drawn; a shorter one lies somewhere in its quietest."""
    spare = view.shape[1] - FRAMES
    if spare >= 0:
        begin = draw.integers(0, spare + 1)
        return view[:, begin : begin + FRAMES].astype(np.float32)
    return np.asarray(np.roll(_at_the_end(view), -draw.integers(0, 1 - spare), axis=1), np.float32)


def _at_the_end(heard: Floats | Halves) -> Floats:
    found: Floats = newest(np.asarray(heard, np.float32), FRAMES)[0, 0]
    return found


def shifted(pitches: Floats, draw: np.random.Generator) -> Floats:
    """Pitches (PITCHES, FRAMES) as of somebody who speaks higher or lower; a row is a semitone."""
    by = int(draw.integers(-SEMITONES, SEMITONES + 1))
    found: Floats = np.zeros_like(pitches)
    found[max(0, by) : len(pitches) + min(0, by)] = pitches[max(0, -by) : len(pitches) - max(0, by)]
    return found


def _microphone(colour: float, draw: np.random.Generator) -> Floats:
    """What a microphone makes of each band (BANDS, 1): some waves, each faster one weaker."""
    waves = np.arange(1, WAVES + 1)
    places = np.linspace(0, np.pi, BANDS)[:, None]
    return np.asarray(np.cos(places * waves) @ draw.normal(0, colour / waves)[:, None], np.float32)


def _with_holes(x: Floats, draw: np.random.Generator) -> Floats:
    """A hole in time and one in the bands of each piece (SpecAugment: Park et al. 2019); some have no pitches."""
    for piece in x:
        long, high = draw.integers(0, LONGEST_HOLE), draw.integers(0, HIGHEST_HOLE)
        at, band = draw.integers(0, FRAMES - LONGEST_HOLE), draw.integers(0, BANDS - HIGHEST_HOLE)
        piece[..., at : at + long] = 0
        piece[:, band : band + high] = 0
        if draw.random() < UNPITCHED:
            piece[:, BANDS:] = 0
    return x


@torch.no_grad()
def logits_of(network: VoiceNet, heard: Floats) -> Floats:
    """The logits (looks, LOGITS) at an utterance's rows (ROWS, frames), looked at every STEP frames."""
    return np.asarray(network(torch.from_numpy(looks_at(heard))).numpy(), np.float32)


def looks_at(heard: Floats) -> Floats:
    """Pieces (looks, 1, ROWS, FRAMES) of an utterance's rows, as a desk would read them second by second."""
    spare = heard.shape[1] - FRAMES
    if spare < 0:
        return np.roll(_at_the_end(heard), spare // 2, axis=1)[None, None]
    begins = np.unique(np.linspace(0, spare, -(-spare // STEP) + 1).astype(int))
    return np.stack([heard[:, at : at + FRAMES] for at in begins])[:, None].astype(np.float32)


def whole_answer(looks: Floats, columns: slice) -> Floats:
    """The mean log probabilities (classes,) over the looks at an utterance, of one head."""
    own = looks[:, columns]
    own = own - own.max(axis=1, keepdims=True)
    found: Floats = (own - np.log(np.exp(own).sum(axis=1, keepdims=True))).mean(axis=0)
    return found


def rows_of(utterances: list[Utterance], speakers: set[str]) -> Ints:
    """The places (n,) of what these people said."""
    return np.array([row for row, each in enumerate(utterances) if each.speaker in speakers], np.int64)
