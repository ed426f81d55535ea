"""From the command of `vision` to its first reading with an expression, its engines ready; for bench/engine.py.

The process is the real one and reads the synthetic source. Its engines were built before by `mien-desk engine`. A start
counts where the process itself says, a moment later, that it runs on what it was to run on: to change later there would
have to be engines later.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchError
from bench.figures import Given, Measured
from bench.starting import can_empty_cache, empty_cache, run, running, settings, wait

STARTS: Final = 5  # at most: each is of seconds
BACKENDS: Final = ("tensorrt", "onnx")


def cold_start(given: Given, env: Mapping[str, str]) -> tuple[Measured, dict[str, Any]]:
    """TensorRT's median beside ONNX Runtime's, by turns; and all starts. `env` is what finds the GPU, or its fake."""
    cold = not given.warm and can_empty_cache()
    engines = given.folder / "engines"
    built = _desk(given.folder / "built", "tensorrt", engines)
    run(["edge.main", "store", str(built)])
    run(["edge.main", "engine", str(built)], env)
    found: dict[str, list[float]] = {backend: [] for backend in BACKENDS}
    for turn in range(min(given.rounds, STARTS)):
        for backend in BACKENDS:
            desk = _desk(given.folder / f"{backend}-{turn}", backend, engines)
            run(["edge.main", "store", str(desk)])
            found[backend].append(_start(desk, backend, env, cold=cold))
            print(f"  start {turn + 1}, {backend}: {found[backend][-1]:.2f} s", file=sys.stderr)
    measured = Measured(*(statistics.median(found[backend]) for backend in BACKENDS))
    return measured, {"page_cache": "emptied" if cold else "warm", "seconds": found}


def _start(desk: Path, backend: str, env: Mapping[str, str], *, cold: bool) -> float:
    outbox = desk.with_suffix(".db")
    empty_cache(cold)
    begun = time.perf_counter()
    with running(["edge.main", "vision", str(desk)], env) as vision:
        wait(vision, lambda: has_expression(outbox))
        seconds = round(time.perf_counter() - begun, 3)
        wait(vision, lambda: has_health(outbox))
    check_backend(outbox, backend)
    return seconds


def has_expression(outbox: Path) -> bool:
    """Whether there is a reading with an expression: one without says why there is none."""
    return _first(outbox, "SELECT 1 FROM outbox WHERE reason IS NULL LIMIT 1") is not None


def has_health(outbox: Path) -> bool:
    """Whether the process said yet how it goes."""
    return _first(outbox, "SELECT 1 FROM health") is not None


def check_backend(outbox: Path, backend: str) -> None:
    """Raises BenchError where the process ran on something else: then there is no measurement."""
    said = _first(outbox, "SELECT backend, fault FROM health")
    ran, fault = said or (None, None)
    if ran != backend:
        raise BenchError(
            f"vision ran on {ran}, not on {backend}, so its start says nothing{f': {fault}' if fault else ''}"
        )


def _first(outbox: Path, query: str) -> tuple[Any, ...] | None:
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=1.0)) as db:
        row: tuple[Any, ...] | None = db.execute(query).fetchone()
        return row


def _desk(folder: Path, backend: str, engines: Path) -> Path:
    """The settings of a desk in a new folder, its outbox beside them."""
    folder.mkdir()
    return settings(
        folder / "desk.toml",
        box={"id": "box-1"},
        camera={"source": "synthetic", "fps": 25.0, "loop": True},
        model={"backend": backend, "engines": str(engines)},
        store={"path": str(folder / "desk.db")},
    )
