"""What the pages ask of the tables about desks: who is there, and what their readings add up to. Nothing here writes.

Readings and roll-ups belong to a box; a desk's are those of the boxes placed there, while they were. A roll-up bin in
which a box was moved holds readings of two desks and is shown at neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    or_,
    select,
)

from central.schema import FACE, ROLLUPS, boxes, desks, placements, quarters, readings, sites
from central.web.bins import Sums
from central.web.ranges import MINUTE, Grain, Window
from central.web.records import LASTING_REASONS, Box, Desk, Newest, Site
from look import STACK

FOREVER: Final = 2**62  # later than any reading, with room to add to it
QUARTER: Final = 15 * MINUTE
Span = tuple[int, int]
"""From one millisecond to before another."""

_STATUS: Final = tuple(column for column in boxes.c if column.name != "box")


def all_sites(connection: Connection) -> tuple[Site, ...]:
    """Every site, by number."""
    rows = connection.execute(select(sites.c.id, sites.c.name, sites.c.zone).order_by(sites.c.id))
    return tuple(Site(id=row.id, name=row.name, zone=row.zone) for row in rows)


def desks_now(
    connection: Connection, now_ms: int, *, site_id: int | None = None, desk_id: int | None = None
) -> tuple[Desk, ...]:
    """The desks of a site, or one desk, in desk order, each with the box that serves it now and its newest reading."""
    here = and_(placements.c.desk_id == desks.c.id, in_force(now_ms))
    query = (
        select(desks.c.id, desks.c.site_id, desks.c.name, desks.c.team, placements.c.box.label("placed"), *status())
        .select_from(with_newest(desks.outerjoin(placements, here), placements.c.box))
        .where(desks.c.site_id == site_id if desk_id is None else desks.c.id == desk_id)
        .order_by(desks.c.position, desks.c.name, desks.c.id, placements.c.from_ms, readings.c.received_ms)
    )
    found: dict[int, Desk] = {}
    for row in connection.execute(query):  # where two boxes serve a desk, the one placed last is shown
        found[row.id] = Desk(
            id=row.id,
            site_id=row.site_id,
            name=row.name,
            team=row.team,
            box=row.placed,
            status=box_of(row),
            newest=newest_of(row),
        )
    return tuple(found.values())


def begun(connection: Connection, desk_ids: Sequence[int], source: str = FACE) -> dict[int, int]:
    """When each desk's first reading was made; desks without any are left out. Exact while its raw rows are kept."""
    at, ((minutes, _), _) = placed(MINUTE), ROLLUPS[source]
    rolled = (
        select(func.min(minutes.c.start_ms))
        .where(minutes.c.box == at.c.box, minutes.c.start_ms >= at.c.low, minutes.c.start_ms < at.c.high)
        .scalar_subquery()
    )
    starts = (
        select(at.c.desk_id, at.c.box, at.c.from_ms, rolled.label("ms"))
        .where(at.c.desk_id.in_(desk_ids))
        .subquery("starts")
    )
    raw = select(func.min(readings.c.wall_ms)).where(
        readings.c.box == starts.c.box,
        readings.c.wall_ms >= starts.c.ms,
        readings.c.wall_ms >= starts.c.from_ms,
        readings.c.source == source,
    )
    query = select(starts, raw.scalar_subquery().label("raw")).where(starts.c.ms.is_not(None))
    found: dict[int, int] = {}
    for row in connection.execute(query):
        first = max(row.ms, min(row.from_ms, row.ms + MINUTE))
        if row.raw is not None and row.raw < row.ms + MINUTE:
            first = row.raw
        found[row.desk_id] = min(first, found.get(row.desk_id, first))
    return found


def first_since(connection: Connection, desk_ids: Sequence[int], since_ms: int, source: str = FACE) -> int | None:
    """When the first quarter-hour after `since_ms` begins in which any of the desks was observed."""
    at, (_, (quarters, _)) = placed(QUARTER), ROLLUPS[source]
    query = (
        select(func.min(quarters.c.start_ms))
        .select_from(at.join(quarters, quarters.c.box == at.c.box))
        .where(quarters.c.start_ms >= since_ms, while_placed(at, quarters.c.start_ms))
        .where(at.c.desk_id.in_(desk_ids), quarters.c.seen_s + quarters.c.unseen_s > 0)
    )
    first: int | None = connection.execute(query).scalar_one()
    return first


