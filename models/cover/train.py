"""Trains the cover network on faces with things drawn before them, and chooses its threshold on faces kept aside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.cover.data import Crops
from models.data import Floats
from models.networks.cover import CoverNet
from models.networks.graph import INPUT, as_onnx
from models.networks.preprocess import INPUT_SIDE, centre_crop, normalise
from models.training.augment import Augmentation, augment
from models.training.optimise import groups, schedule

OUTPUT = "covered"

# Nothing more is erased: that could cover the mouth.
MOVED = Augmentation(
    rotate_degrees=10.0,
    scale=(0.85, 1.1),
    shift=0.06,
    contrast=(0.6, 1.5),
    brightness=0.4,
    erase_share=0.0,
    coarse_share=0.15,
    noise_share=0.3,
    noise=0.2,
)


@dataclass(frozen=True)
class CoverRecipe:
    """All that decides the weights, beside the data. `plain_weight` is that of a face on which nothing was drawn."""

    epochs: int = 14
    batch: int = 256
    learning_rate: float = 4e-3
    warm_up: float = 0.1
    weight_decay: float = 0.02
    plain_weight: float = 3.0
    seed: int = 1
    false_alarms: float = 0.01
    augmentation: Augmentation = field(default_factory=lambda: MOVED)


def train(crops: Crops, recipe: CoverRecipe) -> CoverNet:
    """The trained network, in evaluation; the same seed, threads and library give the same weights."""
    torch.manual_seed(recipe.seed)
    network = CoverNet()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(groups(network, recipe.weight_decay), lr=recipe.learning_rate)
    weights = torch.from_numpy(np.where(crops.drawn, 1.0, recipe.plain_weight).astype(np.float32))
    labels = torch.from_numpy(crops.labels)
    steps = recipe.epochs * (len(crops) // recipe.batch)
    step = 0
    network.train()
    for epoch in range(recipe.epochs):
        losses = []
        for x, rows in _batches(crops, recipe, epoch):
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * schedule(step / steps, recipe.warm_up)
            loss = functional.binary_cross_entropy_with_logits(network(x)[:, 0], labels[rows], weights[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            step += 1
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {recipe.epochs}: loss {np.mean(losses):.4f}", flush=True)
    network.eval()
    return network


def _batches(crops: Crops, recipe: CoverRecipe, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    draw = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
    images = torch.from_numpy(crops.images)[:, None]
    order = torch.randperm(len(crops), generator=draw)
    for rows in order[: len(order) // recipe.batch * recipe.batch].view(-1, recipe.batch):
        x = augment(images[rows], recipe.augmentation, draw)
        yield x.contiguous(memory_format=torch.channels_last), rows


def probabilities(weights: Path, crops: Crops) -> Floats:
    """What the file that ships gives for each crop's middle (N,)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    parts = torch.split(normalise(centre_crop(torch.from_numpy(crops.images)[:, None])), 256)
    result: Floats = np.concatenate([session.run(None, {INPUT: part.numpy()})[0][:, 0] for part in parts])
    return result


def false_alarm_threshold(clear: Floats, share: float) -> float:
    """The probability over which a `share` of faces whose mouth is free lies, by their probabilities (N,)."""
    return round(float(np.quantile(clear, 1 - share)), 4)


def to_onnx(network: CoverNet) -> onnx.ModelProto:
    """The network as an ONNX graph: `face` (batch, 1, 40, 40) float32 to `covered` (batch, 1), a probability."""
    return as_onnx(nn.Sequential(network, nn.Sigmoid()), INPUT_SIDE, [OUTPUT])
