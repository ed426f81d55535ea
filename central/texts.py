"""Texts that a box sends, made fit to be stored and printed."""

from __future__ import annotations

from typing import Final

MOST: Final = 200  # characters, as the columns hold


def plain(text: str) -> str:
    """Without control characters: PostgreSQL stores no NUL, and a terminal should not obey a box."""
    return "".join(character if character.isprintable() else " " for character in text)[:MOST]
