"""The workers of an analysis, as the process sees them that gives them work: started, asked, replaced when they die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from edge.analyze import messages
from edge.analyze.messages import Broken, End, Facts, Job, Listened, Part, Ready, Report, Setup, Stop
from edge.errors import MienDeskError, ModelError, OutputError

FOR_THE_PARENT: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
END_S: Final = 10.0  # for a worker to finish the copy it writes


@dataclass(eq=False)
class Worker:
    """One process and what it does; `task` is None while it waits for work."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    task: Job | None = None


@dataclass(frozen=True, eq=False)
class Died:
    """A worker ended in the middle of a task: the recording is to blame."""

    task: Job
    how: str


class Pool:
    """Up to `count` workers."""

    def __init__(self, setup: Setup, count: int) -> None:
        self._setup, self._count = messages.encode(setup), count
        self._workers: list[Worker] = []

    def idle(self) -> Worker | None:
        """A worker that waits for work, started if there may be another; None where all are busy."""
        for worker in self._workers:
            if worker.ready and worker.task is None:
                return worker
        if len(self._workers) < self._count and all(worker.ready for worker in self._workers):
            self._start()
        return None

    def give(self, worker: Worker, task: Job) -> None:
        """Let a waiting worker do a task; one that died meanwhile is found by `reports`."""
        worker.task = task
        with suppress(BrokenPipeError):
            worker.pipe.send_bytes(messages.encode(task))

    def reports(self, timeout_s: float, later: Collection[tuple[int, int]] = ()) -> Iterator[Report | Died]:
        """What the workers say within `timeout_s`. Those that read one of the parts `later` (item, part) have to wait.

        Raises MienDeskError where a worker cannot work at all.
        """
        by_pipe = {
            worker.pipe: worker
            for worker in self._workers
            if not (isinstance(worker.task, Part) and (worker.task.item, worker.task.part) in later)
        }
        if not by_pipe:
            time.sleep(timeout_s)
        for pipe in connection.wait(list(by_pipe), timeout_s):
            assert isinstance(pipe, Connection)
            worker = by_pipe[pipe]
            try:
                report = messages.decode_report(pipe.recv_bytes())
            except (EOFError, ConnectionResetError):
                yield from self._buried(worker)
                continue
            if isinstance(report, Broken):
                raise _error(report)
            if isinstance(report, Ready):
                worker.ready = True
            if isinstance(report, Facts | End | Listened):
                worker.task = None
            yield report

    def stop(self) -> Iterator[Report]:
        """Ask every worker to stop, give what they still have to say, and end them."""
        for worker in self._workers:
            with suppress(BrokenPipeError):
                worker.pipe.send_bytes(messages.encode(Stop()))
        deadline = time.monotonic() + END_S
        while (left := deadline - time.monotonic()) > 0 and any(worker.task for worker in self._workers):
            for report in self.reports(min(left, 0.2)):
                if not isinstance(report, Died):
                    yield report
        self.kill()

    def kill(self) -> None:
        """End every worker at once."""
        for worker in self._workers:
            worker.process.kill()
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()

    def _start(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, os.getpid(), self._setup), daemon=True)
        # Ctrl-C, a terminal that closes and a service that stops reach every process; the workers leave it to this one.
        resource_tracker.ensure_running()  # starting it, multiprocessing would let two of them through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, FOR_THE_PARENT)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._workers.append(Worker(process, ours))

    def _buried(self, worker: Worker) -> Iterator[Died]:
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        code = worker.process.exitcode or 0
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if not worker.ready:
            raise MienDeskError(f"analyze: a worker process could not start ({how}); check memory, and mien's install")
        if worker.task is not None:
            yield Died(worker.task, how)


def _work(pipe: Connection, parent: int, setup: bytes) -> None:
    from edge.analyze import worker  # here, so that OpenCV and ONNX Runtime are in the workers alone

    worker.main(pipe, parent, setup)


def _error(report: Broken) -> MienDeskError:
    kinds = (kind for kind in (OutputError, ModelError) if kind.exit_code == report.exit_code)
    return next(kinds, MienDeskError)(report.text)
