"""A made Friday on a made floor, seeded: twelve desks, every state a desk can be in, and eight weeks before.

`python -m tests.browser.made FILE [demo]` fills a new SQLite file with it (or with the first minutes of a demo); the
pages then show it at `NOW_MS`.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, insert

from central.database import connect, migrate
from central.schema import boxes, desks, gaps, minutes, placements, quarantine, quarters, readings, sites
from contract.expressions import EXPRESSIONS, valence
from tests.browser.faces import FLOOR, NO_SHARES, Made, mark_at, minute_of, seconds_of, shares_at

SECOND, MINUTE, QUARTER, HOUR, DAY = 1_000, 60_000, 900_000, 3_600_000, 86_400_000
MIDNIGHT_MS: Final = 1_795_107_600_000  # Friday 20 November 2026, 00:00 at UTC+7
NOW_MS: Final = MIDNIGHT_MS + 15 * HOUR + 42 * MINUTE + 9 * SECOND
RAW_MS: Final = 17 * MINUTE  # raw readings are made for this long before now
ZONE: Final = "Asia/Ho_Chi_Minh"
SHIFT, EPOCH, BOOT, POLICY, MODEL = "a1b2c3d4", "00c0ffee", "deadbeef", "made-1", "mien-face-0.4"


@dataclass
class _Rows:
    """Rows by table, written together at the end."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: Table, **values: Any) -> None:
        self.rows.setdefault(table.name, []).append(values)

    def write(self, connection: Connection, *tables: Table) -> None:
        for table in tables:
            if self.rows.get(table.name):
                connection.execute(insert(table), self.rows[table.name])


def fill(engine: Engine, *, floor: tuple[Made, ...] = FLOOR, weeks: int = 8, now_ms: int = NOW_MS) -> None:
    """Write the made day and `weeks` weeks of quarter-hours before it into tables that are there and empty."""
    rows = _Rows()
    rows.add(sites, id=1, name="Da Nang, floor 3", zone=ZONE)
    begins = MIDNIGHT_MS - weeks * 7 * DAY
    for number, desk in enumerate(floor, 1):
        box = f"box-{number:02}"
        rows.add(desks, id=number, site_id=1, name=desk.name, team=desk.team, position=number)
        rows.add(placements, id=number, box=box, desk_id=number, from_ms=begins, until_ms=None)
        _status(rows, desk, box, now_ms)
        if weeks:  # one minute of then, which says since when there are readings
            _roll(rows, minutes, box, begins + 8 * HOUR, 0.0, 60.0, NO_SHARES)
        _before(rows, desk, box, begins, random.Random(f"before {number}"))
        _today(rows, desk, box, random.Random(f"today {number}"), now_ms)
    if weeks:
        _machinery(rows, now_ms)
    with engine.begin() as connection:
        rows.write(connection, sites, desks, placements, boxes, minutes, quarters, readings, gaps, quarantine)


def _machinery(rows: _Rows, now_ms: int) -> None:
    """What went wrong: an outbox that let readings go, a reading in quarantine, a box that serves no desk."""
    rows.add(
        gaps,
        box="box-04",
        epoch=EPOCH,
        first=9000,
        last=9599,
        count=600,
        from_ms=MIDNIGHT_MS + minute_of(13, 30) * MINUTE,
        until_ms=MIDNIGHT_MS + minute_of(13, 40) * MINUTE,
        cause="full_bytes",
        reported_ms=MIDNIGHT_MS + minute_of(13, 41) * MINUTE,
    )
    why = "the same number with other content"
    rows.add(quarantine, box="box-10", epoch=EPOCH, seq=17, received_ms=now_ms - HOUR, why=why, body="{}")


