"""The three languages of the pages: words from one file each, and how numbers, times and dates are written in them.

The files under static/words hold the texts of the pages, by key, and look/words those that every room has in common;
what stands under `script` is also sent to the page's script.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from central.web.ranges import local
from look.language import CODES, Written, common

_FILES: Final = Path(__file__).with_name("static") / "words"


@dataclass(frozen=True)
class Language(Written):
    """One language of the pages. `script`: the words that a page's own script needs, by key."""

    script: Mapping[str, str]

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

    def date(self, ms: int, zone: ZoneInfo) -> str:
        """The day, the month and the year."""
        return self.t("date", **{name: value for name, value in self._date(ms, zone).items() if name != "weekday"})

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
    return Language(code, common(code) | words, script)
