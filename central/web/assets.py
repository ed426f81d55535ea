"""Static files by what is in them: an address that carries the file's hash may be kept by a browser for a year."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

import look

FOLDER: Final = Path(__file__).with_name("static")
KEPT_S: Final = 365 * 24 * 3600


def path_of(name: str) -> Path:
    """Where a static file lies: `look/base.css` and the other styles that rooms share in that room, the rest here."""
    shared = name.removeprefix("look/")
    return look.FOLDER / shared if name != shared and shared in look.STYLES else FOLDER / name


@lru_cache(maxsize=100)
def digest(name: str) -> str:
    """The first 12 hexadecimal digits of the hash of a static file. Raises OSError where there is none of this name."""
    return hashlib.sha256(path_of(name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file, with its hash."""
    return f"/static/{name}?v={digest(name)}"


def caching(path: str, version: str | None) -> str:
    """The Cache-Control of an answer: a year for a static file asked for by its hash, else not without asking."""
    if not path.startswith("/static/"):
        return "no-store"
    name = path.removeprefix("/static/")
    known = path_of(name).is_file() and ".." not in name
    return f"public, max-age={KEPT_S}, immutable" if known and version == digest(name) else "no-cache"
