"""A whole run of `mien-models compare`: every model's scores, then its speed and memory, into the results file."""

import os
import platform
import statistics
import sys
from contextlib import ExitStack
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from models.compare.paired import Paired
from models.compare.protocol import PROTOCOL, Pictures, compare_on, crops_of, paired
from models.compare.results import CropScore, DataFacts, Machine, ModelFacts, Results, Scored, Speed
from models.compare.workers import Worker
from models.data import Bytes
from models.datasets import DATA_SETS, DataSet, data_file
from models.errors import CompareError, DataError
from models.registry import Entrant

FACES_A_ROUND = 200
LIBRARIES = ("numpy", "onnxruntime", "opencv-python-headless", "matplotlib")


def compare(entrants: list[Entrant], cache: Path, rounds: int, command: str) -> Results:
    """Scores and times all entrants, the first of which is the default model. Raises ModelsError."""
    at_hand = [(data, path) for data in DATA_SETS if (path := _path(data)) is not None]
    if not at_hand:
        raise DataError("no data set is at hand; set MIEN_DATA to their folder")
    reference = _reference(entrants)
    with ExitStack() as running:
        workers = [running.enter_context(Worker(entrant)) for entrant in entrants]
        facts = [_facts(worker) for worker in workers]
        data, scores, crops, pairs = _scores(workers, at_hand, reference, cache)
    first = Pictures(*at_hand[0], cache, _quiet)
    samples = [first.cut(entrant.crop or reference, entrant.size).crops[:FACES_A_ROUND] for entrant in entrants]
    speed = _speed(entrants, samples, rounds)
    return Results(
        protocol=PROTOCOL,
        date=datetime.now(timezone.utc).date().isoformat(),
        command=command,
        machine=machine(),
        versions={name: version(name) for name in LIBRARIES},
        rounds=rounds,
        faces_a_round=FACES_A_ROUND,
        data=data,
        models=facts,
        scores=scores,
        crops=crops,
        paired=pairs,
        speed=speed,
    )


def _path(data: DataSet) -> Path | None:
    try:
        return data_file(data.file)
    except DataError as error:
        print(f"{data.name} is left out: {error}", file=sys.stderr)
        return None


def _quiet(text: str) -> None:
    """Says nothing: what is read a second time takes no time."""


def _reference(entrants: list[Entrant]) -> float:
    crop = entrants[0].crop
    if crop is None:
        raise CompareError(f"{entrants[0].id}: is a peer; a comparison needs a bundle first")
    return crop


def _facts(worker: Worker) -> ModelFacts:
    entrant, about = worker.entrant, worker.about
    return ModelFacts(
        id=entrant.id,
        version=about["version"],
        is_peer=entrant.is_peer,
        runtime=about["runtime"],
        file=about["file"],
        sha256=about["sha256"],
        bytes=about["bytes"],
        parameters=about["parameters"],
        multiply_adds=about.get("multiply_adds", 0),
        size=entrant.size,
        crop=entrant.crop,
        mirror=entrant.mirror,
        classes=entrant.classes,
        trained_on=entrant.trained_on,
        note=entrant.note,
    )


def _scores(
    workers: list[Worker], at_hand: list[tuple[DataSet, Path]], reference: float, cache: Path
) -> tuple[list[DataFacts], list[Scored], list[CropScore], list[Paired]]:
    data, scores, crops, pairs = [], [], [], []
    steps = len(at_hand) * sum(len(crops_of(worker.entrant, reference)) for worker in workers)
    with tqdm(total=steps, unit="crop") as bar:
        for each, path in at_hand:
            pictures = Pictures(each, path, cache, bar.set_description)
            data.append(pictures.facts())

            def done(worker: Worker, crop: float, name: str = each.name) -> None:
                bar.set_description(f"{name}: {worker.entrant.id} at {crop}")
                bar.update()

            found = list(compare_on(pictures, workers, reference, cache, done))
            scores += [row for each in found for row in each.rows]
            crops += [row for each in found for row in each.tried]
            pairs += paired(pictures, found)
    return data, scores, crops, pairs


def _speed(entrants: list[Entrant], samples: list[Bytes], rounds: int) -> list[Speed]:
    """Times all entrants by turns on one core, in processes that did nothing before; the first round is not kept."""
    core = max(os.sched_getaffinity(0))
    found: list[list[tuple[float, float]]] = [[] for _ in entrants]
    with ExitStack() as running:
        workers = [running.enter_context(Worker(entrant, core)) for entrant in entrants]
        for number in tqdm(range(rounds + 1), desc="speed", unit="round"):
            for worker, crops, times in zip(workers, samples, found, strict=True):
                wall, cpu = worker.time(crops)
                if number:
                    times.append((1000 * wall / len(crops), 1000 * cpu / len(crops)))
        memory = [worker.memory() for worker in workers]
    return [
        Speed(
            model=entrant.id,
            wall_ms=round(statistics.median(wall for wall, _ in times), 3),
            lowest_ms=round(min(wall for wall, _ in times), 3),
            highest_ms=round(max(wall for wall, _ in times), 3),
            cpu_ms=round(statistics.median(cpu for _, cpu in times), 3),
            resident_mb=round(resident, 1),
            peak_mb=round(peak, 1),
        )
        for entrant, times, (resident, peak) in zip(entrants, found, memory, strict=True)
    ]


def machine() -> Machine:
    """This machine, without its name."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.machine(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1),
    )
