"""One connection to the broker: a thin shell around one paho client, which is thrown away with the connection.

So nothing stays in paho's memory beyond a connection, and paho sends nothing again of its own accord. The link has no
thread of its own: whoever holds it calls `pump()`.
"""

from __future__ import annotations

import logging
import secrets
import select
import ssl
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from paho.mqtt.client import CallbackAPIVersion, Client, DisconnectFlags, MQTTMessage, MQTTProtocolVersion
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.encoding import MAX_MESSAGE_BYTES
from edge.errors import BrokerError
from edge.flow import Blame
from edge.settings import Broker, read_password

CONNECT_WAIT_S: Final = 5.0
KEEPALIVE_S: Final = 30
HEADERS: Final = 128  # of a PUBLISH, at most: its topic and properties

_UNSUPPORTED: Final = "Unsupported protocol version"
_ONLY_311: Final = (
    "speaks MQTT 3.1.1 only, which cannot say that a message was refused; "
    "use one that speaks MQTT 5, or set broker.allow_mqtt_311 = true"
)
_CREDENTIALS: Final = ("Not authorized", "Bad user name or password", "Bad authentication method", "Banned")
_WHOLE_BOX: Final = ("Not authorized", "Quota exceeded")  # reasons to refuse any message of this box
# Reasons to close a connection that lie in what was sent. Mosquitto refuses what is over its `message_size_limit` with
# a code that MQTT 5 does not know there; paho then closes with "Protocol error".
_OUR_FAULT: Final = ("Malformed packet", "Packet too large", "Payload format invalid", "Protocol error")

log: Final = logging.getLogger("mien.publish")


@dataclass(frozen=True)
class Acked:
    """The broker took message `message`. That is no receipt."""

    message: int


@dataclass(frozen=True)
class Rejected:
    """The broker refused message `message`; `whole_box` where it would refuse any other too."""

    message: int
    why: str
    whole_box: bool


@dataclass(frozen=True)
class Arrived:
    """A message came."""

    topic: str
    payload: bytes
    retained: bool  # it was there before this connection


@dataclass(frozen=True)
class Lost:
    """The connection ended."""

    why: str
    blame: Blame


Event = Acked | Rejected | Arrived


@dataclass(frozen=True)
class Will:
    """What the broker publishes, retained, should the box vanish."""

    topic: str
    payload: bytes


