"""A small centre for tests of the desk: it holds what comes and sends receipts, or does not, as told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTProtocolVersion

from contract.encoding import decode_readings, decode_request, decode_status, encode
from contract.messages import (
    AskReceipt,
    CentreStatus,
    Message,
    Readings,
    Receipt,
    Refusal,
    ReportGap,
    ReportRefused,
    Request,
    Status,
)
from contract.topics import CENTRE, Channel, any_box, box_topic, parse_box_topic


class Centre:
    """Subscribed at a broker while in its `with`. `answers` False: it stores, but sends no receipt."""

    def __init__(
        self,
        port: int,
        *,
        answers: bool = True,
        protocol: int = MQTTProtocolVersion.MQTTv5,
        password: str | None = None,
    ) -> None:
        self.answers = answers
        self.refuses: dict[int, str] = {}
        self.messages: list[Readings] = []
        self.requests: list[Request] = []
        self.statuses: list[Status] = []
        self._port = port
        self._lock = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, "centre", protocol=MQTTProtocolVersion(protocol))
        if password is not None:
            self._client.username_pw_set("centre", password)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.reconnect_delay_set(0.2, 0.5)
        self._client.will_set(CENTRE, encode(CentreStatus(online=False)), qos=1, retain=True)

    def __enter__(self) -> Centre:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        # Only from then on is nothing missed: a box says some things once a connection.
        wait_for(self._subscribed.is_set, "the centre subscribes")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.publish(CENTRE, encode(CentreStatus(online=False)), qos=1, retain=True)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def numbers(self) -> list[int]:
        """The numbers of all readings in the order they came, repetitions too."""
        with self._lock:
            return [reading.seq for message in self.messages for reading in message.readings]

    def send(self, box: str, channel: Channel, message: Message | bytes) -> None:
        """Publish to a box: a message, or any bytes."""
        payload = message if isinstance(message, bytes) else encode(message)
        self._client.publish(box_topic(box, channel), payload, qos=1)

    def receipt(self, box: str, epoch: str, *ranges: tuple[int, int]) -> None:
        """Send a receipt of these ranges."""
        self.send(box, Channel.RECEIPT, Receipt(epoch=epoch, ranges=ranges))

    def come_back(self) -> None:
        """Say that it was away and is there again."""
        for online in (False, True):
            self._client.publish(CENTRE, encode(CentreStatus(online=online)), qos=1, retain=True)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([(any_box(channel), 1) for channel in (Channel.READINGS, Channel.REQUESTS, Channel.STATUS)])
        client.publish(CENTRE, encode(CentreStatus(online=True)), qos=1, retain=True)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        topic = parse_box_topic(message.topic)
        with self._lock:
            if topic.channel is Channel.READINGS:
                self._on_readings(topic.box, decode_readings(message.payload))
            elif topic.channel is Channel.REQUESTS:
                self._on_request(topic.box, decode_request(message.payload))
            else:
                self.statuses.append(decode_status(message.payload))

    def _on_readings(self, box: str, message: Readings) -> None:
        self.messages.append(message)
        if not self.answers:
            return
        seen = [reading.seq for reading in message.readings]
        refused = tuple(Refusal(seq=seq, why=self.refuses[seq]) for seq in seen if seq in self.refuses)
        ranges = tuple((seq, seq) for seq in seen if seq not in self.refuses)
        self.send(box, Channel.RECEIPT, Receipt(epoch=message.epoch, ranges=ranges, refused=refused))

    def _on_request(self, box: str, request: Request) -> None:
        self.requests.append(request)
        if not self.answers:
            return
        if isinstance(request, AskReceipt):
            held = {r.seq for m in self.messages if m.epoch == request.epoch for r in m.readings}
            ranges = tuple((seq, seq) for seq in sorted(held) if request.first <= seq <= request.last)
            self.send(box, Channel.RECEIPT, Receipt(epoch=request.epoch, ranges=ranges[:1000]))
        elif isinstance(request, ReportGap):
            gap = (request.gap.first, request.gap.last)
            self.send(box, Channel.RECEIPT, Receipt(epoch=request.epoch, gaps=(gap,)))
        elif isinstance(request, ReportRefused):
            refusal = Refusal(seq=request.seq, why=request.why)
            self.send(box, Channel.RECEIPT, Receipt(epoch=request.epoch, refused=(refusal,)))


def wait_for(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until `condition` holds; the test fails with `what` where it does not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
