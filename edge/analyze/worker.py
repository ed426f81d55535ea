"""A worker of an analysis: the process that decodes what it is given, looks at it, and reports window by window.

Decoding is done here and nowhere else, so that a file that makes the decoder crash ends this process and no other.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from typing import Final

import cv2

from edge import bundle, kernel, voice_card
from edge.analyze import messages
from edge.analyze.annotate import open_copy
from edge.analyze.inspecting import inspect
from edge.analyze.listen import heard
from edge.analyze.looker import Looker
from edge.analyze.messages import Broken, End, Inspect, Job, Listen, Listened, Part, Ready, Setup, Stop
from edge.analyze.part import Send, read_part
from edge.errors import CaptureError, MienDeskError
from edge.hearing import Hearing
from edge.reader import FaceReader

CASCADE_S: Final = 1.0  # how often all faces are looked for while others are followed: a desk's every 15th of 15 frames
MOST_FRAMES_BETWEEN: Final = 60  # at any rate


def main(connection: Connection, parent: int, setup: bytes) -> None:
    """Do what the other end of the pipe asks, until it asks to stop, closes it, or process `parent` ends."""
    kernel.end_with(parent, signal.SIGKILL)  # the signals that ask it to end are for the parent alone
    kernel.leave_no_dump()
    _silence_libraries()
    cv2.setNumThreads(1)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

    def send(report: messages.Report) -> None:
        connection.send_bytes(messages.encode(report))

    try:
        worker = Worker(messages.decode_setup(setup), send, connection.poll)
        send(Ready())
        while not isinstance(task := messages.decode_task(connection.recv_bytes()), Stop):
            worker.do(task)
    except MienDeskError as error:
        send(Broken(text=str(error), exit_code=error.exit_code))
    except (EOFError, BrokenPipeError):
        return  # nobody is there any more to report to


def _silence_libraries() -> None:
    """Let nothing but Python write on standard error: libpng has a line of its own for each damaged file."""
    ours = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(ours, "w", buffering=1)


class Worker:
    """The models, loaded once, and what they are asked to look at."""

    def __init__(self, setup: Setup, send: Send, asked_to_stop: Callable[[], bool]) -> None:
        """Raises ModelError."""
        self._setup, self._send, self._asked_to_stop = setup, send, asked_to_stop
        self._bundle = bundle.named(setup.model, setup.point, trust=setup.trust)
        self._readers: dict[int, FaceReader] = {}
        self._reader(15)

    def do(self, task: Job) -> None:
        """Do it and report. What is wrong with a recording is reported; raises OutputError and ModelError."""
        if isinstance(task, Inspect):
            self._send(inspect(task))
            return
        if isinstance(task, Listen):
            self._send(self._listened(task))
            return
        try:
            with closing(open_copy(task)) as copy:
                looker = Looker(task, self._reader(_cascade_every(task)), copy)
                end = read_part(task, looker, self._send, self._asked_to_stop)
        except CaptureError as error:
            end = End(item=task.item, part=task.part, met=0, fault=str(error))
        self._send(end)

    def _listened(self, task: Listen) -> Listened:
        hearing = Hearing(voice_card.named(self._setup.voice, trust=self._setup.trust))
        try:
            for second in heard(task, hearing):
                self._send(second)
                if self._asked_to_stop():
                    break
        except CaptureError as error:
            return Listened(item=task.item, fault=str(error))
        return Listened(item=task.item)

    def _reader(self, cascade_every: int) -> FaceReader:
        if cascade_every not in self._readers:
            self._readers[cascade_every] = FaceReader.from_bundle(
                self._bundle, role=self._setup.role, cascade_every=cascade_every, every_face=True
            )
        return self._readers[cascade_every]


def _cascade_every(task: Part) -> int:
    """How many of the frames that are looked at make CASCADE_S."""
    return max(1, min(MOST_FRAMES_BETWEEN, round(CASCADE_S * task.rate / task.every)))
