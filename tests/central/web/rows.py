"""Hand-made rows for the tests of the pages: what they add up to can be told from the test alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, insert

from central.schema import boxes, desks, gaps, minutes, placements, quarantine, quarters, readings, refused, sites
from contract.expressions import EXPRESSIONS, valence

MINUTE: Final = 60_000
QUARTER: Final = 15 * MINUTE
HOUR: Final = 60 * MINUTE
HAPPY: Final = (0.2, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # in the order of the contract
SAD: Final = (0.4, 0.0, 0.0, 0.6, 0.0, 0.0, 0.0, 0.0)
ZONE: Final = "Asia/Ho_Chi_Minh"


def site(connection: Connection, *, name: str = "Da Nang", zone: str = ZONE, number: int = 1) -> int:
    """A site."""
    connection.execute(insert(sites).values(id=number, name=name, zone=zone))
    return number


def desk(
    connection: Connection,
    name: str,
    *,
    box: str | None = None,
    team: str = "",
    position: int = 0,
    from_ms: int = 0,
    site_id: int = 1,
) -> int:
    """A desk, and a box placed there from `from_ms` on."""
    made = insert(desks).values(site_id=site_id, name=name, team=team, position=position).returning(desks.c.id)
    number = int(connection.execute(made).scalar_one())
    if box is not None:
        placed(connection, box, number, from_ms)
    return number


def placed(connection: Connection, box: str, desk_id: int, from_ms: int, until_ms: int | None = None) -> None:
    """A placement."""
    connection.execute(insert(placements).values(box=box, desk_id=desk_id, from_ms=from_ms, until_ms=until_ms))


def box(connection: Connection, name: str, *, live_ms: int | None = None, **changes: Any) -> None:
    """A box that reports; `live_ms`: the wall time of its newest live reading, which is written too."""
    values: dict[str, Any] = {"online": True, "last_seen_ms": live_ms, "last_live_ms": live_ms, "simulated": False}
    values |= {"status_ms": live_ms, "clock_ok": True, "waiting": 0, "set_aside": 0, "gaps": 0}
    connection.execute(insert(boxes).values(box=name, **(values | changes)))


def rolled(
    connection: Connection,
    table: Table,
    box: str,
    start_ms: int,
    *,
    seen: float = 0.0,
    shares: Sequence[float] = HAPPY,
    **changes: Any,
) -> None:
    """A bin of a roll-up: `seen` seconds of these shares."""
    values: dict[str, Any] = {
        "box": box,
        "start_ms": start_ms,
        "seen_s": seen,
        "readings": round(seen),
        "sum_valence": seen * valence(shares),
        "sum_confidence": seen * 0.5,
        **{f"sum_{name}": seen * share for name, share in zip(EXPRESSIONS, shares, strict=True)},
    }
    connection.execute(insert(table).values(values | changes))


def minute(connection: Connection, box: str, start_ms: int, **values: Any) -> None:
    """A minute of a box, as `rolled`."""
    rolled(connection, minutes, box, start_ms, **values)


def quarter(connection: Connection, box: str, start_ms: int, **values: Any) -> None:
    """A quarter-hour of a box, as `rolled`."""
    rolled(connection, quarters, box, start_ms, **values)


def reading(
    connection: Connection,
    box: str,
    wall_ms: int,
    *,
    shares: Sequence[float] | None = HAPPY,
    reason: str | None = None,
    **changes: Any,
) -> None:
    """A raw reading of a second; with a `reason` it has no shares."""
    seen = shares if reason is None else None
    values: dict[str, Any] = {
        "box": box,
        "epoch": "00c0ffee",
        "seq": wall_ms // 1000,
        "source": "face",
        "boot": "deadbeef",
        "started_ns": wall_ms * 1_000_000,
        "wall_ms": wall_ms,
        "received_ms": wall_ms + 1000,
        "historical": False,
        "clock_ok": True,
        "wall_ok": True,
        "duration_s": 1.0,
        "role": "agent",
        "shift": "a1b2c3d4",
        "policy": "test",
        "model": "test",
        "simulated": False,
        "valence": None if seen is None else valence(seen),
        "confidence": None if seen is None else 0.5,
        "quality": None if seen is None else 1.0,
        "faces": 0 if seen is None else 1,
        "reason": reason,
        **{f"p_{name}": None if seen is None else seen[i] for i, name in enumerate(EXPRESSIONS)},
    }
    connection.execute(insert(readings).values(values | changes))


def lost(
    connection: Connection, box: str, from_ms: int, until_ms: int, *, count: int, cause: str = "full_days"
) -> None:
    """A gap record."""
    values = {"epoch": "00c0ffee", "first": from_ms, "last": from_ms + count - 1, "reported_ms": until_ms}
    connection.execute(
        insert(gaps).values(box=box, from_ms=from_ms, until_ms=until_ms, count=count, cause=cause, **values)
    )


def put_aside(connection: Connection, table: Table, box: str, seq: int) -> None:
    """A reading in quarantine, or one that was refused."""
    values: dict[str, Any] = {"box": box, "epoch": "00c0ffee", "seq": seq, "why": "test"}
    values |= {"received_ms": 0, "body": "{}"} if table is quarantine else {"reported_ms": 0}
    assert table in (quarantine, refused)
    connection.execute(insert(table).values(values))
