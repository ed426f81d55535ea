"""The publisher where something is refused, named or contradicted: by the broker, the centre or the outbox itself."""

from __future__ import annotations

import logging
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from contract.messages import GapCause, NewEpoch, ReportGap, ReportRefused
from contract.topics import Channel
from edge.settings import Settings
from edge.store import Outbox, Relay
from tests.broker import BrokerProcess, acl_lines, mosquitto, needs_mosquitto
from tests.edge.centre import Centre, wait_for
from tests.edge.made import BOX, look, reading
from tests.edge.publishing import add, desk_at, publishing, states, waiting

pytestmark = needs_mosquitto


def test_what_the_centre_refuses_is_set_aside_and_the_next_goes(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 5)
    with Centre(broker.port) as centre, publishing(desk):
        centre.refuses = {3: "no such thing"}
        wait_for(lambda: waiting(desk) == 0, "all are settled")
        add(desk, 1, first=5)
        wait_for(lambda: waiting(desk) == 0, "the next is freed")
        assert states(desk) == {"received": 5, "set_aside": 1}
        assert look(desk.store, "SELECT seq, why FROM outbox WHERE state = 'set_aside'") == [(3, "no such thing")]
        wait_for(lambda: centre.statuses[-1].set_aside == 1, "the status counts it", 15)


@pytest.mark.parametrize("limit", ["max_packet_size 540", "message_size_limit 480"])
def test_a_row_too_large_for_the_broker_is_set_aside_reported_and_the_next_goes(tmp_path: Path, limit: str) -> None:
    """`max_packet_size` is told to the client at connecting; of `message_size_limit` it learns by being cut off."""
    with mosquitto(tmp_path / "broker", options=[limit]) as broker:
        desk = desk_at(tmp_path, broker)
        outbox = Outbox(desk.store, desk.policy)
        long = {"conversation": "c" * 64, "model": "m" * 64, "policy": "p" * 64}
        for index in range(6):
            outbox.add(reading(index, **(long if index == 3 else {})))
        with Centre(broker.port) as centre, publishing(desk):
            wait_for(lambda: states(desk) == {"received": 5, "set_aside": 1}, "five arrive, one is set aside", 60)
            wait_for(lambda: any(isinstance(r, ReportRefused) for r in centre.requests), "it is reported", 60)
        (report,) = {r for r in centre.requests if isinstance(r, ReportRefused)}
        assert report.seq == 4
        assert sorted(set(centre.numbers)) == [1, 2, 3, 5, 6]


def test_where_the_broker_lets_a_box_publish_nothing_its_rows_wait_and_all_go_when_it_may_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    passwords = {BOX: "word", "centre": "other"}
    closed = [line for line in acl_lines() if not line.endswith("/readings")]
    word = tmp_path / "password"
    word.touch(0o600)
    word.write_text("word\n")
    with mosquitto(tmp_path / "broker", passwords=passwords, acl=closed) as broker:
        desk = desk_at(tmp_path, broker, username=BOX, password_file=str(word))
        add(desk, 30)
        centre = Centre(broker.port, password="other")
        with caplog.at_level(logging.INFO), centre, publishing(desk):
            wait_for(lambda: "the broker refuses what this box sends: Not authorized" in caplog.text, "it is said")
            assert f"let its user write to mien/v1/boxes/{BOX}/readings" in caplog.text
            threading.Event().wait(3.0)  # it tries again meanwhile
            assert states(desk) == {"waiting": 30}
            (tmp_path / "broker" / "acl").write_text("\n".join(acl_lines()) + "\n")
            broker.signal(signal.SIGHUP)
            wait_for(lambda: states(desk) == {"received": 30}, "all go", 40)


