"""How much of who somebody is can still be told from what is kept of a face: a learned attacker on other people.

A discriminator that fails during training proves nothing, so one is trained afresh, on people whom the layer never saw,
and scored on others again: three groups without a common person. The means of each expression are taken away first, or
a person's expressions would pass for the person. In the same run an embedding with a code of the person added must be
seen through, and noise must not: a check that cannot fail shows nothing.
"""

from dataclasses import dataclass

import msgspec
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.data import Floats, Ints
from models.errors import DataError
from models.temporal.identity import contrast

SPLITS = 5
CODE = 0.25  # deviations of a person's code that a blind attacker could not miss
LEAST_PEOPLE = 8  # with two pictures or more, half to learn on and half to be scored on


class Attacked(msgspec.Struct, frozen=True):
    """The area under the attacker's curve for one kind of embedding, over the splits: 0.5 is chance."""

    embedding: str
    width: int
    auc: float
    deviation: float


class Leakage(msgspec.Struct, frozen=True):
    """What the attacker found, and how many people and pictures it had."""

    people: int
    pictures: int
    attacked: list[Attacked]


@dataclass(frozen=True)
class Attack:
    """How long the attacker learns."""

    steps: int = 100
    width: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    temperature: float = 0.2
    batch: int = 512


def leakage(kinds: dict[str, Floats], people: Ints, labels: Ints, attack: Attack | None = None) -> Leakage:
    """Attacks each of `kinds`, embeddings (N, D) of the same faces, and the two controls made of the last of them.

    `people` (N,) are whole numbers; `labels` (N,) the expressions whose means are taken away. DataError where too few
    people have two pictures.
    """
    attack = attack or Attack()
    counts = np.bincount(people)
    several = np.flatnonzero(counts >= 2)
    if len(several) < LEAST_PEOPLE:
        raise DataError(f"an attacker needs {LEAST_PEOPLE} people with two pictures or more; there are {len(several)}")
    kept = np.isin(people, several)
    people, labels = people[kept], labels[kept]
    every = {name: without_means(values[kept], labels) for name, values in kinds.items()}
    last = every[list(every)[-1]]
    every |= {"with a code of the person": _coded(last, people), "noise": _noise(last)}
    found = []
    for name, values in every.items():
        areas = [_attacked(values, people, several, split, attack) for split in range(SPLITS)]
        found.append(Attacked(name, values.shape[1], float(np.mean(areas)), float(np.std(areas))))
    return Leakage(len(several), int(kept.sum()), found)


def without_means(values: Floats, labels: Ints) -> Floats:
    """Embeddings (N, D), each column of deviation 1, without the mean of each expression."""
    result = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    for label in np.unique(labels):
        result[labels == label] -= result[labels == label].mean(axis=0)
    return np.asarray(result, np.float32)


def _coded(values: Floats, people: Ints) -> Floats:
    codes = np.random.default_rng(1).normal(size=(int(people.max()) + 1, values.shape[1]))
    return np.asarray(values + CODE * values.std(axis=0) * codes[people], np.float32)


def _noise(values: Floats) -> Floats:
    return np.random.default_rng(2).normal(size=values.shape).astype(np.float32)


def _attacked(values: Floats, people: Ints, several: Ints, split: int, attack: Attack) -> float:
    """The area on half of the people, of an attacker that learned on the other half."""
    dealt = np.random.default_rng(split).permutation(several)
    learned, scored = (np.isin(people, half) for half in np.array_split(dealt, 2))
    torch.manual_seed(split)
    values = _whitened(values, values[learned])
    x, who = torch.from_numpy(values[learned]), torch.from_numpy(people[learned])
    network = nn.Sequential(
        nn.Linear(values.shape[1], 2 * attack.width), nn.ReLU(), nn.Linear(2 * attack.width, attack.width)
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=attack.learning_rate, weight_decay=attack.weight_decay)
    draw = torch.Generator().manual_seed(split)
    for _ in range(attack.steps):
        chosen = _some_people(who, attack.batch, draw)
        people_of = who[chosen]
        partners = (people_of[:, None] == people_of) & ~torch.eye(len(people_of), dtype=torch.bool)
        loss = contrast(network(x[chosen]), partners, attack.temperature)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    with torch.no_grad():
        unit = functional.normalize(network.eval()(torch.from_numpy(values[scored])), dim=1)
    return area((unit @ unit.T).numpy(), people[scored])


def _some_people(who: Tensor, pictures: int, draw: torch.Generator) -> Tensor:
    """About so many of the pictures (N,), true where chosen: of whole people, or few would have a partner."""
    names, places = torch.unique(who, return_inverse=True)
    share = max(2, round(len(names) * min(1.0, pictures / len(who))))
    kept = torch.zeros(len(names), dtype=torch.bool)
    kept[torch.randperm(len(names), generator=draw)[:share]] = True
    return kept[places]


def _whitened(values: Floats, known: Floats) -> Floats:
    """Embeddings turned and scaled so that `known` ones vary alike in all directions: a weak one hides nothing."""
    spread, turned = np.linalg.eigh(np.cov(known.T) + 1e-4 * np.eye(known.shape[1]))
    return np.asarray((values - known.mean(axis=0)) @ (turned / np.sqrt(spread)), np.float32)


def area(alike: Floats, people: Ints) -> float:
    """The part of all pairs of pairs in which two faces of one person are more alike (N, N) than two of different."""
    upper = np.triu_indices(len(people), 1)
    scores, same = alike[upper], (people[:, None] == people[None])[upper]
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positives = int(same.sum())
    return float((ranks[same].sum() - positives * (positives + 1) / 2) / (positives * (len(scores) - positives)))


def table(found: Leakage) -> str:
    """For people: a line a kind of embedding."""
    lines = [f"{found.pictures} faces of {found.people} people whom nothing was trained on; 50 is chance"]
    lines += [
        f"  {each.embedding:<28} {each.width:>4} numbers  {100 * each.auc:5.1f} ± {100 * each.deviation:.1f}"
        for each in found.attacked
    ]
    return "\n".join(lines)