def _status(rows: _Rows, desk: Made, box: str, now_ms: int) -> None:
    last = now_ms - 2 * SECOND if desk.online else MIDNIGHT_MS + minute_of(14, 20) * MINUTE - SECOND
    last -= last % (MINUTE if mark_at(desk, (now_ms - MIDNIGHT_MS) // MINUTE) == "not_observed" else SECOND)
    rows.add(
        boxes,
        box=box,
        online=desk.online,
        last_seen_ms=last + 900,
        last_live_ms=last,
        simulated=desk.simulated,
        software="0.1.0",
        model="simulator" if desk.simulated else MODEL,
        epoch=EPOCH,
        clock_ok=True,
        frames_per_second=None if desk.simulated else 27.5,
        frame_ms=None if desk.simulated else 24.4,
        memory_mb=None if desk.simulated else 131.2,
        temperature_c=None if desk.simulated else 58.5,
        disk_free_mb=21_480.0,
        backend=None if desk.simulated else "onnx" if desk.building or desk.fault else "tensorrt",
        building_step=desk.building and desk.building[0],
        building_share=desk.building and desk.building[1],
        engine_fault=desk.fault,
        waiting=desk.waiting,
        set_aside=0,
        gaps=1 if box == "box-04" else 0,
        status_ms=last,
    )


def _before(rows: _Rows, desk: Made, box: str, begins: int, rng: random.Random) -> None:
    """Working hours, Monday to Saturday noon, as quarter-hours; the other hours of the last week are not observed."""
    state: dict[str, float] = {}
    for day in range(begins, MIDNIGHT_MS, DAY):
        weekday = ((day - begins) // DAY + 4) % 7  # it begins on a Friday
        if weekday == 6:
            continue
        for minute in range(minute_of(8), minute_of(12 if weekday == 5 else 18), 15):
            for _ in range(4):
                shares = shares_at(desk, state, minute, rng)
            seen = 900 * min(0.99, max(0.3, rng.gauss(desk.seen, 0.06)))
            _roll(rows, quarters, box, day + minute * MINUTE, seen, 900 - seen, shares, simulated=desk.simulated)
    worked = {row["start_ms"] for row in rows.rows.get("quarters", []) if row["box"] == box}
    for start in range(max(begins, MIDNIGHT_MS - 7 * DAY), MIDNIGHT_MS, QUARTER):
        if start not in worked:
            _roll(rows, quarters, box, start, 0.0, 0.0, NO_SHARES, hidden=900.0, simulated=desk.simulated)


def _roll(
    rows: _Rows,
    table: Table,
    box: str,
    start_ms: int,
    seen: float,
    unseen: float,
    shares: tuple[float, ...],
    *,
    hidden: float = 0.0,
    late: bool = False,
    simulated: bool = False,
) -> None:
    total = seen + unseen + hidden
    rows.add(
        table,
        box=box,
        start_ms=start_ms,
        seen_s=seen,
        unseen_s=unseen,
        not_observed_s=hidden,
        late_s=total if late else 0.0,
        simulated_s=total if simulated else 0.0,
        readings=round(total),
        sum_valence=seen * valence(shares),
        sum_confidence=seen * 0.74,
        **{f"sum_{name}": seen * share for name, share in zip(EXPRESSIONS, shares, strict=True)},
    )


def _today(rows: _Rows, desk: Made, box: str, rng: random.Random, now_ms: int) -> None:
    """The day by minutes, with their raw readings where the pages look at them, and the quarter-hours of both."""
    state: dict[str, float] = {}
    before = len(rows.rows.get("minutes", []))
    number = 0
    for minute in range(desk.night, (now_ms - MIDNIGHT_MS) // MINUTE + 1):
        start = MIDNIGHT_MS + minute * MINUTE
        what = "not_observed" if minute < desk.first else mark_at(desk, minute)
        if what == "gap":
            continue
        shares = shares_at(desk, state, minute, rng) if minute >= desk.first else NO_SHARES
        seconds = seconds_of(what, shares, min(60, (now_ms - SECOND - start) // SECOND), desk, rng)
        if start >= now_ms - RAW_MS or what in ("late", "turned_away", "dark"):
            for second, (part, mine) in enumerate(seconds):
                if part != "not_observed" or second == 0:
                    number += 1
                    _raw(rows, desk, box, start + second * SECOND, mine, part, number, what == "late", now_ms)
        _roll_seconds(rows, desk, box, start, seconds, late=what == "late")
    _quarters_of(rows, rows.rows.get("minutes", [])[before:])


def _roll_seconds(
    rows: _Rows, desk: Made, box: str, start: int, seconds: list[tuple[str, tuple[float, ...]]], *, late: bool
) -> None:
    """The minute that these seconds add up to."""
    seen = [shares for part, shares in seconds if part == "seen"]
    hidden = sum(part == "not_observed" for part, _ in seconds)
    mean = tuple(sum(values) / len(seen) for values in zip(*seen, strict=True)) if seen else NO_SHARES
    unseen = len(seconds) - len(seen) - hidden
    _roll(
        rows,
        minutes,
        box,
        start,
        float(len(seen)),
        float(unseen),
        mean,
        hidden=float(hidden),
        late=late,
        simulated=desk.simulated,
    )


def _raw(
    rows: _Rows,
    desk: Made,
    box: str,
    wall_ms: int,
    shares: tuple[float, ...],
    part: str,
    number: int,
    late: bool,
    now_ms: int,
) -> None:
    seen = part == "seen"
    arrived = MIDNIGHT_MS + minute_of(10, 31) * MINUTE if box == "box-04" else now_ms - 5 * SECOND
    rows.add(
        readings,
        box=box,
        epoch=EPOCH,
        seq=number,
        source="face",
        boot=BOOT,
        started_ns=wall_ms * 1_000_000,
        wall_ms=wall_ms,
        received_ms=arrived if late else wall_ms + 900,
        historical=late,
        clock_ok=True,
        duration_s=60.0 if part == "not_observed" else 1.0,
        role="agent",
        shift=SHIFT,
        policy=POLICY,
        model=MODEL,
        simulated=desk.simulated,
        valence=round(valence(shares), 4) if seen else None,
        confidence=0.74 if seen else None,
        quality=0.95 if seen else 0.0,
        faces=1 if seen else 0,
        reason=None if seen else part,
        **{f"p_{name}": share if seen else None for name, share in zip(EXPRESSIONS, shares, strict=True)},
    )


def _quarters_of(rows: _Rows, made: list[dict[str, Any]]) -> None:
    """The quarter-hours of minutes of one box, each the sum of its minutes."""
    for start, group in _by_quarter(made):
        total: dict[str, Any] = {"box": group[0]["box"], "start_ms": start}
        for name in group[0]:
            if name not in total:
                total[name] = sum(row[name] for row in group)
        rows.add(quarters, **total)


def _by_quarter(made: list[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    groups: dict[int, list[dict[str, Any]]] = {}
    for row in made:
        if row["start_ms"] >= MIDNIGHT_MS:
            groups.setdefault(row["start_ms"] - row["start_ms"] % QUARTER, []).append(row)
    yield from groups.items()


def demo(engine: Engine, minutes_long: float = 3) -> None:
    """A floor that began just now: one real desk and eleven simulated ones, as a newcomer sees it first."""
    begun = (NOW_MS - round(minutes_long * MINUTE) - MIDNIGHT_MS) // MINUTE
    floor = tuple(
        Made(f"Desk {i:02}", "Real" if i == 1 else "Simulated", happy=1.6 if i == 1 else 0.1, night=begun, first=begun)
        if i == 1
        else Made(f"Desk {i:02}", "Simulated", happy=0.2 * (i % 4), night=begun, first=begun, simulated=True)
        for i in range(1, 13)
    )
    fill(engine, floor=floor, weeks=0)


def main() -> int:
    """Fill the SQLite file named in the first argument."""
    engine = connect(f"sqlite:///{Path(sys.argv[1]).absolute()}")
    migrate(engine)
    (demo if sys.argv[2:] == ["demo"] else fill)(engine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
