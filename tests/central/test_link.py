"""The connection to the broker: what it says when there is none, and that it keeps trying."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central import link as link_module
from central.errors import BrokerError, SettingsError
from central.link import Link
from central.settings import Broker
from tests.broker import CENTRE_USER, acl_lines, free_port, mosquitto, needs_mosquitto, only_311

from .box import Box, wait_for
from .made import numbered


@contextmanager
def linked(settings: Broker) -> Iterator[Link]:
    """A link that is closed in the end."""
    link = Link(settings)
    try:
        yield link
    finally:
        link.close()


def polling(what: Callable[[], object], *links: Link) -> None:
    """Let the links work until `what` is true."""

    def turn() -> object:
        for link in links:
            link.poll(0.05)
        return what()

    wait_for(turn)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was said of the broker, beside that it is connected."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@needs_mosquitto
def test_a_broker_that_is_not_there_is_named_once_and_found_when_it_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = mosquitto(tmp_path)
    with linked(Broker(port=broker.port)) as link:
        polling(lambda: len(warnings(caplog)) == 1, link)
        for _ in range(30):
            link.poll(0.05)
        [line] = warnings(caplog)
        assert line == (
            f"broker 127.0.0.1:{broker.port}: cannot be reached: Connection refused;"
            " start it, or correct broker.host and broker.port"
        )
        with broker:
            polling(lambda: link.connected, link)


def test_a_host_without_an_address_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with linked(Broker(host="nowhere.invalid", port=free_port())) as link:
        polling(lambda: warnings(caplog), link)
    assert "nowhere.invalid" in warnings(caplog)[0]
    assert "correct broker.host" in warnings(caplog)[0]


@needs_mosquitto
def test_a_wrong_password_is_named_and_not_shown(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text("hunter2\n")
    caplog.set_level(logging.DEBUG)
    with mosquitto(tmp_path / "broker", passwords={CENTRE_USER: "another"}, acl=acl_lines()) as broker:
        settings = Broker(port=broker.port, username=CENTRE_USER, password_file=str(secret))
        with linked(settings) as link:
            polling(lambda: warnings(caplog), link)
            assert not link.connected
        assert "refuses the centre: Not authorized; correct broker.username and broker.password_file" in caplog.text
        secret.write_text("another\n")
        with linked(settings) as link:
            polling(lambda: link.connected, link)
    assert "hunter2" not in caplog.text
    assert "another" not in caplog.text


@needs_mosquitto
def test_certificates_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"cannot use broker.ca, certificate or key: .*No such file"):
        Link(Broker(ca=str(tmp_path / "ca.pem")))
    with pytest.raises(SettingsError, match=r"cannot read broker.password_file"):
        Link(Broker(username="centre", password_file=str(tmp_path / "nothing")))


def test_a_broker_of_before_mqtt_5_is_refused_with_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ANSWER_S", 0.5)
    with only_311(tmp_path) as broker, linked(Broker(port=broker.port)) as link:
        polling(lambda: warnings(caplog), link)
        for _ in range(40):
            link.poll(0.05)
        assert not link.connected
    assert len(warnings(caplog)) == 1
    assert "gives no answer to MQTT 5" in warnings(caplog)[0]
    assert "if it knows only 3.1.1 update it, or set broker.allow_mqtt_311 = true for a demo" in warnings(caplog)[0]


def test_a_broker_of_before_mqtt_5_is_used_where_that_is_allowed_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        only_311(tmp_path) as broker,
        linked(Broker(port=broker.port, allow_mqtt_311=True)) as link,
        Box(broker.port, old=True) as box,
    ):
        polling(lambda: link.connected, link)
        polling(lambda: box.centre, link)
        box.send(numbered([1]))
        polling(lambda: link.inbox, link)
    assert "trying 3.1.1, as broker.allow_mqtt_311 allows" in warnings(caplog)[0]


@needs_mosquitto
def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, Box(broker.port, watch=False) as box:
        with linked(Broker(port=broker.port)) as link:
            polling(lambda: link.subscribed, link)
            box.send(numbered([1]))
            box.send(numbered([2]))
            polling(lambda: len(link.inbox) == 2, link)
            link.acknowledge(link.inbox[0])
        with linked(Broker(port=broker.port)) as link:
            polling(lambda: link.inbox, link)
            for _ in range(10):
                link.poll(0.05)
            assert [b'"seq":2' in letter.payload for letter in link.inbox] == [True]


@needs_mosquitto
def test_a_second_centre_of_the_same_name_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        mosquitto(tmp_path) as broker,
        linked(Broker(port=broker.port)) as one,
        linked(Broker(port=broker.port)) as two,
    ):
        polling(lambda: warnings(caplog), one, two)
    assert "another ingester has the same broker.client_id, give each its own" in warnings(caplog)[0]


@needs_mosquitto
def test_leaving_a_broker_that_is_gone_is_no_error(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        link = Link(Broker(port=broker.port))
        polling(lambda: link.subscribed, link)
        broker.kill()
        link.close()
        assert not link.connected
