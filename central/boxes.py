"""What the centre knows of each box: its last word about itself, and when the centre itself last heard of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, update

from central.arrivals import Arrival
from central.schema import boxes
from central.statements import insert_many, insert_sql
from central.texts import plain
from contract.encoding import Opened
from contract.messages import Status

_TOUCH: Final = insert_sql(
    boxes,
    ("box", "last_seen_ms", "last_live_ms"),
    (
        ("last_seen_ms", "coalesce(excluded.last_seen_ms, boxes.last_seen_ms)"),
        (
            "last_live_ms",
            "CASE WHEN excluded.last_live_ms > coalesce(boxes.last_live_ms, 0)"
            " THEN excluded.last_live_ms ELSE boxes.last_live_ms END",
        ),
    ),
)


def touch(connection: Connection, arrivals: Iterable[Arrival], live_ms: dict[str, int], now_ms: int) -> None:
    """Note which boxes were heard of now; `live_ms`: the newest wall time of each one's live readings.

    On PostgreSQL this also locks each box to the end of the transaction, always in the same order: two ingesters that
    hold messages of one box take turns, and neither waits for the other in a ring.
    """
    seen: dict[str, int | None] = {}
    for arrival in arrivals:
        if _is_sign_of_life(arrival):
            seen[arrival.box] = now_ms
        else:
            seen.setdefault(arrival.box, None)
    insert_many(connection, _TOUCH, [(box, seen[box], live_ms.get(box)) for box in sorted(seen)])


def keep_status(connection: Connection, box: str, status: Status) -> None:
    """Keep a box's word about itself; its will, sent by the broker when it is gone, says only that it is gone."""
    fields: dict[str, bool | int | float | str | None] = {"online": status.online}
    if status.online:
        building = status.building_engine
        fields |= {
            "simulated": status.simulated,
            "recorded": status.recorded,
            "software": status.software,
            "model": status.model,
            "epoch": status.epoch,
            "clock_ok": status.clock_ok,
            "frames_per_second": status.frames_per_second,
            "frame_ms": status.frame_ms,
            "memory_mb": status.memory_mb,
            "temperature_c": status.temperature_c,
            "disk_free_mb": status.disk_free_mb,
            "backend": status.backend,
            "building_step": plain(building.step) if building is not None else None,
            "building_share": building.share if building is not None else None,
            "engine_fault": plain(status.engine_fault) if status.engine_fault else None,
            "waiting": status.waiting,
            "set_aside": status.set_aside,
            "gaps": status.gaps,
            "status_ms": status.at_ms,
        }
    connection.execute(update(boxes).where(boxes.c.box == box).values(fields))


def _is_sign_of_life(arrival: Arrival) -> bool:
    """Not what the broker says on a box's behalf: what it retained from before, or the box's will."""
    body = arrival.body
    return not arrival.retained and (isinstance(body, Opened) or not isinstance(body, Status) or body.online)
