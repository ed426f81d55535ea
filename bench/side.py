"""A process that measures when told: a line to it, a line of JSON from it. Both sides of a comparison are such."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.errors import BenchError

ROOT: Final = Path(__file__).parent.parent
ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)


class Side:
    """One side, started at once; `about` is the first line that it says. A context manager, which ends it."""

    def __init__(self, command: Sequence[str], *, core: int | None = None, gpu: bool = False) -> None:
        """Start it with one thread, on one core where `core` names it, without a GPU unless `gpu`.

        Raises BenchError where it ends at once.
        """
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONHASHSEED": "0"}
        quiet |= {} if gpu else {"CUDA_VISIBLE_DEVICES": ""}
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD, **quiet},
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            preexec_fn=None if core is None else partial(os.sched_setaffinity, 0, {core}),
        )
        self.about = self.answer()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, line: str) -> dict[str, Any]:
        """Say a line, and take the answer. Raises BenchError where it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # the answer says so
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line of JSON; libraries write lines of their own."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        told = " ".join(Path(word).name for word in map(str, self._process.args))  # type: ignore[arg-type]
        raise BenchError(f"{told}: ended; run it by hand to see why")

    def close(self) -> None:
        """End it: its standard input ends."""
        self._process.communicate()

    def __enter__(self) -> Side:
        """It runs already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()
