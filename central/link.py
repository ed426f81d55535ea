"""The centre's connection to the broker, on paho: keeps trying, says why it fails in one line, acknowledges by hand.

MQTT 5 with a session that outlives the connection, so that the broker keeps what comes while the centre is away. All
of it runs in the caller's thread, within `poll`: what is received waits in `inbox` until the caller has stored it and
calls `acknowledge`. MQTT 3.1.1 is spoken only where `allow_mqtt_311` is set and the broker takes nothing newer.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import time
from collections import deque
from typing import Any, Final, NamedTuple

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from central.errors import BrokerError
from central.settings import Broker, read_password
from contract.encoding import encode
from contract.messages import CentreStatus
from contract.topics import CENTRE, FROM_BOX, Channel, any_box

RECEIVE_MAXIMUM: Final = 500  # messages that the broker may send ahead of our acknowledgements
READ_AHEAD: Final = 50  # messages read at once; a hundred readings each are ten transactions
SESSION_S: Final = 7 * 86_400  # how long the broker keeps the session of a centre that is away
MAX_PACKET_BYTES: Final = 1 << 20  # the broker drops what is larger; from 128 KiB on the contract refuses it aloud
KEEPALIVE_S: Final = 30
ANSWER_S: Final = 10.0  # how long a broker may take to answer a CONNECT
OLD_ANSWER_S: Final = 1.0  # where 3.1.1 is allowed: brokers of then say nothing to MQTT 5
STEADY_S: Final = 10.0  # a connection that held so long is tried again at once
LEAVE_S: Final = 2.0  # how long a broker may take to confirm our farewell
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
SHARED: Final = "$share/mien/"

_log: Final = logging.getLogger(__name__)


class Letter(NamedTuple):
    """A message as it came. `session`: the connection it came by, the only one that may acknowledge it."""

    topic: str
    payload: bytes
    retained: bool
    mid: int
    qos: int
    session: int


class Link:
    """A connection that comes back by itself. Not for several threads."""

    def __init__(self, settings: Broker) -> None:
        """Prepare; nothing is sent before `poll`. Raises SettingsError where the password cannot be read."""
        self.inbox: deque[Letter] = deque()
        self.connected = False
        self.subscribed = False  # from here on nothing that boxes send is missed
        self._settings = settings
        self._password = read_password(settings.password_file) if settings.password_file else None
        self._session = 0
        self._old = False  # speaks 3.1.1
        self._leaving = False
        self._client = self._make_client()
        self._answered = False  # whether the broker answered our CONNECT
        self._answer_until = 0.0
        self._connected_at = 0.0
        self._wait_s = FIRST_WAIT_S
        self._next_try = 0.0
        self._said = ""

    def poll(self, timeout_s: float) -> None:
        """Read, write and reconnect for at most about `timeout_s`; less where something came."""
        connection = self._client.socket()
        if connection is None:
            self._reconnect(timeout_s)
            return
        self._exchange(connection, timeout_s)
        if self._client.socket() is None:
            self._lost()
        elif not self._answered and time.monotonic() > self._answer_until:
            self._client.disconnect()
            self._fall_back("gives no answer")

    def _exchange(self, connection: socket.socket, timeout_s: float) -> None:
        """Read what is there and write what waits.

        paho's own `loop` would also write a byte to itself for each packet sent, for the sake of other threads.
        """
        client = self._client
        if isinstance(connection, ssl.SSLSocket) and connection.pending():
            timeout_s = 0.0
        writers = [connection] if client.want_write() else []
        readable, writable, _ = select.select([connection], writers, [], timeout_s)
        if writable:
            client.loop_write()
        if readable or timeout_s == 0.0:
            before = -1
            while before < len(self.inbox) < READ_AHEAD and client.socket() is not None:  # one packet at a call
                before = len(self.inbox)
                client.loop_read()
        client.loop_misc()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Send; where there is no connection let it be, for whoever misses it sends again."""
        if self.connected:
            self._client.publish(topic, payload, qos=qos, retain=retain)

    def acknowledge(self, letter: Letter) -> None:
        """Tell the broker that it may forget the message; nothing where it came by an earlier connection."""
        if self.connected and letter.session == self._session and letter.qos > 0:
            self._client.ack(letter.mid, letter.qos)

    def close(self) -> None:
        """Say that the centre is away, and end in order; the broker goes on keeping messages for this session."""
        if not self.connected:
            return
        self._leaving = True
        farewell = self._client.publish(CENTRE, encode(_status(online=False)), qos=1, retain=True)
        until = time.monotonic() + LEAVE_S
        while farewell.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and not farewell.is_published():
            if not self.connected or time.monotonic() > until:
                break
            self.poll(0.05)
        self._client.disconnect()
        self.connected = False

    def _make_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=False if self._old else None,
            protocol=MQTTProtocolVersion.MQTTv311 if self._old else MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        client.max_queued_messages_set(0)
        client.max_inflight_messages_set(RECEIVE_MAXIMUM)
        if settings.username is not None:
            client.username_pw_set(settings.username, self._password)
        if settings.ca is not None:
            try:
                client.tls_set(ca_certs=settings.ca, certfile=settings.certificate, keyfile=settings.key)
            except OSError as error:  # ssl.SSLError is one
                raise BrokerError(
                    f"broker: cannot use broker.ca, certificate or key: {error.strerror}; check files"
                ) from error
        client.will_set(CENTRE, encode(CentreStatus(online=False)), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _reconnect(self, timeout_s: float) -> None:
        now = time.monotonic()
        if now < self._next_try:
            time.sleep(min(timeout_s, self._next_try - now))
            return
        self._answered = False
        self._next_try = now + self._wait_s
        self._wait_s = min(LONGEST_WAIT_S, self._wait_s * 2)
        host, port = self._settings.host, self._settings.port
        try:
            if self._old:
                self._client.connect(host, port, KEEPALIVE_S)
            else:
                self._client.connect(host, port, KEEPALIVE_S, clean_start=False, properties=_properties())
        except OSError as error:
            self._say(f"cannot be reached: {error.strerror or error}; start it, or correct broker.host and broker.port")
        self._answer_until = time.monotonic() + (OLD_ANSWER_S if self._settings.allow_mqtt_311 else ANSWER_S)

    def _lost(self) -> None:
        """The connection is gone: say why unless the broker said so itself."""
        if not self._answered:
            self._fall_back("closes the connection without an answer")
        elif self.connected:
            self.connected = self.subscribed = False
            if time.monotonic() - self._connected_at >= STEADY_S:
                self._wait_s = FIRST_WAIT_S
                self._next_try = 0.0
                self._say("connection lost; connecting again")
            else:
                self._say(f"connection lost at once; connecting again. {_ADVICE['Session taken over']}")

    def _fall_back(self, what: str) -> None:
        """The broker does not take our CONNECT: try what else is allowed."""
        if not self._settings.allow_mqtt_311:
            self._say(
                f"{what} to MQTT 5; look into its log, and if it knows only 3.1.1 update it,"
                " or set broker.allow_mqtt_311 = true for a demo"
            )
            return
        if self._old:
            self._say(f"{what} to MQTT 5 and 3.1.1; look into its log")
        else:
            self._say(f"{what} to MQTT 5; trying 3.1.1, as broker.allow_mqtt_311 allows")
            self._next_try = 0.0
        self._old = not self._old
        self._client = self._make_client()

    def _on_connect(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answered = True
        if reason.is_failure:
            name = str(reason)
            if name == "Unsupported protocol version":
                self._fall_back("says no")
            else:
                self._say(f"refuses the centre: {name}; {_ADVICE.get(name, 'look into its log')}")
            return
        self._session += 1
        self.connected = True
        self._connected_at = time.monotonic()
        wanted, unwanted = _filters(shared=self._settings.shared)
        client.unsubscribe(unwanted)  # a session that outlives a change of broker.shared has them still
        client.subscribe([(topics, 1) for topics in wanted])
        self._say_online()

    def _on_disconnect(self, client: Client, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if flags.is_disconnect_packet_from_server and self.connected:
            self.connected = self.subscribed = False
            name = str(reason)
            self._say(f"ended the connection: {name}; {_ADVICE.get(name, 'connecting again')}")

    def _on_subscribe(self, client: Client, data: Any, mid: int, reasons: list[ReasonCode], properties: Any) -> None:
        self.subscribed = not any(reason.is_failure for reason in reasons)
        if not self.subscribed:
            self._say(f"refuses a subscription: {reasons[0]}; let the centre read mien/v1/# in the broker's ACL")
            return
        spoken = "3.1.1" if self._old else "5"
        self._say(f"connected as {self._settings.client_id}, MQTT {spoken}", level=logging.INFO)

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        topic = message.topic
        if topic == CENTRE:
            self._contradict(message.payload)
            client.ack(message.mid, message.qos)
        else:
            self.inbox.append(Letter(topic, message.payload, message.retain, message.mid, message.qos, self._session))

    def _contradict(self, payload: bytes) -> None:
        """Where several ingesters share the work, the end of one is not the end of the centre."""
        try:
            gone = not msgspec.json.decode(payload, type=CentreStatus).online
        except msgspec.DecodeError:
            gone = True
        if gone and self.connected and not self._leaving:
            self._say_online()

    def _say_online(self) -> None:
        self._client.publish(CENTRE, encode(_status(online=True)), qos=1, retain=True)

    def _say(self, text: str, *, level: int = logging.WARNING) -> None:
        """Log a line about the broker, once until there is another to say."""
        if text != self._said:
            self._said = text
            _log.log(level, "broker %s:%d: %s", self._settings.host, self._settings.port, text)


_ADVICE: Final = {
    "Bad user name or password": "correct broker.username and broker.password_file",
    "Not authorized": "correct broker.username and broker.password_file, or its ACL",
    "Session taken over": "If another ingester has the same broker.client_id, give each its own",
    "Client identifier not valid": "choose another broker.client_id",
}


def _filters(*, shared: bool) -> tuple[list[str], list[str]]:
    """What to subscribe to, and what not. Status is never shared: brokers retain nothing for shared subscriptions."""
    alone = [any_box(channel) for channel in FROM_BOX]
    split = [SHARED + topics for topics in alone]
    status = any_box(Channel.STATUS)
    together = [CENTRE, status, *(topics for topics in split if not topics.endswith(status))]
    return (together, [*(set(alone) - {status})]) if shared else (alone, [CENTRE, *split])


def _status(*, online: bool) -> CentreStatus:
    return CentreStatus(online=online, at_ms=time.time_ns() // 1_000_000)


def _properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = SESSION_S
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties
