"""`mien-central run`: the centre's processes on one machine, a line a process, started again where they end.

They end with it: it ends them when it is told to stop, and on Linux the kernel does where it is killed.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

PROCESSES: Final = (
    ("ingest", ("ingest",)),
    ("web", ("web",)),
)
"""Name and arguments of each process."""

STEADY_S: Final = 60.0  # a process that ran so long begins again with the shortest wait
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
STOP_S: Final = 10.0  # how long a process may take to end in order

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork

_log: Final = logging.getLogger(__name__)


@dataclass
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait_s: float = FIRST_WAIT_S
    next_try: float = 0.0


class Stop:
    """Becomes true at SIGTERM, SIGINT or SIGHUP: the terminal was closed."""

    def __init__(self) -> None:
        """Take the signals over; SIGHUP stays ignored where `nohup` ignores it."""
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def __call__(self) -> bool:
        """Whether it is time to stop."""
        return self._asked

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked = True


def run(options: Sequence[str], pids: Path | None) -> int:
    """Run all processes until SIGTERM, SIGINT or SIGHUP, each with `options` behind its own arguments.

    `pids`: a file to which `name pid` is appended at each start of a process. Returns 0, or the exit status of a
    process that ended at once because its settings or the database's version are wrong: trying again mends neither.
    """
    stop = Stop()
    children = [
        _Child(name, [sys.executable, "-m", "central.main", *arguments, *options]) for name, arguments in PROCESSES
    ]
    status = 0
    try:
        while not stop() and not status:
            status = max(_tend(child, pids) for child in children)
            time.sleep(0.1)
    finally:
        _end(children)
    return status


def _tend(child: _Child, pids: Path | None) -> int:
    """Start the child where it does not run and its wait is over; returns a status that no new start would mend."""
    now = time.monotonic()
    if child.process is None:
        if now >= child.next_try:
            _start(child, now, pids)
        return 0
    status = child.process.poll()
    if status is None:
        return 0
    child.process = None
    if status in _FINAL:
        return status
    if now - child.started >= STEADY_S:
        child.wait_s = FIRST_WAIT_S
    _log.error("%s ended with status %d; starting it again in %.0f s", child.name, status, child.wait_s)
    child.next_try = now + child.wait_s
    child.wait_s = min(LONGEST_WAIT_S, child.wait_s * 2)
    return 0


_FINAL: Final = (2, 11, 15)  # wrong arguments, wrong settings, another version of the tables


def _start(child: _Child, now: float, pids: Path | None) -> None:
    child.process = subprocess.Popen(
        child.command,
        start_new_session=True,  # Ctrl-C reaches us alone; we pass it on
        preexec_fn=partial(_end_with, os.getpid()),  # safe: this process has one thread
    )
    child.started = now
    if pids is not None:
        with pids.open("a", encoding="utf-8") as file:
            file.write(f"{child.name} {child.process.pid}\n")


def _end_with(parent: int) -> None:
    """In a child before its program begins: ask Linux for a SIGTERM when the parent is gone, however it went."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM))
    if os.getppid() != parent:  # it went before we asked
        os._exit(1)


def _end(children: Sequence[_Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + STOP_S
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