def sources_of(connection: Connection, desk_id: int) -> tuple[str, ...]:
    """Of what a desk has readings, the face always among them."""
    at = placed(QUARTER)
    found = [FACE]
    for source, (_, (table, _)) in ROLLUPS.items():
        there = (
            select(table.c.start_ms)
            .select_from(at.join(table, table.c.box == at.c.box))
            .where(at.c.desk_id == desk_id, while_placed(at, table.c.start_ms))
            .limit(1)
        )
        if source != FACE and connection.execute(there).first() is not None:
            found.append(source)
    return tuple(found)


def sums(
    connection: Connection, window: Window, desk_ids: Sequence[int], *, lead: int = 0, source: str = FACE
) -> dict[int, dict[int, Sums]]:
    """What the readings add up to, by desk and column; `lead` columns before the window come as negative ones."""
    origin = window.start_ms - lead * window.step_ms
    table, length = _table(window.range.grain, source)
    raw = (readings.c.wall_ok.is_(True), readings.c.source == source) if table is readings else ()
    start = table.c.wall_ms if table is readings else table.c.start_ms
    at = placed(length)
    column = ((start - origin) // window.step_ms).label("bin")
    query = (
        select(at.c.desk_id, column, *_values(table), func.min(start).label("first_ms"))
        .select_from(at.join(table, table.c.box == at.c.box))
        .where(start >= origin, start < window.end_ms, while_placed(at, start))
        .where(at.c.desk_id.in_(desk_ids), *raw)
        .group_by(at.c.desk_id, column)
    )
    found: dict[int, dict[int, Sums]] = defaultdict(dict)
    for row in connection.execute(query).all():
        found[row[0]][row[1] - lead] = _sums(row[2:])
    return found


def quarters_by_desk(
    connection: Connection, desk_ids: Sequence[int], spans: Sequence[Span]
) -> dict[int, dict[int, Sums]]:
    """By desk and beginning, every real quarter-hour that begins in one of the spans."""
    found: dict[int, dict[int, Sums]] = defaultdict(dict)
    at = placed(QUARTER)
    query = _real_quarters(at, desk_ids, spans).add_columns(at.c.desk_id, quarters.c.start_ms, *_columns(quarters))
    for row in connection.execute(query):
        found[row[0]][row[1]] = _sums((*row[2:], row[1]))
    return found


def quarters_together(connection: Connection, desk_ids: Sequence[int], spans: Sequence[Span]) -> dict[int, Sums]:
    """By beginning, what every real quarter-hour that begins in one of the spans adds up to over the desks."""
    query = _real_quarters(placed(QUARTER), desk_ids, spans).add_columns(quarters.c.start_ms, *_values(quarters))
    rows = connection.execute(query.group_by(quarters.c.start_ms))
    return {row[0]: _sums((*row[1:], row[0])) for row in rows}


def recorded_quarters(connection: Connection, desk_id: int) -> Sequence[int]:
    """When the quarter-hours begin of which a desk has recordings."""
    at = placed(QUARTER)
    query = (
        select(quarters.c.start_ms)
        .select_from(at.join(quarters, quarters.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, while_placed(at, quarters.c.start_ms), quarters.c.recorded_s > 0)
    )
    return connection.execute(query).scalars().all()


def recorded_until(connection: Connection, desk_id: int, before_ms: int) -> int | None:
    """When the newest recorded reading of a desk ended that began before `before_ms`; None where there is none."""
    at = placed(1)
    query = (
        select(readings.c.wall_ms, readings.c.duration_s)
        .select_from(at.join(readings, readings.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, while_placed(at, readings.c.wall_ms))
        .where(readings.c.wall_ms < before_ms, readings.c.recorded.is_(True), readings.c.wall_ok.is_(True))
        .order_by(readings.c.wall_ms.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else row.wall_ms + round(row.duration_s * 1000)


@cache
def placed(length_ms: int) -> Subquery:
    """Placements as (desk_id, box, from_ms, low, high): which bins of `length_ms` are the desk's, by their beginning.

    The bins in which a box came or went count whole, unless they hold readings of another desk too.
    """
    mine, other = placements, placements.alias("other")
    until, others_until = (func.coalesce(table.c.until_ms, FOREVER) for table in (mine, other))
    floor, rest = mine.c.from_ms - mine.c.from_ms % length_ms, until % length_ms
    another = (other.c.box == mine.c.box, other.c.id != mine.c.id)
    shared_before = exists().where(*another, other.c.from_ms < mine.c.from_ms, others_until > floor)
    shared_after = exists().where(
        *another, other.c.from_ms >= mine.c.from_ms, other.c.from_ms < until - rest + length_ms
    )
    return select(
        mine.c.desk_id,
        mine.c.box,
        mine.c.from_ms,
        case((shared_before, mine.c.from_ms), else_=floor).label("low"),
        case((or_(rest == 0, shared_after), until - rest), else_=until - rest + length_ms).label("high"),
    ).subquery("placed")


def while_placed(at: Subquery, moment: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether `moment` lies in a placement. Adding nothing keeps a database from searching by these bounds, which are
    wide, rather than by those of the question."""
    return and_(moment + 0 >= at.c.low, moment + 0 < at.c.high)


def in_force(now_ms: int) -> ColumnElement[bool]:
    """Whether a placement holds at `now_ms`."""
    return and_(placements.c.from_ms <= now_ms, or_(placements.c.until_ms.is_(None), placements.c.until_ms > now_ms))


def with_newest(source: FromClause, box: ColumnElement[str]) -> FromClause:
    """`source` with the status of its box and that box's newest reading of a face, where they are there."""
    other = readings.alias("other")
    last = select(func.max(other.c.wall_ms)).where(
        other.c.box == boxes.c.box, other.c.wall_ok.is_(True), other.c.source == FACE
    )
    newest = and_(
        readings.c.box == boxes.c.box,
        readings.c.source == FACE,
        readings.c.wall_ms == last.correlate(boxes).scalar_subquery(),
    )
    return source.outerjoin(boxes, boxes.c.box == box).outerjoin(readings, newest)


def status() -> tuple[ColumnElement[Any], ...]:
    """The columns that `box_of` and `newest_of` read."""
    newest = (readings.c.wall_ms, readings.c.received_ms, readings.c.duration_s, readings.c.reason)
    return (boxes.c.box, *_STATUS, *newest)


def box_of(row: Row[Any]) -> Box | None:
    """The status in a row, or None where nothing was ever heard of the box."""
    return None if row.box is None else Box(box=row.box, **{column.name: row._mapping[column] for column in _STATUS})


def newest_of(row: Row[Any]) -> Newest | None:
    """The newest reading in a row, or None."""
    if row.wall_ms is None:
        return None
    return Newest(wall_ms=row.wall_ms, received_ms=row.received_ms, duration_s=row.duration_s, reason=row.reason)


def _real_quarters(at: Subquery, desk_ids: Sequence[int], spans: Sequence[Span]) -> Select[Any]:
    start, real = quarters.c.start_ms, (quarters.c.simulated_s == 0, quarters.c.recorded_s == 0)
    return (
        select()
        .select_from(at.join(quarters, quarters.c.box == at.c.box))
        .where(start >= min(span[0] for span in spans), start < max(span[1] for span in spans))
        .where(or_(*(and_(start >= first, start < last) for first, last in spans)))
        .where(while_placed(at, start), at.c.desk_id.in_(desk_ids), *real)
    )


def _table(grain: Grain, source: str) -> tuple[Table, int]:
    """The table of a grain and the length of its bins; a raw reading has none to share."""
    minutes, quarters = ROLLUPS[source]
    return {Grain.READINGS: (readings, 1), Grain.MINUTES: minutes, Grain.QUARTERS: quarters}[grain]


def _columns(rollup: Table) -> list[ColumnElement[float]]:
    seconds = ("seen_s", "unseen_s", "not_observed_s", "late_s", "simulated_s", "recorded_s")
    return [rollup.c[name] for name in (*seconds, *(f"sum_{name}" for name in ("valence", "confidence", *STACK)))]


def _values(table: Table) -> Sequence[ColumnElement[float]]:
    """Sums over a group of rows, in the order in which `_sums` takes them."""
    if table is not readings:
        return [func.sum(column) for column in _columns(table)]
    last, lasting = table.c.duration_s, table.c.reason.in_(LASTING_REASONS)
    parts = (
        table.c.reason.is_(None),
        and_(table.c.reason.is_not(None), ~lasting),
        lasting,
        and_(table.c.historical, ~table.c.recorded),
        table.c.simulated,
        table.c.recorded,
    )
    weighted = (table.c.valence, table.c.confidence, *(table.c[f"p_{name}"] for name in STACK))
    return [func.sum(case((part, last), else_=0.0)) for part in parts] + [func.sum(last * value) for value in weighted]


def _sums(values: Iterable[Any]) -> Sums:
    *numbers, first_ms = values
    seen, unseen, hidden, late, simulated, recorded, valence, confidence, *shares = (n or 0.0 for n in numbers)
    return Sums(
        seen_s=seen,
        unseen_s=unseen,
        not_observed_s=hidden,
        late_s=late,
        simulated_s=simulated,
        recorded_s=recorded,
        valence=valence,
        confidence=confidence,
        shares=tuple(shares),
        first_ms=first_ms,
    )
