"""A publisher that runs in a thread of its own, for tests, and what its outbox holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.publish import Publisher
from edge.settings import Settings
from edge.store import Outbox, prepare
from tests.broker import BrokerProcess
from tests.edge.made import look, now_ms, reading, settings

HOUR_MS = 3_600_000


def desk_at(folder: Path, broker: BrokerProcess, **more: Any) -> Settings:
    """A box with an empty outbox in that folder."""
    made = settings(folder, broker.port, **more)
    prepare(made.store)
    return made


@contextmanager
def publishing(desk: Settings) -> Iterator[None]:
    """The publisher runs, in a thread; a failure of it fails the test."""
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            Publisher(desk).run(stop)
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert not failed


def add(desk: Settings, count: int, *, first: int = 0, age_ms: int = 0) -> None:
    """Put so many readings into the outbox, as old as that."""
    wall_ms = now_ms() - age_ms
    made = [reading(i, wall_ms=wall_ms + i) for i in range(first, first + count)]
    Outbox(desk.store, desk.policy).add_many(made)


def waiting(desk: Settings) -> int:
    """How many rows no receipt has freed."""
    return int(look(desk.store, "SELECT count(*) FROM outbox WHERE state = 'waiting'")[0][0])


def states(desk: Settings) -> dict[str, int]:
    """How many rows there are in each state."""
    return dict(look(desk.store, "SELECT state, count(*) FROM outbox GROUP BY state"))
