"""A desk: how it looks and sounds now, its course over a range, its week, its conversations, its gaps and its box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from central.schema import FACE
from central.web import machinery, queries
from central.web.bins import Bin, Look, columns
from central.web.errors import UnknownPageError
from central.web.facts import Fact, facts_of
from central.web.figures import coverage_figure, share_figures, valence_figure
from central.web.gaps import Gaps, gaps_of
from central.web.language import Language
from central.web.page import Built, Key, Kit
from central.web.ranges import MINUTE, RANGES, Window, local, midnight
from central.web.recorded import DayLink, Recorded, days_figure, links, recorded_of
from central.web.records import LASTING_REASONS, Desk, Reading, Site
from central.web.scene import RECENT_MS, Scene, load, site_zone
from central.web.states import Now, State, known
from central.web.talks import Talks, talks_of
from central.web.tiles import glyph, plain_words, state_words
from central.web.view import Figure, Legend, TableRow, leading, legend, scale_of, series, table
from central.web.week import WeekMap, week_map
from look.language import NONE

PARTS: Final = (
    *(
        "head",
        "figures",
        "title",
        "valnote",
        "empty",
        "legend",
        "table",
        "week",
        "conversations",
        "gaps",
        "box",
        "last",
    ),
)
LAST: Final = 10  # raw readings shown


@dataclass(frozen=True, kw_only=True)
class LastRow:
    """A raw reading as its line prints it."""

    time: str
    looks: str
    reason: bool
    valence: str
    confidence: str
    faces: str


@dataclass(frozen=True, kw_only=True)
class DeskView:
    """What the templates of a desk print."""

    site: Site
    sites: tuple[Site, ...]
    desk: Desk
    state: str
    glyph: str
    tone: str
    range: str
    figures: tuple[Figure, ...]
    title: str
    smooth: str
    has_band: bool
    source: str
    talks: Talks
    empty: str
    legend: Legend
    table: tuple[TableRow, ...]
    week: WeekMap
    gaps: Gaps
    days: tuple[DayLink, ...]
    facts: tuple[Fact, ...]
    last: tuple[LastRow, ...]


def build(connection: Connection, kit: Kit, key: Key, words: Language, now_ms: int) -> Built:
    """Make the page of the desk `key.id`."""
    desks = queries.desks_now(connection, now_ms, desk_id=key.id)
    if not desks:
        raise UnknownPageError(f"desk {key.id}: there is none of this number; choose one on the floor")
    desk, sites = desks[0], queries.all_sites(connection)
    site = next(item for item in sites if item.id == desk.site_id)
    zone = site_zone(site.zone)
    recorded = recorded_of(connection, desk, zone, key.day)
    as_of_ms = now_ms if recorded is None else recorded.until_ms - 1  # within its last column, not after it
    scene = load(connection, desks, zone, as_of_ms, kit.keeper, range_key=key.range, coarse=False, source=key.source)
    view = _view(connection, scene, desk, site, sites, recorded, key.source, words)
    drawn = series(scene.bins[desk.id], scene.window, words, scene.usuals.hours)
    return Built(
        now_ms=now_ms,
        newest_ms=scene.newest_ms,
        zone=site.zone,
        range=scene.window.range.key,
        parts=kit.parts("desk", PARTS, words, view),
        series={"main": {**drawn, "talks": [*view.talks.spans]}},
        frame={
            "title": desk.name,
            "site": site,
            "sites": sites,
            "sources": queries.sources_of(connection, desk.id),
            "source": key.source,
        },
    )


def _view(
    connection: Connection,
    scene: Scene,
    desk: Desk,
    site: Site,
    sites: tuple[Site, ...],
    recorded: Recorded | None,
    source: str,
    words: Language,
) -> DeskView:
    now, bins = scene.now[desk.id], scene.bins[desk.id]
    name, tone = glyph(desk, now)
    gaps = _gaps(connection, scene, desk, source, words)
    days = links(recorded, scene.zone, words) if recorded is not None else ()
    drawn = any(item.look not in (Look.NONE, Look.FUTURE) for item in bins)
    return DeskView(
        site=site,
        sites=sites,
        desk=desk,
        state=_state(desk, now, scene, recorded, words),
        glyph=name,
        tone=tone,
        range=scene.window.range.key,
        figures=_figures(scene, desk, now, gaps, days, source, words),
        title=words.t("comp_desk", when=_when(scene, recorded, words)),
        smooth=words.duration(3 * scene.window.step_ms),
        has_band=bool(scene.usuals.hours),
        source=source,
        talks=talks_of(connection, desk.id, scene.window, words),
        empty="" if drawn else "empty_rec" if desk.recorded and desk.newest is not None else "empty_chart",
        legend=legend(now.figure, now.recent.coverage if now.recent.observed_s else None, scene.usuals.now, words),
        table=table(bins, scene.window, words),
        week=week_map(connection, desk.id, scene.known[desk.id], scene.window, words, source),
        gaps=gaps,
        days=days,
        facts=facts_of(connection, scene, desk, words),
        last=_last(connection, scene, desk, source, words),
    )


def _state(desk: Desk, now: Now, scene: Scene, recorded: Recorded | None, words: Language) -> str:
    if recorded is not None:
        return words.t("rec_until", time=words.date_time(recorded.until_ms, scene.zone))
    return words.t("st_live") if now.state is State.LIVE else plain_words(desk, now, scene, words)


def _when(scene: Scene, recorded: Recorded | None, words: Language) -> str:
    """The time that the chart shows, in words."""
    key = scene.window.range.key
    if recorded is None:
        return words.t(f"when_{key}")
    date, time = words.date(recorded.until_ms, scene.zone), words.clock(recorded.until_ms, scene.zone)
    return words.t(f"rec_when_{key}", date=date, time=time)


def _figures(
    scene: Scene, desk: Desk, now: Now, gaps: Gaps, days: Sequence[DayLink], source: str, words: Language
) -> tuple[Figure, ...]:
    recent = now.figure or Bin(Look.NONE)
    scale = scale_of([recent.valence, *(item.valence for item in scene.bins[desk.id])])
    today = scene.today[desk.id]
    _, negative = share_figures(recent, scene, words)
    return (
        _looks(scene, desk, now, source, words),
        valence_figure(recent, scene, scale, "usual_desk", words),
        negative,
        coverage_figure(today.coverage if today.observed_s else None, words, recorded=desk.recorded, source=source),
        days_figure(days, words)
        if desk.recorded
        else Figure(key="gaps", label=words.t("gaps"), value=words.integer(gaps.count), note=gaps.total),
    )


def _looks(scene: Scene, desk: Desk, now: Now, source: str, words: Language) -> Figure:
    """What it looked or sounded like over the last quarter of an hour, or the state that keeps it from being said."""
    label = words.t("last15")
    if now.figure is None:
        return Figure(key="looks", label=label, value=state_words(desk, now, scene, words))
    lead = leading(now.figure, words)
    confidence = words.decimal(now.figure.confidence or 0.0, 2)
    note = words.t("two_and_sure", **lead, c=confidence)
    value = words.t("looks" if source == FACE else f"looks_{source}", a=lead["a"])
    small = "" if desk.counted else words.t("s_simulated" if desk.simulated else "s_recorded")
    return Figure(key="looks", label=label, value=value, small=small, note=note)


def _gaps(connection: Connection, scene: Scene, desk: Desk, source: str, words: Language) -> Gaps:
    """The gaps in what was seen, whatever the page shows: of what is not spoken nothing is missing."""
    faces = scene.known[desk.id]
    if source != FACE:
        faces = known(queries.begun(connection, [desk.id]).get(desk.id), desk, scene.now_ms)
    today = local(scene.now_ms, scene.zone).date()
    start = queries.first_since(connection, [desk.id], midnight(today, scene.zone)) or scene.now_ms
    day = Window(
        range=RANGES["day"],
        zone=scene.zone,
        start_ms=start - start % MINUTE,
        step_ms=MINUTE,
        count=max(1, -(-(scene.now_ms - start) // MINUTE)),
        now_ms=scene.now_ms,
    )
    sums = queries.sums(connection, day, [desk.id]).get(desk.id, {})
    bins = columns(sums, day, faces)
    offline = scene.now[desk.id].state is State.OFFLINE
    return gaps_of(connection, desk, bins, day, since_ms=midnight(today, scene.zone), offline=offline, words=words)


def _last(connection: Connection, scene: Scene, desk: Desk, source: str, words: Language) -> tuple[LastRow, ...]:
    found = machinery.last_readings(connection, desk.id, scene.now_ms - RECENT_MS, LAST, source)
    return tuple(_last_row(reading, scene, words) for reading in found)


def _last_row(reading: Reading, scene: Scene, words: Language) -> LastRow:
    time = words.clock(reading.wall_ms, scene.zone, seconds=True)
    if reading.shares is None:
        hidden = reading.reason in LASTING_REASONS  # one look, whichever it is
        looks = words.t("r_not_observed" if hidden else f"r_{reading.reason}")
        faces = NONE if hidden else str(reading.faces)
        return LastRow(time=time, looks=looks, reason=True, valence=NONE, confidence=NONE, faces=faces)
    lead = leading(Bin(Look.OK, shares=reading.shares), words)
    return LastRow(
        time=time,
        looks=f"{lead['a']} {lead['p']}",
        reason=False,
        valence=words.valence(reading.valence),
        confidence=words.decimal(reading.confidence or 0.0, 2),
        faces=str(reading.faces),
    )
