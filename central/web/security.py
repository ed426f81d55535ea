"""The headers of every answer: nothing from elsewhere, nothing inline, in no other page's frame."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from central.web.assets import caching

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def secure(response: Response) -> Response:
    """Add the headers to an answer."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = caching(request.path, request.args.get("v"))
    return response
