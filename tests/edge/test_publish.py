"""The publisher on a real broker: what goes, what a receipt frees, and what happens when either side fails."""

from __future__ import annotations

import logging
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contract.messages import AskReceipt, GapCause, NewEpoch, ReportGap, ReportRefused, Status
from contract.reading import Reason
from contract.topics import Channel
from edge.errors import BrokerError, SettingsError
from edge.flow import WINDOW
from edge.link import open_link
from edge.publish import Publisher
from edge.settings import Policy, Settings
from edge.store import Outbox, Relay, prepare
from tests.broker import BrokerProcess, acl_lines, mosquitto, needs_mosquitto, only_311
from tests.edge.centre import Centre, wait_for
from tests.edge.made import BOX, look, now_ms, reading, settings, without_face

pytestmark = needs_mosquitto
HOUR_MS = 3_600_000


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """An open broker that runs."""
    with mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, broker: BrokerProcess) -> Settings:
    """A box with an empty outbox."""
    return _desk(tmp_path, broker)


def _desk(folder: Path, broker: BrokerProcess, **more: Any) -> Settings:
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


def _add(desk: Settings, count: int, *, first: int = 0, age_ms: int = 0) -> None:
    wall_ms = now_ms() - age_ms
    made = [reading(i, wall_ms=wall_ms + i) for i in range(first, first + count)]
    Outbox(desk.store, desk.policy).add_many(made)


def _waiting(desk: Settings) -> int:
    return int(look(desk.store, "SELECT count(*) FROM outbox WHERE state = 'waiting'")[0][0])


def _states(desk: Settings) -> dict[str, int]:
    return dict(look(desk.store, "SELECT state, count(*) FROM outbox GROUP BY state"))


def test_what_waits_arrives_as_it_was_made_and_is_freed(desk: Settings, broker: BrokerProcess) -> None:
    made = [reading(1), without_face(2), reading(3, conversation="call-1")]
    outbox = Outbox(desk.store, desk.policy)
    numbers = [outbox.add(one) for one in made]
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: _waiting(desk) == 0, "all are freed")
        arrived = [one for message in centre.messages for one in message.readings]
    assert arrived == [msgspec.structs.replace(one, seq=seq) for one, seq in zip(made, numbers, strict=True)]
    assert not any(message.historical for message in centre.messages)


def test_a_reason_that_lasted_a_minute_and_just_ended_is_live(desk: Settings, broker: BrokerProcess) -> None:
    Outbox(desk.store, desk.policy).add(
        without_face(1, Reason.PAUSED, wall_ms=now_ms() - 63_000, duration_s=60.0),
    )
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: _waiting(desk) == 0, "it is freed")
    assert [message.historical for message in centre.messages] == [False]


def test_an_acknowledgement_of_the_broker_frees_nothing(desk: Settings, broker: BrokerProcess) -> None:
    _add(desk, 5)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 5, "all arrive")
        wait_for(lambda: len(centre.statuses) >= 1, "a status arrives")
        assert _waiting(desk) == 5
        centre.receipt(BOX, Relay(desk.store).epoch, (2, 3))
        wait_for(lambda: _states(desk) == {"waiting": 3, "received": 2}, "two are freed")


def test_no_more_than_the_window_is_sent_without_a_receipt(desk: Settings, broker: BrokerProcess) -> None:
    _add(desk, 400, age_ms=HOUR_MS)
    _add(desk, 400, first=400)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) >= WINDOW, "the window fills")
        threading.Event().wait(3.0)
        assert len(centre.numbers) == len(set(centre.numbers)) == WINDOW


def test_a_desk_offline_for_a_thousand_readings_catches_up_in_order_with_live_ones_beside(
    desk: Settings, broker: BrokerProcess
) -> None:
    slow = msgspec.structs.replace(desk, broker=msgspec.structs.replace(desk.broker, catch_up_per_s=250))
    _add(slow, 1000, age_ms=HOUR_MS)
    with Centre(broker.port) as centre, publishing(slow):
        outbox = Outbox(slow.store, slow.policy)
        wait_for(lambda: len(centre.numbers) > 0, "the first arrive")
        live = [outbox.add(reading(5000 + i)) for i in range(3)]
        wait_for(lambda: _waiting(slow) == 0, "all are freed")
    late = [one.seq for message in centre.messages if message.historical for one in message.readings]
    assert late == list(range(1, 1001))
    assert sorted(set(centre.numbers) - set(late)) == live
    firsts = [message.readings[0].seq for message in centre.messages]
    assert firsts.index(live[0]) < len(firsts) - 1  # before the last of the old ones
    assert max(len(message.readings) for message in centre.messages) == 100


