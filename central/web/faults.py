"""What a page says when it cannot be made: in its reader's language, with a reference for IT, without a stack trace."""

from __future__ import annotations

import logging
import secrets
import time

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError

from central.web.errors import UnknownPageError
from central.web.frame import framed, words_of_request

log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Answer every error of `app` with a page, or with JSON where JSON was asked for."""
    app.register_error_handler(UnknownPageError, _unknown)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(InternalServerError, _failed)


def _unknown(error: UnknownPageError) -> Response:
    return _answer(404, "e404", str(error))


def _refused(error: HTTPException) -> Response:
    status = error.code or 500
    return _answer(status, "e404" if status == 404 else "e4xx", error.name.lower())


def _failed(error: InternalServerError) -> Response:
    reference = f"{secrets.token_hex(2)}-{time.strftime('%H:%M:%S', time.gmtime())}"
    log.error("%s %s failed, reference %s", request.method, request.path, reference, exc_info=error.original_exception)
    return _answer(500, "e500", f"reference {reference}", reference)


def _answer(status: int, kind: str, said: str, reference: str = "") -> Response:
    if request.path.startswith(("/api/", "/events/", "/static/", "/healthz")):
        response = jsonify(error=said)
        response.status_code = status
        return response
    return framed("error.html", words_of_request(), {"kind": kind, "reference": reference, "page": ""}, status)
