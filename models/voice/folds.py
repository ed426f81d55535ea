"""The voice network on people it never heard: folds of speakers, one data set untouched, and what noise does to it.

What is done is kept, a training at a time: an interrupted run goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import torch
from torch import nn

from contract.expressions import EXPRESSIONS
from edge.sound.samples import RATE, Samples
from models.compare.paired import Paired, difference
from models.data import Floats, Ints
from models.errors import CheckpointError, DataError
from models.networks.noise_net import NoiseNet
from models.networks.voice_net import VoiceNet, VoiceShape
from models.scores import Scores, fitted, score, softmax
from models.training.checkpoint import load
from models.training.machine import Machine
from models.voice import denoise
from models.voice.heads import EMODB, HEADS, RAVDESS, SHARED, as_expressions
from models.voice.reduction import LEARNED, NONE, Reduction, reductions
from models.voice.train import VoiceRecipe, logits_of, rows_of, train, whole_answer
from models.voice.utterances import Utterance, labels_of
from models.voice.vary import LEAD_S, Halves, after_lead, heard, views_of, with_noise

_Network = TypeVar("_Network", bound=nn.Module)
Names = np.ndarray[tuple[int], np.dtype[np.str_]]

FOLDS = 5
LEVELS_DB = (-5, 0, 5, 10, 20)
ACROSS = "RAVDESS to EMO-DB"
TALKER, TALKER_DB = "another talker", 0
BOTH = "none and learned"
TRAININGS = 3  # on RAVDESS alone: from one to the next chance moves what EMO-DB is read as by some points
ASIDE = 0.4  # the part of the noises that no training hears


@dataclass(frozen=True)
class Sounds:
    """Utterances, cut to what is spoken; the noises that a training hears and those that it does not; and somebody else
    who talks, whom none hears.
    """

    utterances: list[Utterance]
    noises: list[Samples]
    other_noises: list[Samples]
    talker: Samples | None = None


class Answers(msgspec.Struct, frozen=True):
    """What was answered to utterances by networks that had heard nothing of their speakers.

    `rows` (n,) are the utterances, `looks` (n,) how many looks were taken at each, `logits` (sum of looks, LOGITS),
    one after the other; `noisy` (n, levels, reductions, classes) mean log probabilities of RAVDESS's head in noise,
    after each of `reductions`, and `clean` (n, reductions, classes) the same without noise.
    """

    reductions: list[str]
    rows: list[int]
    looks: list[int]
    logits: list[list[float]]
    clean: list[list[list[float]]]
    noisy: list[list[list[list[float]]]]


class VoiceScores(msgspec.Struct, frozen=True):
    """Scores of one data set's utterances, by a head, with all of the speakers apart."""

    data: str
    speakers: int
    scores: Scores
    by_speaker: dict[str, tuple[int, float]]


class NoiseScore(msgspec.Struct, frozen=True):
    """Accuracy of RAVDESS's utterances in noises at a level (None: clean), after each reduction, and how far each but
    none differs from that.
    """

    level_db: int | None
    accuracy: dict[str, float]
    beside_none: list[Paired]


