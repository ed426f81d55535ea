"""Trains an expression network: resumable after each epoch, on a CPU or a GPU, the same seed the same weights.

A run is a folder: `checkpoint.pt` (all that resuming needs), `recipe.json`, `curves.jsonl` (a line an epoch) and
`curves.png`.
"""

import hashlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from models.data import Faces
from models.errors import CheckpointError, DataError, TrainingError
from models.heads import HEADS
from models.networks.build import build
from models.networks.preprocess import normalise
from models.training.augment import Field, augment, framed
from models.training.checkpoint import CHECKPOINT, Run, averaged_network, begin, grown, recipe_of, restored, save
from models.training.curves import CURVES, plot_curves
from models.training.machine import Machine, forward_of
from models.training.optimise import average, schedule
from models.training.recipe import Recipe
from models.training.report import Reported, report
from models.training.shipped import CALIBRATED_ON, unfold, weights_in
from models.training.targets import TrainingSet

EXPORTED = ".onnx"


def train(
    pictures: TrainingSet,
    valid: Faces,
    folder: Path,
    recipe: Recipe,
    machine: Machine | None = None,
    *,
    resume: bool = False,
    epochs: int | None = None,
    start: Sequence[Path] = (),
) -> Path:
    """Trains to the recipe's last epoch and returns the checkpoint, whose `averaged` weights are the result.

    `valid` is only reported on. `epochs` stops the run sooner, to be resumed. `start` is what to begin with: the folder
    of a finished run, of the same network or one that differs in its head; or an exported .onnx file. Of several runs
    it is the mean of their weights (Wortsman et al. 2022), which must be of one training's ends to be worth anything.
    CheckpointError where `resume` finds a checkpoint of another recipe, or a run lies there unasked.
    """
    machine = machine or Machine()
    torch.set_num_threads(machine.threads)
    if len(pictures) < recipe.batch:
        raise DataError(
            f"training data: {len(pictures)} usable faces are fewer than a batch of {recipe.batch}; lower --batch"
        )
    recipe = replace(recipe, pictures=pictures.sha256(), start=_sha256(start))
    beginning = _beginning(start, recipe, pictures) if start else None
    run = _opened(folder, recipe, machine, resume, beginning)
    # However many views of a face there are, it is one.
    run.prior, run.faces = tuple(pictures.prior.tolist()), len(pictures) // max(1, recipe.views)
    images = torch.from_numpy(pictures.images)[:, None].to(machine.device)
    targets = torch.from_numpy(pictures.targets).to(machine.device)
    forward = forward_of(run.network, machine)
    reported = Reported(valid, recipe, machine.device)
    steps = len(images) // recipe.batch
    with tqdm(total=recipe.epochs * steps, initial=run.step, unit="batch", mininterval=2) as progress:
        while run.epoch < min(recipe.epochs, epochs or recipe.epochs):
            began = time.monotonic()
            if (wider := grown(run, recipe, machine.device)) is not run:
                run, forward = wider, forward_of(wider.network, machine)
            loss = _epoch(run, forward, images, targets, recipe, progress)
            if not math.isfinite(loss):
                raise TrainingError(
                    f"{folder}: the loss is {loss} after epoch {run.epoch}; the epoch before is kept: lower the "
                    "learning rate, or use --plain, and train into a new --out"
                )
            rate = steps * recipe.batch / (time.monotonic() - began)
            line = {
                "epoch": run.epoch,
                "loss": loss,
                **report(run.averaged, reported, run.epoch - 1),
                "images_a_second": rate,
            }
            _log(folder, line)
            save(run, folder / CHECKPOINT, recipe)
            shown = {name: f"{value:.1%}" for name, value in line.items() if name.endswith("accuracy")}
            progress.set_postfix(epoch=run.epoch, loss=f"{loss:.3f}", **shown)
    plot_curves(folder)
    return folder / CHECKPOINT


def _sha256(start: Sequence[Path]) -> str:
    files = [each if each.suffix == EXPORTED else each / CHECKPOINT for each in start]
    data = b"".join(file.read_bytes() for file in files if file.exists())
    return hashlib.sha256(data).hexdigest() if data else ""


