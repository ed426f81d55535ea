"""Errors of the convert room.

ConvertError
└── SourceError    what a conversion starts from is missing or is not what it should be
"""

from __future__ import annotations


class ConvertError(Exception):
    """Anything a conversion refuses; its text is one line that says what was wrong, where, and what to do."""


class SourceError(ConvertError):
    """A weight file or a package that a conversion needs is missing or unreadable."""