def test_a_broker_killed_in_mid_stream_loses_nothing_and_nothing_comes_twice(
    desk: Settings, broker: BrokerProcess
) -> None:
    slow = msgspec.structs.replace(desk, broker=msgspec.structs.replace(desk.broker, catch_up_per_s=200))
    _add(slow, 800, age_ms=HOUR_MS)
    with Centre(broker.port) as centre, publishing(slow):
        wait_for(lambda: len(centre.numbers) >= 200, "some arrive")
        broker.kill()
        _add(slow, 5, first=800)
        broker.start()
        wait_for(lambda: _waiting(slow) == 0, "all are freed", 40)
    assert sorted(centre.numbers) == list(range(1, 806))
    assert _states(slow) == {"received": 805}


def test_after_a_reconnect_what_the_centre_has_is_not_sent_again(desk: Settings, broker: BrokerProcess) -> None:
    _add(desk, 50)
    with Centre(broker.port, answers=False) as centre:
        with publishing(desk):
            wait_for(lambda: len(centre.numbers) == 50, "all arrive")
        assert _waiting(desk) == 50
        centre.answers = True
        with publishing(desk):
            wait_for(lambda: _waiting(desk) == 0, "all are freed")
        assert AskReceipt(epoch=Relay(desk.store).epoch, first=1, last=50) in centre.requests
        assert len(centre.numbers) == 50


def test_when_the_centre_comes_back_what_it_has_not_is_sent_again_at_once(
    desk: Settings, broker: BrokerProcess
) -> None:
    _add(desk, 50)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 50, "all arrive")
        centre.messages.clear()  # it was killed before its commit
        centre.answers = True
        centre.come_back()
        wait_for(lambda: _waiting(desk) == 0, "all are freed")
        assert sorted(centre.numbers) == list(range(1, 51))


def test_what_the_centre_refuses_is_set_aside_and_the_next_goes(desk: Settings, broker: BrokerProcess) -> None:
    _add(desk, 5)
    with Centre(broker.port) as centre, publishing(desk):
        centre.refuses = {3: "no such thing"}
        wait_for(lambda: _waiting(desk) == 0, "all are settled")
        _add(desk, 1, first=5)
        wait_for(lambda: _waiting(desk) == 0, "the next is freed")
        assert _states(desk) == {"received": 5, "set_aside": 1}
        assert look(desk.store, "SELECT seq, why FROM outbox WHERE state = 'set_aside'") == [(3, "no such thing")]
        wait_for(lambda: centre.statuses[-1].set_aside == 1, "the status counts it", 15)


@pytest.mark.parametrize("limit", ["max_packet_size 540", "message_size_limit 480"])
def test_a_row_too_large_for_the_broker_is_set_aside_reported_and_the_next_goes(tmp_path: Path, limit: str) -> None:
    """`max_packet_size` is told to the client at connecting; of `message_size_limit` it learns by being cut off."""
    with mosquitto(tmp_path / "broker", options=[limit]) as broker:
        desk = _desk(tmp_path, broker)
        outbox = Outbox(desk.store, desk.policy)
        long = {"conversation": "c" * 64, "model": "m" * 64, "policy": "p" * 64}
        for index in range(6):
            outbox.add(reading(index, **(long if index == 3 else {})))
        with Centre(broker.port) as centre, publishing(desk):
            wait_for(lambda: _states(desk) == {"received": 5, "set_aside": 1}, "five arrive, one is set aside", 60)
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
        desk = _desk(tmp_path, broker, username=BOX, password_file=str(word))
        _add(desk, 30)
        centre = Centre(broker.port, password="other")
        with caplog.at_level(logging.INFO), centre, publishing(desk):
            wait_for(lambda: "the broker refuses what this box sends: Not authorized" in caplog.text, "it is said")
            assert f"let its user write to mien/v1/boxes/{BOX}/readings" in caplog.text
            threading.Event().wait(3.0)  # it tries again meanwhile
            assert _states(desk) == {"waiting": 30}
            (tmp_path / "broker" / "acl").write_text("\n".join(acl_lines()) + "\n")
            broker.signal(signal.SIGHUP)
            wait_for(lambda: _states(desk) == {"received": 30}, "all go", 40)


