"""Conversations at a desk: told of by another system, or by a box that sees customers come and go; and how they went.

How one went is how valence changed: its mean over the last third less its mean over the first. Nothing is said where
under 60 % of it, or nothing of either third, was seen. It is drawn from the readings that tell most of it: of customers
where a box looks at them, else of the agent; of face and voice together, else of the face, else of the voice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, insert, or_, select, update

from central.errors import CentreError
from central.raw import Sheaf
from central.schema import conversations, desks, placements, readings
from contract.reading import Role, Source

ENOUGH: Final = 0.6  # part of its time that has to be seen
LONGEST_MS: Final = 24 * 3_600_000
THIRDS: Final = 3
FOREVER: Final = 2**62
_BEST_FIRST: Final = tuple(
    (role.value, source.value)
    for role, source in product((Role.CUSTOMER, Role.AGENT), (Source.BOTH, Source.FACE, Source.VOICE))
)


class ConversationError(CentreError):
    """What was told of a conversation cannot be: its text says why, for whoever told it."""


class How(NamedTuple):
    """How a conversation went: seconds seen and seconds there were, and the change of valence, None where not told."""

    seen_s: float
    observed_s: float
    change: float | None

    @property
    def coverage(self) -> float:
        """The part of its time that was seen, from 0 to 1."""
        return min(1.0, self.seen_s / self.observed_s) if self.observed_s > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One of them at a desk; `end_ms` is None while it lasts."""

    id: int
    external_id: str
    start_ms: int
    end_ms: int | None
    how: How


def tell(
    connection: Connection, desk_id: int, external_id: str, start_ms: int, end_ms: int | None, now_ms: int
) -> bool:
    """Another system tells of a conversation at a desk, once or again: its end may come later. Whether it is new.

    Raises ConversationError where there is no such desk, or its times cannot be.
    """
    if end_ms is not None and not 0 < end_ms - start_ms <= LONGEST_MS:
        raise ConversationError("end: must be after start, and within a day of it")
    if connection.execute(select(desks.c.id).where(desks.c.id == desk_id)).first() is None:
        raise ConversationError(f"desk: there is none of number {desk_id}; GET /api/v1/desks lists them")
    mine = and_(conversations.c.desk_id == desk_id, conversations.c.external_id == external_id)
    given: dict[str, float | None] = {
        "start_ms": start_ms,
        "told_ms": now_ms,
        **({} if end_ms is None else {"end_ms": end_ms}),
    }
    there = connection.execute(select(conversations).where(mine)).first()
    if there is not None:
        if any(getattr(there, name) != value for name, value in given.items() if name != "told_ms"):
            given |= {"seen_s": None, "observed_s": None, "change": None}  # what was kept was of other times
        connection.execute(update(conversations).where(mine).values(given))
        return False
    connection.execute(insert(conversations).values(desk_id=desk_id, external_id=external_id, **given))
    return True


def note(connection: Connection, sheaves: Iterable[Sheaf], now_ms: int) -> None:
    """Boxes tell of conversations by naming them in their readings: they last as long as the readings that do."""
    spans: dict[tuple[str, str], tuple[int, int]] = {}
    for sheaf in sheaves:
        for reading in sheaf.readings:
            if reading.conversation is not None:
                key = sheaf.box, reading.conversation
                low, high = spans.get(key, (reading.wall_ms, reading.ended_ms))
                spans[key] = min(low, reading.wall_ms), max(high, reading.ended_ms)
    for (box, name), (low, high) in sorted(spans.items()):
        mine = and_(conversations.c.box == box, conversations.c.external_id == name)
        there = connection.execute(select(conversations.c.start_ms, conversations.c.end_ms).where(mine)).first()
        if there is None:
            connection.execute(
                insert(conversations).values(box=box, external_id=name, start_ms=low, end_ms=high, told_ms=now_ms)
            )
        else:
            grown = {"start_ms": min(low, there.start_ms), "end_ms": max(high, there.end_ms), "told_ms": now_ms}
            connection.execute(update(conversations).where(mine).values(grown))


def at_desk(connection: Connection, desk_id: int, from_ms: int, until_ms: int, now_ms: int) -> list[Conversation]:
    """The conversations at a desk that touch a span of time, oldest first, each with how it went."""
    ends = func.coalesce(conversations.c.end_ms, now_ms)
    rows = connection.execute(
        select(conversations)
        .where(_at(desk_id), conversations.c.start_ms < until_ms, ends > from_ms)
        .order_by(conversations.c.start_ms, conversations.c.id)
    ).all()
    return [
        Conversation(
            id=row.id,
            external_id=row.external_id,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
            how=_how_of(connection, row, desk_id, now_ms),
        )
        for row in rows
    ]


