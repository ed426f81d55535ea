"""The networks over time on people they never saw: every variant under the same folds of people, beside a single frame.

What is done is kept: an interrupted run goes on, a variant at a time.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from contract.expressions import EXPRESSIONS
from models.clips.clips import Clips
from models.compare.paired import Paired, difference
from models.data import Floats, Ints
from models.errors import CheckpointError
from models.networks.measure import parameters_of
from models.networks.se_resnet import SEResNet
from models.scores import Scores, fitted, score, softmax
from models.temporal.fit import TimeRecipe, fit
from models.temporal.train import told_of, trained
from models.temporal.variants import BY_NAME, SINGLE, Variant
from models.temporal.views import Views, steps_of, views_of


class VariantScores(msgspec.Struct, frozen=True):
    """A variant's scores over all folds together. `made` is on how many made clips it was trained before; `shares`
    (N, 8) is what it answered to each clip, unseen.
    """

    variant: str
    parameters: int
    seeds: int
    scores: Scores
    shares: list[list[float]]
    made: int = 0


class FoldsOverTime(msgspec.Struct, frozen=True):
    """All variants on one set of clips, and each one's difference to the single frame and to its whole network."""

    data: str
    clips: int
    people: int
    folds: int
    variants: list[VariantScores]
    beside: list[Paired]


@dataclass(frozen=True)
class Begun:
    """A finished run's network, which learned from so many made clips."""

    network: nn.Module
    clips: int


class Trial:
    """Clips of people dealt into folds, and how networks are trained on all folds but one.

    Each is trained `seeds` times with other chance, and its answers averaged. What is done lies in `folder`. A variant
    of which `begin` holds a finished run, in a folder of its name, begins with that.
    """

    def __init__(
        self,
        clips: Clips,
        fold_of: Ints,
        student: SEResNet,
        recipe: TimeRecipe,
        folder: Path,
        seeds: int = 1,
        begin: Path | None = None,
    ) -> None:
        self.clips, self.fold_of, self.folds = clips, fold_of, int(fold_of.max()) + 1
        self.student, self.recipe, self.folder, self.seeds = student, recipe, folder, seeds
        self._begin = begin
        self._labels = torch.from_numpy(clips.labels)
        # What variants take alike is computed once.
        self._views = lru_cache(maxsize=2)(lambda inputs: views_of(clips, inputs, student, recipe))

    def scores(self, variant: Variant) -> VariantScores:
        """A variant's scores over all folds, among the expressions that the clips show."""
        kept = self.folder / f"{variant.name}.json"
        if kept.exists():
            return msgspec.json.decode(kept.read_bytes(), type=VariantScores)
        views: Views = self._views(variant.inputs)
        begun = self._begun(variant)
        shares: Floats = np.zeros((len(self.clips), len(EXPRESSIONS)), np.float32)
        with tqdm(total=self.seeds * self.folds, desc=variant.name, unit="fold", mininterval=2) as progress:
            for seed in range(self.seeds):
                for fold in range(self.folds):
                    shares[self.fold_of == fold] += self._answers(variant, begun, views, fold, seed) / self.seeds
                    progress.update()
        offered = tuple(EXPRESSIONS[place] for place in np.unique(self.clips.labels))
        shares = fitted(shares, EXPRESSIONS, offered)
        result = VariantScores(
            variant.name,
            parameters_of(variant.build(self.student)),
            self.seeds,
            score(shares, self.clips.labels, EXPRESSIONS),
            shares.round(5).tolist(),
            begun.clips if begun else 0,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(result))
        return result

    def _begun(self, variant: Variant) -> Begun | None:
        """What the variant begins with in each fold; None where that is new weights, or the student's."""
        run = (self._begin or Path()) / variant.name
        if self._begin is None or not run.is_dir():
            return None
        trained_one, network = trained(run, self.student)
        if trained_one is not variant:
            raise CheckpointError(f"{run}: is a run of {trained_one.name}; put that into a folder of its own name")
        return Begun(network, int(told_of(run)["clips"]))

    def _answers(self, variant: Variant, begun: Begun | None, views: Views, fold: int, seed: int) -> Floats:
        """The answers (n, 8) to the clips of a fold, by a network trained on all others."""
        torch.manual_seed(self.recipe.seed * 1009 + seed * 101 + fold)
        rows, held = np.flatnonzero(self.fold_of != fold), np.flatnonzero(self.fold_of == fold)
        steps = self.recipe.epochs * steps_of(len(rows), self.recipe)
        batches = views.batches(rows, self._labels, self.recipe, self.recipe.epochs)
        network = variant.build(self.student) if begun is None else copy.deepcopy(begun.network)
        network = fit(network, batches, steps, variant.recipe(self.recipe), machine=variant.machine())
        with torch.no_grad():
            logits = torch.stack([network(*(part[held] for part in inputs)) for inputs in views.plain])
        return np.asarray(softmax(logits.numpy(), 1.0).mean(axis=0), np.float32)


def over_time(trial: Trial, names: Sequence[str]) -> FoldsOverTime:
    """Trains and scores each variant in each fold, and says how they differ."""
    found = [trial.scores(BY_NAME[name]) for name in names]
    data = ", ".join(source.name for source in trial.clips.manifest)
    people = len(set(trial.clips.people.tolist()))
    return FoldsOverTime(data, len(trial.clips), people, trial.folds, found, _beside(found, trial.clips, data))


def _beside(found: Sequence[VariantScores], clips: Clips, data: str) -> list[Paired]:
    """Each variant's difference to the single frame, and that of a part to its whole, where both are there."""
    right = {each.variant: np.array(each.shares).argmax(axis=1) == clips.labels for each in found}
    pairs = [
        (name, other)
        for name in right
        for other in dict.fromkeys((SINGLE, BY_NAME[name].of, BY_NAME[name].beside))
        if other in right and other != name
    ]
    people = len(set(clips.people.tolist()))
    return [
        Paired(name, other, data, len(clips), people, *difference(right[name], right[other], clips.people))
        for name, other in pairs
    ]


def table(found: FoldsOverTime) -> str:
    """The scores for people: a line a variant, then the differences."""
    lines = [f"{found.data}: {found.clips} clips of {found.people} people, {found.folds} folds of people"]
    width = max(len(each.variant) for each in found.variants)
    for each in found.variants:
        scores = each.scores
        lines.append(
            f"{each.variant:<{width}}  accuracy {100 * scores.accuracy:5.1f} ± {100 * scores.standard_error:.1f}"
            f"  macro-F1 {100 * scores.macro_f1:5.1f}  {each.parameters / 1e6:6.2f} M parameters"
            + (f", begun on {each.made} made clips" if each.made else "")
        )
    for pair in found.beside:
        lines.append(
            f"{pair.model} less {pair.peer}: {100 * pair.difference:+.1f} "
            f"[{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
        )
    return "\n".join(lines)