def test_private_reasons_leave_the_box_as_not_observed(desk: Settings, broker: BrokerProcess) -> None:
    outbox = Outbox(desk.store, desk.policy)
    reasons = [Reason.PAUSED, Reason.NO_CONSENT, Reason.SIGNED_OUT, Reason.OFF_HOURS, Reason.DARK]
    for index, reason in enumerate(reasons):
        outbox.add(without_face(index, reason))
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: _waiting(desk) == 0, "all are freed")
    arrived = [one.reason for message in centre.messages for one in message.readings]
    assert arrived == [Reason.NOT_OBSERVED] * 4 + [Reason.DARK]


def test_a_mirror_row_never_leaves_even_when_the_policy_changes(desk: Settings, broker: BrokerProcess) -> None:
    mirror = msgspec.structs.replace(desk, policy=Policy(name="mirror", publish=False))
    Outbox(mirror.store, mirror.policy).add(reading(1, policy="mirror"))
    with Centre(broker.port) as centre:
        with publishing(mirror):
            wait_for(lambda: centre.statuses, "its health arrives")
        Outbox(desk.store, desk.policy).add(reading(2))
        with publishing(desk):
            wait_for(lambda: _waiting(desk) == 0, "the other is freed")
        assert [one.policy for message in centre.messages for one in message.readings] == ["supervision"]


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
    _add(desk, 5)
    old = Relay(desk.store).epoch
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 5, "all arrive")
        centre.answers = True
        centre.send(BOX, Channel.COMMAND, NewEpoch(epoch=old))
        wait_for(lambda: _waiting(desk) == 0, "all are freed under the new one")
    new = Relay(desk.store).epoch
    assert new != old
    assert [message.epoch for message in centre.messages] == [old, new]


def test_an_outbox_put_back_from_a_copy_loses_no_new_reading(
    desk: Settings, broker: BrokerProcess, tmp_path: Path
) -> None:
    """The centre has numbers 11 to 20 with other content: it must not be asked about readings that it never saw."""
    _add(desk, 10)
    with Centre(broker.port) as centre:
        with publishing(desk):
            wait_for(lambda: _waiting(desk) == 0, "the first ten are freed")
        copy = tmp_path / "copy" / "desk.db"
        copy.parent.mkdir()
        with closing(sqlite3.connect(desk.store.path)) as db, closing(sqlite3.connect(copy)) as to:
            db.backup(to)
        _add(desk, 10, first=10)
        with publishing(desk):
            wait_for(lambda: _waiting(desk) == 0, "ten more are freed")
        restored = msgspec.structs.replace(desk, store=msgspec.structs.replace(desk.store, path=str(copy)))
        _add(restored, 10, first=100)
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
    _add(desk, 3)
    with caplog.at_level(logging.INFO), Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 3, "all arrive")
        for channel in (Channel.RECEIPT, Channel.COMMAND):
            centre.send(BOX, channel, hostile)
        wait_for(lambda: caplog.text.count("ignored a message on") == 2, "both are refused")
        assert _waiting(desk) == 3
        centre.receipt(BOX, Relay(desk.store).epoch, (1, 3))
        wait_for(lambda: _waiting(desk) == 0, "a good receipt is still taken")
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_a_receipt_of_an_epoch_that_is_not_ours_is_ignored(desk: Settings, broker: BrokerProcess) -> None:
    _add(desk, 3)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 3, "all arrive")
        centre.receipt(BOX, "f" * 16, (1, 3))
        centre.receipt(BOX, Relay(desk.store).epoch, (1, 1))
        wait_for(lambda: _waiting(desk) == 2, "only our own counts")


def test_the_status_is_retained_and_says_how_the_box_is(desk: Settings, broker: BrokerProcess) -> None:
    Outbox(desk.store, desk.policy).note_health(14.5, "net-1")
    with publishing(desk), Centre(broker.port) as centre:
        wait_for(lambda: centre.statuses, "the retained status comes to a later subscriber")
        status = centre.statuses[0]
        assert (status.online, status.model, status.frames_per_second) == (True, "net-1", 14.5)
        assert status.epoch == Relay(desk.store).epoch
    with Centre(broker.port) as centre:
        wait_for(lambda: centre.statuses == [Status(online=False)], "after a clean end it says offline")


