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
from models.networks.voice_net import Listener, VoiceNet, VoiceShape, twofold
from models.training.machine import Machine, forward_of
from models.training.optimise import average, groups, schedule
from models.voice.denoise import NoiseRecipe
from models.voice.heads import HEADS, LOGITS
from models.voice.utterances import Utterance, labels_of
from models.voice.vary import Halves, Variation

LONGEST_HOLE, HIGHEST_HOLE = 24, 12  # frames and bands that one hole may cover
SEMITONES = 4  # that the pitches of a piece are shifted by at most: how high somebody speaks is the speaker's own
UNPITCHED = 0.1  # the share of pieces whose pitches are left out: a whisper, or a room too loud to hear one
WAVES = np.cos(np.linspace(0, np.pi, BANDS)[:, None] * np.arange(1, 5))  # that a microphone's colour is made of
STEP = 24  # frames between two looks at one utterance


@dataclass(frozen=True)
class VoiceRecipe:
    """All that decides the weights, beside the data.

    `mixed` is the parameter of mixup (Zhang et al. 2018), `again` how often an epoch takes each utterance of a data set
    that is smaller. `colour` is how far a microphone of its own colours each piece: the deviation of the slowest wave
    over the bands, in natural logarithms of power. `throat` is how much longer or shorter a throat may be than the
    speaker's own (vocal tract length perturbation: Jaitly & Hinton 2013). `spliced` is the share of pieces that end in
    another utterance, said by the same speaker with the same label: what is said in it is then no guide to how. `pace`
    is how much faster or slower a piece of a data set may be said, as a natural logarithm, its pitch and throat as they
    were: RAVDESS has two sentences, and how fast they are said gives away too much.
    """

    epochs: int = 70
    batch: int = 32
    learning_rate: float = 3e-3
    warm_up: float = 0.15
    weight_decay: float = 0.05
    smoothing: float = 0.1
    mixed: float = 0.2
    colour: float = 0.6
    throat: float = 0.15
    spliced: float = 0.5
    pace: dict[str, float] = field(default_factory=lambda: {"ravdess": 0.35})
    average: float = 0.995
    again: dict[str, int] = field(default_factory=lambda: {"emodb": 5})
    seed: int = 1
    variation: Variation = field(default_factory=Variation)
    noise: NoiseRecipe = field(default_factory=NoiseRecipe)


@dataclass(frozen=True)
class Said:
    """What is learned from: utterances (N,) with their views, the rows that may end each (:func:`alike`), and what is
    to be answered (N, LOGITS).
    """

    utterances: list[Utterance]
    views: list[list[Halves]]
    alike: list[list[int]]
    targets: Tensor


def train(utterances: list[Utterance], views: list[list[Halves]], recipe: VoiceRecipe, machine: Machine) -> VoiceNet:
    """The trained network, in evaluation; `views` are those of the utterances, in their order.

    Each listener is trained by itself, by chance of its own: what those who learned from the same pieces make of a new
    voice errs alike, and their mean is worth less.
    """
    torch.compiler.reset()  # which compiles no more than eight networks of one kind, and says nothing of it
    said = Said(utterances, views, alike(utterances), targets_of(utterances, recipe.smoothing))
    network = VoiceNet()
    network.listeners = nn.ModuleList(
        [_listener(place, pitched, said, recipe, machine) for place, pitched in enumerate(VoiceShape.pitched)]
    )
    return network.eval()


def _listener(place: int, pitched: bool, said: Said, recipe: VoiceRecipe, machine: Machine) -> Listener:
    """The listener at this place of the network."""
    draw = np.random.default_rng((recipe.seed, place))
    torch.manual_seed(int(draw.integers(2**31)))
    listener = Listener(VoiceShape(), pitched=pitched)
    averaged = deepcopy(listener)
    forward = forward_of(listener, machine)
    optimiser = torch.optim.AdamW(groups(listener, recipe.weight_decay), lr=recipe.learning_rate)
    taken = np.array([row for row, each in enumerate(said.utterances) for _ in range(recipe.again.get(each.corpus, 1))])
    steps = recipe.epochs * (len(taken) // recipe.batch)
    listener.train()
    with tqdm(total=steps, desc=f"listener {place + 1}", unit="batch", mininterval=5) as progress:
        for step, (x, y) in enumerate(_batches(said, taken, recipe, draw)):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step / steps, recipe.warm_up)
            logits = forward(x).float()
            each = [
                (y[:, head.columns] * functional.log_softmax(logits[:, head.columns], -1)).sum(-1) for head in HEADS
            ]
            loss = -torch.stack(each).sum(0).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            average(averaged, listener, recipe.average, step)
            progress.update()
            if step % 50 == 0:
                progress.set_postfix(loss=f"{loss.detach():.3f}")
    return averaged


def targets_of(utterances: list[Utterance], smoothing: float) -> Tensor:
    """What is to be answered (N, LOGITS): the label, a part of it shared out, by the head of its data set alone."""
    found = torch.zeros(len(utterances), LOGITS)
    for head in HEADS:
        for row, (each, label) in enumerate(zip(utterances, labels_of(utterances, head.classes).tolist(), strict=True)):
            if each.corpus == head.name:
                found[row, head.columns] = smoothing / len(head.classes)
                found[row, head.begin + label] += 1 - smoothing
    return found


