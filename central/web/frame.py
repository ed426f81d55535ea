"""The frame around a page: its language, colours and patterns as asked for, the top bar, and what its script is given.

Language, colours and patterns come from the address (and are then remembered in a cookie), else from the cookie; the
language else from what the browser accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode

import jinja2
from flask import Response, abort, current_app, jsonify, request
from markupsafe import Markup
from sqlalchemy import Engine

from central.schema import FACE, ROLLUPS
from central.web.assets import asset
from central.web.language import Language, language
from central.web.live import Hub, whole
from central.web.page import Key, Maker
from central.web.ranges import RANGES
from look.language import CODES

EXTENSION: Final = "mien"
MAX_NUMBER: Final = 2**31 - 1  # of a site or a desk: what both databases take
MAX_DAY: Final = len("2026-11-20")
YEAR_S: Final = 365 * 24 * 3600
CHOICES: Final = {"lang": CODES, "theme": ("light", "dark", "auto"), "patterns": ("on", "off")}
SHARED: Final = (
    *("seconds", "minutes", "hours", "hours_whole", "weekdays_short", "weekday_day", "decimal"),
    *("k_late", "k_few", "k_not", "n_gap", "n_none", "seen_axis"),
)
"""Words of the pages that the script says too."""

_TEMPLATES: Final = {"floor": "floor.html", "desk": "desk.html", "boxes": "boxes.html"}


@dataclass(frozen=True)
class Centre:
    """What the routes of the pages need, kept with the application."""

    engine: Engine
    maker: Maker
    hub: Hub
    templates: jinja2.Environment
    token: str | None = None


def centre() -> Centre:
    """What the application was made with."""
    return cast(Centre, current_app.extensions[EXTENSION])


def chosen(name: str) -> str:
    """What the address or the cookie says of `lang`, `theme` or `patterns`; empty where neither says anything known."""
    for said in (request.args.get(name), request.cookies.get(name)):
        if said in CHOICES[name]:
            return said
    return ""


def words_of_request() -> Language:
    """The language to answer in."""
    code = chosen("lang") or request.accept_languages.best_match(CODES) or CODES[0]
    return language(code)


def key_of_request(page: str, number: int) -> Key:
    """The key of the page that is asked for."""
    if number > MAX_NUMBER:
        abort(404)
    asked = request.args.get("range", "")
    day = request.args.get("day", "")[:MAX_DAY]
    language, shown = words_of_request().code, asked if asked in RANGES else ""
    if page != "desk":
        return Key(page, number, shown, language)
    source = request.args.get("source", FACE)
    return Key(page, number, shown, language, day, source if source in ROLLUPS else FACE)


def page_answer(key: Key) -> Response:
    """A whole page."""
    built = centre().maker.make(key)
    words = language(key.language)
    asked = {"day": key.day} if key.day else {}
    asked |= {"source": key.source} if key.source != FACE else {}
    query = urlencode({"range": built.range, "lang": key.language, **asked})
    given = {
        "data": f"/api/{key.page}/{key.id}?{query}",
        "events": f"/events/{key.page}/{key.id}?{query}",
        "lang": words.tag,
        "zone": built.zone,
        "words": {**words.script, **{name: words.words[name] for name in SHARED}},
        "update": {**whole(built), "parts": {}},  # they stand in the document already
    }
    parts = {name: Markup(text) for name, text in built.parts.items()}  # printed by our own templates, escaped there
    values = {**built.frame, "page": key.page, "built": built, "parts": parts, "given": given, "ranges": tuple(RANGES)}
    return framed(_TEMPLATES[key.page], words, values)


def framed(template: str, words: Language, values: dict[str, Any], status: int = 200) -> Response:
    """A template of a whole document, with what the frame needs; remembers what the address chose."""
    theme = chosen("theme")
    common = {
        "t": words.t,
        "language": words,
        "languages": tuple(language(code) for code in CODES),
        "theme": theme if theme != "auto" else "",
        "patterns": chosen("patterns") == "on",
        "asset": asset,
        "link": _link,
    }
    response = Response(centre().templates.get_template(template).render({**common, **values}), status=status)
    for name, known in CHOICES.items():
        if request.args.get(name) in known:
            response.set_cookie(name, request.args[name], max_age=YEAR_S, samesite="Lax")
    response.headers["Content-Language"] = words.tag
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def data_answer(key: Key) -> Response:
    """A page as JSON: for the pages that poll."""
    return jsonify(whole(centre().maker.make(key)))


def _link(**changes: object) -> str:
    """The address of this page with other words behind the question mark."""
    query = {name: request.args[name] for name in request.args} | {name: str(value) for name, value in changes.items()}
    return f"{request.path}?{urlencode(query)}"
