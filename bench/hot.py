"""The stages of the hot path and what each is counted beside, as calls without arguments; for bench/instructions.py.

`python -m bench.hot FRAMES FOLDER` does a stage for each line `SIDE STAGE` on standard input, and answers with a line
of JSON. What a stage needs is made before; what it does is the same each time.
"""

from __future__ import annotations

import gc
import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from bench import clips
from bench.ingest_ways import message
from central import database
from central.arrivals import open_arrival
from central.store import store
from contract.encoding import encode, open_readings
from contract.messages import MAX_READINGS, Readings
from contract.topics import Channel, box_topic
from edge import bundle
from edge.detect import Detector
from edge.quality import Limits, fault
from edge.reader import FaceReader
from edge.recognise import Recogniser
from edge.runtime.onnx import OnnxBackend
from edge.track import Tracker
from edge.window import FrameView, Seconds, summarise

Call = Callable[[], object]
Sides = tuple[Call, Call]

BOXES: Final = 5
FRAMES: Final = 4  # few: callgrind takes a second for what takes a network a few milliseconds
MESSAGES: Final = "messages"
NETWORKS: Final = {
    "read a frame": 2,
    "detect in a frame": 1,
    "follow in a frame": 2,
    "recognise a face": 1,
}
"""The stages that are counted beside their networks alone, each with how often one call does what its name says."""
UNITS: Final = {
    **NETWORKS,
    "crop and judge a face": FRAMES,
    "sum up a second": 20,
    "encode a reading": 20 * MAX_READINGS,
    "decode a reading": 20 * MAX_READINGS,
    "store a reading": BOXES * MAX_READINGS,
}
"""All stages, in the same way."""
BEGUN_MS: Final = 1_795_000_000_000
FPS: Final = 25
READ_FPS: Final = 15  # as a desk captures: more often, a followed face is not read again


def stages(frames: Path, folder: Path) -> dict[str, Sides]:
    """Ours and the peer's by stage."""
    images = list(clips.read_all(frames))
    payloads = (folder / MESSAGES).read_bytes().splitlines()
    return {**_desk(images), **_window(), **_contract(payloads[0]), "store a reading": _store(folder, payloads)}


def _desk(images: list[NDArray[np.uint8]]) -> dict[str, Sides]:
    loaded = bundle.load()
    reader, detector = FaceReader.from_bundle(loaded), Detector.from_bundle(loaded.folder)
    recogniser = Recogniser.from_bundle(loaded)
    tracker = Tracker(detector, every=10**9)
    faces = [(image, tracker.update(image)[0].face) for image in images]
    limits = Limits()
    ready = [recogniser.crop(image, face) for image, face in faces]

    def read() -> None:
        reader.begin_anew()
        for number, image in enumerate(images[: UNITS["read a frame"]]):
            reader.read(image, number / READ_FPS)

    def detect() -> None:
        for image in images[: UNITS["detect in a frame"]]:
            detector.detect(image)

    def follow() -> None:
        for image in images[: UNITS["follow in a frame"]]:
            tracker.update(image)

    def crop() -> None:
        for image, face in faces:
            fault(face, recogniser.crop(image, face), recogniser.points(face), limits)

    def resize() -> None:
        for image, face in faces:
            x1, y1, x2, y2 = (max(0, round(v)) for v in face.box)
            cv2.resize(image[y1:y2, x1:x2], ready[0].shape, interpolation=cv2.INTER_AREA)

    def recognise() -> None:
        for face in ready[: UNITS["recognise a face"]]:
            recogniser.shares(face)

    return {
        "read a frame": (read, _networks_of(read)),
        "detect in a frame": (detect, _networks_of(detect)),
        "follow in a frame": (follow, _networks_of(follow)),
        "recognise a face": (recognise, _networks_of(recognise)),
        "crop and judge a face": (crop, resize),
    }


