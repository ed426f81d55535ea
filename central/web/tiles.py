"""The desks of a floor as tiles, by team and in desk order. Nothing here sorts by what a face shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from central.web.language import Language
from central.web.ranges import MINUTE, SECOND
from central.web.records import Desk
from central.web.scene import Scene
from central.web.states import Now, State
from central.web.usual import Limits
from central.web.view import Bullet, bullet, leading, outside

COLUMNS: Final = 3  # of tiles on a wide screen
_GLYPHS: Final = {
    State.LIVE: ("live", "quiet"),
    State.FEW: ("few", "warn"),
    State.NOT: ("not", "quiet"),
    State.OFFLINE: ("offline", "bad"),
    State.CATCHUP: ("catchup", "warn"),
    State.RECORDED: ("rec", "quiet"),
    State.NEVER: ("not", "quiet"),
    State.UNPLACED: ("not", "quiet"),
}

_SHORT: Final = {
    State.LIVE: "st_first",
    State.FEW: "k_few",
    State.NOT: "r_not_observed",
    State.OFFLINE: "t_offline",
    State.CATCHUP: "t_catchup",
    State.NEVER: "t_never",
}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A desk on the floor."""

    id: int
    name: str
    state: str
    glyph: str
    tone: str
    says: str
    value: str
    outside: str
    bullet: Bullet | None
    seen: str
    kind: str  # "simulated" or "recorded" where sums do not count it


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team and its desks, in as many columns as it spans. A team of desks that do not count has no figure."""

    name: str
    note: str
    value: str
    bullet: Bullet | None
    span: int
    columns: tuple[tuple[Tile, ...], ...]


def teams(scene: Scene, scale: Limits, words: Language) -> tuple[Team, ...]:
    """The teams of a floor by their first desk."""
    order: dict[str, int] = {}
    for desk in scene.desks:
        order.setdefault(desk.team, len(order))
    ordered = sorted(scene.desks, key=lambda desk: order[desk.team])
    groups = [(name, list(group)) for name, group in groupby(ordered, key=lambda desk: desk.team)]
    spans = _spans([len(group) for _, group in groups])
    return tuple(
        _team(scene, name, group, span, scale, words) for (name, group), span in zip(groups, spans, strict=True)
    )


def state_words(desk: Desk, now: Now, scene: Scene, words: Language) -> str:
    """What a desk's state says in words; for a live one what the face looks like."""
    if now.state is State.LIVE and now.figure is not None:
        lead = leading(now.figure, words)
        return words.t("sim_looks", a=lead["a"]) if desk.simulated else words.t("looks_two", **lead)
    if desk.simulated:  # two facts in one line: each in its shortest words, that neither is cut
        return words.t("sim_state", what=words.t(_SHORT.get(now.state, "s_unplaced")))
    return plain_words(desk, now, scene, words)


def plain_words(desk: Desk, now: Now, scene: Scene, words: Language) -> str:
    """A desk's state alone: neither what its face looks like nor whether it is simulated."""
    if now.state is State.RECORDED:
        date = None if desk.newest is None else words.date(desk.newest.ended_ms, scene.zone)
        return words.t("s_recorded") if date is None else words.t("rec_on", date=date)
    last = desk.live_until_ms
    time = words.moment(last, scene.zone, scene.now_ms) if last is not None else words.t("never")
    if now.state is State.FEW:
        unit = MINUTE if now.recent.observed_s >= 60 else SECOND
        length = -(-round(now.recent.observed_s * SECOND) // unit) * unit
        return words.t("s_few", p=words.share(now.recent.coverage), d=words.duration(length))
    if now.state is State.CATCHUP:
        key = "s_catching" if now.arrived is None else "s_catchup" if now.figure is None else "s_arrived"
        return words.t(key, p=words.share(now.arrived), time=time)
    if now.state is State.OFFLINE:
        return words.t("s_offline", time=time) if last is not None else words.t("st_offline")
    return words.t({State.LIVE: "s_first", State.NOT: "s_not", State.NEVER: "s_never"}.get(now.state, "s_unplaced"))


def glyph(desk: Desk, now: Now) -> tuple[str, str]:
    """The glyph and the tone of a desk's state; a simulated desk that is well has its own."""
    if desk.simulated and now.state is State.LIVE:
        return "sim", "quiet"
    name, tone = _GLYPHS[now.state]
    return name, "quiet" if desk.simulated else tone


def _team(scene: Scene, name: str, desks: Sequence[Desk], span: int, scale: Limits, words: Language) -> Team:
    real = [desk for desk in desks if desk.counted]
    recent = scene.recent(real)
    usual = scene.usuals.of(desk.id for desk in real)
    height = -(-len(desks) // span)
    tiles = [_tile(scene, desk, scale, words) for desk in desks]
    kinds = {desk.recorded for desk in desks}
    uncounted = "uncounted_short" if len(kinds) > 1 else "team_recorded" if True in kinds else "team_simulated"
    note = words.t("team_seen", a=scene.seen_now(real), b=len(real)) if real else words.t(uncounted)
    return Team(
        name=name or words.t("no_team"),
        note=note,
        value=words.valence(recent.valence) if real else "",
        bullet=bullet(recent.valence, usual.valence if usual else None, scale) if recent.valence is not None else None,
        span=span,
        columns=tuple(tuple(tiles[i : i + height]) for i in range(0, len(tiles), height)),
    )


def _tile(scene: Scene, desk: Desk, scale: Limits, words: Language) -> Tile:
    now, usual = scene.now[desk.id], scene.usuals.desks.get(desk.id)
    name, tone = glyph(desk, now)
    figure = None if desk.recorded else now.figure
    return Tile(
        id=desk.id,
        name=desk.name,
        state=now.state.value,
        glyph=name,
        tone=tone,
        says=state_words(desk, now, scene, words),
        value=words.valence(figure.valence if figure is not None else None),
        outside=outside(now, usual) if desk.counted else "",
        bullet=bullet(figure.valence, usual.valence if usual is not None else None, scale)
        if figure is not None
        else None,
        seen=words.share(scene.today[desk.id].coverage),
        kind="simulated" if desk.simulated else "recorded" if desk.recorded else "",
    )


def _spans(sizes: Sequence[int]) -> list[int]:
    """How many columns each team spans: all of them between one or two teams, by size; one each between more."""
    if len(sizes) == 1:
        return [min(COLUMNS, max(1, sizes[0]))]
    if len(sizes) == 2:
        return [COLUMNS - 1, 1] if sizes[0] > sizes[1] else [1, COLUMNS - 1] if sizes[1] > sizes[0] else [1, 1]
    return [1] * len(sizes)
