"""The floor: every desk of a site at this moment, and the day of those that count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from central.web import machinery, queries
from central.web.bins import Bin, Look
from central.web.errors import UnknownPageError
from central.web.figures import coverage_figure, share_figures, valence_figure
from central.web.language import Language
from central.web.notices import Notice, notices
from central.web.page import Built, Key, Kit
from central.web.records import Site
from central.web.scene import Scene, load, site_zone
from central.web.tiles import Team, teams
from central.web.usual import Limits
from central.web.view import Figure, Legend, TableRow, legend, scale_of, series, strip, table

PARTS: Final = ("head", "figures", "notices", "teams", "title", "valnote", "empty", "legend", "table")


@dataclass(frozen=True, kw_only=True)
class FloorView:
    """What the templates of the floor print."""

    site: Site
    sites: tuple[Site, ...]
    date: str
    range: str
    figures: tuple[Figure, ...]
    notices: tuple[Notice, ...]
    more: int
    teams: tuple[Team, ...]
    title: str
    uncounted: str
    smooth: str
    has_band: bool
    desks: int
    empty: str
    legend: Legend
    table: tuple[TableRow, ...]


def build(connection: Connection, kit: Kit, key: Key, words: Language, now_ms: int) -> Built:
    """Make the floor of the site `key.id`; of the first one where that is 0."""
    sites = queries.all_sites(connection)
    site = next((item for item in sites if key.id in (0, item.id)), None)
    if site is None:
        if key.id:
            raise UnknownPageError(f"site {key.id}: there is none of this number; choose one in the top bar")
        site = Site(id=0, name="", zone="UTC")
    zone = site_zone(site.zone)
    desks = queries.desks_now(connection, now_ms, site_id=site.id)
    scene = load(connection, desks, zone, now_ms, kit.keeper, range_key=key.range, coarse=True)
    bins = scene.together(scene.real)
    view = _view(connection, scene, bins, site, sites, words)
    return Built(
        now_ms=now_ms,
        newest_ms=scene.newest_ms,
        zone=site.zone,
        range=scene.window.range.key,
        parts=kit.parts("floor", PARTS, words, view),
        series={
            "main": series(bins, scene.window, words, scene.usuals.hours),
            **{f"desk{desk.id}": strip(scene.bins[desk.id], scene.window) for desk in desks},
        },
        frame={"title": words.t("floor"), "site": site, "sites": sites},
    )


def _view(
    connection: Connection, scene: Scene, bins: Sequence[Bin], site: Site, sites: tuple[Site, ...], words: Language
) -> FloorView:
    real = scene.real
    recent = scene.recent(real)
    shown, more = notices(scene, machinery.all_boxes(connection, scene.now_ms), words)
    values = [item.valence for item in bins] + [
        figure.valence
        for desk in scene.desks
        if not desk.recorded and (figure := scene.now[desk.id].figure) is not None
    ]
    scale = scale_of(values)
    return FloorView(
        site=site,
        sites=sites,
        date=words.date_time(scene.now_ms, scene.zone),
        range=scene.window.range.key,
        figures=_figures(scene, recent, scale, words),
        notices=shown,
        more=more,
        teams=teams(scene, scale, words),
        title=words.t("comp_all", when=words.t(f"when_{scene.window.range.key}")),
        uncounted=_uncounted(scene, words),
        smooth=words.duration(3 * scene.window.step_ms),
        has_band=bool(scene.usuals.hours),
        desks=len(scene.desks),
        empty=_empty(bins, scene),
        legend=legend(recent, scene.recent_coverage(real) if real else None, scene.usuals.now, words),
        table=table(bins, scene.window, words),
    )


def _empty(bins: Sequence[Bin], scene: Scene) -> str:
    """The key of what stands in the chart's place where no real desk has anything to draw."""
    if any(item.look not in (Look.NONE, Look.FUTURE) for item in bins):
        return ""
    return "empty_chart" if all(desk.counted for desk in scene.desks) else "empty_real"


def _uncounted(scene: Scene, words: Language) -> str:
    """How many desks of which kind are counted nowhere; empty where all count."""
    kinds = {"uncounted": [desk.simulated for desk in scene.desks], "uncounted_rec": [d.recorded for d in scene.desks]}
    return words.t("comma").join(words.t(key, n=sum(which)) for key, which in kinds.items() if any(which))


def _figures(scene: Scene, recent: Bin, scale: Limits, words: Language) -> tuple[Figure, ...]:
    real = scene.real
    today = [scene.today[desk.id] for desk in real]
    observed = sum(item.observed_s for item in today)
    return (
        Figure(
            key="seen",
            label=words.t("d_seen"),
            value=words.integer(scene.seen_now(real)),
            small=words.t("of", n=len(real)),
            note=_uncounted(scene, words),
        ),
        valence_figure(recent, scene, scale, "usual_hour", words),
        *share_figures(recent, scene, words),
        coverage_figure(sum(item.sums.seen_s for item in today) / observed if observed else None, words),
    )
