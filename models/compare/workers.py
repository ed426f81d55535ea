"""The processes in which a comparison runs its models, one each, and what is said with them.

A worker's first line is JSON that says what the model is: `version`, `runtime`, `file`, `sha256`, `bytes`,
`parameters`, where known `multiply_adds`, and `key`, which changes whenever its answers may. Then it answers each line
of JSON that it is sent with one:

    {"ask": "shares", "crops": IN.npy, "shares": OUT.npy}   probabilities (N, classes) of grey crops (N, size, size)
    {"ask": "time", "crops": IN.npy}                        `wall_s` and `cpu_s` of the crops one after the other
    {"ask": "memory"}                                       `resident` and `peak`, in MB

A worker may be of any interpreter; lines that do not begin with a brace are its libraries' own and are passed over.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from models.data import Bytes, Floats
from models.errors import CompareError
from models.registry import Entrant

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)


class Worker:
    """One model in a process of its own; a context manager that ends it."""

    def __init__(self, entrant: Entrant, core: int | None = None) -> None:
        """Starts it with one thread, on one core where `core` is given. Raises CompareError where it does not start."""
        self.entrant = entrant
        self._folder = tempfile.TemporaryDirectory(prefix="mien-compare-")
        self._complaints = Path(self._folder.name) / "stderr"
        environment = {**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        try:
            with self._complaints.open("wb") as stderr:
                self._process = subprocess.Popen(
                    entrant.command,
                    env=environment,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                )
        except OSError as error:
            raise CompareError(f"{entrant.command[0]}: cannot run it: {error.strerror}; name a Python") from None
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        self.about = self._answer()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin and self._process.stdin.close()
        self._process.stdout and self._process.stdout.close()
        self._process.wait()
        self._folder.cleanup()

    def shares(self, crops: Bytes) -> Floats:
        """Probabilities (N, classes) in the order of the entrant's classes. Raises CompareError."""
        taken, given = self._file("crops", crops), Path(self._folder.name) / "shares.npy"
        self._ask(ask="shares", crops=str(taken), shares=str(given))
        shares = np.asarray(np.load(given), np.float32)
        expected = (len(crops), len(self.entrant.classes))
        if shares.shape != expected:
            raise CompareError(f"{self.entrant.id}: gave {shares.shape} in place of {expected}; correct its classes")
        return shares

    def time(self, crops: Bytes) -> tuple[float, float]:
        """Seconds by the clock and of CPU for the crops, one face at a time. Raises CompareError."""
        answer = self._ask(ask="time", crops=str(self._file("timed", crops)))
        return float(answer["wall_s"]), float(answer["cpu_s"])

    def memory(self) -> tuple[float, float]:
        """Resident memory in MB (10^6 bytes), now and at its highest. Raises CompareError."""
        answer = self._ask(ask="memory")
        return float(answer["resident"]), float(answer["peak"])

    def _file(self, name: str, crops: Bytes) -> Path:
        path = Path(self._folder.name) / f"{name}.npy"
        np.save(path, crops)
        return path

    def _ask(self, **request: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; what it said last is in the error below
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        said = self._complaints.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = said[-1] if said else "it said nothing"
        raise CompareError(f"{self.entrant.id}: its process ended ({last}); run `{' '.join(self.entrant.command)}`")
