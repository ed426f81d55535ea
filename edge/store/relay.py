"""The side of the outbox that sends: what waits, what was sent, and what a receipt frees."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from contract.messages import Gap, GapCause, Receipt
from contract.reading import Reading, published
from edge.settings import Store
from edge.store import health
from edge.store.bounds import epoch_of
from edge.store.connection import open_checked
from edge.store.health import Health
from edge.store.kind import is_recorded
from edge.store.rows import COLUMN_LIST, from_row

_ENDED_MS: Final = "wall_ms + CAST(round(1000 * duration_s) AS INTEGER)"
_UNTIMED: Final = {
    "outbox": "boot = ? AND clock_ok = 0 AND state = 'waiting' AND sent = 0",
    "mirror": "boot = ? AND clock_ok = 0",
}
CORRECTED_AT_ONCE: Final = 2000  # readings, so that nobody waits long for the lock
MAX_WHY: Final = 200  # characters of a reason, as in the contract


@dataclass(frozen=True)
class Head:
    """What the publisher needs to know of a waiting row to decide when it goes."""

    seq: int
    ended_ms: int  # UTC, of its window
    sent: bool  # in this epoch, by whatever process


@dataclass(frozen=True)
class OwedGap:
    """A gap record that the centre has not confirmed; `epoch` is the one whose numbers it names."""

    id: int
    epoch: str
    gap: Gap


@dataclass(frozen=True)
class Refused:
    """A row set aside of which the centre has not confirmed that it knows."""

    seq: int
    wall_ms: int
    why: str


@dataclass(frozen=True)
class Owed:
    """How many rows wait and are set aside, and gap records ever written."""

    waiting: int
    set_aside: int
    gaps: int


@dataclass(frozen=True)
class Counts(Owed):
    """And how many rows were received and stay on the box, and are never to leave it."""

    received: int
    mirror: int


class Relay:
    """An open outbox as its publisher sees it, for one thread at a time. Raises StoreError or one of its kinds."""

    def __init__(self, store: Store, *, read_only: bool = False) -> None:
        """Open the file; the process `store` must have prepared it. `read_only`: to look alone, and leave no trace."""
        self._connection = open_checked(store.path, read_only=read_only)
        with self._connection.reading() as db:
            self._epoch = epoch_of(db)

    @property
    def epoch(self) -> str:
        """The id of this outbox, under which rows are numbered on the wire."""
        return self._epoch

    def is_recorded(self) -> bool:
        """Whether what is here was read from recordings."""
        with self._connection.reading() as db:
            return bool(is_recorded(db))

    def oldest(self, limit: int) -> list[Head]:
        """The oldest waiting rows, rising."""
        return self._heads("ASC", limit)

    def newest(self, limit: int) -> list[Head]:
        """The newest waiting rows, rising."""
        return self._heads("DESC", limit)[::-1]

    def load(self, numbers: Sequence[int]) -> list[Reading]:
        """Those of `numbers` that wait, rising, as they may leave the box; a row that is no reading is set aside."""
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT seq, {COLUMN_LIST} FROM outbox WHERE state = 'waiting' AND seq IN ({_places(numbers)}) "
                "ORDER BY seq",
                numbers,
            ).fetchall()
        readings = []
        for row in rows:
            try:
                readings.append(published(from_row(row)))
            except msgspec.ValidationError as error:
                self.set_aside(row[0], f"this row of the outbox is not a reading: {error}")
        return readings

    def mark_sent(self, numbers: Sequence[int]) -> None:
        """Say, before they are handed to the network, that these rows go: from now on a receipt may speak of them."""
        with self._connection.writing() as db:
            db.execute(f"UPDATE outbox SET sent = 1 WHERE sent = 0 AND seq IN ({_places(numbers)})", numbers)

    def owes_times(self, boot: str) -> bool:
        """Whether readings of this boot wait that were made before the clock was known, and can still be corrected."""
        with self._connection.reading() as db:
            return any(
                db.execute(f"SELECT 1 FROM {table} WHERE {which} LIMIT 1", (boot,)).fetchone()
                for table, which in _UNTIMED.items()
            )

    def newest_has_time(self, boot: str) -> bool:
        """Whether the clock was known when the newest reading was made, which is of this boot."""
        with self._connection.reading() as db:
            newest = [
                db.execute(f"SELECT boot, clock_ok FROM {table} ORDER BY seq DESC LIMIT 1").fetchone()
                for table in _UNTIMED
            ]
        return (boot, 1) in newest

    def correct_times(self, boot: str, wall_ms: int, monotonic_ns: int) -> int:
        """Give the oldest such readings the time at which they were made, by both clocks of now; returns how many.

        What was sent stays as it went: the centre would know other readings under the same names.
        """
        made_ms = "max(0, ? - (? - started_ns) / 1000000)"
        with self._connection.writing() as db:
            return sum(
                db.execute(
                    f"UPDATE {table} SET wall_ms = {made_ms}, clock_ok = 1 WHERE seq IN "
                    f"(SELECT seq FROM {table} WHERE {which} ORDER BY seq LIMIT {CORRECTED_AT_ONCE})",
                    (wall_ms, monotonic_ns, boot),
                ).rowcount
                for table, which in _UNTIMED.items()
            )

    def sent_range(self) -> tuple[int, int] | None:
        """First and last of the rows that were sent in this epoch and still wait for a receipt, or None."""
        with self._connection.reading() as db:
            row = db.execute(
                "SELECT min(seq), max(seq) FROM outbox INDEXED BY outbox_sent WHERE state = 'waiting' AND sent = 1"
            ).fetchone()
        return None if row[0] is None else (row[0], row[1])

    def apply_receipt(self, receipt: Receipt) -> int:
        """Free what a receipt lists and set aside what it refuses; returns how many rows were freed.

        Readings of another epoch are ignored, and rows that this outbox never sent: an outbox that was put back from a
        copy gives new readings numbers that the centre has seen. Gaps are confirmed in whatever epoch they name.
        """
        freed = 0
        with self._connection.writing() as db:
            for first, last in receipt.gaps:
                db.execute(
                    "UPDATE gaps SET reported = 1 WHERE epoch = ? AND first >= ? AND last <= ?",
                    (receipt.epoch, first, last),
                )
            if receipt.epoch != self._epoch:
                return 0
            for refusal in receipt.refused:
                db.execute("UPDATE outbox SET reported = 1 WHERE seq = ? AND state = 'set_aside'", (refusal.seq,))
                db.execute(
                    "UPDATE outbox SET state = 'set_aside', reported = 1, why = ? "
                    "WHERE seq = ? AND state = 'waiting' AND sent = 1",
                    (refusal.why, refusal.seq),
                )
            for first, last in receipt.ranges:
                freed += db.execute(
                    "UPDATE outbox SET state = 'received' WHERE state = 'waiting' AND sent = 1 AND seq BETWEEN ? AND ?",
                    (first, last),
                ).rowcount
        return freed

    def set_aside(self, seq: int, why: str) -> None:
        """Keep a row that was refused on its way, with the reason, and send it no more."""
        with self._connection.writing() as db:
            db.execute(
                "UPDATE outbox SET state = 'set_aside', reported = 0, why = ? WHERE seq = ? AND state = 'waiting'",
                (why[:MAX_WHY], seq),
            )

    def retry_set_aside(self) -> int:
        """Let every row that was set aside wait again, as after a cause was mended; returns how many."""
        with self._connection.writing() as db:
            return db.execute(
                "UPDATE outbox SET state = 'waiting', reported = 0, why = NULL WHERE state = 'set_aside'"
            ).rowcount

    def refusals(self, limit: int) -> list[Refused]:
        """Rows set aside of which the centre has not confirmed that it knows, oldest first."""
        with self._connection.reading() as db:
            return [
                Refused(*row)
                for row in db.execute(
                    "SELECT seq, wall_ms, why FROM outbox WHERE state = 'set_aside' AND reported = 0 "
                    "ORDER BY seq LIMIT ?",
                    (limit,),
                )
            ]

    def gaps(self, limit: int) -> list[OwedGap]:
        """Gap records that the centre has not confirmed, oldest first; from now on these are not lengthened."""
        with self._connection.reading() as db:
            if not db.execute("SELECT 1 FROM gaps WHERE reported = 0 LIMIT 1").fetchone():
                return []
        with self._connection.writing() as db:
            rows = db.execute(
                "SELECT id, epoch, first, last, count, from_ms, until_ms, cause FROM gaps WHERE reported = 0 "
                "ORDER BY id LIMIT ?",
                (limit,),
            ).fetchall()
            db.executemany("UPDATE gaps SET sent = 1 WHERE id = ? AND sent = 0", [(row[0],) for row in rows])
        names = ("first", "last", "count", "from_ms", "until_ms")
        return [
            OwedGap(row[0], row[1], Gap(**dict(zip(names, row[2:7], strict=True)), cause=GapCause(row[7])))
            for row in rows
        ]

    def begin_epoch(self, leave: str) -> bool:
        """Give this outbox a new id where `leave` is its present one. What waits goes on under the new one."""
        with self._connection.writing() as db:
            self._epoch = epoch_of(db)
            if leave != self._epoch:
                return False
            epoch = new_epoch()
            db.execute("UPDATE meta SET epoch = ?, begun_ms = ?", (epoch, time.time_ns() // 1_000_000))
            # One that went with a time that nobody vouches for stays sent, so that it goes again as it was.
            db.execute("UPDATE outbox SET sent = 0 WHERE sent = 1 AND state = 'waiting' AND clock_ok = 1")
        self._epoch = epoch
        return True

    def counts(self) -> Counts:
        """How many rows there are of each kind; looks at all of them."""
        with self._connection.reading() as db:
            (received,) = db.execute("SELECT count(*) FROM outbox WHERE state = 'received'").fetchone()
            (mirror,) = db.execute("SELECT count(*) FROM mirror").fetchone()
        owed = self.owed()
        return Counts(owed.waiting, owed.set_aside, owed.gaps, received, mirror)

    def owed(self) -> Owed:
        """How many rows the centre has not received; looks at no others."""
        with self._connection.reading() as db:
            row = db.execute(
                "SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting'), "
                "(SELECT count(*) FROM outbox WHERE state = 'set_aside'), (SELECT count(*) FROM gaps)"
            ).fetchone()
        return Owed(*row)

    def health(self) -> Health:
        """What the box can say about itself."""
        with self._connection.reading() as db:
            return health.read(db)

    def make_room(self) -> bool:
        """Where the disk takes no more, for all who write: see `Connection.make_room`."""
        with self._connection.errors():
            return self._connection.make_room()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _heads(self, order: str, limit: int) -> list[Head]:
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT seq, {_ENDED_MS}, sent FROM outbox WHERE state = 'waiting' ORDER BY seq {order} LIMIT ?",
                (limit,),
            ).fetchall()
        return [Head(seq, ended_ms, bool(sent)) for seq, ended_ms, sent in rows]


def new_epoch() -> str:
    """A new id for an outbox."""
    return secrets.token_hex(8)


def _places(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
