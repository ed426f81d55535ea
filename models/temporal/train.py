"""Trains a network over time on clips made from stills, and on real ones where they are given.

A run is a folder: `network.pt` (the result) and `recipe.json`. What begins with the student's features has them in
`inputs.pt`, computed once. What takes the faces themselves sees each made clip once: clips are made while it learns,
and an interrupted run goes on from its `checkpoint.pt`.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from contract.expressions import EXPRESSIONS
from models.clips.batch import Batch, plain
from models.clips.clips import Clips
from models.clips.made import Motion, made
from models.errors import CheckpointError, DataError
from models.networks.preprocess import normalise
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention
from models.prepared import Prepared
from models.temporal.checkpoint import Checkpoint, loaded, loaded_for, write
from models.temporal.fit import TimeRecipe, fit
from models.temporal.identity import Blind, Blinding, Stills
from models.temporal.variants import BY_NAME, Inputs, Variant, stills
from models.training.augment import framed

INPUTS, NETWORK, RECIPE, CHECKPOINT = "inputs.pt", "network.pt", "recipe.json", "checkpoint.pt"
AT_ONCE = 16  # clips that are made together


@dataclass(frozen=True)
class Learned:
    """What a network is trained on: inputs of N clips, and targets (N, 8) that sum to 1."""

    inputs: Inputs
    targets: Tensor

    def batches(self, size: int, seed: int) -> Iterator[tuple[Inputs, Tensor]]:
        """Batches without an end, each clip once before any a second time."""
        draw = np.random.default_rng(seed)
        while True:
            order = draw.permutation(len(self.targets))
            for rows in np.array_split(order, max(1, len(order) // size)):
                yield tuple(part[rows].float() for part in self.inputs), self.targets[rows]


@dataclass(frozen=True)
class Maker:
    """Makes clips of stills that were voted on, as a variant takes them.

    `images` (N, 1, 48, 48) uint8; `votes` (N, 8) sum to 1.
    """

    variant: Variant
    student: SEResNet
    images: Tensor
    votes: Tensor
    recipe: TimeRecipe
    motion: Motion

    @property
    def told(self) -> str:
        """Which clips it makes, for a run to be told from another."""
        return f"{self.variant.name}, seed {self.recipe.seed}, student {_mark(self.student)}, {self.motion}"

    def batch(self, draw: torch.Generator, count: int) -> tuple[Inputs, Tensor]:
        """Inputs and targets of so many clips."""
        rows = torch.randint(0, len(self.images), (count, 2), generator=draw)
        clip = made(self.images, rows, self.motion, draw, self.recipe.field)
        inputs = self.variant.inputs(Batch(clip.frames, clip.ages, clip.mask), self.student)
        later = clip.later[:, None]
        return inputs, self.votes[rows[:, 0]] * (1 - later) + self.votes[rows[:, 1]] * later


def train(
    variant: Variant,
    pictures: Prepared,
    people: Prepared | None,
    student: SEResNet,
    count: int,
    folder: Path,
    recipe: TimeRecipe,
    blind: Blind | None = None,
    motion: Motion | None = None,
    clips: Clips | None = None,
) -> nn.Module:
    """The network, trained on `count` clips made of stills that were voted on, and on `clips` as often as they are.

    What convolves faces, and is given no real clips, sees `count` new ones in each epoch. `people` are stills of people
    who are named, for the identity-aware layer. Writes the run. Raises DataError where nothing can be learned from,
    TrainingError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    voted = _voted(pictures)
    images, votes = torch.from_numpy(voted.images)[:, None], torch.from_numpy(voted.votes)
    maker = Maker(variant, student, images, votes, variant.recipe(recipe), motion or Motion())
    if variant.convolves and clips is None:
        return _as_it_goes(maker, count, folder)
    learned = _learned(maker, count, folder, clips)
    network = variant.build(student)
    blinding = _blinding(network, people, student, recipe, blind or Blind()) if people is not None else None
    steps = recipe.epochs * max(1, len(learned.targets) // recipe.batch)
    batches = learned.batches(recipe.batch, recipe.seed)
    network = fit(network, batches, steps, maker.recipe, blinding, progress=variant.name, machine=variant.machine())
    return _finished(maker, network, recipe.epochs, len(learned.targets), folder)


def _as_it_goes(maker: Maker, count: int, folder: Path) -> nn.Module:
    """The network, trained on clips that are made while it learns, each seen once; an interrupted run goes on."""
    variant, recipe = maker.variant, maker.recipe
    steps = recipe.epochs * max(1, count // recipe.batch)
    checkpoint = Checkpoint(folder / CHECKPOINT, f"{maker.told}, {steps} steps of {recipe.batch} clips")

    def batches(begin: int) -> Iterator[tuple[Inputs, Tensor]]:
        for step in range(begin, steps):
            yield maker.batch(torch.Generator().manual_seed(recipe.seed * 1_000_003 + step), recipe.batch)

    network = fit(
        variant.build(maker.student),
        batches(checkpoint.step),
        steps,
        recipe,
        progress=variant.name,
        machine=variant.machine(),
        checkpoint=checkpoint,
    )
    _finished(maker, network, 1, steps * recipe.batch, folder)
    checkpoint.forget()
    return network


def _finished(maker: Maker, network: nn.Module, epochs: int, clips: int, folder: Path) -> nn.Module:
    """Writes a finished run, in which so many clips were seen so often."""
    told = {"variant": maker.variant.name, "clips": clips, **asdict(replace(maker.recipe, epochs=epochs))}
    told["prior"] = [round(share, 5) for share in maker.votes.mean(dim=0).tolist()]
    (folder / RECIPE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    write(folder / NETWORK, {"variant": maker.variant.name, "network": network.state_dict()})
    return network


def _voted(pictures: Prepared) -> Prepared:
    """The pictures that people voted on. Raises DataError."""
    voted = pictures[pictures.votes.any(axis=1)]
    if not len(voted):
        raise DataError("made clips need stills that people voted on; build them with `mien-models data build fer`")
    return voted


def trained(folder: Path, student: SEResNet) -> tuple[Variant, nn.Module]:
    """A finished run's network, ready to answer. Raises CheckpointError."""
    state = loaded(folder / NETWORK)
    variant = BY_NAME[state["variant"]]
    network = variant.build(student)
    network.load_state_dict(state["network"])
    return variant, network.eval()


def told_of(folder: Path) -> dict[str, Any]:
    """What a finished run's recipe says: `variant`, `clips`, `epochs`, `prior` (8) and more. Raises CheckpointError."""
    path = folder / RECIPE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        [found[name] for name in ("variant", "clips", "epochs", "prior")]
    except (OSError, ValueError, KeyError):
        raise CheckpointError(f"{path}: says not how the run was trained; train again into a new --out") from None
    return found


def _learned(maker: Maker, count: int, folder: Path, clips: Clips | None) -> Learned:
    """What is learned from, computed once: `count` made clips, and real ones."""
    kept, variant = folder / INPUTS, maker.variant
    real = 0 if clips is None else len(clips)
    told = f"{maker.told}, {count} made, {real} real"
    if kept.exists():
        state = loaded_for(kept, told)
        return Learned(tuple(state["inputs"]), state["targets"])
    parts = list(_made(maker, count))
    if clips is not None:
        parts.append(_real(variant, clips, maker.student, maker.recipe, parts[0][0]))
    inputs = tuple(torch.cat([part[0][at] for part in parts]) for at in range(len(parts[0][0])))
    learned = Learned(inputs, torch.cat([targets for _, targets in parts]))
    write(kept, {"told": told, "inputs": list(learned.inputs), "targets": learned.targets})
    return learned


def _mark(student: SEResNet) -> str:
    """Eight letters for a student's weights."""
    found = hashlib.sha256()
    for values in student.state_dict().values():
        found.update(values.numpy().tobytes())
    return found.hexdigest()[:8]


def _made(maker: Maker, count: int) -> Iterator[tuple[Inputs, Tensor]]:
    """Inputs, in half precision, and targets of the made clips."""
    draw = torch.Generator().manual_seed(maker.recipe.seed)
    for _ in tqdm(range(0, count, AT_ONCE), desc="making clips", unit_scale=AT_ONCE, unit="clip", mininterval=2):
        inputs, targets = maker.batch(draw, AT_ONCE)
        yield tuple(part.half() for part in inputs), targets


def _real(variant: Variant, clips: Clips, student: SEResNet, recipe: TimeRecipe, like: Inputs) -> tuple[Inputs, Tensor]:
    """The same of real clips that have a label, as they are, as long as the made ones."""
    kept = clips[clips.labels >= 0]
    batch = plain(kept, recipe.field)
    inputs = tuple(part.half() for part in variant.inputs(batch, student))
    targets = torch.nn.functional.one_hot(torch.from_numpy(kept.labels), len(EXPRESSIONS)).float()
    return tuple(_as_long(part, other.shape) for part, other in zip(inputs, like, strict=True)), targets


def _as_long(part: Tensor, shape: torch.Size) -> Tensor:
    """A part (N, T, ...) with zeros before the first of T, as many as in `shape`."""
    if part.shape[1] >= shape[1]:
        return part[:, -shape[1] :]
    filled = part.new_zeros(len(part), *shape[1:])
    filled[:, -part.shape[1] :] = part
    return filled


def _blinding(
    network: nn.Module, people: Prepared, student: SEResNet, recipe: TimeRecipe, blind: Blind
) -> Blinding | None:
    """The pulls against identity, for a network that has the layer."""
    if not isinstance(network, STAttention) or not network.shape.identity:
        return None
    named = people[people.people != ""]
    _, who = np.unique(named.people, return_inverse=True)
    several = np.bincount(who)[who] >= 2
    named, who = named[several], np.unique(who[several], return_inverse=True)[1]
    if not len(named):
        raise DataError("the identity-aware layer needs people with two pictures or more; build muxspace's")
    faces = framed(normalise(torch.from_numpy(named.images)[:, None]), recipe.field)
    return Blinding(
        Stills(stills(faces, student), torch.from_numpy(who.astype(np.int64)), torch.from_numpy(named.labels)),
        network.shape.embedding,
        recipe.seed,
        blind,
    )
