"""The addresses of the pages: `/`, `/desks/N` with its CSV, `/boxes`; what they poll and listen to; and `/healthz`."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import Final

from flask import Blueprint, Response, abort, jsonify, request, send_from_directory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import look
from central.conversations import at_desk
from central.web.frame import centre, data_answer, key_of_request, page_answer
from central.web.live import lines
from central.web.ranges import DAY
from central.web.talks import as_csv

pages: Final = Blueprint("pages", __name__)
feed: Final = Blueprint("feed", __name__)
health: Final = Blueprint("health", __name__)

_FED: Final = ("floor", "desk", "boxes")


@pages.get("/")
def floor() -> Response:
    """All desks of a site; of the first one where the address names none."""
    return page_answer(key_of_request("floor", request.args.get("site", 0, type=int)))


@pages.get("/desks/<int:number>")
def desk(number: int) -> Response:
    """One desk."""
    return page_answer(key_of_request("desk", number))


@pages.get("/desks/<int:number>/conversations.csv")
def conversations(number: int) -> Response:
    """The conversations at a desk of a span of time, by default the last week: `from` and `until`, with an offset."""
    key = key_of_request("desk", number)
    centre().maker.make(key)  # 404 for a desk that is not there
    now_ms = time.time_ns() // 1_000_000
    until_ms = moment_of("until", now_ms)
    from_ms = moment_of("from", until_ms - 7 * DAY)
    with centre().engine.connect() as connection:
        text_of_them = as_csv(at_desk(connection, key.id, from_ms, until_ms, now_ms))
    response = Response(text_of_them, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="desk-{key.id}-conversations.csv"'
    return response


def moment_of(name: str, otherwise: int) -> int:
    """A moment of the address in UTC milliseconds; 400 where it is none with an offset."""
    given = request.args.get(name)
    if given is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        abort(400)
    if moment.tzinfo is None:
        abort(400)
    return round(moment.timestamp() * 1000)


@pages.get("/boxes")
def boxes() -> Response:
    """All boxes."""
    return page_answer(key_of_request("boxes", 0))


@pages.get("/static/look/<name>")
def style(name: str) -> Response:
    """A style sheet that rooms share."""
    if name not in look.STYLES:
        abort(404)
    return send_from_directory(look.FOLDER, name)


@feed.get("/api/<page>/<int:number>")
def data(page: str, number: int) -> Response:
    """The parts and series of a page as JSON."""
    if page not in _FED:
        abort(404)
    return data_answer(key_of_request(page, number))


@feed.get("/events/<page>/<int:number>")
def events(page: str, number: int) -> Response:
    """The same as an event stream; 503 where as many are open as may be, and the page polls instead."""
    if page not in _FED:
        abort(404)
    key = key_of_request(page, number)
    centre().maker.make(key)  # 404 for a desk that is not there
    stream = centre().hub.open(key)
    if stream is None:
        return Response("all event streams are taken; poll /api instead\n", 503, mimetype="text/plain")
    response = Response(lines(stream), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(partial(centre().hub.close, stream))  # called also where nobody ever read a line
    return response


@health.get("/healthz")
def healthz() -> tuple[Response, int]:
    """Whether the pages can read the database: 200, or 503."""
    try:
        with centre().engine.connect() as connection:
            connection.execute(text("SELECT box FROM boxes LIMIT 1"))
    except SQLAlchemyError as error:
        return jsonify(ok=False, database=type(error).__name__, streams=centre().hub.count), 503
    return jsonify(ok=True, database="read", streams=centre().hub.count), 200
