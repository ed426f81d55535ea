"""Everything that is known of some desks at a moment: their columns over a window, their state, their day so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.schema import FACE
from central.web import machinery, queries
from central.web.bins import NOTHING, Bin, Known, Sums, columns, pool, pooled, whole
from central.web.ranges import (
    COARSE,
    MINUTE,
    RANGES,
    Range,
    Window,
    chosen_range,
    local,
    midnight,
    window,
)
from central.web.records import Desk
from central.web.states import LASTING_MS, LATE_MS, Now, State, desk_now, known
from central.web.usual import NO_USUALS, Keeper, Usuals, since_ms

RECENT_MS = 15 * MINUTE


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Some desks over a window. By desk: its columns, its state now, and its day so far as one column."""

    now_ms: int
    zone: ZoneInfo
    desks: tuple[Desk, ...]
    window: Window
    bins: Mapping[int, tuple[Bin, ...]]
    known: Mapping[int, Known]
    now: Mapping[int, Now]
    today: Mapping[int, Bin]
    usuals: Usuals
    usual_since_ms: int | None

    @property
    def real(self) -> tuple[Desk, ...]:
        """The desks that count: those whose box makes nothing up and reads a camera."""
        return tuple(desk for desk in self.desks if desk.counted)

    def together(self, desks: Sequence[Desk]) -> tuple[Bin, ...]:
        """The columns of a group."""
        return pooled([self.bins[desk.id] for desk in desks], self.window.count)

    def recent(self, desks: Sequence[Desk]) -> Bin:
        """The last quarter of an hour of those desks of a group that have a figure."""
        return pool(figure for desk in desks if (figure := self.now[desk.id].figure) is not None)

    def recent_coverage(self, desks: Sequence[Desk]) -> float:
        """What part of the last quarter of an hour was seen of a group, desks without a figure included."""
        return pool(self.now[desk.id].recent for desk in desks).coverage

    def seen_now(self, desks: Sequence[Desk]) -> int:
        """How many desks of a group have a figure now."""
        return sum(self.now[desk.id].figure is not None for desk in desks)

    @property
    def newest_ms(self) -> int | None:
        """When the newest reading of a box that is not offline was received."""
        gone = (State.OFFLINE, State.NEVER, State.UNPLACED, State.RECORDED)
        heard = [
            desk.newest.received_ms
            for desk in self.desks
            if desk.newest is not None and self.now[desk.id].state not in gone
        ]
        return max(heard, default=None)


def load(
    connection: Connection,
    desks: tuple[Desk, ...],
    zone: ZoneInfo,
    now_ms: int,
    keeper: Keeper,
    *,
    range_key: str | None,
    coarse: bool,
    source: str = FACE,
) -> Scene:
    """Ask the tables about `desks`: a fixed number of questions, however many desks there are.

    `source` is what is looked at; usual ranges are of faces alone.
    """
    ids = [desk.id for desk in desks]
    begun = queries.begun(connection, ids, source)
    live = [desk.id for desk in desks if not desk.recorded]
    opened = queries.first_since(connection, live or ids, midnight(local(now_ms, zone).date(), zone), source)
    real = [desk.id for desk in desks if desk.counted]
    first = min((begun[i] for i in real or ids if i in begun), default=None)
    chosen = chosen_range(range_key, now_ms, first)
    step = COARSE.get(chosen.key) if coarse else None
    over = window(chosen, zone, now_ms, first_ms=opened, begun_ms=first, step_ms=step, ends_now=not live)
    lead = -(-LASTING_MS // over.step_ms) if over.step_ms < MINUTE else 0
    sums = queries.sums(connection, over, ids, lead=lead, source=source)
    spans = {desk.id: known(begun.get(desk.id), desk, now_ms) for desk in desks}
    today = _today(connection, ids, zone, now_ms, opened, spans, source)
    recent = _recent(connection, ids, zone, now_ms, spans, source)
    arriving = machinery.arriving(connection, now_ms - LATE_MS)
    return Scene(
        now_ms=now_ms,
        zone=zone,
        desks=desks,
        window=over,
        bins={i: columns(sums.get(i, {}), over, spans[i]) for i in ids},
        known=spans,
        now={desk.id: desk_now(desk, recent[desk.id], today[desk.id].sums.late_s, arriving, now_ms) for desk in desks},
        today=today,
        usuals=keeper.get(connection, over, real) if source == FACE else NO_USUALS,
        usual_since_ms=since_ms(begun[i] for i in real if i in begun and source == FACE),
    )


def site_zone(name: str) -> ZoneInfo:
    """The zone of a site; the placements' own check has seen to it that there is one of that name."""
    return ZoneInfo(name)


def _today(
    connection: Connection,
    ids: Sequence[int],
    zone: ZoneInfo,
    now_ms: int,
    opened_ms: int | None,
    spans: Mapping[int, Known],
    source: str,
) -> dict[int, Bin]:
    """The day so far, from the first quarter-hour in which any of the desks was observed."""
    today = local(now_ms, zone).date()
    start = opened_ms if opened_ms is not None else midnight(today, zone)
    one = _one_column(RANGES["week"], zone, start, midnight(today + timedelta(days=1), zone) - start, now_ms)
    sums = queries.sums(connection, one, ids, source=source)
    return {i: whole(_only(sums.get(i)), start, now_ms, spans[i]) for i in ids}


def _recent(
    connection: Connection, ids: Sequence[int], zone: ZoneInfo, now_ms: int, spans: Mapping[int, Known], source: str
) -> dict[int, Bin]:
    """The last quarter of an hour by whole minutes, from a desk's first reading in it."""
    start = now_ms - now_ms % MINUTE + MINUTE - RECENT_MS
    one = _one_column(RANGES["hour"], zone, start, RECENT_MS, now_ms)
    sums = queries.sums(connection, one, ids, source=source)
    found = {}
    for i in ids:
        mine = _only(sums.get(i))
        first = mine.first_ms if mine.first_ms is not None else start
        found[i] = whole(mine, first, now_ms, spans[i])
    return found


def _one_column(grain: Range, zone: ZoneInfo, start_ms: int, length_ms: int, now_ms: int) -> Window:
    return Window(range=grain, zone=zone, start_ms=start_ms, step_ms=length_ms, count=1, now_ms=now_ms)


def _only(sums: Mapping[int, Sums] | None) -> Sums:
    return (sums or {}).get(0, NOTHING)
