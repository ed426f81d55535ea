"""Makes readings and puts them into an outbox until it is ended; notes each one that the outbox took.

The note is written after the outbox returned the reading's number: what was promised, and no more. Where the outbox
takes none it tries the same reading again, as the writer of `vision` does.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from contract.reading import Reading, seen
from edge import clock
from edge import settings as desk_settings
from edge.errors import CorruptStore, StoreError
from edge.settings import Settings
from edge.store import Outbox, bounds
from tests.edge import made
from tests.torture.ledger import Line, content_of

AGAIN_S = 0.02
AT_ONCE = 1000  # of a past; fewer than one look at the bounds lets go of


@dataclass(frozen=True, kw_only=True)
class Harm:
    """What is wrong with a maker.

    `careless`: every tenth reading is noted though it was never put in. `unsynced`: none is synced by itself. While
    `no_clock`, a file, is there the wall clock is not known and says anything; `sure`: readings vouch for it all the
    same.
    """

    careless: bool = False
    unsynced: bool = False
    no_clock: Path | None = None
    sure: bool = False


class Maker:
    """One run: readings of a boot of its own, each of other shares."""

    def __init__(self, settings: Settings, notes: Path, *, harm: Harm) -> None:
        """What is noted is a promise that is held against what arrives."""
        self._settings, self._harm = settings, harm
        self._outbox = Outbox(settings.store, settings.policy)
        if harm.unsynced:
            self._outbox._connection.db.execute("PRAGMA synchronous = NORMAL")
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        run = secrets.token_hex(8)
        self._boot = clock.boot() if harm.no_clock else run
        self._random = random.Random(run)
        self._index = 0

    def make(self, *, ago_s: float = 0.0) -> Reading:
        """The next one, of so long ago."""
        self._index += 1
        parts = [self._random.random() for _ in range(8)]
        shares = tuple(round(part / sum(parts), 4) for part in parts)
        looks = seen(shares, confidence=round(max(shares), 4), quality=0.9, faces=1)
        times: dict[str, int] = {"wall_ms": made.now_ms() - round(ago_s * 1000)}
        if self._harm.no_clock:
            times["started_ns"] = time.monotonic_ns()
            if self._harm.no_clock.exists():
                times |= {"wall_ms": self._random.randrange(4_000_000_000_000), "clock_ok": self._harm.sure}
        return made.reading(self._index, boot=self._boot, **times, **looks)

    def put(self, reading: Reading) -> None:
        """Into the outbox, however long that takes, and then into the notes."""
        if self._harm.careless and self._index % 10 == 0:
            self._note(reading, 0, "0" * 16)
            return
        while True:
            try:
                number = self._outbox.add(reading)
            except CorruptStore:
                raise
            except StoreError:
                time.sleep(AGAIN_S)
            else:
                self._note(reading, number, self._epoch())
                return

    def put_past(self, count: int) -> None:
        """So many seconds of a past in which nobody could be reached, held to the outbox's bounds all the while."""
        epoch = self._epoch()
        for first in range(0, count, AT_ONCE):
            readings = [self.make(ago_s=count - index) for index in range(first, min(first + AT_ONCE, count))]
            self._outbox.add_many(readings)
            with closing(sqlite3.connect(self._settings.store.path)) as db:
                sql = "SELECT started_ns, seq FROM outbox WHERE boot = ? ORDER BY seq DESC LIMIT ?"
                numbers = dict(db.execute(sql, (self._boot, len(readings))).fetchall())
            for reading in readings:
                self._note(reading, numbers[reading.started_ns], epoch)
            with self._outbox._connection.writing() as db:
                bounds.trim(db, self._settings.store, None)

    def _epoch(self) -> str:
        with closing(sqlite3.connect(self._settings.store.path)) as db:
            return str(db.execute("SELECT epoch FROM meta").fetchone()[0])

    def _note(self, reading: Reading, number: int, epoch: str) -> None:
        true_ms = 0
        if self._harm.no_clock:
            true_ms = made.now_ms() - (time.monotonic_ns() - reading.started_ns) // 1_000_000
        content = content_of(reading, with_time=not true_ms)
        line = Line(epoch, number, reading.boot, reading.started_ns, content, true_ms)
        os.write(self._notes, line.text().encode("ascii"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.maker", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("notes", type=Path)
    parser.add_argument("--count", type=int, help="end after so many (default: never)")
    parser.add_argument("--every", type=float, default=0.02, help="seconds between two")
    parser.add_argument("--past", type=int, default=0, help="first put in so many seconds of the past")
    parser.add_argument("--careless", action="store_true", help="note some that were never put in")
    parser.add_argument("--unsynced", action="store_true", help="do not sync each reading")
    parser.add_argument("--no-clock", type=Path, help="while this file is there the wall clock is not known")
    parser.add_argument("--sure", action="store_true", help="and the readings say that it is right")
    options = parser.parse_args(arguments)
    settings = desk_settings.load(options.config)
    harm = Harm(careless=options.careless, unsynced=options.unsynced, no_clock=options.no_clock, sure=options.sure)
    maker = Maker(settings, options.notes, harm=harm)
    if options.past:
        maker.put_past(options.past)
    while options.count is None or options.count > 0:
        options.count = options.count and options.count - 1
        maker.put(maker.make())
        time.sleep(options.every)
        if options.count == 0:
            return


if __name__ == "__main__":
    main()
