"""The publisher and its way to the broker: passwords, a broker that is not there, one that speaks another version."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import msgspec
import pytest

from edge.errors import BrokerError, SettingsError
from edge.link import open_link
from edge.publish import Publisher
from edge.settings import Settings
from tests.broker import BrokerProcess, acl_lines, mosquitto, needs_mosquitto, only_311
from tests.edge.centre import Centre, wait_for
from tests.edge.made import BOX
from tests.edge.publishing import HOUR_MS, add, desk_at, publishing, waiting

pytestmark = needs_mosquitto


def _password(folder: Path, word: str) -> str:
    path = folder / "word"
    path.touch(0o600)
    path.write_text(word + "\n")
    return str(path)


def test_a_wrong_password_is_one_line_and_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    passwords = {BOX: "right-word", "centre": "other"}
    with mosquitto(tmp_path / "broker", passwords=passwords, acl=acl_lines()) as broker:
        desk = desk_at(tmp_path, broker, username=BOX, password_file=_password(tmp_path, "wrong-word"))
        add(desk, 3)
        with caplog.at_level(logging.INFO), publishing(desk):
            wait_for(lambda: "refuses this box" in caplog.text, "it is said")
        assert "check broker.username, broker.password_file" in caplog.text
        assert "wrong-word" not in caplog.text
        assert waiting(desk) == 3
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
        desk = desk_at(tmp_path, broker, username=BOX, password_file=str(word))
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
    add(desk, 3)
    with caplog.at_level(logging.INFO), publishing(desk):
        wait_for(lambda: "Connection refused; check that the broker runs" in caplog.text, "it is said")
        threading.Event().wait(2.5)  # it tries again meanwhile
        assert caplog.text.count("Connection refused") == 1
        broker.start()
        with Centre(broker.port):
            wait_for(lambda: waiting(desk) == 0, "all are freed")


def test_a_broker_that_speaks_only_3_1_1_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with only_311(tmp_path / "broker") as broker:
        desk = desk_at(tmp_path, broker)
        add(desk, 3)
        with caplog.at_level(logging.INFO), publishing(desk):
            wait_for(lambda: "speaks MQTT 3.1.1 only" in caplog.text, "it is said")
        assert "set broker.allow_mqtt_311 = true" in caplog.text
        assert waiting(desk) == 3
        with pytest.raises(BrokerError):
            open_link(desk.broker, "mien-check")


def test_a_broker_that_speaks_only_3_1_1_is_used_aloud_where_that_is_allowed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with only_311(tmp_path / "broker") as broker:
        desk = desk_at(tmp_path, broker, allow_mqtt_311=True)
        add(desk, 300, age_ms=HOUR_MS)
        with caplog.at_level(logging.INFO), Centre(broker.port, protocol=4) as centre, publishing(desk):
            wait_for(lambda: waiting(desk) == 0, "all are freed")
        assert sorted(centre.numbers) == list(range(1, 301))
        assert "the settings allow it" in caplog.text