def _networks_of(work: Call) -> Call:
    """The runs of networks in some work, alone: the same batches again."""
    runs: list[tuple[OnnxBackend, NDArray[Any]]] = []
    run = OnnxBackend.infer

    def heard(self: OnnxBackend, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        runs.append((self, batch.copy()))
        return run(self, batch)

    with mock.patch.object(OnnxBackend, "infer", heard):
        work()
    return lambda: [backend.infer(batch) for backend, batch in runs]


def _window() -> dict[str, Sides]:
    shares = np.full(8, 0.125, np.float32)
    views = [FrameView(1, shares, 0.5) for _ in range(FPS)]
    count = UNITS["sum up a second"]

    def sum_up() -> None:
        seconds = Seconds()
        for i in range(count * FPS + 1):
            for window in seconds.add(i / FPS, views[i % FPS]):
                summarise(window.views)

    stack = np.stack([shares] * FPS)
    return {"sum up a second": (sum_up, lambda: [stack.mean(axis=0, dtype=np.float64) for _ in range(count)])}


def _contract(payload: bytes) -> dict[str, Sides]:
    opened, plain = open_readings(payload), json.loads(payload)
    made = Readings(epoch=opened.epoch, readings=opened.readings)
    again = range(UNITS["encode a reading"] // MAX_READINGS)
    return {
        "encode a reading": (lambda: [encode(made) for _ in again], lambda: [json.dumps(plain) for _ in again]),
        "decode a reading": (
            lambda: [open_readings(payload) for _ in again],
            lambda: [json.loads(payload) for _ in again],
        ),
    }


def prepare(folder: Path, calls: int) -> None:
    """Write what `stages` reads: messages for so many calls of `store` on each side, a line each, and a database."""
    with (folder / MESSAGES).open("wb") as file:
        for turn in range(calls):
            for box in range(BOXES):
                file.write(message(box, 1 + turn * MAX_READINGS, MAX_READINGS, BEGUN_MS) + b"\n")
    engine = database.connect(f"sqlite:///{folder / 'central.db'}")
    database.migrate(engine)
    engine.dispose()


def _store(folder: Path, payloads: list[bytes]) -> Sides:
    """From the bytes of messages to committed rows; each call with readings that are new."""
    engine = database.connect(f"sqlite:///{folder / 'central.db'}")
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in database.PRAGMAS:
        bare.execute(pragma)
    names = [*json.loads(payloads[0])["readings"][0]]
    bare.execute(f"CREATE TABLE readings ({', '.join(names)})")
    turns = [payloads[i : i + BOXES] for i in range(0, len(payloads), BOXES)]
    left = {"ours": iter(turns), "bare": iter(turns)}
    topics = [box_topic(f"box-{i}", Channel.READINGS) for i in range(BOXES)]

    def ours() -> None:
        arrivals = [open_arrival(*sent) for sent in zip(topics, next(left["ours"]), strict=True)]
        store(engine, arrivals, BEGUN_MS)

    def plain() -> None:
        rows = []
        for payload in next(left["bare"]):
            for reading in json.loads(payload)["readings"]:
                reading["shares"] = None
                rows.append([reading.get(name) for name in names])
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(f"INSERT INTO readings VALUES ({', '.join('?' * len(names))})", rows)
        bare.execute("COMMIT")

    return ours, plain


def main() -> None:
    """Answer until standard input ends."""
    cv2.setNumThreads(1)
    known = stages(Path(sys.argv[1]), Path(sys.argv[2]))
    for stage in [
        name for name in known if name not in NETWORKS
    ]:  # what a first call does once is not counted; these had theirs
        for call in known[stage]:
            call()
    gc.collect()
    gc.disable()
    print(json.dumps({"stages": list(known)}), flush=True)
    for line in sys.stdin:
        side, _, stage = line.strip().partition(" ")
        known[stage][side == "bare"]()
        print(json.dumps({"done": stage}), flush=True)


if __name__ == "__main__":
    main()
