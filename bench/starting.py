"""A process of ours, started as its command starts it, and timed until its first work is done.

Where the page cache can be emptied (root, on Linux) that can be done before a start, so that programs, libraries and
models come from the disk, as after power-on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchError
from bench.machine import memory_mb
from bench.side import ONE_THREAD, ROOT

CACHES: Final = Path("/proc/sys/vm/drop_caches")
LONGEST_S: Final = 120.0
LOOK_S: Final = 0.005


@dataclass(frozen=True)
class Started:
    """How long it took, and what the process held then; a process that runs once: at its highest."""

    seconds: float
    mb: float


def until(module: list[str], done: Callable[[], bool], *, cold: bool) -> Started:
    """Start a command and wait until `done`. Raises BenchError where it ends before, or takes too long."""
    empty_cache(cold)
    begun = time.perf_counter()
    with running(module) as process:
        wait(process, done)
        return Started(time.perf_counter() - begun, memory_mb(process.pid)["now"])


def wait(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
    """Wait until `done`. Raises BenchError where the process ends before, or takes too long."""
    begun = time.perf_counter()
    while not done():
        if process.poll() is not None or time.perf_counter() - begun > LONGEST_S:
            told = " ".join(list(map(str, process.args))[2:4])  # type: ignore[arg-type]
            raise BenchError(f"{told}: does not get to work; run it by hand to see why")
        time.sleep(LOOK_S)


def to_its_end(module: list[str]) -> Started:
    """Start a command that ends by itself; its memory is what the kernel counted at its highest."""
    begun = time.perf_counter()
    process = _spawn(module)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{' '.join(module[:2])}: exit code {process.returncode}; run it by hand to see why")
    return Started(seconds, used.ru_maxrss * 1024 / 1e6)


def _spawn(module: list[str], env: Mapping[str, str] | None = None, **more: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD, **(env or {})},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **more,
    )


@contextmanager
def running(module: list[str], env: Mapping[str, str] | None = None, **more: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs while the block does; `env` comes on top of this process's environment."""
    process = _spawn(module, env, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST_S)


def run(module: list[str], env: Mapping[str, str] | None = None) -> None:
    """Run a command to its end. Raises SubprocessError where it fails."""
    subprocess.run(
        [sys.executable, "-m", *module],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        check=True,
        capture_output=True,
        timeout=LONGEST_S,
    )


def can_empty_cache() -> bool:
    """Whether this user may."""
    return os.access(CACHES, os.W_OK)


def empty_cache(cold: bool) -> None:
    """Empty the page cache, if `cold`."""
    if cold:
        os.sync()
        CACHES.write_text("3\n", encoding="ascii")


def settings(path: Path, **tables: dict[str, Any]) -> Path:
    """Write a settings file; returns its path. TOML's strings, numbers and booleans are written as JSON's."""
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items()), ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
