"""What other systems may tell the centre: `POST /api/v1/conversations`, with a token; and what they may ask for that.

A telephone system or a till says that a conversation began, or began and ended; said again under the same name, it
ends or is corrected. Errors are JSON with one line that says what is wrong.
"""

from __future__ import annotations

import hmac
import time
from datetime import datetime
from typing import Annotated, Final

import msgspec
from flask import Blueprint, Response, jsonify, request
from msgspec import Meta

from central import conversations, database, placements
from central.conversations import ConversationError
from central.web.frame import centre
from contract.reading import Name

told: Final = Blueprint("told", __name__)


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a conversation; times with their offset from UTC, as 2026-11-20T14:03:00+07:00."""

    desk: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    start: Annotated[datetime, Meta(tz=True)]
    external_id: Name
    end: Annotated[datetime, Meta(tz=True)] | None = None


@told.before_request
def _with_token() -> Response | None:
    """Nothing is taken from whoever has not the token."""
    known = centre().token
    if known is None:
        return _refused(403, "conversations are off; name a file with a token in web.token_file")
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), known.encode()):
        response = _refused(401, "send the token as `Authorization: Bearer TOKEN`")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return None


@told.get("/api/v1/desks")
def desks() -> Response:
    """The numbers of all desks, to name them by."""
    with centre().engine.connect() as connection:
        rows = placements.list_desks(connection)
    named = {row.desk_id: {"desk": row.desk_id, "name": row.desk, "site": row.site} for row in rows}
    return jsonify(list(named.values()))


@told.post("/api/v1/conversations")
def conversation() -> Response:
    """Take what is said of a conversation: 201 where it is new, 200 where it was known."""
    if not request.is_json:
        return _refused(415, "send JSON, with Content-Type: application/json")
    try:
        said = msgspec.json.decode(request.get_data(), type=Told)
    except msgspec.DecodeError as error:
        return _refused(400, str(error))
    start_ms, end_ms = _ms(said.start), _ms(said.end) if said.end is not None else None
    try:
        with database.writing(centre().engine) as connection:
            now_ms = time.time_ns() // 1_000_000
            new = conversations.tell(connection, said.desk, said.external_id, start_ms, end_ms, now_ms)
    except ConversationError as error:
        return _refused(422, str(error))
    response = jsonify(desk=said.desk, external_id=said.external_id, open=end_ms is None)
    response.status_code = 201 if new else 200
    return response


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _refused(status: int, why: str) -> Response:
    response = jsonify(error=why)
    response.status_code = status
    return response
