"""Asks the centre's pages, as a browser would, whether they answer."""

from __future__ import annotations

import http.client
import re
from typing import Final

TIMEOUT_S: Final = 10.0
FIXED: Final = ("/", "/boxes", "/healthz", "/api/floor/0")
EVENTS: Final = "/events/floor/0"
DESK_LINK: Final = re.compile(rb'href="(/desks/\d+)')


def ask_all(port: int) -> dict[str, bool]:
    """Every page of the site by its path, and whether it answered with content; the desks as the floor links them."""
    floor, body = _get(port, "/")
    desks = sorted({link.decode() for link in DESK_LINK.findall(body)}, key=lambda path: (len(path), path))
    answers = {"/": floor}
    for path in (*FIXED[1:], *desks):
        answers[path] = _get(port, path)[0]
    answers[EVENTS] = _stream_begins(port)
    return answers


def _get(port: int, path: str) -> tuple[bool, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return response.status == 200 and bool(body), body
    except (OSError, http.client.HTTPException):
        return False, b""
    finally:
        connection.close()


def _stream_begins(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", EVENTS, headers={"Accept": "text/event-stream"})
        response = connection.getresponse()
        return response.status == 200 and bool(response.readline())
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
