"""Serves the pages over a made year on a loopback port, or fixed pages of any size for comparison.

`python -m bench.pages_server FILE NOW_MS` serves the centre's pages with a clock that goes on from NOW_MS; without
arguments it serves `/N`, a document of N bytes, and `/drawn/N`, the same with a canvas and a rectangle drawn on it. One
line of JSON says on which port. It ends with its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from flask import Flask
from waitress.server import create_server  # type: ignore[import-untyped]

from bench.broker import free_port
from central import database
from central.settings import Web
from central.web import create_app

DRAWING = "<script>document.querySelector('canvas').getContext('2d').fillRect(0, 0, 300, 150)</script>"


def pages(file: str, now_ms: int) -> Flask:
    """The centre's pages at a moment."""
    begun = time.monotonic()
    engine = database.connect(f"sqlite:///{file}")
    return create_app(engine, clock=lambda: now_ms + round((time.monotonic() - begun) * 1000))


def fixed() -> Flask:
    """Pages that are always the same."""
    app = Flask(__name__)

    @app.get("/<int:size>")
    def document(size: int) -> str:
        return f"<!doctype html><title>fixed</title><p>{'.' * size}"

    @app.get("/drawn/<int:size>")
    def drawn(size: int) -> str:
        return f"<!doctype html><title>fixed</title><div id=comp><canvas></canvas></div>{DRAWING}<p>{'.' * size}"

    return app


def main() -> None:
    """Serve until standard input ends."""
    port = free_port()
    app = pages(sys.argv[1], int(sys.argv[2])) if len(sys.argv) > 1 else fixed()
    server = create_server(app, host="127.0.0.1", port=port, threads=Web().threads)
    threading.Thread(target=server.run, daemon=True).start()
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    os._exit(0)  # streams of pages may still be open


if __name__ == "__main__":
    main()
