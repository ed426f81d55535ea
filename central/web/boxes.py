"""The boxes: those in trouble first, with what the trouble is; then all that report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.web import machinery, queries
from central.web.facts import building, runs_on
from central.web.language import Language
from central.web.page import Built, Key, Kit
from central.web.records import PlacedBox, Site
from central.web.scene import site_zone
from central.web.states import LATE_MS, MANY_LATE, is_offline
from look.language import NONE

PARTS: Final = ("head", "table")


@dataclass(frozen=True, kw_only=True)
class BoxRow:
    """A box as its line prints it. The state of a box in trouble says all that is wrong with it."""

    box: str
    desk_id: int | None
    desk: str
    glyph: str
    tone: str
    state: str
    in_trouble: bool
    mark: str  # that it is simulated or recorded, where its state does not say so
    seen: str
    waiting: str
    clock: str
    model: str
    runs: str
    building: str  # what share of its engines is there, while it builds them
    software: str
    aside: str
    gaps: str
    quarantined: str
    refused: str


@dataclass(frozen=True, kw_only=True)
class BoxGroup:
    """The boxes in trouble, or those that report."""

    key: str
    title: str
    rows: tuple[BoxRow, ...]


@dataclass(frozen=True, kw_only=True)
class BoxesView:
    """What the templates of the boxes print."""

    count: int
    groups: tuple[BoxGroup, ...]


def build(connection: Connection, kit: Kit, key: Key, words: Language, now_ms: int) -> Built:
    """Make the page of all boxes, in the times of the first site."""
    sites = queries.all_sites(connection)
    site = sites[0] if sites else Site(id=0, name="", zone="UTC")
    zone = site_zone(site.zone)
    arriving = machinery.arriving(connection, now_ms - LATE_MS)
    found = machinery.all_boxes(connection, now_ms)
    several = len(sites) > 1
    rows = [_row(item, arriving.get(item.box, 0) >= MANY_LATE, several, zone, now_ms, words) for item in found]
    groups = (
        BoxGroup(key="trouble", title=words.t("boxes_trouble"), rows=tuple(row for row in rows if row.in_trouble)),
        BoxGroup(key="well", title=words.t("boxes_well"), rows=tuple(row for row in rows if not row.in_trouble)),
    )
    view = BoxesView(count=len(rows), groups=tuple(group for group in groups if group.rows))
    heard = [
        item.newest.received_ms
        for item in found
        if item.newest
        and not is_offline(item.status, item.newest, now_ms)
        and not (item.status and item.status.recorded)
    ]
    return Built(
        now_ms=now_ms,
        newest_ms=max(heard, default=None),
        zone=site.zone,
        range="",
        parts=kit.parts("boxes", PARTS, words, view),
        series={},
        frame={"title": words.t("boxes"), "site": site, "sites": ()},
    )


def _row(item: PlacedBox, catching_up: bool, several: bool, zone: ZoneInfo, now_ms: int, words: Language) -> BoxRow:
    status = item.status
    state, glyph, tone = _state(item, catching_up, now_ms)
    trouble = [words.t(key) for key in _trouble(item, state)]
    if item.lost:
        trouble.append(words.t("t_lost", n=words.integer(item.lost)))
    if trouble and tone == "quiet":
        glyph, tone = "few", "warn"
    seen = status.last_seen_ms if status is not None else None
    when = words.t("never")
    if seen is not None:
        ago = words.duration(max(0, now_ms - seen))
        when = words.t("at_ago", time=words.moment(seen, zone, now_ms), d=ago)
    clock = status.clock_ok if status is not None else None
    desk = item.desk or ""
    return BoxRow(
        box=item.box,
        desk_id=item.desk_id,
        desk=f"{item.site}, {desk}" if several and desk else desk,
        glyph=glyph,
        tone=tone,
        state=words.t("comma").join(trouble) or words.t(state),
        in_trouble=bool(trouble),
        mark=_mark(item, bool(trouble), words),
        seen=when,
        waiting=words.integer(status.waiting if status is not None else None),
        clock=NONE if clock is None else words.t("clock_short_ok" if clock else "clock_short_bad"),
        model=(status.model if status is not None else None) or NONE,
        runs=runs_on(status),
        building=building(status, words),
        software=(status.software if status is not None else None) or NONE,
        aside=words.integer(status.set_aside if status is not None else None),
        gaps=words.integer(item.gap_records),
        quarantined=words.integer(item.quarantined),
        refused=words.integer(item.refused),
    )


def _state(item: PlacedBox, catching_up: bool, now_ms: int) -> tuple[str, str, str]:
    """The key of a box's state in words, its glyph and its tone."""
    if item.status is None or item.status.last_seen_ms is None:
        return "st_never", "not", "warn"
    if item.status.recorded:
        return "s_recorded", "rec", "quiet"
    if catching_up:
        return "st_catchup", "catchup", "warn"
    if is_offline(item.status, item.newest, now_ms):
        return "st_offline", "offline", "bad"
    return "st_live", "sim" if item.status.simulated else "live", "quiet"


def _mark(item: PlacedBox, in_trouble: bool, words: Language) -> str:
    if item.status is not None and item.status.simulated:
        return words.t("s_simulated")
    return words.t("s_recorded") if item.status is not None and item.status.recorded and in_trouble else ""


def _trouble(item: PlacedBox, state: str) -> Iterator[str]:
    names = {"st_never": "t_never", "st_catchup": "t_catchup", "st_offline": "t_offline"}
    if state in names:
        yield names[state]
    if item.desk_id is None:
        yield "t_unplaced"
    if item.status is not None and item.status.clock_ok is False:
        yield "t_clock"
    if item.status is not None and item.status.engine_fault:
        yield "t_engine"
    if item.status is not None and item.status.set_aside:
        yield "t_aside"
    if item.quarantined:
        yield "t_quarantine"
    if item.refused:
        yield "t_refused"
