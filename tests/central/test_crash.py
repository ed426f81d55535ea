"""The ingester killed at the worst moments: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from time import sleep, time_ns

import pytest
from sqlalchemy import Engine, func, select

from central.schema import minutes, readings
from tests.broker import BrokerProcess, mosquitto, needs_mosquitto

from .box import Box, wait_for, write_settings
from .made import numbered
from .processes import logged, started, wait_until_connected

WINDOW = 256  # readings without a receipt that a box has on their way at most

pytestmark = needs_mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A broker with Mosquitto's defaults."""
    with mosquitto(tmp_path / "broker") as process:
        yield process


def stored(engine: Engine) -> tuple[int, int, int]:
    """How many raw rows, how many different numbers among them, how many readings in the roll-up."""
    counts = (func.count(), func.count(readings.c.seq.distinct()))
    with engine.connect() as connection:
        raw, distinct = connection.execute(select(*counts).select_from(readings)).one()
        rolled = connection.execute(select(func.coalesce(func.sum(minutes.c.readings), 0))).scalar_one()
    return raw, distinct, rolled


def test_killed_between_message_and_commit_it_loses_nothing_and_doubles_nothing(
    sqlite_engine: Engine, broker: BrokerProcess, tmp_path: Path
) -> None:
    path = write_settings(tmp_path, broker.port)
    now_ms = time_ns() // 1_000_000
    with Box(broker.port) as box:
        with (
            started("ingest", "--config", path, folder=tmp_path) as process,
            closing(sqlite3.connect(tmp_path / "central.db", isolation_level=None)) as other,
        ):
            wait_until_connected(tmp_path)
            box.send(numbered([1, 2], wall_ms=now_ms))
            wait_for(lambda: box.freed() == {1, 2})
            other.execute("BEGIN IMMEDIATE")  # from here on nobody else can commit
            for seq in range(3, 43, 2):
                box.send(numbered([seq, seq + 1], wall_ms=now_ms))
            sleep(1.0)  # long enough for ingest to have taken them and to wait for the lock
            process.send_signal(signal.SIGKILL)
            process.wait()
            other.execute("ROLLBACK")
        assert box.freed() == {1, 2}
        assert stored(sqlite_engine) == (2, 2, 2)
        with started("ingest", "--config", path, folder=tmp_path):
            wait_for(lambda: box.freed() == set(range(1, 43)))  # the box sent each once; the broker had them still
    assert stored(sqlite_engine) == (42, 42, 42)


def test_killed_again_and_again_in_mid_stream_it_loses_nothing_and_doubles_nothing(
    sqlite_engine: Engine, broker: BrokerProcess, tmp_path: Path
) -> None:
    path = write_settings(tmp_path, broker.port)
    now_ms = time_ns() // 1_000_000
    last = 0
    with Box(broker.port) as box:
        for turn in range(1, 5):
            with started("ingest", "--config", path, folder=tmp_path) as process:
                wait_until_connected(tmp_path, turn)
                while (freed := len(box.freed())) < 60 * turn:
                    if last - freed >= WINDOW:  # as a box does: a broker drops what does not fit its queue
                        sleep(0.01)
                        continue
                    box.send(numbered([last + 1, last + 2], wall_ms=now_ms))
                    last += 2
                process.send_signal(signal.SIGKILL)
                process.wait()
        with started("ingest", "--config", path, folder=tmp_path):
            wait_for(lambda: box.freed() == set(range(1, last + 1)))
    assert stored(sqlite_engine) == (last, last, last)


def test_its_end_is_told_by_its_will(sqlite_engine: Engine, broker: BrokerProcess, tmp_path: Path) -> None:
    path = write_settings(tmp_path, broker.port)
    with Box(broker.port) as box, started("ingest", "--config", path, folder=tmp_path) as process:
        wait_for(lambda: [status.online for status in box.centre] == [True])
        process.kill()
        wait_for(lambda: [status.online for status in box.centre] == [True, False])


def test_asked_to_end_it_leaves_in_order_and_what_came_too_late_waits_for_its_return(
    sqlite_engine: Engine, broker: BrokerProcess, tmp_path: Path
) -> None:
    path = write_settings(tmp_path, broker.port)
    with Box(broker.port) as box:
        with started("ingest", "--config", path, folder=tmp_path) as process:
            wait_for(lambda: [status.online for status in box.centre] == [True])
            box.send(numbered([1], wall_ms=time_ns() // 1_000_000))
            process.terminate()
            assert process.wait(10) == 0
            wait_for(lambda: [status.online for status in box.centre] == [True, False])
        with started("ingest", "--config", path, folder=tmp_path):
            wait_for(lambda: box.freed() == {1})


def test_two_ingesters_share_the_messages_and_one_goes_on_where_the_other_is_killed(
    postgresql_engine: Engine, broker: BrokerProcess, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    now_ms = time_ns() // 1_000_000
    address = postgresql_engine.url.render_as_string()
    with ExitStack() as stack:
        running = []
        for folder in folders:
            folder.mkdir()
            path = write_settings(folder, broker.port, address, client_id=folder.name, shared=True)
            running.append(stack.enter_context(started("ingest", "--config", path, folder=folder)))
        for folder in folders:
            wait_until_connected(folder)
        boxes = [stack.enter_context(Box(broker.port, f"box-{number}")) for number in range(3)]
        for first in range(1, 101, 2):
            for box in boxes:
                box.send(numbered([first, first + 1], wall_ms=now_ms))
                if first % 10 == 1:
                    box.send(numbered([first], wall_ms=now_ms))  # again, most often to the other ingester
        for box in boxes:
            wait_for(lambda box=box: box.freed() == set(range(1, 101)))  # type: ignore[misc]
        assert stored(postgresql_engine) == (300, 100, 300)
        running[0].kill()
        running[0].wait()
        wait_for(lambda: boxes[0].centre[-1].online)  # what its will said, the other contradicts
        sleep(0.5)
        assert boxes[0].centre[-1].online
        for box in boxes:
            for seq in range(101, 121):
                box.send(numbered([seq], wall_ms=now_ms))
        wait_for(lambda: all(set(range(101, 121)) & box.freed() for box in boxes))
    assert "ERROR" not in logged(folders[1])
