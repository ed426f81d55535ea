"""Which desk a box serves from when to when. Readings belong to a box; boxes are moved and replaced, the desk stays."""

from __future__ import annotations

import difflib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sqlalchemy import Connection, and_, func, insert, select, update

from central.errors import PlacementError
from central.schema import boxes, desks, placements, sites
from contract.errors import ContractError
from contract.topics import check_box_id

MAX_NAME: Final = 64


@dataclass(frozen=True)
class Placed:
    """What `place` did."""

    box: str
    desk: str
    site: str
    moved_from: str | None  # the desk that the box left, where it had one
    replaced: tuple[str, ...]  # the boxes that left the desk


def place(
    connection: Connection,
    box: str,
    desk: str,
    *,
    site: str,
    team: str | None = None,
    zone: str | None = None,
    at_ms: int | None = None,
) -> Placed:
    """Let `box` serve `desk` of `site` from `at_ms` on (now where it is not given); its placement of before ends there.

    A box that serves the desk until then leaves it. Where `box` serves the desk already, it is said to have done so
    from `at_ms` on, where that is earlier and no other placement of the box or the desk reaches so far. The site and
    the desk are made where they are not there; a new site needs its `zone`, an IANA name. A `team` or `zone` that
    differs is changed. Raises PlacementError.
    """
    at_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    _check(box, desk, site, team)
    site_id = _site(connection, site, zone)
    desk_id = _desk(connection, site_id, desk, team)
    open_now = placements.c.until_ms.is_(None)
    before = connection.execute(
        select(placements.c.id, placements.c.box, placements.c.desk_id, placements.c.from_ms, desks.c.name)
        .join_from(placements, desks)
        .where(open_now, (placements.c.box == box) | (placements.c.desk_id == desk_id))
    ).all()
    here = next((row for row in before if row.box == box and row.desk_id == desk_id), None)
    if here is not None:
        _begin_earlier(connection, here.id, box, desk_id, here.from_ms, at_ms)
        return Placed(box, desk, site, None, ())
    if any(row.from_ms >= at_ms for row in before):
        raise PlacementError(f"box {box}: a placement of this box or desk begins later than that; give a later time")
    for row in before:
        connection.execute(update(placements).where(placements.c.id == row.id).values(until_ms=at_ms))
    connection.execute(insert(placements).values(box=box, desk_id=desk_id, from_ms=at_ms))
    moved_from = next((row.name for row in before if row.box == box), None)
    return Placed(box, desk, site, moved_from, tuple(row.box for row in before if row.box != box))


def _begin_earlier(connection: Connection, number: int, box: str, desk_id: int, from_ms: int, at_ms: int) -> None:
    if at_ms >= from_ms:
        return
    mine = (placements.c.box == box) | (placements.c.desk_id == desk_id)
    last = select(func.max(placements.c.until_ms)).where(mine, placements.c.id != number)
    until_ms = connection.execute(last).scalar()
    if until_ms is not None and until_ms > at_ms:
        raise PlacementError(f"box {box}: an earlier placement of this box or desk lasts longer; give a later time")
    connection.execute(update(placements).where(placements.c.id == number).values(from_ms=at_ms))


class Desk(NamedTuple):
    """A desk and the box that serves it now; what is said of the box is None where there is none."""

    site: str
    zone: str
    team: str
    desk: str
    box: str | None
    from_ms: int | None
    online: bool | None
    last_seen_ms: int | None
    desk_id: int


def list_desks(connection: Connection) -> list[Desk]:
    """Each desk, in desk order."""
    now = and_(placements.c.desk_id == desks.c.id, placements.c.until_ms.is_(None))
    query = (
        select(
            sites.c.name.label("site"),
            sites.c.zone,
            desks.c.team,
            desks.c.name.label("desk"),
            placements.c.box,
            placements.c.from_ms,
            boxes.c.online,
            boxes.c.last_seen_ms,
            desks.c.id,
        )
        .select_from(desks.join(sites).outerjoin(placements, now).outerjoin(boxes, boxes.c.box == placements.c.box))
        .order_by(sites.c.name, desks.c.position, desks.c.name)
    )
    return [Desk(*row) for row in connection.execute(query)]


def list_unplaced(connection: Connection) -> Sequence[str]:
    """The boxes that were heard of and serve no desk."""
    placed = select(placements.c.box).where(placements.c.until_ms.is_(None))
    return (
        connection.execute(select(boxes.c.box).where(boxes.c.box.not_in(placed)).order_by(boxes.c.box)).scalars().all()
    )


def _check(box: str, desk: str, site: str, team: str | None) -> None:
    try:
        check_box_id(box)
    except ContractError as error:
        raise PlacementError(str(error)) from error
    for what, name in (("desk", desk), ("site", site), ("team", team)):
        if name is not None and not (0 < len(name) <= MAX_NAME and name.isprintable() and name.strip() == name):
            raise PlacementError(f"{what}: 1 to {MAX_NAME} printable characters, no blanks at its ends; name it so")


def _site(connection: Connection, name: str, zone: str | None) -> int:
    if zone is not None:
        _check_zone(zone)
    known = connection.execute(select(sites).where(sites.c.name == name)).one_or_none()
    if known is None:
        if zone is None:
            raise PlacementError(f"site {name}: is new and needs its time zone; add --zone, as --zone Asia/Ho_Chi_Minh")
        result = connection.execute(insert(sites).values(name=name, zone=zone).returning(sites.c.id))
        return int(result.scalar_one())
    if zone is not None and zone != known.zone:
        connection.execute(update(sites).where(sites.c.id == known.id).values(zone=zone))
    return int(known.id)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = difflib.get_close_matches(zone, available_timezones(), n=1, cutoff=0.0)
        hint = f"; did you mean {near[0]}?" if near else "; install the package tzdata"
        raise PlacementError(f"zone {zone}: no such time zone{hint}") from error


def _desk(connection: Connection, site_id: int, name: str, team: str | None) -> int:
    here = desks.c.site_id == site_id
    known = connection.execute(select(desks).where(here, desks.c.name == name)).one_or_none()
    if known is None:
        last = connection.execute(select(func.max(desks.c.position)).where(here)).scalar()
        values = {"site_id": site_id, "name": name, "team": team or "", "position": 0 if last is None else last + 1}
        return int(connection.execute(insert(desks).values(values).returning(desks.c.id)).scalar_one())
    if team is not None and team != known.team:
        connection.execute(update(desks).where(desks.c.id == known.id).values(team=team))
    return int(known.id)
