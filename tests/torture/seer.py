"""`vision` itself with a camera that does what a file says, and a note of each reading that the outbox took."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from contract.reading import Reading
from edge import bundle as bundles
from edge import settings as desk_settings
from edge import vision, writer
from edge.capture import Capture
from edge.capture.frame import Pixels
from edge.errors import CaptureError, StaleCamera
from edge.settings import Policy, Store
from edge.sight import Sight
from edge.store import Outbox
from tests.torture.ledger import Line, content_of

FAULTS: Final = ("freezes", "blocks", "dies", "is gone", "shrinks", "is slow")
FRAME_S: Final = 0.05


class FaultyCamera:
    """Pictures of noise, or what the file says instead."""

    name = "camera faulty"
    fps = 1 / FRAME_S

    def __init__(self, fault: Path) -> None:
        self._fault = fault
        self._chance = np.random.default_rng()
        self._picture = self._noise(640, 480)
        if self._now() == "is gone":
            raise CaptureError(f"{self.name}: there is no such device")

    def read(self) -> Pixels | None:
        """The next picture."""
        time.sleep(FRAME_S)
        while (fault := self._now()) == "blocks":
            time.sleep(FRAME_S)
        if fault in ("dies", "is gone"):
            raise CaptureError(f"{self.name}: gives no pictures any more")
        if fault == "is slow":
            time.sleep(1.5)
        if fault == "shrinks":
            return self._noise(160, 120)
        if fault != "freezes":
            self._picture = self._noise(640, 480)
        return self._picture

    def close(self) -> None:
        """Nothing is to be let go of."""

    def _now(self) -> str:
        try:
            return self._fault.read_text()
        except OSError:
            return ""

    def _noise(self, width: int, height: int) -> Pixels:
        return self._chance.integers(0, 255, (height, width, 3), np.uint8)


class NotingOutbox(Outbox):
    """Notes a reading after its number came back."""

    def __init__(self, notes: Path, store: Store, policy: Policy) -> None:
        super().__init__(store, policy)
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def add(self, reading: Reading) -> int:
        """See `Outbox.add`."""
        number = super().add(reading)
        with self._connection.reading() as db:
            (epoch,) = db.execute("SELECT epoch FROM meta").fetchone()
        line = Line(epoch, number, reading.boot, reading.started_ns, content_of(reading))
        os.write(self._notes, line.text().encode("ascii"))
        return number


def main(arguments: Sequence[str] | None = None) -> int:
    """The program: like `mien-desk vision`, with its exit codes."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.seer", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("notes", type=Path)
    parser.add_argument("fault", type=Path, help=f"one of {', '.join(FAULTS)}, while it is there")
    options = parser.parse_args(arguments)
    settings = desk_settings.load(options.config)
    writer.Outbox = partial(NotingOutbox, options.notes)  # type: ignore[attr-defined, assignment]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sight = Sight.of(bundles.load(), settings)
    written = writer.Writer(settings.store, settings.policy)
    try:
        capture = Capture(partial(FaultyCamera, options.fault))
        vision.Vision(settings, capture, sight, written, "torture-1").run(stop)
    except (CaptureError, StaleCamera) as error:
        return error.exit_code
    finally:
        written.close()
    return 0


if __name__ == "__main__":
    os._exit(main())  # a camera that blocks keeps its thread
