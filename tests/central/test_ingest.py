"""From a real Mosquitto into a real database: nothing is answered before it is kept, and nothing hostile stops it."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, func, select, text

from central import database, ingest
from central.schema import boxes, quarantine, readings, refused
from contract.encoding import MAX_MESSAGE_BYTES, encode
from contract.messages import AskReceipt, NewEpoch, Readings, Receipt, Refusal, Status
from contract.topics import Channel
from tests.broker import BrokerProcess, mosquitto, needs_mosquitto

from .box import Box, ingesting, settings_for, wait_for
from .made import EPOCH, OTHER_EPOCH, numbered, reading

pytestmark = needs_mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """A broker with Mosquitto's defaults."""
    with mosquitto(tmp_path / "broker") as process:
        yield process


@pytest.fixture
def box(broker: BrokerProcess) -> Iterator[Box]:
    """box-1 at that broker."""
    with Box(broker.port) as client:
        yield client


def count(engine: Engine) -> int:
    """How many readings are stored."""
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(readings)).scalar_one()


@pytest.fixture
def now() -> int:
    """The present, in ms."""
    import time

    return time.time_ns() // 1_000_000


def test_what_a_box_sends_is_stored_and_receipted(engine: Engine, broker: BrokerProcess, box: Box, now: int) -> None:
    with ingesting(engine, settings_for(broker.port)):
        box.send(numbered(range(1, 101), wall_ms=now))
        box.send(numbered([101], wall_ms=now))
        wait_for(lambda: box.freed() == set(range(1, 102)))
    assert count(engine) == 101


