"""The three languages of the pages: words from one file each, and how numbers, times and dates are written in them.

The files under static/words hold every text, by key; what stands under `script` is also sent to the page's script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from central.web.ranges import DAY, HOUR, MINUTE, SECOND, local

CODES: Final = ("en", "zh", "vi")
NONE: Final = "–"  # where there is no figure
_FILES: Final = Path(__file__).with_name("static") / "words"
_MINUS, _ZERO = "\u2212", "\u00b1"


@dataclass(frozen=True)
class Language:
    """One language. `words` by key; `script` those that the page's own script needs."""

    code: str
    words: Mapping[str, str]
    script: Mapping[str, str]

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
        if ms < MINUTE:
            return self.t("seconds", n=max(0, ms // SECOND))
        if ms < HOUR:
            return self.t("minutes", n=ms // MINUTE)
        if ms < DAY:
            hours, minutes = divmod(ms // MINUTE, 60)
            return self.t("hours", h=hours, m=f"{minutes:02}") if minutes else self.t("hours_whole", h=hours)
        return self.t("days", n=ms // DAY)

    def clock(self, ms: int, zone: ZoneInfo, *, seconds: bool = False) -> str:
        """The time of day, 24 hours."""
        return local(ms, zone).strftime("%H:%M:%S" if seconds else "%H:%M")

    def moment(self, ms: int, zone: ZoneInfo, now_ms: int) -> str:
        """The time of day, with its date where that is not today."""
        here = local(ms, zone)
        if here.date() == local(now_ms, zone).date():
            return self.clock(ms, zone)
        return f"{self.day_month(ms, zone)} {self.clock(ms, zone)}"

    def date_time(self, ms: int, zone: ZoneInfo) -> str:
        """The whole date and the time of day."""
        return self.t("date_time", **self._date(ms, zone), time=self.clock(ms, zone))

    def day_month(self, ms: int, zone: ZoneInfo) -> str:
        """The day and the month."""
        date = self._date(ms, zone)
        return self.t("day_month", day=date["day"], month=date["month"])

    def weekday_day(self, ms: int, zone: ZoneInfo) -> str:
        """A short weekday and the day of the month."""
        return self.t("weekday_day", weekday=self.weekday(ms, zone), day=local(ms, zone).day)

    def weekday(self, ms: int, zone: ZoneInfo) -> str:
        """The short name of the weekday."""
        return self.words["weekdays_short"].split("|")[local(ms, zone).weekday()]

    def _date(self, ms: int, zone: ZoneInfo) -> dict[str, Any]:
        here = local(ms, zone)
        return {
            "weekday": self.words["weekdays"].split("|")[here.weekday()],
            "day": here.day,
            "month": self.words["months"].split("|")[here.month - 1],
            "year": here.year,
        }


@lru_cache(maxsize=len(CODES))
def language(code: str) -> Language:
    """The language of a code in CODES."""
    words = json.loads((_FILES / f"{code}.json").read_text(encoding="utf-8"))
    script = words.pop("script")
    return Language(code, words, script)