def fold_of(utterances: list[Utterance], folds: int = FOLDS) -> Ints:
    """The fold (N,) of each utterance, its speaker's: those of a data set by name, in runs of like length."""
    where = {}
    for corpus in sorted({each.corpus for each in utterances}):
        speakers = sorted({each.speaker for each in utterances if each.corpus == corpus})
        if len(speakers) < folds:
            raise DataError(f"{corpus}: {len(speakers)} speakers are too few for {folds} folds; give more of it")
        where.update({speaker: place * folds // len(speakers) for place, speaker in enumerate(speakers)})
    return np.array([where[each.speaker] for each in utterances], np.int64)


def trained(kept: Path, network: _Network, make: Callable[[], _Network]) -> _Network:
    """The network whose weights lie in a file, put into `network`, else the one that `make` gives, which is kept.

    Raises CheckpointError where the file is broken, or of another network.
    """
    if kept.exists():
        weights = load(kept)
        try:
            network.load_state_dict(weights)
        except RuntimeError:
            raise CheckpointError(f"{kept}: weights of another network; choose a new --out") from None
        return network.eval()
    network = make()
    kept.parent.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    torch.save(network.state_dict(), partial)
    partial.replace(kept)
    return network


def _claim(folder: Path, recipe: VoiceRecipe, sounds: Sounds) -> None:
    """Writes down what a folder's networks are made of; CheckpointError where those there are of something else."""
    made = msgspec.json.format(msgspec.json.encode((recipe, VoiceShape(), len(sounds.utterances), len(sounds.noises))))
    path = folder / "made-of.json"
    if path.exists() and path.read_bytes() != made:
        raise CheckpointError(
            f"{path}: networks of another recipe or other sounds; give the same options, or choose a new --out"
        )
    if not path.exists() and (folder / "noise.pt").exists():
        raise CheckpointError(f"{folder}: holds networks of an earlier version; choose a new --out")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made)


class Trial:
    """Trains and asks networks on parts of some sounds; what is done lies in `folder`.

    The noise network learns from EMO-DB alone: whoever speaks in RAVDESS is unheard of to it, in every fold.
    """

    def __init__(self, sounds: Sounds, recipe: VoiceRecipe, machine: Machine, folder: Path) -> None:
        """Begin in a folder, or go on there. Raises CheckpointError where what lies there was made otherwise."""
        self.sounds, self._recipe, self._machine, self.folder = sounds, recipe, machine, folder
        _claim(folder, recipe, sounds)
        self.noise_network = trained(folder / "noise.pt", NoiseNet(), self._noise_network)
        self.reductions = reductions(self.noise_network)

    @cached_property
    def _views(self) -> list[list[Halves]]:
        sounds = [each.sound for each in self.sounds.utterances]
        reduction = self.reductions[LEARNED]
        return views_of(sounds, self.sounds.noises, reduction, self._recipe.variation, self._recipe.seed)

    def _noise_network(self) -> NoiseNet:
        own = [each.sound for each in self.sounds.utterances if each.corpus == EMODB.name]
        return denoise.train(own, self.sounds.noises, self._recipe.noise, self._machine)

    def network(self, name: str, rows: Ints, again: int = 0) -> VoiceNet:
        """The network that learned from these utterances; `again` counts the trainings by other chance before it."""
        recipe = replace(self._recipe, seed=self._recipe.seed + again)
        kept = self.folder / f"{name}.pt"

        def make() -> VoiceNet:
            print(f"{name}: {len(rows)} utterances", flush=True)
            own = [self.sounds.utterances[row] for row in rows]
            return train(own, [self._views[row] for row in rows], recipe, self._machine)

        return trained(kept, VoiceNet(), make)

    def answers(self) -> Iterator[Answers]:
        """For each fold of speakers what was answered to what they said."""
        folds = fold_of(self.sounds.utterances)
        for fold in range(FOLDS):
            kept = self.folder / f"answers-{fold}.msgpack"
            if not kept.exists():
                network = self.network(f"fold-{fold}", np.flatnonzero(folds != fold))
                found = _asked(network, self.sounds, self.reductions, np.flatnonzero(folds == fold), fold)
                kept.write_bytes(msgspec.msgpack.encode(found))
            yield msgspec.msgpack.decode(kept.read_bytes(), type=Answers)

    def beside_a_talker(self) -> NoiseScore | None:
        """What RAVDESS's utterances are read as while somebody else talks as loudly; None where nobody does."""
        if self.sounds.talker is None:
            return None
        utterances, folds = self.sounds.utterances, fold_of(self.sounds.utterances)
        draw, found, own = np.random.default_rng(9), [], []
        for fold in range(FOLDS):
            network = self.network(f"fold-{fold}", np.flatnonzero(folds != fold))
            for row in np.flatnonzero(folds == fold):
                if utterances[row].corpus == RAVDESS.name:
                    mixed = with_noise(after_lead(utterances[row].sound), self.sounds.talker, TALKER_DB, draw)
                    each_way = [logits_of(network, heard(mixed, way)) for way in self.reductions.values()]
                    found.append([whole_answer(one, RAVDESS.columns) for one in each_way])
                    own.append(utterances[row])
        people = np.array([each.speaker for each in own])
        labels = labels_of(own, RAVDESS.classes)
        return _noise_score(TALKER_DB, list(self.reductions), np.array(found, np.float32), labels, people, TALKER)

    def untouched(self) -> list[VoiceScores]:
        """What networks that heard RAVDESS alone answer to EMO-DB, among the expressions that both have."""
        utterances = self.sounds.utterances
        own = np.array([row for row, each in enumerate(utterances) if each.corpus == RAVDESS.name])
        others = [each for each in utterances if each.corpus == EMODB.name and each.label in SHARED]
        told = [_quiet(each.sound, self.reductions[LEARNED]) for each in others]
        found = []
        for again in range(TRAININGS):
            network = self.network(f"ravdess-alone-{again + 1}", own, again)
            logs = np.stack([whole_answer(logits_of(network, each), RAVDESS.columns) for each in told])
            shares = as_expressions(softmax(logs, 1.0), RAVDESS)
            title = f"{ACROSS}, training {again + 1} of {TRAININGS}"
            found.append(scored(title, others, fitted(shares, EXPRESSIONS, SHARED), EXPRESSIONS))
        return found


def read_answers(folder: Path) -> list[Answers]:
    """What was answered in all folds. Raises DataError where a fold was not done."""
    found = []
    for fold in range(FOLDS):
        path = folder / f"answers-{fold}.msgpack"
        if not path.exists():
            raise DataError(f"{path}: is not there; run `mien-models voice folds --out {folder}` first")
        found.append(msgspec.msgpack.decode(path.read_bytes(), type=Answers))
    return found


def table(scores: list[VoiceScores], noise: list[NoiseScore]) -> str:
    """For people."""
    lines = []
    for found in scores:
        own = found.scores
        lines.append(
            f"{found.data}: {own.n} utterances of {found.speakers} speakers: accuracy {own.accuracy:.1%} "
            f"± {100 * own.standard_error:.1f}, macro-F1 {own.macro_f1:.1%}"
        )
    for each in noise:
        lines.append(
            f"{each.beside_none[0].data}: " + ", ".join(f"{name} {share:.1%}" for name, share in each.accuracy.items())
        )
        lines += [
            f"  {pair.model} less {pair.peer}: {100 * pair.difference:+.1f} "
            f"[{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
            for pair in each.beside_none
        ]
    return "\n".join(lines)


def _quiet(sound: Samples, reduction: Reduction) -> Floats:
    """The bands of an utterance in a room with next to no noise."""
    draw = np.random.default_rng(0)
    silence = draw.standard_normal(len(sound) + round(LEAD_S * RATE)).astype(np.float32)
    return heard(with_noise(after_lead(sound), silence, 50.0, draw), reduction)


def _asked(network: VoiceNet, sounds: Sounds, ways: Mapping[str, Reduction], rows: Ints, fold: int) -> Answers:
    draw = np.random.default_rng((7, fold))
    looks: list[int] = []
    logits: list[list[float]] = []
    clean: list[list[list[float]]] = []
    noisy: list[list[list[list[float]]]] = []
    for row in rows:
        each = sounds.utterances[row]
        found = {name: logits_of(network, _quiet(each.sound, way)) for name, way in ways.items()}
        looks.append(len(found[LEARNED]))
        logits += found[LEARNED].round(3).tolist()
        clean.append([whole_answer(one, RAVDESS.columns).tolist() for one in found.values()])
        noisy.append([])
        for level in LEVELS_DB if each.corpus == RAVDESS.name else ():
            noise = sounds.other_noises[draw.integers(len(sounds.other_noises))]
            mixed = with_noise(after_lead(each.sound), noise, level, draw)
            each_way = [logits_of(network, heard(mixed, way)) for way in ways.values()]
            noisy[-1].append([whole_answer(one, RAVDESS.columns).tolist() for one in each_way])
    return Answers(list(ways), rows.tolist(), looks, logits, clean, noisy)


def scored(data: str, utterances: list[Utterance], shares: Floats, classes: tuple[str, ...]) -> VoiceScores:
    """Scores of shares (N, classes), and the accuracy by speaker."""
    labels = labels_of(utterances, classes)
    right = shares.argmax(axis=1) == labels
    speakers = sorted({each.speaker for each in utterances})
    own = {name: rows_of(utterances, {name}) for name in speakers}
    return VoiceScores(
        data,
        len(speakers),
        score(shares, labels, classes),
        {name: (len(rows), round(float(right[rows].mean()), 4)) for name, rows in own.items()},
    )


def whole_scores(utterances: list[Utterance], answers: list[Answers]) -> list[VoiceScores]:
    """The scores of each data set by its own head, an utterance being the mean of the looks at it."""
    found = []
    for head, title in zip(HEADS, ("RAVDESS", "EMO-DB"), strict=True):
        rows, shares = [], []
        for part in answers:
            ends = np.cumsum(part.looks)
            logits = np.array(part.logits, np.float32)
            for row, end, count in zip(part.rows, ends, part.looks, strict=True):
                if utterances[row].corpus == head.name:
                    rows.append(row)
                    shares.append(softmax(whole_answer(logits[end - count : end], head.columns), 1.0))
        found.append(
            scored(f"{title}, speakers apart", [utterances[row] for row in rows], np.stack(shares), head.classes)
        )
    return found


def noise_scores(utterances: list[Utterance], answers: list[Answers]) -> list[NoiseScore]:
    """What noise does to RAVDESS's utterances, and what reducing it does; clean first."""
    rows = [(part, place, row) for part in answers for place, row in enumerate(part.rows) if part.noisy[place]]
    own = [utterances[row] for _, _, row in rows]
    labels, people = labels_of(own, RAVDESS.classes), np.array([each.speaker for each in own])
    levels: list[tuple[int | None, list[list[list[float]]]]] = [(None, [part.clean[place] for part, place, _ in rows])]
    levels += [(level, [part.noisy[place][k] for part, place, _ in rows]) for k, level in enumerate(LEVELS_DB)]
    return [
        _noise_score(level, answers[0].reductions, np.array(found, np.float32), labels, people)
        for level, found in levels
    ]


def _noise_score(
    level: int | None, names: list[str], found: Floats, labels: Ints, people: Names, what: str = "noise"
) -> NoiseScore:
    """`found` is (n, reductions, classes); what is read both as it is and after the learned one is a way of its own."""
    both = found[:, [names.index(NONE), names.index(LEARNED)]].mean(axis=1, keepdims=True)
    said = np.concatenate([found, both], axis=1).argmax(axis=2)
    right = dict(zip((*names, BOTH), (said == labels[:, None]).T, strict=True))
    named = "clean" if level is None else f"{what} at {level} dB"
    count = len(set(people.tolist()))
    pairs = [
        Paired(name, NONE, named, len(labels), count, *difference(own, right[NONE], people))
        for name, own in right.items()
        if name != NONE
    ]
    return NoiseScore(level, {name: float(own.mean()) for name, own in right.items()}, pairs)
