"""What the pages ask of the tables about boxes: their health, their gaps, what came late. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, union

from central.schema import FACE, boxes, desks, gaps, placements, quarantine, readings, refused, sites
from central.web.queries import box_of, in_force, newest_of, placed, status, while_placed, with_newest
from central.web.ranges import MINUTE
from central.web.records import LASTING_REASONS, Arrival, LostReadings, PlacedBox, Reading
from look import STACK

_TAIL: Final = 5000  # newest rows among which late ones are looked for
_LOST: Final = (gaps.c.from_ms, gaps.c.until_ms, gaps.c.count, gaps.c.cause)


def all_boxes(connection: Connection, now_ms: int) -> tuple[PlacedBox, ...]:
    """Every box that was heard of or is placed, by name."""
    names = union(select(boxes.c.box), select(placements.c.box).where(in_force(now_ms))).subquery("names")
    held = select(quarantine.c.box, func.count().label("n")).group_by(quarantine.c.box).subquery("held")
    away = select(refused.c.box, func.count().label("n")).group_by(refused.c.box).subquery("away")
    gone = (
        select(gaps.c.box, func.count().label("n"), func.sum(gaps.c.count).label("lost"))
        .group_by(gaps.c.box)
        .subquery("gone")
    )
    joined = (
        with_newest(names, names.c.box)
        .outerjoin(placements, and_(placements.c.box == names.c.box, in_force(now_ms)))
        .outerjoin(desks, desks.c.id == placements.c.desk_id)
        .outerjoin(sites, sites.c.id == desks.c.site_id)
        .outerjoin(held, held.c.box == names.c.box)
        .outerjoin(away, away.c.box == names.c.box)
        .outerjoin(gone, gone.c.box == names.c.box)
    )
    named = (
        names.c.box.label("name"),
        desks.c.id.label("desk_id"),
        desks.c.name.label("desk"),
        sites.c.name.label("site"),
    )
    sums = {"quarantined": held.c.n, "refused": away.c.n, "gap_records": gone.c.n, "lost": gone.c.lost}
    counts = (func.coalesce(count, 0).label(name) for name, count in sums.items())
    query = select(*named, *counts, *status()).select_from(joined).order_by(names.c.box, placements.c.from_ms)
    found: dict[str, PlacedBox] = {}
    for row in connection.execute(query):
        found[row.name] = PlacedBox(
            box=row.name,
            status=box_of(row),
            newest=newest_of(row),
            desk_id=row.desk_id,
            desk=row.desk,
            site=row.site,
            quarantined=row.quarantined,
            refused=row.refused,
            gap_records=row.gap_records,
            lost=int(row.lost),
        )
    return tuple(found.values())


def counts(connection: Connection, box: str) -> tuple[int, int, int]:
    """How many readings of a box are in quarantine, how many were refused, and how many gap records it has told."""
    held = select(func.count()).select_from(quarantine).where(quarantine.c.box == box).scalar_subquery()
    away = select(func.count()).select_from(refused).where(refused.c.box == box).scalar_subquery()
    gone = select(func.count()).select_from(gaps).where(gaps.c.box == box).scalar_subquery()
    row = connection.execute(select(held, away, gone)).one()
    return row[0], row[1], row[2]


def arriving(connection: Connection, since_ms: int) -> dict[str, int]:
    """How many late readings of each box came after `since_ms`, looked for among the newest rows alone."""
    tail = (
        select(readings.c.box, readings.c.historical, readings.c.received_ms)
        .order_by(readings.c.id.desc())
        .limit(_TAIL)
        .subquery("tail")
    )
    query = (
        select(tail.c.box, func.count())
        .where(tail.c.historical.is_(True), tail.c.received_ms >= since_ms)
        .group_by(tail.c.box)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def lost(connection: Connection, desk_id: int, since_ms: int) -> tuple[LostReadings, ...]:
    """The gap records of a desk's boxes that reach beyond `since_ms`, oldest first."""
    query = select(*_LOST).where(_lost_by(desk_id), gaps.c.until_ms >= since_ms).order_by(gaps.c.from_ms)
    return tuple(LostReadings(**row._mapping) for row in connection.execute(query))


