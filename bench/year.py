"""A year of a made site in a new database: `python -m bench.year --out FILE`.

Desks that work Monday to Friday, 8 to 18, in the site's zone; quarter-hours for the whole time, minutes for as long as
the centre keeps them, raw readings for the last days. Minutes are the sums of the raw readings where there are some,
quarter-hours the sums of minutes where there are some, as ingest would have made them. The same arguments make the same
rows. `mien-central web` shows it, with `[database] url = "sqlite:///FILE"`.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from central import database
from central.rollup import SUMS
from central.settings import Retention
from contract.expressions import EXPRESSIONS, NEGATIVE

Floats = NDArray[np.float64]

SITE: Final = "Made site"
ZONE: Final = "Asia/Ho_Chi_Minh"
TEAMS: Final = ("Billing", "Bookings", "Technical help")
OPENS, CLOSES = 8, 18
SECOND, MINUTE, QUARTER, DAY = 1_000, 60_000, 900_000, 86_400_000
EPOCH, BOOT, SHIFT, POLICY, MODEL = "00c0ffee", "deadbeef", "a1b2c3d4", "made-1", "made-1.0.0"
CONFIDENCE: Final = 0.74
_LEVEL: Final = np.array([1.6, 0.2, -1.6, -0.8, -1.4, -2.2, -2.4, -2.2])  # logits of the shares, a mean face
_SIGNS: Final = np.array([(name == "happiness") - (name in NEGATIVE) for name in EXPRESSIONS], float)


@dataclass(frozen=True, kw_only=True)
class Year:
    """How much, and up to which moment (UTC milliseconds)."""

    until_ms: int
    days: int = 365
    minutes_days: int = Retention().minutes_days
    raw_days: int = 2
    desks: int = 12

    def opened(self, days: int) -> list[tuple[int, int]]:
        """The opening hours of the working days among the last `days`, each as [from, until) up to now."""
        zone = ZoneInfo(ZONE)
        today = datetime.fromtimestamp(self.until_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        for ago in range(days - 1, -1, -1):
            day = today - timedelta(days=ago)
            begin, end = (round(day.replace(hour=hour).timestamp()) * 1000 for hour in (OPENS, CLOSES))
            if day.weekday() < 5 and begin < self.until_ms:
                found.append((begin, min(end, self.until_ms)))
        return found


def make(path: Path, year: Year) -> None:
    """Write the year into a new SQLite file. Raises FileExistsError where there is one."""
    if path.exists():
        raise FileExistsError(f"{path}: is there already; name a new file")
    engine = database.connect(f"sqlite:///{path}")
    database.migrate(engine)
    engine.dispose()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")  # a crash costs a made file
    db.execute("BEGIN")
    _site(db, year)
    for desk in range(year.desks):
        _desk(db, year, desk)
    _rolled(db)
    db.execute("COMMIT")
    db.close()


def _site(db: sqlite3.Connection, year: Year) -> None:
    begun = year.until_ms - year.days * DAY
    _insert(db, "sites", "id name zone", [(1, SITE, ZONE)])
    numbers = range(1, year.desks + 1)
    of = max(1, -(-year.desks // len(TEAMS)))
    _insert(db, "desks", "id site_id name team position",
            ((i, 1, f"Desk {i:02}", TEAMS[(i - 1) // of], i) for i in numbers))  # fmt: skip
    _insert(db, "placements", "id box desk_id from_ms until_ms", ((i, _box(i - 1), i, begun, None) for i in numbers))
    _insert(db, "boxes",
            "box online last_seen_ms last_live_ms simulated software model epoch clock_ok frames_per_second waiting "
            "set_aside gaps status_ms",
            ((_box(i - 1), 1, year.until_ms - 900, year.until_ms - 2000, 0, "0.1.0", MODEL, EPOCH, 1, 25.0, 0, 0, 0,
              year.until_ms - 900) for i in numbers))  # fmt: skip


def _desk(db: sqlite3.Connection, year: Year, desk: int) -> None:
    """The rows of one desk that are not sums of others: raw readings, then minutes and quarter-hours before them."""
    rng = np.random.default_rng(desk)
    raw, rolled = year.opened(year.raw_days), year.opened(year.minutes_days)
    begins = raw[0][0] if raw else year.until_ms
    seq = 1
    for start, end in raw:
        _readings(db, desk, np.arange(start, end - SECOND + 1, SECOND), rng, seq)
        seq += (end - start) // SECOND
    old = [span for span in rolled if span[0] < begins]
    _bins(db, "minutes", desk, _starts(old, MINUTE), MINUTE, rng)
    begins = old[0][0] if old else begins
    _bins(db, "quarters", desk, _starts([s for s in year.opened(year.days) if s[0] < begins], QUARTER), QUARTER, rng)


def _starts(spans: Sequence[tuple[int, int]], step: int) -> NDArray[np.int64]:
    parts = [np.arange(first, last, step, dtype=np.int64) for first, last in spans]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _shares(at_ms: NDArray[np.int64], desk: int, rng: np.random.Generator) -> Floats:
    """Shares (n, 8) that drift through the day, the week and the seasons, each desk in its own way."""
    hours = at_ms[:, None] / 3.6e6
    turns = 2 * np.pi * (hours / np.array([24.0, 168.0, 2000.0])[:, None, None] + rng.random((3, 1, len(EXPRESSIONS))))
    drift = 0.5 * np.sin(turns).sum(axis=0) + 0.15 * np.sin(desk)
    power = np.exp(_LEVEL + drift + 0.25 * rng.standard_normal((len(at_ms), len(EXPRESSIONS))))
    shares: Floats = power / power.sum(axis=1, keepdims=True)
    return shares


def _readings(
    db: sqlite3.Connection, desk: int, at_ms: NDArray[np.int64], rng: np.random.Generator, first: int
) -> None:
    """A reading a second; every seventh or so without a face."""
    shares = _shares(at_ms, desk, rng)
    valence, seen = shares @ _SIGNS, rng.random(len(at_ms)) < 0.86
    same = (_box(desk), EPOCH)
    made = ("agent", SHIFT, POLICY, MODEL, 0)
    nothing = (*[None] * (len(EXPRESSIONS) + 2), 0.0, 0, "no_face")

    def rows() -> Iterator[tuple[object, ...]]:
        wanted = zip(at_ms.tolist(), seen.tolist(), shares.tolist(), valence.tolist(), strict=True)
        for seq, (ms, is_seen, mine, value) in enumerate(wanted, first):
            known = (*mine, value, CONFIDENCE, 1.0, 1, None) if is_seen else nothing
            yield *same, seq, "face", BOOT, ms * 1_000_000, ms, ms + 1500, 0, 1, 1, 1.0, *made, *known

    names = "box epoch seq source boot started_ns wall_ms received_ms historical clock_ok wall_ok duration_s "
    names += "role shift policy model simulated "
    _insert(db, "readings", names + _names("p_") + " valence confidence quality faces reason", rows())


def _bins(
    db: sqlite3.Connection, table: str, desk: int, start_ms: NDArray[np.int64], step: int, rng: np.random.Generator
) -> None:
    """Bins of which nothing finer is kept."""
    length = step / SECOND
    seen = length * np.clip(rng.normal(0.86, 0.06, len(start_ms)), 0.3, 1.0)
    shares = _shares(start_ms, desk, rng)
    columns = [np.full(len(start_ms), length), seen, length - seen, (shares @ _SIGNS) * seen, CONFIDENCE * seen]
    numbers = np.column_stack([*columns, shares * seen[:, None]])
    names = "box start_ms readings seen_s unseen_s sum_valence sum_confidence " + _names("sum_")
    box = _box(desk)
    wanted = zip(start_ms.tolist(), numbers.tolist(), strict=True)
    _insert(db, table, names, ((box, ms, round(count), *rest) for ms, (count, *rest) in wanted))


def _rolled(db: sqlite3.Connection) -> None:
    """Minutes out of raw readings, and quarter-hours out of minutes."""
    weighed = ", ".join(f"total(duration_s * {name})" for name in ("valence", "confidence", *_names("p_").split()))
    sums = " ".join(("sum_valence sum_confidence", _names("sum_"))).split()
    db.execute(
        f"INSERT INTO minutes (box, start_ms, readings, seen_s, unseen_s, {', '.join(sums)}) "
        "SELECT box, wall_ms - wall_ms % 60000, count(*), total(duration_s * (reason IS NULL)), "
        f"total(duration_s * (reason IS NOT NULL)), {weighed} FROM readings GROUP BY 1, 2"
    )
    added = ", ".join(f"sum({name})" for name in SUMS)
    db.execute(
        f"INSERT INTO quarters (box, start_ms, {', '.join(SUMS)}) "
        f"SELECT box, start_ms - start_ms % 900000, {added} FROM minutes GROUP BY 1, 2"
    )


def _insert(db: sqlite3.Connection, table: str, names: str, rows: object) -> None:
    columns = names.split()
    marks = ", ".join("?" * len(columns))
    db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # type: ignore[arg-type]


def _names(prefix: str) -> str:
    return " ".join(f"{prefix}{name}" for name in EXPRESSIONS)


def _box(desk: int) -> str:
    return f"box-{desk + 1:02}"


def main(argv: Sequence[str] | None = None) -> int:
    """Make a file; 2 where it is there already."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.year",
        description="Make a year of a made site: twelve desks, raw readings, minutes, quarter-hours.",
        epilog="example: python -m bench.year --out year.db --desks 12 --days 365",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new SQLite file")
    parser.add_argument("--days", type=int, default=365, help="how far back (default: %(default)s)")
    parser.add_argument("--raw-days", type=int, default=2, help="days with raw readings (default: %(default)s)")
    parser.add_argument("--desks", type=int, default=12, help="how many desks (default: %(default)s)")
    options = parser.parse_args(argv)
    begun = time.monotonic()
    now_ms = time.time_ns() // 1_000_000
    try:
        make(options.out, Year(until_ms=now_ms, days=options.days, raw_days=options.raw_days, desks=options.desks))
    except FileExistsError as error:
        print(f"bench.year: {error}", file=sys.stderr)
        return 2
    size = options.out.stat().st_size / 1e6
    print(f"{options.out}: {size:,.0f} MB in {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
