"""The words of the report in its three languages at once, and numbers as each of them writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from contract.reading import LASTING, Reason
from edge.analyze.report.markup import Text
from look.language import CODES, Written, common

_FILES: Final = Path(__file__).with_name("words")


@cache
def _written() -> tuple[Written, ...]:
    """The languages in the order of CODES."""
    own = (json.loads((_FILES / f"{code}.json").read_text(encoding="utf-8")) for code in CODES)
    return tuple(Written(code, common(code) | words) for code, words in zip(CODES, own, strict=True))


def each(say: Callable[[Written], str]) -> Text:
    """What every language makes of it."""
    return Text(**{language.code: say(language) for language in _written()})


def t(key: str, /, **values: Any) -> Text:
    """The text of `key`, its places filled; a Text among the values is taken in the language at hand."""
    return each(lambda language: language.t(key, **{name: _in(language, value) for name, value in values.items()}))


def share(part: float | None) -> Text:
    """A part of 1 in whole percent."""
    return each(lambda language: language.share(part))


def valence(value: float | None) -> Text:
    """A signed figure."""
    return each(lambda language: language.valence(value))


def integer(value: int) -> Text:
    """A whole number."""
    return each(lambda language: language.integer(value))


def decimal(value: float, places: int) -> Text:
    """A figure with so many decimals."""
    return each(lambda language: language.decimal(value, places))


def duration(seconds: float) -> Text:
    """A length of time: whole seconds under a minute and a half, then minutes and hours; tenths under two seconds."""
    if 0 < seconds < 2 and seconds != int(seconds):
        return t("seconds", n=decimal(max(seconds, 0.1), 1))
    if 60 <= seconds < 90 and seconds != 60:
        return t("seconds", n=int(seconds))
    return each(lambda language: language.duration(round(seconds * 1000)))


def reason(why: Reason) -> Text:
    """Why a face or a second was not read."""
    return t(f"r_{(Reason.NOT_OBSERVED if why in LASTING else why).value}")


def listed(texts: list[Text]) -> Text:
    """Texts one after another, parted as each language does."""
    return each(lambda language: language.words["comma"].join(_in(language, text) for text in texts))


def moment(iso: str) -> Text:
    """A date and time as each language writes it; as it stands where it is none."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return Text(iso, iso, iso)
    months = [language.words["months"].split("|")[at.month - 1] for language in _written()]
    month = Text(*months)
    return t("made", day=at.day, month=month, year=at.year, time=at.strftime("%H:%M"))


def _in(language: Written, value: Any) -> Any:
    return getattr(value, language.code) if isinstance(value, Text) else value
