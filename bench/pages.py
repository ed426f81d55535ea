"""Each page over a year of twelve desks: first byte, chart drawn in a browser, size; beside a fixed page of its size.

The year is made by bench/year.py and ends on a Friday afternoon. The fixed page is sent by the same Flask and waitress
in a process of its own, so the ratio is what asking the tables and writing the page cost. First bytes are medians of
answers that are not the first one of their page; the first ones, which also find the usual ranges, are among the
details.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from bench import year
from bench.benches import DRAWN, PAGES, bench
from bench.errors import BenchError, CannotMeasure
from bench.figures import Found, Given, Measured
from bench.machine import cpu_s
from bench.pages_browser import Browser, chromium
from bench.side import Side
from central import database
from central.web import queries
from central.web.ranges import RANGES, window
from contract.expressions import EXPRESSIONS

NOW_MS: Final = 1_795_164_129_000  # Friday 20 November 2026, 15:42:09 in the made site's zone
LONGEST_S: Final = 60.0
ANEW_S: Final = 1.1  # after so long a page is made anew


def measure(given: Given) -> Found:
    """Every page; what needs a browser is left out where there is none."""
    file = given.folder / "year.db"
    made = year.Year(until_ms=NOW_MS, days=given.count)
    begun = time.monotonic()
    year.make(file, made)
    print(f"  made {file.stat().st_size / 1e6:.0f} MB in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    details: dict[str, Any] = {"year": {"days": made.days, "raw_days": made.raw_days, "desks": made.desks}}
    values: dict[str, Measured] = {"week by one query": _week(file, made, given.rounds)}
    absent: dict[str, str] = {}
    command = [sys.executable, "-m", "bench.pages_server"]
    with Side([*command, str(file), str(NOW_MS)]) as ours, Side(command) as fixed:
        ports = ours.about["port"], fixed.about["port"]
        answers, values["CPU of every page once"] = _first_bytes(ours, fixed, given.rounds)
        values |= {f"{page}: first byte": Measured(a["ms"], a["fixed_ms"]) for page, a in answers.items()}
        details["pages"] = answers
        try:
            with chromium() as browser:
                values |= _in_browser(browser, *ports, answers, given.rounds, details)
        except CannotMeasure as error:
            names = (figure.name for figure in bench("pages").figures)
            absent = {name: str(error) for name in names if name not in values}
    return Found(values=values, absent=absent, details=details)


def path_of(page: str) -> str:
    """The address of a page by its name in the table of benches."""
    kind, _, key = page.partition(" ")
    return {"floor": "/", "desk": "/desks/1", "boxes": "/boxes"}[kind] + (f"?range={key}" if key else "")


def _first_bytes(ours: Side, fixed: Side, rounds: int) -> tuple[dict[str, dict[str, Any]], Measured]:
    """By page, milliseconds to the first byte of it and of a fixed page of its size, by turns; medians.

    And the processor time, in milliseconds, that the two servers took to answer each page once. The centre sends a page
    that it made within the last second again, so each round asks for each page once.
    """
    port, fixed_port = ours.about["port"], fixed.about["port"]
    firsts = {page: _ask(port, path_of(page)) for page in PAGES}
    before = cpu_s(ours.pid), cpu_s(fixed.pid)
    found: dict[str, list[tuple[float, float]]] = {page: [] for page in PAGES}
    for _ in range(rounds):
        time.sleep(ANEW_S)
        for page, (_, size) in firsts.items():
            found[page].append((_ask(port, path_of(page))[0], _ask(fixed_port, f"/{size}")[0]))
    spent = [1000 * (cpu_s(side.pid) - at) / rounds for side, at in zip((ours, fixed), before, strict=True)]
    answers = {}
    for page, (first, size) in firsts.items():
        ms, fixed_ms = (statistics.median(column) for column in zip(*found[page], strict=True))
        answers[page] = {"ms": round(ms, 2), "fixed_ms": round(fixed_ms, 2), "first_ms": round(first, 2), "bytes": size}
    return answers, Measured(*spent)


def _ask(port: int, path: str) -> tuple[float, int]:
    """Milliseconds to the first byte, and the bytes of the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_S)
    try:
        connection.connect()
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        spent = time.perf_counter() - begun
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise BenchError(f"{path}: answered with {answer.status}; serve the made year by hand to see why")
    return spent * 1000, len(body)


def _in_browser(
    browser: Browser, port: int, fixed_port: int, answers: dict[str, Any], rounds: int, details: dict[str, Any]
) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for page in DRAWN:
        ours = browser.drawn_ms(f"http://127.0.0.1:{port}{path_of(page)}", rounds)
        size = answers[page]["bytes"]
        fixed = browser.drawn_ms(f"http://127.0.0.1:{fixed_port}/drawn/{size}", rounds)
        found[f"{page}: chart drawn"] = Measured(ours, fixed)
    details["loaded_bytes"] = {}
    for page in ("floor day", "desk week", "boxes"):
        loaded = browser.bytes(f"http://127.0.0.1:{port}{path_of(page)}")
        details["loaded_bytes"][page] = loaded
        found[f"{page}: size"] = Measured(sum(loaded.values()) / 1000)
    return found


_OF_MINUTES: Final = text(
    "SELECT p.desk_id, (m.start_ms - :origin) / :step AS bin, sum(m.seen_s), sum(m.unseen_s), sum(m.not_observed_s), "
    + "sum(m.late_s), sum(m.simulated_s), sum(m.sum_valence), sum(m.sum_confidence), "
    + ", ".join(f"sum(m.sum_{name})" for name in EXPRESSIONS)
    + " FROM placements AS p JOIN minutes AS m ON m.box = p.box"
    " WHERE m.start_ms >= :origin AND m.start_ms < :end GROUP BY 1, 2"
)


def _week(file: Path, made: year.Year, rounds: int) -> Measured:
    """The floor's week as the pages ask for it, and the same sums of minutes by one plain query; milliseconds."""
    week = window(RANGES["week"], ZoneInfo(year.ZONE), made.until_ms)
    ids = list(range(1, made.desks + 1))
    span = {"origin": week.start_ms, "end": week.end_ms, "step": week.step_ms}
    engine = database.connect(f"sqlite:///{file}")
    with engine.connect() as connection:
        of_pages = queries.sums(connection, week, ids)
        of_minutes = connection.execute(_OF_MINUTES, span).all()
        seen = {(row[0], row[1]): row[2] for row in of_minutes}
        same = {(desk, column): sums.seen_s for desk, columns in of_pages.items() for column, sums in columns.items()}
        if seen.keys() != same.keys() or any(abs(seen[key] - same[key]) > 0.01 for key in seen):
            raise BenchError("pages: quarter-hours and minutes disagree on the week; look at central/web/queries.py")
        ours = _median_ms(connection, lambda c: queries.sums(c, week, ids), rounds)
        plain = _median_ms(connection, lambda c: c.execute(_OF_MINUTES, span).all(), rounds)
    engine.dispose()
    return Measured(ours, plain)


def _median_ms(connection: Connection, ask: Callable[[Connection], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        ask(connection)
        found.append(1000 * (time.perf_counter() - begun))
    return statistics.median(found)