def all_lost(connection: Connection, desk_id: int, limit: int) -> tuple[tuple[LostReadings, ...], int]:
    """The newest gap records of a desk's boxes of whatever day, newest first, and how many there are in all."""
    query = select(*_LOST).where(_lost_by(desk_id)).order_by(gaps.c.until_ms.desc(), gaps.c.from_ms.desc())
    newest = tuple(LostReadings(**row._mapping) for row in connection.execute(query.limit(limit)))
    if len(newest) < limit:
        return newest, len(newest)
    return newest, connection.execute(select(func.count()).select_from(gaps).where(_lost_by(desk_id))).scalar_one()


def _lost_by(desk_id: int) -> ColumnElement[bool]:
    """Whether a gap record touches a time in which its box served the desk."""
    at = placed(1)
    return exists().where(
        at.c.desk_id == desk_id, at.c.box == gaps.c.box, gaps.c.from_ms < at.c.high, gaps.c.until_ms >= at.c.low
    )


def arrivals(connection: Connection, desk_id: int, from_ms: int, until_ms: int) -> dict[int, Arrival]:
    """By the minute in which they were made: the readings of a desk that came late."""
    at, minute = placed(1), (readings.c.wall_ms // MINUTE).label("minute")
    query = (
        select(minute, func.count(), func.max(readings.c.received_ms))
        .select_from(at.join(readings, readings.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, while_placed(at, readings.c.wall_ms))
        .where(readings.c.wall_ms >= from_ms, readings.c.wall_ms < until_ms, readings.c.historical.is_(True))
        .where(readings.c.source == FACE)
        .group_by(minute)
    )
    return {row[0] * MINUTE: Arrival(count=row[1], last_ms=row[2]) for row in connection.execute(query)}


def reasons(
    connection: Connection, desk_id: int, spans: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], dict[str, float]]:
    """For each span [from, until), for how many seconds each passing reason kept a desk from being seen."""
    if not spans:
        return {}
    at = placed(1)
    number = case(*((readings.c.wall_ms < until, i) for i, (_, until) in enumerate(sorted(spans)))).label("span")
    query = (
        select(number, readings.c.reason, func.sum(readings.c.duration_s))
        .select_from(at.join(readings, readings.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, while_placed(at, readings.c.wall_ms))
        .where(readings.c.wall_ms >= min(spans)[0], readings.c.wall_ms < max(spans)[1])
        .where(or_(*(and_(readings.c.wall_ms >= first, readings.c.wall_ms < last) for first, last in spans)))
        .where(readings.c.reason.is_not(None), readings.c.reason.not_in(LASTING_REASONS), readings.c.source == FACE)
        .group_by(number, readings.c.reason)
    )
    ordered = sorted(spans)
    found: dict[tuple[int, int], dict[str, float]] = {span: {} for span in spans}
    for i, reason, seconds in connection.execute(query):
        found[ordered[i]][reason] = seconds
    return found


def last_readings(
    connection: Connection, desk_id: int, since_ms: int, limit: int, source: str = FACE
) -> tuple[Reading, ...]:
    """The newest raw readings of a desk made after `since_ms`, newest first."""
    at = placed(1)
    shares = tuple(readings.c[f"p_{name}"] for name in STACK)
    plain = (
        readings.c.wall_ms,
        readings.c.duration_s,
        readings.c.historical,
        readings.c.valence,
        readings.c.confidence,
        readings.c.quality,
        readings.c.faces,
        readings.c.reason,
    )
    query = (
        select(*plain, *shares)
        .select_from(at.join(readings, readings.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, while_placed(at, readings.c.wall_ms))
        .where(readings.c.wall_ms >= since_ms, readings.c.source == source)
        .order_by(readings.c.wall_ms.desc())
        .limit(limit)
    )
    return tuple(
        Reading(
            **{column.name: row._mapping[column] for column in plain},
            shares=None if row.reason is not None else tuple(row[len(plain) :]),
        )
        for row in connection.execute(query)
    )