def test_a_gap_is_reported_until_the_receipt_lists_it(desk: Settings, broker: BrokerProcess) -> None:
    Outbox(desk.store, desk.policy).lost(7, 1000, 8000, GapCause.DISK_FULL)
    with Centre(broker.port, answers=False) as centre:
        with publishing(desk):
            wait_for(lambda: len(_gaps(centre)) == 1, "it is reported")
        with publishing(desk):
            wait_for(lambda: len(_gaps(centre)) == 2, "it is reported again")
        centre.answers = True
        with publishing(desk):
            wait_for(lambda: Relay(desk.store).gaps(1) == [], "it is confirmed")
        with publishing(desk):
            wait_for(lambda: centre.statuses[-1].gaps == 1, "the status counts it")
    assert {(report.gap.first, report.gap.last, report.gap.count) for report in _gaps(centre)} == {(1, 7, 7)}
    assert len(_gaps(centre)) == 3


def _gaps(centre: Centre) -> list[ReportGap]:
    return [request for request in centre.requests if isinstance(request, ReportGap)]


def test_a_command_begins_a_new_epoch_under_which_what_waits_goes_on(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 5)
    old = Relay(desk.store).epoch
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 5, "all arrive")
        centre.answers = True
        centre.send(BOX, Channel.COMMAND, NewEpoch(epoch=old))
        wait_for(lambda: waiting(desk) == 0, "all are freed under the new one")
    new = Relay(desk.store).epoch
    assert new != old
    assert [message.epoch for message in centre.messages] == [old, new]


def test_an_outbox_put_back_from_a_copy_loses_no_new_reading(
    desk: Settings, broker: BrokerProcess, tmp_path: Path
) -> None:
    """The centre has numbers 11 to 20 with other content: it must not be asked about readings that it never saw."""
    add(desk, 10)
    with Centre(broker.port) as centre:
        with publishing(desk):
            wait_for(lambda: waiting(desk) == 0, "the first ten are freed")
        copy = tmp_path / "copy" / "desk.db"
        copy.parent.mkdir()
        with closing(sqlite3.connect(desk.store.path)) as db, closing(sqlite3.connect(copy)) as to:
            db.backup(to)
        add(desk, 10, first=10)
        with publishing(desk):
            wait_for(lambda: waiting(desk) == 0, "ten more are freed")
        restored = msgspec.structs.replace(desk, store=msgspec.structs.replace(desk.store, path=str(copy)))
        add(restored, 10, first=100)
        centre.answers = False
        with publishing(restored):
            wait_for(lambda: centre.statuses and centre.statuses[-1].online, "it connects")
            centre.receipt(BOX, Relay(restored.store).epoch, (1, 10), (11, 20))
            wait_for(lambda: len(centre.numbers) == 30, "the new ones come, though their numbers are known")
    arrived = {one.started_ns // 1_000_000_000 for message in centre.messages for one in message.readings}
    assert arrived == {*range(20), *range(100, 110)}


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00\xff",
        b"[" * 100_000,
        b'{"version":1,"epoch":"zz","ranges":[[1,2]]}',
        b'{"version":9,"epoch":"' + b"a" * 16 + b'","ranges":[[1,99]]}',
        b'{"version":1,"epoch":"' + b"a" * 16 + b'","ranges":[[9,1]]}',
    ],
)
def test_a_hostile_message_is_one_line_in_the_log_and_nothing_else(
    desk: Settings, broker: BrokerProcess, hostile: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    add(desk, 3)
    with caplog.at_level(logging.INFO), Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 3, "all arrive")
        for channel in (Channel.RECEIPT, Channel.COMMAND):
            centre.send(BOX, channel, hostile)
        wait_for(lambda: caplog.text.count("ignored a message on") == 2, "both are refused")
        assert waiting(desk) == 3
        centre.receipt(BOX, Relay(desk.store).epoch, (1, 3))
        wait_for(lambda: waiting(desk) == 0, "a good receipt is still taken")
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_receipt_of_an_epoch_that_is_not_ours_is_ignored(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 3)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 3, "all arrive")
        centre.receipt(BOX, "f" * 16, (1, 3))
        centre.receipt(BOX, Relay(desk.store).epoch, (1, 1))
        wait_for(lambda: waiting(desk) == 2, "only our own counts")