def alike(utterances: list[Utterance]) -> list[list[int]]:
    """For each utterance the rows of all that its speaker said with its label, itself among them."""
    found: dict[tuple[str, str], list[int]] = {}
    for row, each in enumerate(utterances):
        found.setdefault((each.speaker, each.label), []).append(row)
    return [found[each.speaker, each.label] for each in utterances]


def _batches(
    said: Said, taken: Ints, recipe: VoiceRecipe, draw: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    for _ in range(recipe.epochs):
        order = draw.permutation(taken)
        for begin in range(0, len(order) - recipe.batch + 1, recipe.batch):
            rows = order[begin : begin + recipe.batch]
            x = np.stack([_told(said, row, recipe, draw) for row in rows])
            # As the network does first: once before, so that holes are cut and pieces mixed in things of one size.
            x = _with_holes(twofold(torch.from_numpy(x[:, None])).numpy(), draw)
            y = said.targets[torch.from_numpy(rows)]
            share = np.float32(draw.beta(recipe.mixed, recipe.mixed)) if recipe.mixed else np.float32(1)
            others = draw.permutation(len(rows))
            x = share * x + (1 - share) * x[others]
            yield torch.from_numpy(x), share * y + (1 - share) * y[torch.from_numpy(others)]


def _told(said: Said, row: int, recipe: VoiceRecipe, draw: np.random.Generator) -> Floats:
    """A piece of an utterance (ROWS, FRAMES), by its own speaker or one unlike."""
    pace, fellows = recipe.pace.get(said.utterances[row].corpus, 0.0), said.alike[row]
    piece = _piece(said.views[row], pace, draw)
    if draw.random() < recipe.spliced:
        piece = spliced(piece, _piece(said.views[fellows[draw.integers(len(fellows))]], pace, draw), draw)
    voice = of_throat(piece[:BANDS], recipe.throat, draw) + _microphone(recipe.colour, draw)
    return np.concatenate([voice, shifted(piece[BANDS:], draw)])


def _piece(views: list[Halves], pace: float, draw: np.random.Generator) -> Floats:
    """FRAMES of a view (ROWS, frames), both drawn, at some pace; a shorter one lies somewhere in its quietest."""
    view = paced(views[draw.integers(len(views))], pace, draw)
    spare = view.shape[1] - FRAMES
    if spare >= 0:
        begin = draw.integers(0, spare + 1)
        return view[:, begin : begin + FRAMES]
    return np.asarray(np.roll(_at_the_end(view), -draw.integers(0, 1 - spare), axis=1), np.float32)


def _at_the_end(heard: Floats) -> Floats:
    found: Floats = newest(heard, FRAMES)[0, 0]
    return found


def paced(heard: Floats | Halves, most: float, draw: np.random.Generator) -> Floats:
    """Rows (ROWS, frames) as said faster or slower, by a factor whose logarithm is up to `most`."""
    if not most:
        return np.asarray(heard, np.float32)
    places = np.arange(0, heard.shape[1] - 1, np.exp(draw.uniform(-most, most)))
    before = places.astype(int)
    share, whole = (places - before).astype(np.float32), np.asarray(heard, np.float32)
    return np.asarray(whole[:, before] * (1 - share) + whole[:, before + 1] * share, np.float32)


def spliced(piece: Floats, other: Floats, draw: np.random.Generator) -> Floats:
    """A piece (ROWS, FRAMES) that ends as another does, from some moment in its middle on."""
    at = int(draw.integers(FRAMES // 5, FRAMES * 4 // 5))
    return np.concatenate([piece[:, :at], other[:, at:]], axis=1)


def of_throat(heard: Floats, most: float, draw: np.random.Generator) -> Floats:
    """Bands (BANDS, frames) as of a throat that is longer or shorter by a part of up to `most`."""
    places = np.arange(BANDS) * (1 + draw.uniform(-most, most)) + draw.uniform(-1, 1)
    places = places.clip(0, BANDS - 1)
    below = np.floor(places).astype(int)
    above, share = np.minimum(below + 1, BANDS - 1), (places - below)[:, None].astype(np.float32)
    return np.asarray(heard[below] * (1 - share) + heard[above] * share, np.float32)


def shifted(pitches: Floats, draw: np.random.Generator) -> Floats:
    """Pitches (PITCHES, FRAMES) as of somebody who speaks higher or lower; a row is a semitone."""
    by = int(draw.integers(-SEMITONES, SEMITONES + 1))
    found: Floats = np.zeros_like(pitches)
    found[max(0, by) : len(pitches) + min(0, by)] = pitches[max(0, -by) : len(pitches) - max(0, by)]
    return found


def _microphone(colour: float, draw: np.random.Generator) -> Floats:
    """What a microphone makes of each band (BANDS, 1): some waves, each faster one weaker."""
    return np.asarray(WAVES @ draw.normal(0, colour / np.arange(1, WAVES.shape[1] + 1))[:, None], np.float32)


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
