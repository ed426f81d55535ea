"""What a network over time takes of each clip, in as many ways as it is varied: computed once, for all folds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from models.clips.batch import Batch, plain, varied
from models.clips.clips import Clips
from models.data import Ints
from models.networks.se_resnet import SEResNet
from models.temporal.fit import TimeRecipe
from models.temporal.variants import Inputs


@dataclass(frozen=True)
class Views:
    """Inputs of all N clips: `varied` in each way for training; `plain` as they are and in the mirror."""

    varied: tuple[Inputs, ...]
    plain: tuple[Inputs, ...]

    def batches(self, rows: Ints, labels: Tensor, recipe: TimeRecipe, epochs: int) -> Iterator[tuple[Inputs, Tensor]]:
        """Batches of some of the clips, each clip once an epoch, each time in a way drawn anew."""
        draw = np.random.default_rng(recipe.seed)
        for _ in range(epochs):
            order = draw.permutation(rows)
            for chosen in np.array_split(order, steps_of(len(rows), recipe)):
                ways = draw.integers(0, len(self.varied), len(chosen))
                yield self._picked(chosen, ways), labels[chosen]

    def _picked(self, rows: Ints, ways: Ints) -> Inputs:
        count = len(self.varied[0])
        return tuple(
            torch.stack([self.varied[way][part][row] for row, way in zip(rows, ways, strict=True)])
            for part in range(count)
        )


def steps_of(count: int, recipe: TimeRecipe) -> int:
    """Batches in an epoch of so many clips."""
    return max(1, round(count / recipe.batch))


def views_of(clips: Clips, inputs: Callable[[Batch, SEResNet], Inputs], student: SEResNet, recipe: TimeRecipe) -> Views:
    """The views of all clips as a variant's `inputs` takes them, their chance from the recipe's seed alone."""
    every = np.arange(len(clips))

    def given(batch: Batch) -> Inputs:
        return inputs(batch, student)

    ways = []
    for way in tqdm(range(recipe.views), desc="varying clips", unit="view", mininterval=2):
        draw = torch.Generator().manual_seed(recipe.seed * 100_003 + way)
        ways.append(given(varied(clips, every, recipe.augmentation, draw, recipe.field)))
    seen = plain(clips, recipe.field)
    return Views(tuple(ways), (given(seen), given(seen.mirrored())))
