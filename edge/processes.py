"""The desk's processes, a line each, and `mien-desk run`, which starts them, starts them again and stops them.

On a box systemd does this, with a unit for each line (`firmware_config/systemd`), which a test holds to it. `run` is
for a desk on one's own machine: `store` runs once, then the others as processes of their own.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from edge import kernel
from edge.backoff import Backoff
from edge.errors import CorruptStore, ModelError, RuntimeFailure, SchemaVersionError, SettingsError

STEADY_S: Final = 60.0  # a process that ran so long was well
STOP_WAIT_S: Final = 15.0  # longer than `publish` takes to send what is left
LOOK_EVERY_S: Final = 0.2

ENDS_ALL: Final = frozenset(
    error.exit_code for error in (SettingsError, ModelError, RuntimeFailure, SchemaVersionError)
)
"""Exit codes after which only a person can go on."""

log: Final = logging.getLogger("mien.run")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What a process may take on a box before systemd ends it: memory in MB, seconds in which its loop has to go round
    (None: it has no loop), seconds to stop in. Limits, not what it needs.
    """

    memory_mb: int
    watchdog_s: int | None
    stop_s: int


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of the desk: a subcommand of `mien-desk`, run by `user` on a box.

    `once`: it runs before all others, to its end.
    """

    name: str
    touches: str
    user: str
    budget: Budget
    once: bool = False

    @property
    def unit(self) -> str:
        """The systemd unit that runs it on a box."""
        return f"mien-{self.name}.service"


PROCESSES: Final = (
    Process(
        name="store",
        touches="the outbox file: makes, checks and mends it",
        user="mien-store",
        budget=Budget(memory_mb=300, watchdog_s=None, stop_s=600),
        once=True,
    ),
    Process(
        name="engine",
        touches="GPU, models and the folder of engines; builds what TensorRT needs, then ends",
        user="mien-vision",
        budget=Budget(memory_mb=3000, watchdog_s=None, stop_s=15),
    ),
    Process(
        name="vision",
        touches="camera and models; writes readings to the outbox file",
        user="mien-vision",
        budget=Budget(memory_mb=1500, watchdog_s=30, stop_s=15),
    ),
    Process(
        name="voice",
        touches="microphone and models, where the settings name one; writes readings to the outbox file",
        user="mien-voice",
        budget=Budget(memory_mb=500, watchdog_s=30, stop_s=15),
    ),
    Process(
        name="publish",
        touches="the broker; sends what is in the outbox file and frees it by receipt",
        user="mien-publish",
        budget=Budget(memory_mb=200, watchdog_s=180, stop_s=15),
    ),
)


@dataclass
class _Child:
    """A process that should be running."""

    process: Process
    backoff: Backoff = field(default_factory=lambda: Backoff(1.0, 60.0))
    running: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float | None = 0.0  # None: it ended by itself and has done its work


class Supervisor:
    """Runs the desk of one settings file."""

    def __init__(self, config: Path, pids: Path | None = None) -> None:
        """`pids`: a file to which `name pid` is added as each process starts that is to stay."""
        self._config = config
        self._pids = pids
        self._children = [_Child(process) for process in PROCESSES if not process.once]

    def run(self, stop: threading.Event) -> int:
        """Run until `stop` is set or nothing is left to run; returns the exit code."""
        try:
            code = self._run_first(stop)
            while code == 0 and not stop.is_set() and any(c.start_at is not None for c in self._children):
                code = self._look_at_all(stop)
                stop.wait(LOOK_EVERY_S)
            return code
        finally:
            self._stop_all()

    def _run_first(self, stop: threading.Event) -> int:
        for process in PROCESSES:
            if process.once and not stop.is_set() and (code := self._spawn(process).wait()):
                log.error("%s ended with exit code %d; see the line above", process.name, code)
                return code
        return 0

    def _look_at_all(self, stop: threading.Event) -> int:
        now = time.monotonic()
        for child in self._children:
            if child.running is None:
                if child.start_at is not None and now >= child.start_at:
                    child.running, child.started = self._spawn(child.process), now
                continue
            code = child.running.poll()
            if code is None:
                continue
            child.running = None
            if code in ENDS_ALL:
                log.error("%s ended with exit code %d and cannot go on; stopping", child.process.name, code)
                return code
            if code == CorruptStore.exit_code:
                return self._mend(stop)
            self._plan_restart(child, code, now)
        return 0

    def _plan_restart(self, child: _Child, code: int, now: float) -> None:
        if code == 0:
            log.info("%s has done its work", child.process.name)
            child.start_at = None
            return
        if now - child.started > STEADY_S:
            child.backoff.reset()
        wait = child.backoff.next()
        child.start_at = now + wait
        log.error("%s ended with exit code %d; starting it again in %.0f s", child.process.name, code, wait)

    def _mend(self, stop: threading.Event) -> int:
        """Nobody may have the outbox open while it is moved aside."""
        log.error("the outbox is damaged; stopping all to mend it")
        self._stop_all()
        for child in self._children:
            if child.start_at is not None:
                child.start_at = 0.0
        return self._run_first(stop)

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        # In a session of its own, so that Ctrl-C reaches this process alone and the others are stopped in their order.
        # It ends with this process, even a killed one: no camera stays on. Before exec this is safe without threads.
        end_with_us = partial(kernel.end_with, os.getpid())
        child = subprocess.Popen(self._command(process), start_new_session=True, preexec_fn=end_with_us)
        if self._pids is not None and not process.once:
            with self._pids.open("a", encoding="utf-8") as pids:
                pids.write(f"{process.name} {child.pid}\n")
        return child

    def _command(self, process: Process) -> list[str]:
        return [sys.executable, "-m", "edge.main", process.name, str(self._config)]

    def _stop_all(self) -> None:
        """One after the other: `publish` still sends what `vision` wrote last."""
        for child in self._children:
            if child.running is None:
                continue
            child.running.terminate()
            try:
                child.running.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                log.error("%s (pid %d) does not end; killing it", child.process.name, child.running.pid)
                child.running.kill()
                child.running.wait()
            child.running = None
