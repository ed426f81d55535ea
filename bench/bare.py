"""What each process of ours cannot start without, and nothing of ours: the peer of bench/start.py.

`python -m bench.bare vision BUNDLE` imports OpenCV and ONNX Runtime and loads the same models; the others import the
same libraries and do the least with them: open a file, connect, answer a page. It says `ready` on standard output, then
waits until its standard input ends, so that its memory can be read.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final


def vision(bundle: str) -> None:
    """The models of a bundle's folder."""
    import cv2
    import onnxruntime

    cv2.setNumThreads(1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    _KEPT.extend(onnxruntime.InferenceSession(path, options) for path in sorted(Path(bundle).glob("**/*.onnx")))


def voice(bundle: str) -> None:
    """The models of a voice's folder, and FFmpeg's libraries."""
    import av
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    _KEPT.append(av)
    _KEPT.extend(onnxruntime.InferenceSession(path, options) for path in sorted(Path(bundle).glob("*.onnx")))


def store(file: str) -> None:
    """A new SQLite file with a table, by sqlite-utils."""
    import sqlite_utils

    sqlite_utils.Database(sqlite3.connect(file))["readings"].create({"seq": int, "wall_ms": int}, pk="seq")


def engine(file: str) -> None:
    """The same: `engine` leaves a note in the outbox."""
    import msgspec

    _KEPT.append(msgspec)
    store(file)


def publish(port: str) -> None:
    """A connection to the broker."""
    import msgspec
    import sqlite_utils

    _KEPT.extend((msgspec, sqlite_utils, _connected(port)))


def ingest(port: str) -> None:
    """A connection to the broker, and SQLAlchemy and Alembic."""
    import alembic.command
    import msgspec
    import sqlalchemy

    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
    _KEPT.extend((alembic, msgspec, engine, _connected(port)))


def web(port: str) -> None:
    """A page that says nothing, by Flask and waitress, beside SQLAlchemy and Alembic."""
    import alembic.command
    import sqlalchemy
    from flask import Flask
    from waitress.server import create_server  # type: ignore[import-untyped]

    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "nothing")
    server = create_server(app, host="127.0.0.1", port=int(port), threads=32)
    threading.Thread(target=server.run, daemon=True).start()
    _KEPT.extend((alembic, sqlalchemy))


WAYS: Final[dict[str, Callable[[str], None]]] = {
    way.__name__: way for way in (store, engine, vision, voice, publish, ingest, web)
}
_KEPT: Final[list[object]] = []


def _connected(port: str) -> object:
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", int(port))
    while not client.is_connected():
        client.loop(0.05)
    return client


def main() -> None:
    """Be ready, and wait."""
    WAYS[sys.argv[1]](sys.argv[2])
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
