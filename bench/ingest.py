"""Stored readings a second through broker and ingest, beside a bare loop of the same client and inserts, in one run.

    python bench/ingest.py [--rounds 7] [--readings 40000] [--shape live|catch_up|both]

The bare loop is the same client (paho, MQTT 5, QoS 1) and the same inserts (500 rows a transaction, `executemany`, into
the table `readings` of the same SQLite file with the same pragmas), and nothing else: JSON is decoded without types and
not checked, nothing is compared, rolled up or receipted, and the broker is acknowledged on arrival. A second bare loop
inserts into a table without keys and indexes, for what those cost. Ingest is the centre's own, with all it promises.

For each run the broker's queue is filled first, so that no sender shares the processors. The ways take turns, each in
its own process with its own broker and database. Time runs from the first message to the last commit, CPU time is the
process's own. A ratio is the median over the rounds of the ratio within a round: by the clock, and by CPU time, which
other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
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

RESULTS: Final = Path(__file__).with_name("results") / "ingest.json"
BOXES: Final = 50
SHAPES: Final = {"live": 2, "catch_up": 100}
"""Readings a message: a box sends two every two seconds, and a hundred at a time after an outage."""
WAYS: Final = ("ours", "bare", "keyless")
MUST: Final = 0.5
REACH: Final = 0.7


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


def measure(way: str, readings: int, size: int) -> Run:
    """One way in a process of its own, with a broker and a database of its own."""
    mosquitto = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if mosquitto is None:
        sys.exit("bench/ingest.py: no mosquitto on this machine; install it")
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as name:
        folder = Path(name)
        port = _free_port()
        config = folder / "mosquitto.conf"
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_inflight_messages 0"]
        lines += ["max_queued_messages 0", "persistence false"]
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        broker = subprocess.Popen([mosquitto, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            fill(port, way, readings, size)
            command = [sys.executable, __file__, "--way", way, "--port", str(port), "--folder", name]
            done = subprocess.run(
                [*command, "--readings", str(readings)], stdout=subprocess.PIPE, check=True, timeout=120
            )
        finally:
            broker.terminate()
            broker.wait()
    return msgspec.json.decode(done.stdout, type=Run)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    sys.exit("bench/ingest.py: the broker does not start")


def compare(shape: str, readings: int, rounds: int) -> dict[str, Any]:
    """Both ways in turn, `rounds` times each: medians and ratios."""
    size = SHAPES[shape]
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    for number in range(rounds):
        for way in WAYS if number % 2 == 0 else reversed(WAYS):
            run = measure(way, readings // (size * BOXES) * size * BOXES, size)
            runs[way].append(run)
            print(f"{shape} {number + 1}/{rounds} {way}: {run.stored / run.wall_s:,.0f} a second, "
                  f"{run.cpu_s / run.stored * 1e6:.1f} us CPU each", file=sys.stderr)  # fmt: skip
    rates = {way: statistics.median(run.stored / run.wall_s for run in found) for way, found in runs.items()}
    cpu = {way: statistics.median(run.cpu_s / run.stored for run in found) * 1e6 for way, found in runs.items()}

    def ratio(way: str, spent: Callable[[Run], float]) -> float:
        pairs = zip(runs[way], runs["ours"], strict=True)
        return round(statistics.median(spent(other) / spent(ours) for other, ours in pairs), 3)

    return {
        "readings_a_message": size,
        "readings_a_second": {way: round(rate) for way, rate in rates.items()},
        "cpu_us_a_reading": {way: round(spent, 2) for way, spent in cpu.items()},
        "ratio": ratio("bare", lambda run: run.wall_s),
        "ratio_of_cpu": ratio("bare", lambda run: run.cpu_s),
        "ratio_to_keyless": ratio("keyless", lambda run: run.wall_s),
        "runs": {way: [asdict(run) for run in found] for way, found in runs.items()},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the ratios, write the results. Returns 1 where a ratio is under MUST."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--readings", type=int, default=40_000)
    parser.add_argument("--shape", choices=[*SHAPES, "both"], default="both")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.way:
        where = (arguments.port, arguments.folder, arguments.readings)
        run = run_ours(*where) if arguments.way == "ours" else run_bare(*where, keys=arguments.way == "bare")
        print(json.dumps(asdict(run)))
        return 0
    shapes = [*SHAPES] if arguments.shape == "both" else [arguments.shape]
    found = {shape: compare(shape, arguments.readings, arguments.rounds) for shape in shapes}
    for shape, result in found.items():
        print(
            f"{shape}: {result['readings_a_second']['ours']:,} readings a second, ratio {result['ratio']}"
            f" (by CPU time {result['ratio_of_cpu']}; to a table without keys {result['ratio_to_keyless']});"
            f" must {MUST}, reach {REACH}"
        )
    if arguments.shape == "both":
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({"machine": _machine(), **found}, indent=2) + "\n", encoding="utf-8")
    return 0 if all(result["ratio"] >= MUST for result in found.values()) else 1


def _machine() -> dict[str, Any]:
    names = ("paho-mqtt", "msgspec", "sqlalchemy")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "processors": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in names},
    }


if __name__ == "__main__":
    sys.exit(main())
