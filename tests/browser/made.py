"""A made Friday on a made floor, seeded: twelve desks, every state a desk can be in, and eight weeks before.

`python -m tests.browser.made FILE [demo]` fills a new SQLite file with it (or with the first minutes of a demo); the
pages then show it at `NOW_MS`.
"""

from __future__ import annotations

import math
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

SECOND, MINUTE, QUARTER, HOUR, DAY = 1_000, 60_000, 900_000, 3_600_000, 86_400_000
MIDNIGHT_MS: Final = 1_795_107_600_000  # Friday 20 November 2026, 00:00 at UTC+7
NOW_MS: Final = MIDNIGHT_MS + 15 * HOUR + 42 * MINUTE + 9 * SECOND
RAW_MS: Final = 17 * MINUTE  # raw readings are made for this long before now
ZONE: Final = "Asia/Ho_Chi_Minh"
SHIFT, EPOCH, BOOT, POLICY, MODEL = "a1b2c3d4", "00c0ffee", "deadbeef", "made-1", "mien-face-0.4"

BASE: Final = dict(
    zip(
        ("happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger"),
        (0.285, 0.045, 0.53, 0.05, 0.022, 0.018, 0.012, 0.038),
        strict=True,
    )
)
NO_SHARES: Final = (0.0,) * len(EXPRESSIONS)
HOURLY: Final = (0.14, 0.18, 0.19, 0.16, 0.13, 0.10, 0.15, 0.17, 0.16, 0.13)  # the usual middle, 08 to 17


@dataclass(frozen=True)
class Made:
    """A desk of the made floor. `marks`: (from, until, what) in minutes since midnight; what is a reason or a state."""

    name: str
    team: str
    happy: float = 0.0
    event: float = 0.0  # a hard call at 14:05
    seen: float = 0.89
    marks: tuple[tuple[int, int, str], ...] = ()
    online: bool = True
    simulated: bool = False
    waiting: int = 0
    night: int = 0  # the first minute of the day of which anything is known
    first: int = 8 * 60  # the first minute observed
    spread: float = field(default=0.33)


def _at(hour: int, minute: int = 0) -> int:
    return hour * 60 + minute


def _lunch(hour: int, minute: int) -> tuple[int, int, str]:
    return (_at(hour, minute), _at(hour, minute) + 45, "not_observed")


_END: Final = _at(18)
FLOOR: Final = (
    Made("Desk 01", "Billing", happy=0.15, marks=(_lunch(12, 0),)),
    Made("Desk 02", "Billing", marks=((_at(8), _at(8, 5), "not_observed"), _lunch(12, 0))),
    Made("Desk 03", "Billing", happy=0.1, marks=(_lunch(12, 45), (_at(15, 30), _END, "not_observed"))),
    Made(
        "Desk 04",
        "Billing",
        happy=-0.1,
        seen=0.84,
        marks=(
            (_at(10, 5), _at(10, 25), "late"),
            _lunch(12, 45),
            (_at(13, 30), _at(13, 40), "gap"),
            (_at(11, 15), _at(11, 25), "turned_away"),
        ),
    ),
    Made("Desk 05", "Bookings", happy=0.25, marks=(_lunch(11, 45),)),
    Made("Desk 06", "Bookings", happy=0.05, marks=((_at(8), _at(8, 15), "not_observed"), _lunch(12, 30))),
    Made("Desk 07", "Bookings", online=False, marks=(_lunch(11, 45), (_at(14, 20), _END, "gap"))),
    Made("Desk 08", "Bookings", happy=0.2, seen=0.93, marks=(_lunch(12, 30),)),
    Made("Desk 09", "Technical help", happy=-0.05, event=1.0, marks=(_lunch(12, 15),)),
    Made(
        "Desk 10",
        "Technical help",
        happy=-0.1,
        event=0.9,
        seen=0.7,
        marks=(_lunch(13, 0), (_at(14, 55), _END, "dark")),
    ),
    Made(
        "Desk 11",
        "Technical help",
        event=1.1,
        waiting=3300,
        marks=(_lunch(12, 15), (_at(13, 20), _at(14, 45), "late"), (_at(14, 45), _at(15, 40), "gap")),
    ),
    Made("Desk 12", "Technical help", happy=0.1, simulated=True),
)


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
        from_ms=MIDNIGHT_MS + _at(13, 30) * MINUTE,
        until_ms=MIDNIGHT_MS + _at(13, 40) * MINUTE,
        cause="full_bytes",
        reported_ms=MIDNIGHT_MS + _at(13, 41) * MINUTE,
    )
    why = "the same number with other content"
    rows.add(quarantine, box="box-10", epoch=EPOCH, seq=17, received_ms=now_ms - HOUR, why=why, body="{}")