def test_what_was_added_last_goes_before_the_publisher_ends(desk: Settings, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre, publishing(desk):
        _add(desk, 1)
        wait_for(lambda: len(centre.numbers) == 1, "the first arrives")
        _add(desk, 3, first=1)
    assert _states(desk) == {"received": 4}


def test_a_publisher_that_vanishes_is_said_to_be_offline_by_its_will(desk: Settings, broker: BrokerProcess) -> None:
    publisher = Publisher(desk)
    link = open_link(desk.broker, f"mien-{BOX}", publisher._will())
    with Centre(broker.port) as centre:
        sock = link._client.socket()
        assert sock is not None
        sock.close()
        wait_for(lambda: centre.statuses == [Status(online=False)], "the will is published")


def _password(folder: Path, word: str) -> str:
    path = folder / "word"
    path.touch(0o600)
    path.write_text(word + "\n")
    return str(path)


def test_a_wrong_password_is_one_line_and_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    passwords = {BOX: "right-word", "centre": "other"}
    with mosquitto(tmp_path / "broker", passwords=passwords, acl=acl_lines()) as broker:
        desk = _desk(tmp_path, broker, username=BOX, password_file=_password(tmp_path, "wrong-word"))
        _add(desk, 3)
        with caplog.at_level(logging.INFO), publishing(desk):
            wait_for(lambda: "refuses this box" in caplog.text, "it is said")
        assert "check broker.username, broker.password_file" in caplog.text
        assert "wrong-word" not in caplog.text
        assert _waiting(desk) == 3
        right = msgspec.structs.replace(desk.broker, password_file=_password(tmp_path, "right-word"))
        assert open_link(right, f"mien-{BOX}").is_v5


def test_a_missing_password_file_ends_the_publisher(desk: Settings) -> None:
    wrong = msgspec.structs.replace(desk.broker, username=BOX, password_file="/no/such/file")
    with pytest.raises(SettingsError, match=r"/no/such/file: cannot read broker\.password_file"):
        Publisher(msgspec.structs.replace(desk, broker=wrong)).run(threading.Event())


def test_a_password_file_that_goes_while_the_publisher_runs_is_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mosquitto(tmp_path / "broker", passwords={BOX: "word", "centre": "word"}, acl=acl_lines()) as broker:
        word = Path(_password(tmp_path, "word"))
        desk = _desk(tmp_path, broker, username=BOX, password_file=str(word))
        with caplog.at_level(logging.INFO), publishing(desk):
            wait_for(lambda: "connected to" in caplog.text, "it connects")
            word.rename(tmp_path / "away")
            broker.kill()
            broker.start()
            wait_for(lambda: "cannot read broker.password_file" in caplog.text, "it is said")
            (tmp_path / "away").rename(word)
            wait_for(lambda: caplog.text.count("connected to") == 2, "it connects again")


def test_a_broker_that_is_not_there_is_said_once_and_the_rows_go_when_it_comes(
    desk: Settings, broker: BrokerProcess, caplog: pytest.LogCaptureFixture
) -> None:
    broker.kill()
    _add(desk, 3)
    with caplog.at_level(logging.INFO), publishing(desk):
        wait_for(lambda: "Connection refused; check that the broker runs" in caplog.text, "it is said")
        threading.Event().wait(2.5)  # it tries again meanwhile
        assert caplog.text.count("Connection refused") == 1
        broker.start()
        with Centre(broker.port):
            wait_for(lambda: _waiting(desk) == 0, "all are freed")


def test_a_broker_that_speaks_only_3_1_1_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with only_311(tmp_path / "broker") as broker:
        desk = _desk(tmp_path, broker)
        _add(desk, 3)
        with caplog.at_level(logging.INFO), publishing(desk):
            wait_for(lambda: "speaks MQTT 3.1.1 only" in caplog.text, "it is said")
        assert "set broker.allow_mqtt_311 = true" in caplog.text
        assert _waiting(desk) == 3
        with pytest.raises(BrokerError):
            open_link(desk.broker, "mien-check")


def test_a_broker_that_speaks_only_3_1_1_is_used_aloud_where_that_is_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with only_311(tmp_path / "broker") as broker:
        desk = _desk(tmp_path, broker, allow_mqtt_311=True)
        _add(desk, 300, age_ms=HOUR_MS)
        with caplog.at_level(logging.INFO), Centre(broker.port, protocol=4) as centre, publishing(desk):
            wait_for(lambda: _waiting(desk) == 0, "all are freed")
        assert sorted(centre.numbers) == list(range(1, 301))
        assert "the settings allow it" in caplog.text
