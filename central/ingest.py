"""Receives what the boxes send: a batch is stored in one transaction, then receipted, then acknowledged to the broker.

One thread does it all. A batch is stored after 250 ms or 500 rows, and sooner where the broker seems to wait for our
acknowledgements. While the database fails nothing is acknowledged and nothing receipted: the batch is tried again, the
broker holds what comes after it, and the boxes hold all of it. A reading whose values it refuses is refused by name:
the box sets it aside, and the others go on, those of its own message too.
"""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from central import database
from central.arrivals import Arrival, Faults, open_arrival
from central.errors import DatabaseError
from central.link import RECEIVE_MAXIMUM, Letter, Link
from central.retention import Purge
from central.settings import Settings
from central.store import Answer, store
from contract.encoding import Opened, encode
from contract.errors import ContractError
from contract.messages import NewEpoch, Receipt, Refusal
from contract.topics import Channel, box_topic

FLUSH_S: Final = 0.25
BATCH_ROWS: Final = 500
IDLE_S: Final = 0.25  # between two looks at whether it is time to stop, where nothing comes
QUIET_S: Final = 0.01
QUIET_MESSAGES: Final = 20  # a broker that lets only so many be in flight waits for us before it sends the next
RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)  # waits while the database fails
PURGE_EVERY_S: Final = 3600.0
MAX_WHY: Final = 200  # characters of a reason, as the contract has it

_log: Final = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    """A message not yet stored; `arrival` is None where it was refused whole and is only to be acknowledged."""

    letter: Letter
    arrival: Arrival | None
    rows: int


