"""The conversations at a desk over the time that its page shows: spans on its chart, a table, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from sqlalchemy import Connection

from central.conversations import Conversation, at_desk
from central.web.language import Language
from central.web.ranges import Window
from look.language import NONE

SHOWN: Final = 30
HEADER: Final = ("external_id", "start", "end", "seconds", "seen_seconds", "coverage", "valence_change")


@dataclass(frozen=True, kw_only=True)
class TalkRow:
    """A conversation as its line prints it."""

    start: str
    length: str
    name: str
    change: str
    coverage: str


@dataclass(frozen=True, kw_only=True)
class Talks:
    """The conversations of a window, the newest first, how many more there are, and their spans in columns."""

    rows: tuple[TalkRow, ...]
    more: int
    spans: tuple[tuple[float, float], ...]


def talks_of(connection: Connection, desk_id: int, window: Window, words: Language) -> Talks:
    """The conversations that touch a window."""
    found = at_desk(connection, desk_id, window.start_ms, min(window.end_ms, window.now_ms + 1), window.now_ms)
    newest = found[::-1]
    return Talks(
        rows=tuple(_row(each, window, words) for each in newest[:SHOWN]),
        more=max(0, len(newest) - SHOWN),
        spans=tuple(_span(each, window) for each in found),
    )


def _row(talk: Conversation, window: Window, words: Language) -> TalkRow:
    end_ms = talk.end_ms if talk.end_ms is not None else window.now_ms
    length = words.duration(max(0, end_ms - talk.start_ms))
    return TalkRow(
        start=words.moment(talk.start_ms, window.zone, window.now_ms),
        length=length if talk.end_ms is not None else words.t("talk_on", d=length),
        name=talk.external_id,
        change=words.valence(talk.how.change) if talk.how.change is not None else NONE,
        coverage=words.share(talk.how.coverage),
    )


def _span(talk: Conversation, window: Window) -> tuple[float, float]:
    end_ms = talk.end_ms if talk.end_ms is not None else window.now_ms
    low, high = ((ms - window.start_ms) / window.step_ms for ms in (talk.start_ms, end_ms))
    return round(max(0.0, low), 2), round(min(float(window.count), high), 2)


def as_csv(talks: Sequence[Conversation]) -> str:
    """A line each, in UTC; empty where something is not known, or too little was seen to say it."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(HEADER)
    for talk in talks:
        how, ended = talk.how, talk.end_ms is not None
        out.writerow(
            [
                _harmless(talk.external_id),
                _utc(talk.start_ms),
                _utc(talk.end_ms) if talk.end_ms is not None else "",
                f"{how.observed_s:.1f}" if ended else "",
                f"{how.seen_s:.1f}",
                f"{how.coverage:.3f}",
                f"{how.change:.4f}" if how.change is not None else "",
            ]
        )
    return text.getvalue()


def _harmless(name: str) -> str:
    """A name that a spreadsheet would take for a formula, behind a quote."""
    return f"'{name}" if name[:1] in "=+-@" else name


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
