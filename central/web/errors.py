"""Errors of the pages, a branch of the centre's tree.

WebError(CentreError)
├── AddressError        the address to serve on cannot be taken
└── UnknownPageError    a page was asked for whose desk or site is not there
"""

from __future__ import annotations

from typing import ClassVar

from central.errors import CentreError


class WebError(CentreError):
    """The pages cannot be served, or one of them cannot be made."""

    exit_code: ClassVar[int] = 19


class AddressError(WebError):
    """The address to serve on is taken, or is none of this machine's."""


class UnknownPageError(WebError):
    """A page was asked for whose desk or site is not there."""
