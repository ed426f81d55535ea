"""Trains the default student on FER+ votes: resumable after each epoch, the same seed the same weights.

A run is a folder: `checkpoint.pt` (all that resuming needs), `curves.jsonl` (a line an epoch), `curves.png` at the end.
"""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from models.augment import augment
from models.checkpoint import CHECKPOINT, Recipe, Run, begin, restore, save
from models.data import NOT_A_CLASS, Faces, Ints, copies_of, majority, soft_labels
from models.errors import CheckpointError, DataError
from models.networks.preprocess import centre_crop, normalise
from models.networks.se_resnet import SEResNet

matplotlib.use("Agg")
from matplotlib import pyplot

CURVES = "curves.jsonl"


@dataclass(frozen=True)
class Machine:
    """How to compute, which changes speed and rounding but not the recipe."""

    threads: int = 1
    compile: bool = False
    bfloat16: bool = False


def train(
    faces: Faces,
    valid: Faces,
    folder: Path,
    recipe: Recipe,
    machine: Machine | None = None,
    *,
    resume: bool = False,
    start: SEResNet | None = None,
) -> Path:
    """Trains to the recipe's last epoch and returns the checkpoint, whose `averaged` weights are the result.

    A second stage begins with the weights of `start`. `valid` is only reported on: training rows that are near copies
    of a row of it are left out, and nothing is chosen by it. CheckpointError where `resume` finds a checkpoint of
    another recipe, or a run lies there unasked.
    """
    machine = machine or Machine()
    torch.set_num_threads(machine.threads)
    run = _opened(folder, recipe, resume, start)
    rows = training_rows(faces, valid)
    if len(rows) < recipe.batch:
        raise DataError(
            f"training data: {len(rows)} usable faces are fewer than a batch of {recipe.batch}; lower --batch"
        )
    images, targets = torch.from_numpy(faces.images[rows])[:, None], torch.from_numpy(soft_labels(faces.votes)[0][rows])
    forward = _forward(run.network, machine)
    steps = len(images) // recipe.batch
    with tqdm(total=recipe.epochs * steps, initial=run.step, unit="batch", mininterval=2) as progress:
        while run.epoch < recipe.epochs:
            began = time.monotonic()
            loss = _epoch(run, forward, images, targets, recipe, progress)
            rate = steps * recipe.batch / (time.monotonic() - began)
            accuracy = _accuracy(run.averaged, valid)
            _log(folder, {"epoch": run.epoch, "loss": loss, "valid_accuracy": accuracy, "images_a_second": rate})
            save(run, folder / CHECKPOINT, recipe)
            progress.set_postfix(epoch=run.epoch, loss=f"{loss:.3f}", valid=f"{accuracy:.1%}")
    plot_curves(folder)
    return folder / CHECKPOINT


def _opened(folder: Path, recipe: Recipe, resume: bool, start: SEResNet | None) -> Run:
    """A run at its beginning, or where the checkpoint in `folder` stands."""
    checkpoint = folder / CHECKPOINT
    run = begin(recipe, start)
    if checkpoint.exists():
        if not resume:
            raise CheckpointError(f"{checkpoint}: a run lies here already; go on with --resume, or choose a new --out")
        restore(run, checkpoint, recipe)
        # A run that was killed after the line and before the checkpoint comes to that epoch again.
        lines = (folder / CURVES).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / CURVES).write_text("".join(lines[: run.epoch]), encoding="utf-8")
    elif resume:
        raise CheckpointError(f"{checkpoint}: no run to go on with; leave --resume away to begin one")
    folder.mkdir(parents=True, exist_ok=True)
    return run


def training_rows(faces: Faces, valid: Faces) -> Ints:
    """Rows of `faces` to train on: enough votes for the eight expressions, and no near copy of a row of `valid`."""
    usable = soft_labels(faces.votes)[1]
    return np.flatnonzero(usable & ~copies_of(faces.images, valid.images))


def _forward(network: SEResNet, machine: Machine) -> nn.Module:
    module: nn.Module = network
    if machine.compile:
        module = torch.compile(network)  # type: ignore[assignment]
    return _Autocast(module) if machine.bfloat16 else module


class _Autocast(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return self.inner(x)


def _batches(images: Tensor, targets: Tensor, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Augmented batches of one epoch; all chance comes from (seed, epoch), so resuming needs no random state."""
    seed = recipe.seed * 100_003 + epoch
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(images), generator=draw)
    for rows in order[: len(order) // recipe.batch * recipe.batch].view(-1, recipe.batch):
        x = augment(images[rows], recipe.augmentation, draw)
        yield x.contiguous(memory_format=torch.channels_last), targets[rows]


def _epoch(
    run: Run, forward: nn.Module, images: Tensor, targets: Tensor, recipe: Recipe, progress: "tqdm[None]"
) -> float:
    """One pass over the training set; returns its mean loss."""
    run.network.train()
    steps = recipe.epochs * (len(images) // recipe.batch)
    losses = []
    for x, target in _batches(images, targets, recipe, run.epoch):
        for group in run.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * schedule(run.step / steps, recipe.warm_up)
        loss = functional.cross_entropy(forward(x).float(), target)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        run.optimiser.step()
        run.step += 1
        _average(run, recipe.average)
        losses.append(loss.item())
        progress.update()
    run.epoch += 1
    return float(np.mean(losses))


def schedule(progress: float, warm_up: float) -> float:
    """Share of the full learning rate at `progress` (0 to 1): a straight rise, then half a cosine down to 0."""
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


@torch.no_grad()
def _average(run: Run, keep: float) -> None:
    """Exponential moving average of weights and batch-norm statistics, shorter-lived while the run is young."""
    keep = min(keep, (1 + run.step) / (10 + run.step))
    pairs = zip(run.averaged.state_dict().values(), run.network.state_dict().values(), strict=True)
    floats = [(a, b) for a, b in pairs if a.is_floating_point()]
    torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1 - keep)


@torch.no_grad()
def _accuracy(network: SEResNet, valid: Faces) -> float:
    labels = majority(valid.votes)
    rows = np.flatnonzero(labels != NOT_A_CLASS)
    x = normalise(centre_crop(torch.from_numpy(valid.images[rows])[:, None]))
    predicted = torch.cat([network(part).argmax(dim=1) for part in torch.split(x, 512)]).numpy()
    return float((predicted == labels[rows]).mean())


def _log(folder: Path, line: dict[str, float]) -> None:
    with (folder / CURVES).open("a", encoding="utf-8") as curves:
        curves.write(json.dumps({name: round(value, 5) for name, value in line.items()}) + "\n")


def plot_curves(folder: Path) -> None:
    """Draws `curves.jsonl` as `curves.png`: loss, and accuracy on the faces that were only reported on."""
    lines = [json.loads(line) for line in (folder / CURVES).read_text().splitlines()]
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    epochs = [line["epoch"] for line in lines]
    for axis, name, title in zip(axes, ("loss", "valid_accuracy"), ("training loss", "FER+ accuracy"), strict=True):
        axis.plot(epochs, [line[name] for line in lines])
        axis.set(xlabel="epoch", title=title)
    figure.savefig(folder / "curves.png", dpi=120)
    pyplot.close(figure)