def test_a_receipt_waits_for_the_commit(
    sqlite_engine: Engine, sqlite_file: Callable[[Engine], Path], broker: BrokerProcess, box: Box, now: int
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)) as ingester:
        with closing(sqlite3.connect(sqlite_file(sqlite_engine), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # nobody else can commit now
            box.send(numbered([1, 2], wall_ms=now))
            threading.Event().wait(1.0)
            assert box.receipts == []
            assert ingester.stored_rows == 0
            other.execute("COMMIT")
        wait_for(lambda: box.freed() == {1, 2})
    assert count(sqlite_engine) == 2


def test_a_full_disk_is_waited_out_and_costs_nothing(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    pages = [0]

    @event.listens_for(sqlite_engine, "checkout")
    def _limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0] or 1 << 30}")

    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.send(numbered([1], wall_ms=now))
        wait_for(lambda: box.freed() == {1})
        pages[0] = 1  # no more than there are
        box.send(numbered(range(2, 102), wall_ms=now))
        wait_for(lambda: "disk is full; free some space" in caplog.text)
        assert "none is acknowledged or receipted" in caplog.text
        assert box.freed() == {1}
        pages[0] = 0
        wait_for(lambda: box.freed() == set(range(1, 102)))
    assert count(sqlite_engine) == 101


def refusing(engine: Engine, table: str, which: str = "") -> None:
    """Let the database refuse rows of box-2 in that table; of these, `which`."""
    with database.writing(engine) as connection:
        connection.execute(
            text(
                f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} WHEN NEW.box = 'box-2' {which} "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )


def test_a_message_that_the_database_refuses_is_refused_by_name_and_does_not_hold_up_the_others(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(sqlite_engine, "readings")
    with ingesting(sqlite_engine, settings_for(broker.port)), Box(broker.port, "box-2") as other:
        other.send(numbered([1, 2], wall_ms=now))
        box.send(numbered([1], wall_ms=now))
        wait_for(lambda: box.freed() == {1})
        wait_for(lambda: len(other.receipts) == 2)
    why = "the centre's database refuses it: not this one"
    assert other.receipts == [Receipt(epoch=EPOCH, refused=(Refusal(seq=seq, why=why),)) for seq in (1, 2)]
    with sqlite_engine.connect() as connection:
        named = connection.execute(select(refused.c.box, refused.c.seq, refused.c.why).order_by(refused.c.seq)).all()
    assert [tuple(row) for row in named] == [("box-2", 1, why), ("box-2", 2, why)]
    assert "box box-2: not stored" in caplog.text


def test_one_value_that_the_database_refuses_costs_no_other_reading_of_its_message(
    sqlite_engine: Engine, broker: BrokerProcess, now: int
) -> None:
    refusing(sqlite_engine, "readings", "AND new.seq = 38")
    with ingesting(sqlite_engine, settings_for(broker.port)), Box(broker.port, "box-2") as other:
        other.send(numbered(range(1, 101), wall_ms=now))
        wait_for(lambda: other.freed() == set(range(1, 101)) - {38})
        wait_for(lambda: [refusal.seq for receipt in other.receipts for refusal in receipt.refused] == [38])
    assert count(sqlite_engine) == 99


def test_a_reading_is_refused_by_name_even_where_the_name_cannot_be_kept(
    sqlite_engine: Engine, broker: BrokerProcess, now: int
) -> None:
    refusing(sqlite_engine, "readings")
    refusing(sqlite_engine, "refused")
    with ingesting(sqlite_engine, settings_for(broker.port)), Box(broker.port, "box-2") as other:
        other.send(numbered([1], wall_ms=now))
        wait_for(lambda: [refusal.seq for receipt in other.receipts for refusal in receipt.refused] == [1])


def test_twenty_messages_and_then_silence_are_not_left_to_the_timer(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker may let no more than 20 be in flight: it is silent until they are acknowledged."""
    monkeypatch.setattr(ingest, "FLUSH_S", 3600.0)
    with ingesting(sqlite_engine, settings_for(broker.port)):
        for seq in range(1, ingest.QUIET_MESSAGES + 1):
            box.send(numbered([seq], wall_ms=now))
        wait_for(lambda: box.freed() == set(range(1, ingest.QUIET_MESSAGES + 1)))


def test_an_outbox_put_back_from_a_copy_is_told_to_begin_a_new_epoch(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.send(numbered([1, 2, 3], wall_ms=now))
        wait_for(lambda: box.freed() == {1, 2, 3})
        box.send([reading(3, boot="b1" * 8, wall_ms=now)])
        wait_for(lambda: box.commands == [NewEpoch(epoch=EPOCH)])
        box.send([reading(3, boot="b1" * 8, wall_ms=now)], epoch=OTHER_EPOCH)
        wait_for(lambda: box.freed(OTHER_EPOCH) == {3})
    assert count(sqlite_engine) == 4
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(quarantine.c.seq)).scalars().all() == [3]


def test_a_question_is_answered_even_where_nothing_is_known(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.ask(AskReceipt(epoch=EPOCH, first=1, last=9))
        wait_for(lambda: [receipt.ranges for receipt in box.receipts] == [()])


def test_a_message_of_another_version_is_named_and_the_next_one_goes(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.say(Channel.READINGS, b'{"version": 2, "epoch": "e0e0e0e0e0e0e0e0", "shards": []}')
        box.send(numbered([1], wall_ms=now))
        wait_for(lambda: box.freed() == {1})
    assert (
        "box box-1: readings: speaks version 2 of the contract, this side speaks 1; update the older side"
        in caplog.text
    )


def test_an_oversize_message_is_named_and_the_next_one_goes(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.say(Channel.READINGS, b" " * (MAX_MESSAGE_BYTES + 1))
        box.send(numbered([1], wall_ms=now))
        wait_for(lambda: box.freed() == {1})
    assert f"box box-1: readings: {MAX_MESSAGE_BYTES + 1} bytes, at most {MAX_MESSAGE_BYTES}" in caplog.text


def test_one_bad_reading_is_refused_by_name_and_the_others_are_stored(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int
) -> None:
    payload = encode(Readings(epoch=EPOCH, readings=tuple(numbered([1, 2, 3], wall_ms=now))))
    with ingesting(sqlite_engine, settings_for(broker.port)):
        box.say(Channel.READINGS, payload.replace(b'"seq":2,', b'"seq":2,"name":"somebody",'))
        wait_for(lambda: box.freed() == {1, 3})
        [refusal] = box.receipts[0].refused
    assert refusal.seq == 2
    assert "name" in refusal.why


junk = st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b'{"version":1}', b"\xff\xfe", b"[" * 150])


def test_hostile_messages_leave_the_ingester_alive_and_lose_nothing_else(
    engine: Engine, broker: BrokerProcess, box: Box, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[int] = []

    @settings(suppress_health_check=list(HealthCheck), max_examples=150, deadline=None)
    @given(channel=st.sampled_from([Channel.READINGS, Channel.REQUESTS, Channel.STATUS]), payload=junk)
    def attack(channel: Channel, payload: bytes) -> None:
        hostile.say(channel, payload)
        if len(sent) * 10 < ingester.faults.total:
            sent.append(len(sent) + 1)
            box.send(numbered([sent[-1]], wall_ms=now))

    with ingesting(engine, settings_for(broker.port)) as ingester, Box(broker.port, "box-2", watch=False) as hostile:
        attack()
        for topic in ("mien/v1/boxes/box 1/readings", "mien/v1/boxes/-/status", "mien/v1/boxes/b\u00f8x/requests"):
            hostile.publish(topic, b"{}")
        box.send(numbered([len(sent) + 1], wall_ms=now))
        wait_for(lambda: box.freed() == set(range(1, len(sent) + 2)))
        assert ingester.faults.total > 100
    assert count(engine) == len(sent) + 1
    lines = [record for record in caplog.records if "box box-2:" in record.getMessage()]
    assert len(lines) == 1, "at most a line a minute for each box"


@pytest.mark.parametrize("shared", [False, True])
def test_the_centre_says_that_it_is_there_and_that_it_leaves(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, shared: bool
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port, shared=shared)):
        wait_for(lambda: [status.online for status in box.centre] == [True])
    wait_for(lambda: [status.online for status in box.centre][:2] == [True, False])
    with Box(broker.port, "box-9") as late:
        wait_for(lambda: [status.online for status in late.centre] == [False])


def test_what_came_while_the_centre_was_away_is_stored_when_it_is_back(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, now: int
) -> None:
    with ingesting(sqlite_engine, settings_for(broker.port)):
        pass
    for seq in range(1, 41):
        box.send(numbered([seq], wall_ms=now))
    with ingesting(sqlite_engine, settings_for(broker.port)):
        wait_for(lambda: box.freed() == set(range(1, 41)))
    assert count(sqlite_engine) == 40


@pytest.mark.parametrize("shared", [False, True])
def test_a_status_of_before_is_known_but_no_sign_of_life(
    sqlite_engine: Engine, broker: BrokerProcess, box: Box, shared: bool
) -> None:
    box.say(Channel.STATUS, encode(Status(online=True, software="1.0")), retain=True)

    def found() -> list[tuple[object, ...]]:
        with sqlite_engine.connect() as connection:
            rows = connection.execute(select(boxes.c.online, boxes.c.software, boxes.c.last_seen_ms))
            return [tuple(row) for row in rows]

    with ingesting(sqlite_engine, settings_for(broker.port, shared=shared)):
        wait_for(lambda: found() == [(True, "1.0", None)])


def test_a_broker_that_is_killed_is_found_again(
    sqlite_engine: Engine, broker: BrokerProcess, now: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with ingesting(sqlite_engine, settings_for(broker.port)) as ingester:
        broker.kill()
        wait_for(lambda: "connection lost" in caplog.text)
        ingester.link.subscribed = False
        broker.start()
        wait_for(lambda: ingester.link.subscribed)
        with Box(broker.port) as box:
            box.send(numbered([1], wall_ms=now))
            wait_for(lambda: box.freed() == {1})