class Link:
    """A connection that was accepted. `lost` is None while it stands."""

    def __init__(self, broker: Broker, client_id: str, will: Will | None, protocol: MQTTProtocolVersion) -> None:
        """Connect and wait for the broker's answer. Raises BrokerError; SettingsError for the password file."""
        self.lost: Lost | None = None
        self.is_v5 = protocol is MQTTProtocolVersion.MQTTv5
        self.max_payload = MAX_MESSAGE_BYTES
        self._events: deque[Event] = deque()
        self._answer: str | None = None
        self._where = f"broker {broker.host}:{broker.port}"
        self._client = self._make_client(broker, client_id, will, protocol)
        self._connect(broker)

    def pump(self, timeout_s: float) -> list[Event]:
        """Wait at most so long for the network, do what it asks for, and return what came."""
        client = self._client
        sock = client.socket()
        if sock is not None:
            ready = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            full = [sock] if client.want_write() else []
            readable, writable, _ = select.select([sock], full, [], 0 if ready else timeout_s)
            if readable or ready:
                self._note(client.loop_read())
            if writable:
                self._note(client.loop_write())
            self._note(client.loop_misc())
        events = list(self._events)
        self._events.clear()
        return events

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Hand a message over at QoS 1; its number returns in `Acked` or `Rejected`."""
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        self._note(info.rc)
        return int(info.mid)

    def subscribe(self, topics: Iterable[str]) -> None:
        """Ask for these topics at QoS 1."""
        self._note(self._client.subscribe([(topic, 1) for topic in topics])[0])

    def close(self) -> None:
        """Take leave of the broker, which then keeps the will to itself."""
        self._client.disconnect()

    def _make_client(self, broker: Broker, client_id: str, will: Will | None, protocol: MQTTProtocolVersion) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=None if self.is_v5 else True,
            protocol=protocol,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_WAIT_S
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        if broker.username is not None:
            password = read_password(broker.password_file) if broker.password_file is not None else None
            client.username_pw_set(broker.username, password)
        if broker.ca is not None:
            try:
                client.tls_set(ca_certs=broker.ca, certfile=broker.certificate, keyfile=broker.key)
            except (OSError, ValueError) as error:
                raise BrokerError(f"broker.ca, broker.certificate or broker.key: cannot be used: {error}") from error
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def _connect(self, broker: Broker) -> None:
        try:
            self._client.connect(broker.host, broker.port, KEEPALIVE_S, clean_start=True if self.is_v5 else 3)
        except ssl.SSLError as error:
            raise BrokerError(
                f"{self._where}: TLS fails: {error.reason or error}; check broker.ca and the certificates' dates"
            ) from error
        except OSError as error:
            why = error.strerror or str(error)
            raise BrokerError(f"{self._where}: {why}; check that the broker runs and broker.host and port") from error
        deadline = time.monotonic() + CONNECT_WAIT_S
        while self._answer is None and self.lost is None and time.monotonic() < deadline:
            self._events.extend(self.pump(0.1))
        if self._answer != "Success":
            self.close()
            raise _refusal(self._where, self._answer, self.lost)

    def _note(self, rc: MQTTErrorCode) -> None:
        """Take note of a connection that ended without a word from paho's callbacks."""
        if rc is not MQTTErrorCode.MQTT_ERR_SUCCESS and self.lost is None:
            self.lost = Lost(f"{self._where}: connection lost", Blame.NONE if self.is_v5 else Blame.MAYBE)

    def _on_connect(
        self, _client: Client, _data: object, _flags: object, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self._answer = reason.getName()
        limit = getattr(properties, "MaximumPacketSize", None)
        if limit is not None:
            self.max_payload = min(self.max_payload, int(limit) - HEADERS)

    def _on_disconnect(
        self, _client: Client, _data: object, flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        name = reason.getName()
        blame = Blame.SURE if name in _OUR_FAULT else Blame.NONE if self.is_v5 else Blame.MAYBE
        said = f"the broker closed it: {name}" if flags.is_disconnect_packet_from_server else "connection lost"
        if name == "Session taken over":
            said += "; another client uses this box's id: give each box its own"
        self.lost = Lost(f"{self._where}: {said}", blame)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._events.append(Arrived(message.topic, bytes(message.payload), bool(message.retain)))

    def _on_publish(self, _client: Client, _data: object, message: int, reason: ReasonCode, _props: object) -> None:
        if reason.is_failure:
            name = reason.getName()
            self._events.append(Rejected(message, name, name in _WHOLE_BOX))
        else:
            self._events.append(Acked(message))


def open_link(broker: Broker, client_id: str, will: Will | None = None) -> Link:
    """Connect with MQTT 5, or with 3.1.1 where the broker knows no better and the settings allow it.

    Raises BrokerError, which says what to do; SettingsError for the password file.
    """
    if broker.allow_mqtt_311 and _is_only_311(broker):
        log.warning(
            "broker %s:%d: speaks MQTT 3.1.1 only, which cannot say that a message was refused; the settings allow it",
            broker.host,
            broker.port,
        )
        return Link(broker, client_id, will, MQTTProtocolVersion.MQTTv311)
    try:
        return Link(broker, client_id, will, MQTTProtocolVersion.MQTTv5)
    except _NoAnswer as error:
        if _is_only_311(broker):
            raise OnlyMqtt311(f"broker {broker.host}:{broker.port}: {_ONLY_311}") from error
        raise


class OnlyMqtt311(BrokerError):
    """The broker does not speak MQTT 5."""


class _NoAnswer(BrokerError):
    """The broker neither accepts nor refuses."""


def _is_only_311(broker: Broker) -> bool:
    """Ask with the barest greeting: some brokers of 3.1.1 understand no other well enough to refuse it."""
    bare = replace(broker, username=None, password_file=None)
    try:
        Link(bare, f"mien-ask-{secrets.token_hex(4)}", None, MQTTProtocolVersion.MQTTv5).close()
    except OnlyMqtt311:
        return True
    except BrokerError:
        return False
    return False


def _refusal(where: str, answer: str | None, lost: Lost | None) -> BrokerError:
    if answer == _UNSUPPORTED:
        return OnlyMqtt311(f"{where}: {_ONLY_311}")
    if answer in _CREDENTIALS:
        return BrokerError(
            f"{where}: refuses this box ({answer}); check broker.username, broker.password_file and the certificate"
        )
    if answer is not None:
        return BrokerError(f"{where}: refuses the connection: {answer}; read the broker's log")
    said = f"gives no answer in {CONNECT_WAIT_S:.0f} s" if lost is None else "closed the connection without an answer"
    return _NoAnswer(f"{where}: {said}; check that it is an MQTT broker and, with TLS, check broker.certificate")
