"""Contestants that take turns on the same faces, and what is made of their times; for bench/engine.py."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.engine_figures import ARITHMETIC, BATCHES, EAGER, GRAPHS, MEMORY, PAIRS
from bench.figures import Measured
from bench.side import Side
from edge.runtime.backend import Backend
from edge.runtime.engines.golden import golden
from edge.runtime.profile import BUCKETS

Block = Callable[[int, int], list[float]]
"""A contestant: the seconds of each of so many runs (second) of a batch (first)."""
Rounds = dict[str, dict[int, list[float]]]
"""By contestant and batch, each round's median in seconds."""

WARM_UP: Final = 3


def block(backend: Backend, size: int) -> Block:
    """A backend of this process, on faces of `size` pixels."""
    faces = {len(batch): batch for batch in golden((-1, 1, size, size), np.float32)}
    most = faces[BUCKETS[-1]]
    given: dict[int, NDArray[Any]] = {
        batch: faces[batch] if batch in faces else np.concatenate([most] * (batch // len(most))) for batch in BATCHES
    }

    def run(batch: int, count: int) -> list[float]:
        seconds = []
        for _ in range(count):
            begun = time.perf_counter()
            backend.infer(given[batch])
            seconds.append(time.perf_counter() - begun)
        return seconds

    return run


def race(contestants: Mapping[str, Block], rounds: int, count: int) -> Rounds:
    """Each batch, the contestants by turns, another one first in each round."""
    names = [*contestants]
    taken: Rounds = {name: {} for name in names}
    for batch in BATCHES:
        for name in names:
            contestants[name](batch, WARM_UP)
            taken[name][batch] = []
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                taken[name][batch].append(statistics.median(contestants[name](batch, count)))
        told = ", ".join(f"{name} {1000 * statistics.median(taken[name][batch]):.3g}" for name in names)
        print(f"  batch {batch}, ms: {told}", file=sys.stderr)
    return taken


def judged(taken: Rounds, *, fake: bool) -> dict[str, Measured]:
    """The figures of which both sides ran: on a GPU all but those of the fakes, over the fakes those alone."""
    return {
        pair.name(batch): _beside(taken[pair.ours][batch], taken[pair.peer][batch])
        for pair in PAIRS
        if pair.fake == fake and pair.ours in taken and pair.peer in taken
        for batch in BATCHES
    }


def _beside(ours: list[float], peer: list[float]) -> Measured:
    """The ratio is taken round by round: what else the machine does in a round disturbs both sides of it."""
    times = statistics.median(theirs / own for own, theirs in zip(ours, peer, strict=True))
    return Measured(1000 * statistics.median(ours), 1000 * statistics.median(peer), times)


class Torch:
    """PyTorch on the same GPU, in a process of its own while `stack` is open; `why` there is none, else ""."""

    def __init__(self, stack: ExitStack) -> None:
        """Start it, where it is installed."""
        self.about: dict[str, Any] = {"why": "no PyTorch here: pip install 'mien[train]' with a PyTorch for this CUDA"}
        self.limits: dict[str, float] = {}
        if find_spec("torch") is not None:
            self._side = stack.enter_context(Side([sys.executable, "-m", "bench.engine_torch"], gpu=True))
            self.about = self._side.about
        self.why: str = self.about.get("why", "")
        if not self.why:
            self.limits = self._side.ask("limits")

    def contestants(self) -> dict[str, Block]:
        """Its two ways."""
        return {} if self.why else {way: self._block(way) for way in (EAGER, GRAPHS)}

    def _block(self, way: str) -> Block:
        def run(batch: int, count: int) -> list[float]:
            seconds: list[float] = self._side.ask(f"{way} {batch} {count}")["seconds"]
            return seconds

        return run

    def limits_of(self, rounds: int) -> Rounds:
        """How long each batch would take if the GPU's memory, or its arithmetic, alone held it back."""
        return {} if self.why else limits_of(self.about, self.limits, rounds)


def limits_of(about: Mapping[str, Any], rates: Mapping[str, float], rounds: int) -> Rounds:
    """By what a face costs, and what a GPU does in a second."""
    moved = {batch: about["weight_bytes"] + batch * about["face_bytes"] for batch in BATCHES}
    return {
        MEMORY: {batch: rounds * [moved[batch] / rates["bytes_a_second"]] for batch in BATCHES},
        ARITHMETIC: {
            batch: rounds * [batch * about["multiply_adds"] / rates["multiply_adds_a_second"]] for batch in BATCHES
        },
    }