def _status(rows: _Rows, desk: Made, box: str, now_ms: int) -> None:
    last = now_ms - 2 * SECOND if desk.online else MIDNIGHT_MS + _at(14, 20) * MINUTE - SECOND
    last -= last % (MINUTE if _mark(desk, (now_ms - MIDNIGHT_MS) // MINUTE) == "not_observed" else SECOND)
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
        waiting=desk.waiting,
        set_aside=0,
        gaps=1 if box == "box-04" else 0,
        status_ms=last,
    )


def _shares(desk: Made, state: dict[str, float], minute: int, rng: random.Random) -> tuple[float, ...]:
    """Eight shares in the contract's order; `state` drifts from call to call."""
    hour = min(9, max(0, minute // 60 - 8))
    hard = desk.event * math.exp(-(((minute - _at(14, 5)) / 18) ** 2))
    push = {
        "happiness": (HOURLY[hour] - 0.15) * 3 + desk.happy - hard,
        "anger": 1.5 * hard,
        "sadness": 0.8 * hard,
        "surprise": 0.5 * hard,
    }
    weights = {}
    for name, base in BASE.items():
        state[name] = 0.97 * state.get(name, rng.gauss(0, 1)) + 0.24 * rng.gauss(0, 1)
        weights[name] = base * math.exp(desk.spread * state[name] + push.get(name, 0.0))
    total = sum(weights.values())
    return tuple(round(weights[name] / total, 4) for name in EXPRESSIONS)


def _before(rows: _Rows, desk: Made, box: str, begins: int, rng: random.Random) -> None:
    """Working hours, Monday to Saturday noon, as quarter-hours; the other hours of the last week are not observed."""
    state: dict[str, float] = {}
    for day in range(begins, MIDNIGHT_MS, DAY):
        weekday = ((day - begins) // DAY + 4) % 7  # it begins on a Friday
        if weekday == 6:
            continue
        for minute in range(_at(8), _at(12 if weekday == 5 else 18), 15):
            for _ in range(4):
                shares = _shares(desk, state, minute, rng)
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


def _mark(desk: Made, minute: int) -> str:
    return next((what for first, last, what in desk.marks if first <= minute < last), "ok")


def _today(rows: _Rows, desk: Made, box: str, rng: random.Random, now_ms: int) -> None:
    """The day by minutes, with their raw readings where the pages look at them, and the quarter-hours of both."""
    state: dict[str, float] = {}
    before = len(rows.rows.get("minutes", []))
    number = 0
    for minute in range(desk.night, (now_ms - MIDNIGHT_MS) // MINUTE + 1):
        start = MIDNIGHT_MS + minute * MINUTE
        what = "not_observed" if minute < desk.first else _mark(desk, minute)
        if what == "gap":
            continue
        shares = _shares(desk, state, minute, rng) if minute >= desk.first else NO_SHARES
        seconds = _seconds(what, shares, min(60, (now_ms - SECOND - start) // SECOND), desk, rng)
        if start >= now_ms - RAW_MS or what in ("late", "turned_away", "dark"):
            for second, (part, mine) in enumerate(seconds):
                if part != "not_observed" or second == 0:
                    number += 1
                    _raw(rows, desk, box, start + second * SECOND, mine, part, number, what == "late", now_ms)
        _roll_seconds(rows, desk, box, start, seconds, late=what == "late")
    _quarters_of(rows, rows.rows.get("minutes", [])[before:])


def _seconds(
    what: str, shares: tuple[float, ...], count: int, desk: Made, rng: random.Random
) -> list[tuple[str, tuple[float, ...]]]:
    """The seconds of a minute: seen or the reason why not, and the shares, which tremble."""
    wanted = min(0.99, max(0.35, rng.gauss(desk.seen, 0.07)))
    seconds, drift = [], [0.0] * len(shares)
    for second in range(count):
        part = _second(what, second, wanted, rng)
        mine = shares
        if part == "seen":
            drift = [0.8 * value + rng.gauss(0, 0.15) for value in drift]
            weights = [share * math.exp(value) for share, value in zip(shares, drift, strict=True)]
            mine = tuple(round(weight / sum(weights), 4) for weight in weights)
        seconds.append((part, mine))
    return seconds


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


def _second(what: str, second: int, wanted: float, rng: random.Random) -> str:
    if what == "not_observed":
        return what
    if what in ("dark", "turned_away"):
        return "seen" if rng.random() < 0.16 else what
    return "seen" if rng.random() < wanted else rng.choice(("no_face", "no_face", "turned_away"))


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
    arrived = MIDNIGHT_MS + _at(10, 31) * MINUTE if box == "box-04" else now_ms - 5 * SECOND
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
