"""TensorRT's engines: building and checking them, a race with PyTorch FP16 and the GPU's limits, and a cold start.

Each run is from faces in the host's memory to answers in the host's memory; a figure is the median of the rounds'
medians. Where there is no GPU all goes the same way over the fakes of the tests, and every figure carries the mark: it
is then real that every engine builds, loads and agrees, what our own code adds to ONNX Runtime, and the start of a
process that waits for no GPU.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench import gpu
from bench.engine_figures import (
    BATCHES,
    COLD_START,
    ENGINE,
    NETWORKS,
    PAIRS,
    PROCESSOR,
    QUEUED,
    RACED,
    build,
    difference,
)
from bench.engine_race import Block, Rounds, Torch, block, judged, race
from bench.engine_start import cold_start
from bench.errors import BenchError
from bench.figures import Found, Given, Measured
from bench.gpu import Gpu
from edge import bundle
from edge.errors import RuntimeFailure
from edge.runtime import tensorrt
from edge.runtime.backend import ModelFile
from edge.runtime.cuda.api import Cuda
from edge.runtime.engines.build import Built, build_missing
from edge.runtime.engines.folder import TIMING, Folder
from edge.runtime.engines.key import Key, this_box
from edge.runtime.onnx import OnnxBackend
from edge.runtime.tensorrt import Engine

NOT_FAKE: Final = "with a real engine it is not our own code alone"


def measure(given: Given) -> Found:
    """All of it. Raises CannotMeasure where a GPU lacks TensorRT, BenchError where an engine is wrong."""
    try:
        with gpu.opened() as found:
            if found.mark:
                print(f"  {found.mark}", file=sys.stderr)
            return _measure(found, networks(), given)
    except RuntimeFailure as error:
        raise BenchError(f"no figures, for TensorRT failed: {error}") from error


def networks() -> dict[str, ModelFile]:
    """Every network that ships, by its name."""
    return {file.path.stem: file for file in bundle.load().every_file()}


def _measure(found: Gpu, files: Mapping[str, ModelFile], given: Given) -> Found:
    built = {name: build_twice(_kept(given, name), file, found.cuda) for name, file in files.items()}
    values = {difference(name): Measured(warm.difference) for name, (_, warm) in built.items()}
    if not found.mark:
        values |= {build(name): Measured(warm.seconds, cold.seconds) for name, (cold, warm) in built.items()}
    with ExitStack() as stack:
        torch = None if found.mark else Torch(stack)
        ours, runs_on = _ours(files, given, found.cuda, stack)
        taken = race({**ours, **(torch.contestants() if torch else {})}, given.rounds, given.count)
    limits = torch.limits_of(given.rounds) if torch else {}
    values |= judged(taken | limits, fake=bool(found.mark))
    values[COLD_START], starts = cold_start(given, found.env)
    details: dict[str, Any] = {
        "gpu": found.cuda.device.name,
        "runs_on": runs_on,
        "builds": {
            name: {"cold_s": round(cold.seconds, 3), "warm_s": round(warm.seconds, 3)}
            for name, (cold, warm) in built.items()
        },
        "medians_ms": _medians(taken),
        "starts": starts,
    }
    if torch is not None:
        details["pytorch"] = {**torch.about, **torch.limits}
    return Found(values=values, mark=found.mark, absent=_absent(found, torch, values), details=details)


def build_twice(kept: Path, file: ModelFile, cuda: Cuda) -> tuple[Built, Built]:
    """Build an engine as a new box does, then with the timing cache that this left; the second is kept."""
    first, second = Folder(kept.with_suffix(".cold")), Folder(kept)
    built = []
    for folder in (first, second):
        folder.make_ready()
        if folder is second:
            shutil.copy(first.path / TIMING, second.path / TIMING)
        built += build_missing(folder, [file], cuda)
        print(f"  {built[-1]}", file=sys.stderr)
    cold, warm = built
    return cold, warm


def _ours(
    files: Mapping[str, ModelFile], given: Given, cuda: Cuda, stack: ExitStack
) -> tuple[dict[str, Block], dict[str, str]]:
    """The contestants of this process, and what each runs on."""
    file = files[RACED]
    plan = Folder(_kept(given, RACED)).plan(Key(file.sha256, this_box(tensorrt.version(), cuda.device)))
    backends: dict[str, Engine | OnnxBackend] = {PROCESSOR: OnnxBackend(file)}
    for way, graphs in {ENGINE: True, QUEUED: False}.items():
        engine = backends[way] = Engine(plan, cuda, RACED, graphs=graphs)
        stack.callback(engine.close)
    size = bundle.load().expression.input.size
    blocks = {way: block(backend, size) for way, backend in backends.items()}
    return blocks, {way: backend.describe() for way, backend in backends.items()}


def _kept(given: Given, name: str) -> Path:
    return given.folder / f"engine of {name}"


def _absent(found: Gpu, torch: Torch | None, values: Mapping[str, Measured]) -> dict[str, str]:
    """Why each figure that is missing is."""
    absent = {build(name): found.mark for name in NETWORKS if build(name) not in values}
    for pair in PAIRS:
        why = found.mark or (NOT_FAKE if pair.fake else torch.why if torch else "")
        absent |= {pair.name(batch): why for batch in BATCHES if pair.name(batch) not in values}
    return absent


def _medians(taken: Rounds) -> dict[str, dict[int, float]]:
    return {
        name: {batch: round(1000 * statistics.median(seconds), 4) for batch, seconds in batches.items()}
        for name, batches in taken.items()
    }
