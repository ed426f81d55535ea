"""Each process of desk and centre from its command to its first work done, and what it holds then; beside its budget.

The page cache is emptied before each start where that can be done; else starts are warm, and the details say so. The
peer, bench/bare.py, imports the same libraries and loads the same models, and takes turns. `vision` reads the synthetic
source with ONNX Runtime, `voice` a room in which nobody speaks; a first reading cannot come before the second that it
is of has passed.
"""

from __future__ import annotations

import http.client
import random
import sqlite3
import statistics
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bench.broker import free_port, mosquitto
from bench.budgets import BUDGETS
from bench.errors import BenchError
from bench.figures import Found, Given, Measured
from bench.machine import memory_mb
from bench.side import ROOT
from bench.starting import LONGEST_S, Started, can_empty_cache, empty_cache, run, running, settings, to_its_end, until
from contract.topics import CENTRE, Channel, box_topic

BOX: Final = "box-1"
RATE: Final = 16_000
RUN_ONCE: Final = ("store", "engine")
BUNDLE: Final = ROOT / "edge" / "bundles" / "default"


class Box:
    """The settings of a desk and a centre in a new folder."""

    def __init__(self, folder: Path, broker: int) -> None:
        """Write both."""
        folder.mkdir()
        self.folder, self.broker, self.web = folder, broker, free_port()
        self.outbox, self.central = folder / "desk.db", folder / "central.db"
        self.desk = settings(
            folder / "desk.toml",
            box={"id": BOX},
            camera={"source": "synthetic", "fps": 25.0, "loop": True},
            model={"backend": "onnx"},  # TensorRT has a bench of its own: `engine`
            voice={"source": str(_room(folder / "room.wav")), "loop": True},
            store={"path": str(self.outbox)},
            broker={"port": broker},
        )
        self.centre = settings(
            folder / "central.toml",
            database={"url": f"sqlite:///{self.central}"},
            broker={"port": broker},
            web={"port": self.web},
        )

    def prepare(self, process: str) -> None:
        """Do what comes before a process: a desk's outbox or the centre's tables are there."""
        if process in ("engine", "vision", "voice", "publish"):
            run(["edge.main", "store", str(self.desk)])
        elif process in ("ingest", "web"):
            run(["central.main", "migrate", "--config", str(self.centre)])

    def command(self, process: str, room: str) -> list[str]:
        """What starts a process."""
        if room == "edge":
            return ["edge.main", process, str(self.desk)]
        return ["central.main", process, "--config", str(self.centre)]

    def bare(self, process: str) -> list[str]:
        """What starts its peer."""
        given = {
            "store": str(self.folder / "bare.db"),
            "engine": str(self.folder / "bare.db"),
            "vision": str(BUNDLE),
            "voice": str(BUNDLE.with_name("voice")),
            "publish": str(self.broker),
            "ingest": str(self.broker),
            "web": str(free_port()),
        }
        return ["bench.bare", process, given[process]]


def measure(given: Given) -> Found:
    """Every process with a budget. Raises CannotMeasure where there is no Mosquitto."""
    cold = not given.warm and can_empty_cache()
    starts: dict[str, dict[str, list[Started]]] = {}
    number = 0
    with mosquitto(given.folder) as broker:
        for turn in range(given.rounds):
            for budget in BUDGETS:
                for _ in range(given.count):
                    number += 1
                    box = Box(given.folder / f"{number}", broker)
                    found = starts.setdefault(budget.process, {"ours": [], "bare": []})
                    found["ours"].append(_ours(box, budget.process, budget.room, cold=cold))
                    found["bare"].append(_bare(box, budget.process, cold=cold))
                    print(f"  round {turn + 1}, {budget.process}: {found['ours'][-1].seconds:.2f} s", file=sys.stderr)
    values: dict[str, Measured] = {}
    for process, sides in starts.items():
        seconds, mb = (
            [statistics.median(getattr(one, name) for one in sides[side]) for side in ("ours", "bare")]
            for name in ("seconds", "mb")
        )
        values[f"{process}: start"], values[f"{process}: memory"] = Measured(*seconds), Measured(*mb)
    told = {p: {side: [vars(one) for one in found] for side, found in sides.items()} for p, sides in starts.items()}
    return Found(values=values, details={"page_cache": "emptied" if cold else "warm", "starts": told})


def _ours(box: Box, process: str, room: str, *, cold: bool) -> Started:
    box.prepare(process)
    if process in RUN_ONCE:
        empty_cache(cold)
        return to_its_end(box.command(process, room))
    if process in ("vision", "voice"):
        return until(box.command(process, room), lambda: _has_reading(box.outbox), cold=cold)
    if process == "web":
        return until(box.command(process, room), lambda: _answers(box.web), cold=cold)
    topic = CENTRE if process == "ingest" else box_topic(BOX, Channel.STATUS)
    with _listening(box.broker, topic) as heard:
        return until(box.command(process, room), heard, cold=cold)


def _bare(box: Box, process: str, *, cold: bool) -> Started:
    empty_cache(cold)
    begun = time.perf_counter()
    with running(box.bare(process), stdout=subprocess.PIPE) as bare:
        assert bare.stdout is not None
        if bare.stdout.readline() != b"ready\n":
            raise BenchError(f"bench.bare {process}: ended before it was ready; run it by hand to see why")
        return Started(time.perf_counter() - begun, memory_mb(bare.pid)["now"])


def _room(path: Path) -> Path:
    """Two seconds of a room in which nobody speaks."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(random.Random(1).randbytes(4 * RATE))
    return path


def _has_reading(outbox: Path) -> bool:
    db = sqlite3.connect(f"file:{outbox}?mode=ro", uri=True, timeout=1.0)
    try:
        return db.execute("SELECT 1 FROM outbox LIMIT 1").fetchone() is not None
    finally:
        db.close()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _listening(port: int, topic: str) -> Iterator[Callable[[], bool]]:
    """Whether anything fresh was published to a topic since; what the broker kept from before is wiped first."""
    heard: list[bytes] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: _note(message, heard)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(topic, b"", retain=True, qos=1).wait_for_publish(LONGEST_S)
    client.subscribe(topic, qos=1)
    try:
        yield lambda: bool(heard)
    finally:
        client.disconnect()
        client.loop_stop()


def _note(message: MQTTMessage, heard: list[bytes]) -> None:
    if message.payload and not message.retain:
        heard.append(message.payload)
