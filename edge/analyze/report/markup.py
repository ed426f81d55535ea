"""Markup from small pieces: everything is escaped as it is put in, and a text is there in each language.

A file's name is written by whoever made the file. It is data here, however it looks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final, TypeAlias

# control characters, the marks that turn the direction of what follows, and halves of what could not be decoded
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\uffff\ud800-\udfff]")
_VOID: Final = frozenset({"meta", "rect", "path", "use", "circle"})
MARK: Final = "\ufffd"


class Html(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


@dataclass(frozen=True)
class Text:
    """What is said, in each language: plain text, not yet escaped."""

    en: str
    zh: str
    vi: str


Piece: TypeAlias = Html | Text | str | None


def plain(name: str) -> str:
    """A name without what cannot be shown or would rearrange the text around it: each such character becomes MARK."""
    return _UNFIT.sub(MARK, name)


def shortened(name: str, most: int) -> str:
    """A name in at most so many characters: its middle left out, for names differ at their ends."""
    if len(name) <= most:
        return name
    tail = (most - 1) * 2 // 3
    return f"{name[: most - 1 - tail]}…{name[-tail:]}"


def join(*pieces: Piece) -> Html:
    """Pieces one after another: markup as it stands, all else escaped."""
    return Html("".join(_piece(piece) for piece in pieces))


def el(tag: str, /, *content: Piece, **attributes: str | float | bool | None) -> Html:
    """An element. `class_` is written as `class`, `aria_label` as `aria-label`; None and False are left out.

    Where all of its content is one Text, it carries the other languages itself.
    """
    if len(content) == 1 and isinstance(content[0], Text):
        attributes |= _others(content[0])
        content = (content[0].en,)
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{written}{'' if tag == 'meta' else '/'}>")
    return Html(f"<{tag}{written}>{join(*content)}</{tag}>")


def _piece(piece: Piece) -> str:
    if piece is None:
        return ""
    if isinstance(piece, Html):
        return piece
    return el("span", piece) if isinstance(piece, Text) else escape(plain(piece), quote=False)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(plain(str(value)))}"'


def _others(text: Text) -> dict[str, str]:
    others = {"data_zh": text.zh, "data_vi": text.vi}
    return {name: said for name, said in others.items() if said != text.en}