class Ingester:
    """The way from the broker into the database."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Check the tables. Raises SchemaError or DatabaseError, and SettingsError where a password cannot be read."""
        database.check(engine)
        self.link = Link(settings.broker)
        self.faults = Faults()
        self.stored_rows = 0  # of all messages in batches that are stored and acknowledged
        self._engine = engine
        self._purge = Purge(engine, settings.retention)
        self._waiting: deque[_Waiting] = deque()
        self._rows = 0
        self._first_at = self._last_at = 0.0  # when the oldest and the newest waiting message came
        self._failures = 0
        self._retry_at = 0.0

    def run(self, stopping: Callable[[], bool]) -> None:
        """Work until `stopping` says so; then store what is there and leave in order."""
        gc.freeze()  # a batch makes thousands of tuples that soon go: at its defaults the collector takes a sixth
        gc.set_threshold(100_000, 20, 100)
        purge_at = time.monotonic()
        while not stopping():
            if not self._failures:
                try:
                    if not self._purge.step() and time.monotonic() >= purge_at:
                        purge_at = time.monotonic() + PURGE_EVERY_S
                        self._purge.begin()  # also before the first message: it says what is too old to be taken
                except DatabaseError as error:
                    _log.error("%s; next try within the hour", error)
            self.step()
        if self._waiting and not self._failures:
            self._flush()
        self.link.close()

    def step(self) -> None:
        """Wait shortly for messages, take them in, store them where it is time."""
        self.link.poll(self._patience())
        self._take_in()
        if self._is_due():
            self._flush()

    def _patience(self) -> float:
        if not self._waiting:
            return IDLE_S
        if self._failures:
            return 0.1
        return QUIET_S if len(self._waiting) >= QUIET_MESSAGES else 0.05

    def _take_in(self) -> None:
        inbox = self.link.inbox
        if not inbox:
            return
        self._last_at = time.monotonic()
        if not self._waiting:
            self._first_at = self._last_at
        while inbox:
            letter = inbox.popleft()
            if letter.qos == 0 and len(self._waiting) >= RECEIVE_MAXIMUM:
                continue  # sent without a promise, and the database is behind: its box will send it again
            arrival = self._opened(letter)
            rows = len(arrival.body.readings) if arrival and isinstance(arrival.body, Opened) else 1
            self._rows += rows
            self._waiting.append(_Waiting(letter, arrival, rows))

    def _opened(self, letter: Letter) -> Arrival | None:
        try:
            return open_arrival(letter.topic, letter.payload, retained=letter.retained)
        except ContractError as error:
            self.faults.add(_who(letter.topic), str(error))
            return None

    def _is_due(self) -> bool:
        now = time.monotonic()
        if not self._waiting or now < self._retry_at:
            return False
        is_quiet = len(self._waiting) >= QUIET_MESSAGES and now - self._last_at >= QUIET_S
        return self._rows >= BATCH_ROWS or now - self._first_at >= FLUSH_S or is_quiet

    def _flush(self) -> None:
        """Store what waits, a batch of about BATCH_ROWS at a time."""
        while self._waiting:
            batch = self._next_batch()
            answers = self._stored(batch)
            if answers is None:
                return
            for _ in batch:
                self._waiting.popleft()
            self._rows -= sum(waiting.rows for waiting in batch)
            self._answer(answers)
            for waiting in batch:
                self.link.acknowledge(waiting.letter)
                self.stored_rows += waiting.rows
        self._first_at = time.monotonic()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        rows = 0
        for waiting in self._waiting:
            batch.append(waiting)
            rows += waiting.rows
            if rows >= BATCH_ROWS:
                break
        return batch

    def _stored(self, batch: Sequence[_Waiting]) -> list[Answer] | None:
        """The answers to a batch that is stored for good; None where the database failed: it is tried again later."""
        arrivals = [waiting.arrival for waiting in batch if waiting.arrival is not None]
        try:
            answers = self._transact(arrivals)
        except (DataError, IntegrityError) as error:  # it refuses a value: find whose it is, and store the others
            _log.error("%s: storing the messages one by one", database.explained(self._engine, error))
            return self._stored_singly(arrivals)
        except DBAPIError as error:
            self._failed(error)
            return None
        if self._failures:
            _log.info("database: stores again")
        self._failures = 0
        self._retry_at = 0.0
        return answers

    def _stored_singly(self, arrivals: Sequence[Arrival]) -> list[Answer] | None:
        answers: list[Answer] = []
        for arrival in arrivals:
            try:
                answers += self._transact_or_refuse(arrival)
            except DBAPIError as error:
                self._failed(error)
                return None
        return answers

    def _transact_or_refuse(self, arrival: Arrival) -> list[Answer]:
        """The answers to one message; a refusal of each of its readings whose values the database refuses.

        The message is halved until these stand alone: few transactions for one bad reading among a hundred.
        """
        body = arrival.body
        try:
            return self._transact([arrival])
        except (DataError, IntegrityError) as error:
            if isinstance(body, Opened) and len(body.readings) > 1:
                half = len(body.readings) // 2
                parts = (
                    replace(body, readings=body.readings[:half]),
                    replace(body, readings=body.readings[half:], refused=()),
                )
                return [answer for part in parts for answer in self._transact_or_refuse(replace(arrival, body=part))]
            self.faults.add(arrival.box, f"not stored: {database.explained(self._engine, error)}")
            if not isinstance(body, Opened):
                return []
            why = f"the centre's database refuses it: {database.reported(error)}"[:MAX_WHY]
            named = [Refusal(seq=reading.seq, why=why) for reading in body.readings]
        refused = Opened(body.epoch, False, (), (*body.refused, *named))
        try:
            return self._transact([replace(arrival, body=refused)])
        except (DataError, IntegrityError):  # not even the names: without an answer the box would send them for ever
            return [Answer(arrival.box, Receipt(epoch=refused.epoch, refused=refused.refused))]

    def _transact(self, arrivals: Sequence[Arrival]) -> list[Answer]:
        if not arrivals:
            return []
        return store(self._engine, arrivals, time.time_ns() // 1_000_000)

    def _failed(self, error: DBAPIError) -> None:
        wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        self._retry_at = time.monotonic() + wait_s
        _log.error(
            "%s; %d messages wait, none is acknowledged or receipted, next try in %.0f s",
            database.explained(self._engine, error),
            len(self._waiting),
            wait_s,
        )

    def _answer(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if isinstance(answer.message, NewEpoch):
                self.link.publish(box_topic(answer.box, Channel.COMMAND), encode(answer.message))
            else:  # QoS 0: a lost receipt frees nothing, and the row that waits for it comes again
                self.link.publish(box_topic(answer.box, Channel.RECEIPT), encode(answer.message), qos=0)


def _who(topic: str) -> str:
    """The box that a topic names, or the topic itself, safe to print."""
    parts = topic.split("/")
    return ascii(parts[3] if len(parts) > 3 else topic)[1:-1][:80]
