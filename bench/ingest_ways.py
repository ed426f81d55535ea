"""The ways of bench/ingest.py: a broker's queue filled, then emptied into a database, by the centre's ingest or bare.

`python -m bench.ingest_ways WAY --port PORT --folder DIR --readings N` goes one way once, in a process of its own, and
prints what it took as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from central import database
from central.ingest import BATCH_ROWS, Ingester
from central.link import RECEIVE_MAXIMUM
from central.settings import Broker, Settings
from central.settings import Database as DatabaseSettings
from contract.encoding import encode
from contract.expressions import EXPRESSIONS
from contract.messages import Readings
from contract.reading import Reading, Role, Source, seen
from contract.topics import FROM_BOX, Channel, any_box, box_topic

BOXES: Final = 50


@dataclass(frozen=True)
class Run:
    """One way once through: what it stored, in which wall and CPU time."""

    stored: int
    wall_s: float
    cpu_s: float


def message(box: int, first: int, count: int, begun_ms: int) -> bytes:
    """Readings `first` on of a box, a second each."""
    made = []
    for seq in range(first, first + count):
        weights = [1.0 + (seq * (k + 3) + box) % 97 for k in range(len(EXPRESSIONS))]
        shares = tuple(weight / sum(weights) for weight in weights)
        made.append(
            Reading(
                source=Source.FACE,
                boot=f"{box:032x}",
                started_ns=seq * 1_000_000_000,
                seq=seq,
                wall_ms=begun_ms + seq * 1000,
                duration_s=1.0,
                role=Role.AGENT,
                shift=f"{box:016x}",
                policy="supervision",
                model="expression-1.0.0",
                **seen(shares, confidence=0.8123, quality=0.9333, faces=1),  # type: ignore[arg-type]
            )
        )
    return encode(Readings(epoch=f"{box:016x}", readings=tuple(made)))


def fill(port: int, client_id: str, readings: int, size: int) -> None:
    """Open the client's session at the broker, leave, and fill its queue with `readings`, `size` a message."""
    subscriber = _client(client_id)
    subscriber.connect("127.0.0.1", port, clean_start=False, properties=_session())
    subscriber.subscribe([(any_box(channel), 1) for channel in FROM_BOX])
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        subscriber.loop(0.05)
    subscriber.disconnect()
    sender = _client(f"sender-{client_id}")
    sender.max_inflight_messages_set(200)
    sender.connect("127.0.0.1", port)
    sender.loop_start()
    begun_ms = time.time_ns() // 1_000_000 - readings // BOXES * 1000
    last = None
    for number in range(readings // size):
        box, turn = number % BOXES, number // BOXES
        payload = message(box, 1 + turn * size, size, begun_ms)
        last = sender.publish(box_topic(f"box-{box}", Channel.READINGS), payload, qos=1)
        if number % 200 == 199:
            last.wait_for_publish(60)
    if last is not None:
        last.wait_for_publish(60)
    sender.disconnect()
    sender.loop_stop()


def run_ours(port: int, folder: Path, readings: int) -> Run:
    """The centre's ingest until it has stored and acknowledged all."""
    url = f"sqlite:///{folder / 'central.db'}"
    engine = database.connect(url)
    database.migrate(engine)
    settings = Settings(database=DatabaseSettings(url=url), broker=Broker(port=port, client_id="ours"))
    ingester = Ingester(engine, settings)
    while not ingester.link.inbox:
        ingester.link.poll(0.05)
    begun, cpu = time.perf_counter(), time.process_time()
    ingester.run(lambda: ingester.stored_rows >= readings)
    spent = Run(readings, time.perf_counter() - begun, time.process_time() - cpu)
    with engine.connect() as connection:
        counted = connection.exec_driver_sql("SELECT count(*) FROM readings").scalar()
    assert counted == readings, f"stored {counted} of {readings}"
    return spent


def run_bare(port: int, folder: Path, readings: int, *, keys: bool) -> Run:
    """The same client and inserts, and nothing else."""
    shares = [f"p_{name}" for name in EXPRESSIONS]
    columns = ["box", "epoch", "seq", "received_ms", "historical", *_FIELDS, *shares, *_SCORES]
    file = folder / "central.db"
    database.migrate(database.connect(f"sqlite:///{file}"))
    db = sqlite3.connect(file, isolation_level=None)
    for pragma in database.PRAGMAS:
        db.execute(pragma)
    if not keys:
        db.execute(f"CREATE TABLE keyless ({', '.join(columns)})")
    table = "readings" if keys else "keyless"
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    state: dict[str, Any] = {"rows": [], "stored": 0, "begun": 0.0, "cpu": 0.0}

    def on_message(client: Client, data: Any, received: MQTTMessage) -> None:
        if not state["begun"]:
            state["begun"], state["cpu"] = time.perf_counter(), time.process_time()
        rows: list[tuple[Any, ...]] = state["rows"]
        box = received.topic.split("/")[3]
        decoded = msgspec.json.decode(received.payload)
        epoch, now_ms = decoded["epoch"], time.time_ns() // 1_000_000
        for reading in decoded["readings"]:
            fields = [reading.get(name, default) for name, default in _FIELDS.items()]
            scores = [reading.get(name) for name in _SCORES]
            rows.append((box, epoch, reading["seq"], now_ms, 0, *fields, *reading["shares"], *scores))
        if len(rows) >= BATCH_ROWS or state["stored"] + len(rows) >= readings:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(insert, rows)
            db.execute("COMMIT")
            state["stored"] += len(rows)
            rows.clear()

    client = _client("bare" if keys else "keyless")
    client.on_message = on_message
    client.connect("127.0.0.1", port, clean_start=False, properties=_session())
    while state["stored"] < readings:
        client.loop(1.0)
    spent = Run(readings, time.perf_counter() - state["begun"], time.process_time() - state["cpu"])
    client.disconnect()
    return spent


_FIELDS: Final = dict.fromkeys(
    ("source", "boot", "started_ns", "wall_ms", "duration_s", "role", "shift", "policy", "model", "conversation")
) | {"clock_ok": 1, "simulated": 0}
"""Fields and what they are where a message leaves them out."""
_SCORES: Final = ("valence", "confidence", "quality", "faces", "reason")


def _client(client_id: str) -> Client:
    return Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)


def _session() -> Properties:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties


def main() -> int:
    """Go one way once."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("way", choices=("ours", "bare", "keyless"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--readings", type=int, required=True)
    given = parser.parse_args()
    where = (given.port, given.folder, given.readings)
    run = run_ours(*where) if given.way == "ours" else run_bare(*where, keys=given.way == "bare")
    print(json.dumps(asdict(run)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
