"""A box as the tests of ingest play it: a plain client of the broker that sends and remembers what it is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import Engine

from central.ingest import Ingester
from central.settings import Broker, Settings
from contract.encoding import decode_centre_status, decode_command, decode_receipt, encode
from contract.messages import CentreStatus, NewEpoch, Readings, Receipt, Request
from contract.reading import Reading
from contract.topics import CENTRE, Channel, box_topic

from .made import EPOCH

PATIENCE_S = 20.0


def wait_for(what: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until `what` is true; fail where it never is."""
    until = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


class Box:
    """A client under the name of a box. Use it as a context manager."""

    def __init__(self, port: int, name: str = "box-1", *, old: bool = False, watch: bool = True) -> None:
        """Connect to a broker on loopback; `old` speaks MQTT 3.1.1; without `watch` it only sends."""
        self.name = name
        self.receipts: list[Receipt] = []
        self.commands: list[NewEpoch] = []
        self.centre: list[CentreStatus] = []
        protocol = MQTTProtocolVersion.MQTTv311 if old else MQTTProtocolVersion.MQTTv5
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}", protocol=protocol)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if watch:
            ready = threading.Event()
            self._client.on_subscribe = lambda *_: ready.set()
            wait_for(self._client.is_connected)
            channels = (Channel.RECEIPT, Channel.COMMAND)
            self._client.subscribe([(CENTRE, 1), *((box_topic(name, channel), 1) for channel in channels)])
            assert ready.wait(PATIENCE_S)

    def __enter__(self) -> Box:
        """As it is."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, readings: Sequence[Reading], *, epoch: str = EPOCH) -> None:
        """Publish readings and wait until the broker has them."""
        self.say(Channel.READINGS, encode(Readings(epoch=epoch, readings=tuple(readings))))

    def ask(self, request: Request) -> None:
        """Publish a request and wait until the broker has it."""
        self.say(Channel.REQUESTS, encode(request))

    def say(self, channel: Channel, payload: bytes, *, retain: bool = False) -> None:
        """Publish any bytes and wait until the broker has them."""
        self.publish(box_topic(self.name, channel), payload, retain=retain)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish to any topic and wait until the broker has it."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def freed(self, epoch: str = EPOCH) -> set[int]:
        """The numbers that receipts have named."""
        return {
            number
            for receipt in tuple(self.receipts)
            if receipt.epoch == epoch
            for first, last in receipt.ranges
            for number in range(first, last + 1)
        }

    def _on_message(self, client: Client, data: object, message: MQTTMessage) -> None:
        if message.topic == CENTRE:
            self.centre.append(decode_centre_status(message.payload))
        elif message.topic.endswith(Channel.RECEIPT.value):
            self.receipts.append(decode_receipt(message.payload))
        else:
            self.commands.append(decode_command(message.payload))


def settings_for(port: int, **broker: object) -> Settings:
    """Settings that name a broker on loopback."""
    return Settings(broker=Broker(port=port, **broker))  # type: ignore[arg-type]


@contextmanager
def ingesting(engine: Engine, settings: Settings) -> Iterator[Ingester]:
    """An ingester at work in a thread; fails where it ended by itself."""
    stop = threading.Event()
    ingester = Ingester(engine, settings)
    thread = threading.Thread(target=ingester.run, args=(stop.is_set,), daemon=True)
    thread.start()
    try:
        wait_for(lambda: ingester.link.subscribed)
        yield ingester
        assert thread.is_alive(), "the ingester died"
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def write_settings(folder: Path, port: int, database: str = "sqlite:///central.db", **broker: object) -> Path:
    """A settings file that names a broker on loopback."""
    lines = [f'[database]\nurl = "{database}"', f"[broker]\nport = {port}"]
    lines += [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in broker.items()
    ]
    path = folder / "central.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