def settle(connection: Connection, before_ms: int) -> None:
    """Keep how conversations of before went, for their readings are about to go."""
    due = and_(conversations.c.end_ms < before_ms, conversations.c.seen_s.is_(None))
    for row in connection.execute(select(conversations).where(due)).all():
        found = how(connection, desk_of(connection, row), row.start_ms, row.end_ms)
        kept = {"seen_s": found.seen_s, "observed_s": found.observed_s, "change": found.change}
        connection.execute(update(conversations).where(conversations.c.id == row.id).values(kept))


def how(connection: Connection, desk_id: int | None, start_ms: int, end_ms: int) -> How:
    """How a conversation at a desk from one time to another went, by the readings that are there."""
    length_s = (end_ms - start_ms) / 1000
    if desk_id is None or length_s <= 0:
        return How(0.0, max(0.0, length_s), None)
    third = case(
        *((readings.c.wall_ms < start_ms + (end_ms - start_ms) * k // THIRDS, k) for k in range(1, THIRDS)),
        else_=THIRDS,
    ).label("third")
    seen = case((readings.c.reason.is_(None), readings.c.duration_s), else_=0.0)
    at = placements
    query = (
        select(
            readings.c.role,
            readings.c.source,
            third,
            func.sum(seen).label("seen_s"),
            func.sum(readings.c.duration_s * readings.c.valence).label("valence"),
        )
        .select_from(at.join(readings, readings.c.box == at.c.box))
        .where(at.c.desk_id == desk_id, readings.c.wall_ok.is_(True))
        .where(readings.c.wall_ms >= start_ms, readings.c.wall_ms < end_ms)
        .where(readings.c.wall_ms >= at.c.from_ms, readings.c.wall_ms < func.coalesce(at.c.until_ms, FOREVER))
        .group_by(readings.c.role, readings.c.source, third)
    )
    thirds: dict[tuple[str, str], dict[int, tuple[float, float]]] = {}
    for row in connection.execute(query):
        thirds.setdefault((row.role, row.source), {})[row.third] = (row.seen_s, row.valence or 0.0)
    best = next((thirds[kind] for kind in _BEST_FIRST if any(s > 0 for s, _ in thirds.get(kind, {}).values())), {})
    return _change(best, length_s)


def _change(thirds: dict[int, tuple[float, float]], length_s: float) -> How:
    seen_s = sum(seen for seen, _ in thirds.values())
    (first_s, first), (last_s, last) = thirds.get(1, (0.0, 0.0)), thirds.get(THIRDS, (0.0, 0.0))
    found = How(seen_s, length_s, None)
    if found.coverage < ENOUGH or not first_s or not last_s:
        return found
    return found._replace(change=last / last_s - first / first_s)


def desk_of(connection: Connection, row: Row[tuple[object, ...]]) -> int | None:
    """The desk of a row of conversations: the one that is named, or where its box was as it began."""
    if row.desk_id is not None:
        return int(row.desk_id)
    until = func.coalesce(placements.c.until_ms, FOREVER)
    found = connection.execute(
        select(placements.c.desk_id).where(
            placements.c.box == row.box, placements.c.from_ms <= row.start_ms, until > row.start_ms
        )
    ).scalar()
    return None if found is None else int(found)


def _how_of(connection: Connection, row: Row[tuple[object, ...]], desk_id: int, now_ms: int) -> How:
    if row.seen_s is not None:
        return How(row.seen_s, row.observed_s, row.change)
    found = how(connection, desk_id, row.start_ms, row.end_ms if row.end_ms is not None else now_ms)
    return found if row.end_ms is not None else found._replace(change=None)  # its last third is still to come


def _at(desk_id: int) -> ColumnElement[bool]:
    """Whether a conversation is a desk's."""
    until = func.coalesce(placements.c.until_ms, FOREVER)
    of_box = (
        select(placements.c.id)
        .where(placements.c.desk_id == desk_id, placements.c.box == conversations.c.box)
        .where(placements.c.from_ms <= conversations.c.start_ms, until > conversations.c.start_ms)
        .exists()
    )
    return or_(conversations.c.desk_id == desk_id, of_box)
