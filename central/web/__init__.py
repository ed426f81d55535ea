"""The pages of the centre: a Flask application that reads the tables, and writes conversations that others tell of.

`create_app` makes it, `serve` runs it under waitress, on 127.0.0.1 unless the settings say otherwise.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import jinja2
from flask import Flask
from sqlalchemy import Engine
from waitress.server import create_server  # type: ignore[import-untyped]

import look
from central import database
from central.settings import Settings, Web, read_password
from central.web import boxes, desk, faults, floor, frame, routes, security, told
from central.web.assets import asset
from central.web.errors import AddressError
from central.web.live import TICK_S, Hub
from central.web.page import Builder, Kit, Maker
from central.web.usual import Keeper

log = logging.getLogger(__name__)

BUILDERS: Final[dict[str, Builder]] = {"floor": floor.build, "desk": desk.build, "boxes": boxes.build}
MAX_REQUEST_BYTES: Final = 64 * 1024  # the pages take addresses alone


def wall_ms() -> int:
    """The server's clock: UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def create_app(
    engine: Engine,
    *,
    max_streams: int = Web().max_streams,
    clock: Callable[[], int] = wall_ms,
    tick_s: float = TICK_S,
    token: str | None = None,
) -> Flask:
    """The application over the tables of `engine`; `clock` says what time it is, in UTC milliseconds.

    Whoever sends `token` may tell of conversations; nobody where it is None.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_REQUEST_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    templates = app.jinja_env
    templates.undefined = jinja2.StrictUndefined
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.globals.update(asset=asset, styles=look.STYLES)
    maker = Maker(engine, Kit(templates, Keeper()), BUILDERS, clock)
    hub = Hub(maker.make, limit=max_streams, tick_s=tick_s)
    app.extensions[frame.EXTENSION] = frame.Centre(engine, maker, hub, templates, token)
    for blueprint in (routes.pages, routes.feed, routes.health, told.told):
        app.register_blueprint(blueprint)
    faults.install(app)
    app.after_request(security.secure)
    return app


def serve(settings: Settings) -> int:
    """Serve the pages until SIGINT or SIGTERM; 0 then.

    Raises DatabaseError or SchemaError where the tables are not there, AddressError where the port is taken,
    SettingsError where the token cannot be read.
    """
    engine = database.connect(settings.database.url)
    database.check(engine)
    web = settings.web
    token = read_password(web.token_file, "web.token_file") if web.token_file else None
    app = create_app(engine, max_streams=web.max_streams, token=token)
    try:
        server = create_server(app, host=web.host, port=web.port, threads=web.threads, ident=None)
    except OSError as error:
        raise AddressError(
            f"web: cannot serve on {web.host}:{web.port}: {error.strerror or error}; choose another web.port"
        ) from error
    _stop_on_signals(app)
    log.info("pages on http://%s:%d/", web.host, web.port)
    try:
        server.run()  # returns after SystemExit, when the threads of the open requests have ended
    finally:
        server.close()
        engine.dispose()
    return 0


def _stop_on_signals(app: Flask) -> None:
    hub: Hub = app.extensions[frame.EXTENSION].hub

    def stop(number: int, at: FrameType | None) -> None:
        hub.stop()
        raise SystemExit(0)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
