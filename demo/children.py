"""The programs that the demo starts: their logs, their pids, and an orderly end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from demo.errors import DemoError

STOP_S: Final = 20.0
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


@dataclass
class Children:
    """Every program of the demo by name, in the order in which they were started."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def adopt(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Take over a program that is already running."""
        self.processes[name] = process
        self.note(name, process.pid)

    def note(self, name: str, pid: int) -> None:
        """Add a line `name pid` to the file of pids."""
        with (self.folder / "pids").open("a", encoding="utf-8") as pids:
            pids.write(f"{name} {pid}\n")

    def start(self, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start one of our own commands in the background; its output goes to `NAME.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = start_background(ours(command), log)
        self.processes[name] = process
        return process

    def run(self, command: Sequence[str]) -> None:
        """Run one of our own commands to its end; DemoError with its last line where it fails."""
        result = subprocess.run(ours(command), capture_output=True, text=True, check=False, timeout=120)
        if result.returncode != 0:
            last = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise DemoError(f"{' '.join(command)}: exit code {result.returncode}: {last}")

    def ended(self) -> str | None:
        """The name of a program that has ended by itself, if any."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def stop(self, name: str) -> None:
        """Ask a program to end, and end it where it does not."""
        process = self.processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop_all(self) -> None:
        """End what is still running, the last started first."""
        for name in reversed(list(self.processes)):
            self.stop(name)
        (self.folder / "pids").unlink(missing_ok=True)

    def last_words(self, name: str) -> str:
        """The end of a program's log, for an error message: why it ended, and what its supervisor made of that."""
        log = self.folder / f"{name}.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return "; ".join(lines[-2:]) or "it said nothing"


def start_background(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A process in a session of its own, so that Ctrl-C reaches the demo alone; it ends where the demo is killed."""
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=_end_with_parent)


def _end_with_parent() -> None:
    """Linux sends SIGTERM as soon as the parent is gone, whatever ended it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def ours(command: Sequence[str]) -> list[str]:
    """One of our commands, as this very environment has it installed."""
    return [str(Path(sys.executable).parent / command[0]), *command[1:]]


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask `condition` four times a second until it is true; False where that took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.25)
    return False