def _opened(folder: Path, recipe: Recipe, machine: Machine, resume: bool, start: nn.Module | None) -> Run:
    """A run at its beginning, or where the checkpoint in `folder` stands."""
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        if not resume:
            raise CheckpointError(f"{checkpoint}: a run lies here already; go on with --resume, or choose a new --out")
        run = restored(checkpoint, recipe, machine.device)
        # A run that was killed after the line and before the checkpoint comes to that epoch again.
        lines = (folder / CURVES).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / CURVES).write_text("".join(lines[: run.epoch]), encoding="utf-8")
    elif resume:
        raise CheckpointError(f"{checkpoint}: no run to go on with; leave --resume away to begin one")
    else:
        run = begin(recipe, machine.device, start)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2) + "\n", encoding="utf-8")
    return run


def _beginning(start: Sequence[Path], recipe: Recipe, pictures: TrainingSet) -> nn.Module:
    """The network to begin with: of several the mean."""
    first, *others = (_begun(each, recipe, pictures) for each in start)
    states = [each.state_dict() for each in (first, *others)]
    shapes = [{name: value.shape for name, value in each.items()} for each in states]
    if any(each != shapes[0] for each in shapes):
        raise CheckpointError(f"{start[-1]}: is not of the network of {start[0]}; a mean is of one network's runs")
    with torch.no_grad():
        for name, value in first.state_dict().items():
            value.copy_(torch.stack([each[name].double() for each in states]).mean(0).to(value.dtype))
    return first


def _begun(start: Path, recipe: Recipe, pictures: TrainingSet) -> nn.Module:
    """A finished run's network, or the recipe's with what fits of an exported file."""
    if start.suffix == EXPORTED:
        torch.manual_seed(recipe.seed)
        network = build(recipe.network, recipe.dropout, recipe.last_side)
        few = normalise(torch.from_numpy(pictures.images[:CALIBRATED_ON])[:, None])
        if not unfold(network, weights_in(start), framed(few, Field(recipe.last_side, recipe.of_picture))):
            raise CheckpointError(f"{start}: no convolution of it fits a {recipe.network}; name another file")
        return network
    checkpoint = start / CHECKPOINT
    found = recipe_of(checkpoint).network
    if found.partition("-")[0] != recipe.network.partition("-")[0]:  # `vgg16-paper` is `vgg16` with another head
        raise CheckpointError(f"{checkpoint}: is a {found}, and the recipe is for a {recipe.network}; name another run")
    return averaged_network(checkpoint)


def _batches(images: Tensor, targets: Tensor, recipe: Recipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Augmented batches of one epoch; all chance comes from (seed, epoch), so resuming needs no random state."""
    seed = recipe.seed * 100_003 + epoch
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(images), generator=draw).to(images.device)
    field = Field(recipe.side(epoch), recipe.of_picture)
    for rows in order[: len(order) // recipe.batch * recipe.batch].view(-1, recipe.batch):
        x = augment(images[rows], recipe.augmentation, draw, field)
        yield x.contiguous(memory_format=torch.channels_last), targets[rows]


def _epoch(
    run: Run, forward: nn.Module, images: Tensor, targets: Tensor, recipe: Recipe, progress: "tqdm[None]"
) -> float:
    """One pass over the training set; returns its mean loss."""
    run.network.train()
    steps = recipe.epochs * (len(images) // recipe.batch)
    total, count = torch.zeros((), device=images.device), 0
    for x, target in _batches(images, targets, recipe, run.epoch):
        for group in run.optimiser.param_groups:
            group["lr"] = recipe.learning_rate * schedule(run.step / steps, recipe.warm_up)
        loss = objective(forward(x).float(), target, recipe.plus)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        run.optimiser.step()
        run.step += 1
        average(run.averaged, run.network, recipe.average, run.step)
        total, count = total + loss.detach(), count + 1
        progress.update()
    run.epoch += 1
    return float(total) / count


def objective(logits: Tensor, targets: Tensor, plus: float) -> Tensor:
    """Cross-entropy of each head's logits with its targets, both (B, LOGITS), over the pictures that have one.

    `plus` weighs the FER+ head beside the other.
    """
    loss = logits.new_zeros(())
    for head, weight in zip(HEADS, (plus, 1.0), strict=True):
        wanted = targets[:, head.columns]
        each = -(wanted * functional.log_softmax(logits[:, head.columns], dim=1)).sum(dim=1)
        loss = loss + weight * each.sum() / (wanted.sum() + 1e-6)
    return loss


def _log(folder: Path, line: dict[str, float]) -> None:
    with (folder / CURVES).open("a", encoding="utf-8") as curves:
        curves.write(json.dumps({name: round(value, 5) for name, value in line.items()}) + "\n")
