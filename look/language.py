"""The three languages: the words that every room has in common, and how numbers are written in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from look import FOLDER

CODES: Final = ("en", "zh", "vi")
NONE: Final = "–"  # where there is no figure
_MINUS, _ZERO = "\u2212", "\u00b1"
_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000  # in milliseconds


def common(code: str) -> dict[str, str]:
    """The words that every room has in common, by key, in the language of a code in CODES."""
    words: dict[str, str] = json.loads((FOLDER / "words" / f"{code}.json").read_text(encoding="utf-8"))
    return words


@dataclass(frozen=True)
class Written:
    """How a language writes. `words` by key: the common ones, and a room's own."""

    code: str
    words: Mapping[str, str]

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return self.words["tag"]

    def t(self, key: str, /, **values: Any) -> str:
        """The text of `key`, its places filled; where `n` is 1 the text of `key_one`, if there is one."""
        if values.get("n") in (1, "1") and f"{key}_one" in self.words:
            key = f"{key}_one"
        text = self.words[key]
        return text.format(**values) if values else text

    def share(self, part: float | None) -> str:
        """A part of 1 in whole percent; `<1%` for what is not nothing."""
        if part is None:
            return NONE
        return "<1%" if 0 < part < 0.005 else f"{int(part * 100 + 0.5)}%"

    def valence(self, value: float | None) -> str:
        """A signed figure with two decimals and a true minus."""
        if value is None:
            return NONE
        hundredths = int(abs(value) * 100 + 0.5)
        sign = _ZERO if not hundredths else _MINUS if value < 0 else "+"
        return sign + self.decimal(hundredths / 100, 2)

    def decimal(self, value: float, places: int) -> str:
        """A figure with so many decimals."""
        return f"{value:.{places}f}".replace(".", self.words["decimal"])

    def integer(self, value: int | None) -> str:
        """A whole number with its thousands parted."""
        return NONE if value is None else f"{value:,}".replace(",", self.words["thousands"])

    def duration(self, ms: int) -> str:
        """A length of time, rounded down: `45 s`, `20 min`, `2 h 05`, `3 days`."""
        if ms < _MINUTE:
            return self.t("seconds", n=max(0, ms // _SECOND))
        if ms < _HOUR:
            return self.t("minutes", n=ms // _MINUTE)
        if ms < _DAY:
            hours, minutes = divmod(ms // _MINUTE, 60)
            return self.t("hours", h=hours, m=f"{minutes:02}") if minutes else self.t("hours_whole", h=hours)
        return self.t("days", n=ms // _DAY)
