"""What is named but not stored: quarantined readings, refused readings, gaps in a box's outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, func, select

from central.raw import Item
from central.schema import gaps, quarantine, refused
from central.statements import insert_many, insert_sql
from central.texts import plain
from contract.messages import Gap

MAX_QUARANTINED: Final = 10_000  # rows a box; beyond them the box keeps its readings and nothing here grows

_QUARANTINE: Final = insert_sql(quarantine, ("box", "epoch", "seq", "received_ms", "why", "body"), ())
_REFUSE: Final = insert_sql(refused, ("box", "epoch", "seq", "reported_ms", "why"), ())
_GAP: Final = insert_sql(
    gaps, ("box", "epoch", "first", "last", "count", "from_ms", "until_ms", "cause", "reported_ms"), ()
)


def put_in_quarantine(connection: Connection, found: Iterable[tuple[Item, str]], now_ms: int) -> None:
    """Keep readings, each with the reason, once each however often they come; at most MAX_QUARANTINED of a box."""
    rows = [(*item.number, now_ms, why, msgspec.json.encode(item.reading).decode()) for item, why in found]
    for box in sorted({row[0] for row in rows}):
        there = connection.execute(select(func.count()).where(quarantine.c.box == box)).scalar_one()
        insert_many(connection, _QUARANTINE, [row for row in rows if row[0] == box][: max(0, MAX_QUARANTINED - there)])


def list_quarantine(connection: Connection, box: str | None = None) -> Sequence[Row[Any]]:
    """All of it in the order it came, of one box where it is named."""
    query = select(quarantine).order_by(quarantine.c.id)
    return connection.execute(query if box is None else query.where(quarantine.c.box == box)).all()


def name_refused(connection: Connection, rows: Iterable[tuple[str, str, int, str]], now_ms: int) -> None:
    """Name readings that are not stored: (box, epoch, seq, why); the first reason stays."""
    insert_many(connection, _REFUSE, [(box, epoch, seq, now_ms, plain(why)) for box, epoch, seq, why in rows])


def name_gap(connection: Connection, box: str, epoch: str, gap: Gap, now_ms: int) -> None:
    """Name readings that an outbox had to let go of."""
    row = (box, epoch, gap.first, gap.last, gap.count, gap.from_ms, gap.until_ms, gap.cause.value, now_ms)
    insert_many(connection, _GAP, [row])
