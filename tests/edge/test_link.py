"""A connection, against brokers that say by hand what Mosquitto says only rarely."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edge.errors import BrokerError
from edge.flow import Blame
from edge.link import Acked, Event, Lost, Rejected, open_link
from edge.settings import Broker
from tests.broker import BrokerProcess, free_port, mosquitto, needs_mosquitto, running
from tests.edge.centre import wait_for

CONNACK = bytes.fromhex("2003000000")


def puback(reason: int) -> bytes:
    """The broker's answer to the first message."""
    return bytes((0x40, 4, 0, 1, reason, 0))


def disconnect(reason: int) -> bytes:
    """The broker closes the connection."""
    return bytes((0xE0, 2, reason, 0))


@contextmanager
def saying(*answers: bytes) -> Iterator[Broker]:
    """A broker that answers each packet with the next of these and then closes; to each client the same."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):  # the test has ended
            while True:
                connection, _ = server.accept()
                with connection, suppress(ConnectionError):
                    for answer in answers:
                        connection.recv(65536)
                        connection.sendall(answer)
                    connection.recv(65536)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield Broker(port=server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def _events_after_publishing(broker: Broker) -> tuple[list[Event], Lost | None]:
    link = open_link(broker, "mien-desk-01")
    link.publish("a/b", b"{}")
    events: list[Event] = []
    for _ in range(50):
        events += link.pump(0.02)
        if events or link.lost:
            break
    lost = link.lost
    link.close()
    return events, lost


@pytest.mark.parametrize("reason", [0x00, 0x10], ids=["success", "no matching subscribers"])
def test_a_message_that_the_broker_took_is_acked(reason: int) -> None:
    with saying(CONNACK, puback(reason)) as broker:
        assert _events_after_publishing(broker)[0] == [Acked(1)]


@pytest.mark.parametrize(
    ("reason", "why", "whole_box"),
    [
        (0x87, "Not authorized", True),
        (0x97, "Quota exceeded", True),
        (0x99, "Payload format invalid", False),
        (0x83, "Implementation specific error", False),
    ],
)
def test_a_refused_message_comes_with_its_reason(reason: int, why: str, whole_box: bool) -> None:
    with saying(CONNACK, puback(reason)) as broker:
        assert _events_after_publishing(broker)[0] == [Rejected(1, why, whole_box)]


@pytest.mark.parametrize(
    ("reason", "said", "blame"),
    [
        (0x95, "Packet too large", Blame.SURE),
        (0x99, "Payload format invalid", Blame.SURE),
        (0x8B, "Server shutting down", Blame.NONE),
        (0x8E, "another client uses this box's id", Blame.NONE),
    ],
)
def test_a_connection_that_the_broker_closes_says_why_and_whose_fault_it_is(
    reason: int, said: str, blame: Blame
) -> None:
    with saying(CONNACK, disconnect(reason)) as broker:
        lost = _events_after_publishing(broker)[1]
    assert lost is not None
    assert said in lost.why
    assert lost.blame is blame


def test_a_connection_that_breaks_is_nobodys_fault() -> None:
    with saying(CONNACK) as broker:
        lost = _events_after_publishing(broker)[1]
    assert lost is not None
    assert lost.blame is Blame.NONE


@pytest.mark.parametrize(
    ("connack", "said"),
    [
        ("2003008600", "check broker.username, broker.password_file"),
        ("2003008700", "check broker.username, broker.password_file"),
        ("2003008800", "refuses the connection: Server unavailable"),
        ("20020001", "speaks MQTT 3.1.1 only"),
        ("2003008400", "speaks MQTT 3.1.1 only"),
    ],
)
def test_a_broker_that_refuses_says_what_to_do(connack: str, said: str) -> None:
    with saying(bytes.fromhex(connack)) as broker, pytest.raises(BrokerError, match=said) as caught:
        open_link(broker, "mien-desk-01")
    assert f"127.0.0.1:{broker.port}" in str(caught.value)


def test_a_port_where_nobody_listens_is_named() -> None:
    port = free_port()
    with pytest.raises(BrokerError, match=f"127.0.0.1:{port}: Connection refused; check that the broker runs"):
        open_link(Broker(port=port), "mien-desk-01")


def test_a_host_that_has_no_address_is_named() -> None:
    with pytest.raises(BrokerError, match=r"no-such-host\.invalid:1883: .*check that the broker runs"):
        open_link(Broker(host="no-such-host.invalid"), "mien-desk-01")


def test_a_server_that_speaks_no_mqtt_is_named() -> None:
    with saying(b"\x00\x00") as broker, pytest.raises(BrokerError, match="check that it is an MQTT broker"):
        open_link(broker, "mien-desk-01")


def test_a_certificate_authority_that_cannot_be_read_is_named() -> None:
    with pytest.raises(BrokerError, match=r"broker\.ca, broker\.certificate or broker\.key: cannot be used"):
        open_link(Broker(ca="/no/such/ca.pem"), "mien-desk-01")


class Keys:
    """A site's authority, its broker's certificate, a box's, and an authority of strangers, by openssl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("site", "strangers"):
            self._make(name)
        for name, extra in (("127.0.0.1", "subjectAltName=IP:127.0.0.1"), ("desk-01", "keyUsage=digitalSignature")):
            self._make(name, "-CA", self.pem("site"), "-CAkey", self.key("site"), "-addext", extra)

    def pem(self, name: str) -> str:
        """The certificate of `name`."""
        return str(self.folder / f"{name}.pem")

    def key(self, name: str) -> str:
        """The key of `name`."""
        return str(self.folder / f"{name}.key")

    def _make(self, name: str, *more: str) -> None:
        command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}")
        files = ("-out", self.pem(name), "-keyout", self.key(name))
        subprocess.run([*command, *files, *more], check=True, capture_output=True)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Certificates made for this test."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    return Keys(tmp_path)


@pytest.fixture
def tls_broker(tmp_path: Path, keys: Keys) -> Iterator[BrokerProcess]:
    """A Mosquitto that takes boxes by their certificates alone."""
    options = (
        f"cafile {keys.pem('site')}",
        f"certfile {keys.pem('127.0.0.1')}",
        f"keyfile {keys.key('127.0.0.1')}",
        "require_certificate true",
        "use_identity_as_username true",
    )
    yield from running(mosquitto(tmp_path / "broker", options=options))


@needs_mosquitto
def test_a_box_is_known_by_its_certificate(tls_broker: BrokerProcess, keys: Keys) -> None:
    own = Broker(port=tls_broker.port, ca=keys.pem("site"), certificate=keys.pem("desk-01"), key=keys.key("desk-01"))
    link = open_link(own, "mien-desk-01")
    assert link.is_v5
    link.close()
    wait_for(lambda: "u'desk-01'" in tls_broker.log.read_text(), "the broker knows its name")


@needs_mosquitto
def test_a_broker_of_another_authority_is_refused(tls_broker: BrokerProcess, keys: Keys) -> None:
    with pytest.raises(BrokerError, match=r"TLS fails: .*check broker\.ca"):
        open_link(Broker(port=tls_broker.port, ca=keys.pem("strangers")), "mien-desk-01")


@needs_mosquitto
def test_a_box_without_a_certificate_is_told_so(tls_broker: BrokerProcess, keys: Keys) -> None:
    with pytest.raises(BrokerError, match=r"check broker\.certificate"):
        open_link(Broker(port=tls_broker.port, ca=keys.pem("site")), "mien-desk-01")
