"""Stored readings a second through broker and ingest, beside a bare loop of the same client and inserts, in one run.

The bare loop is the same client (paho, MQTT 5, QoS 1) and the same inserts (500 rows a transaction, `executemany`, into
the table `readings` of the same SQLite file with the same pragmas), and nothing else: JSON is decoded without types and
not checked, nothing is compared, rolled up or receipted, and the broker is acknowledged on arrival. A second bare loop
inserts into a table without keys and indexes, for what those cost. Ingest is the centre's own, with all it promises.

For each run the broker's queue is filled first, so that no sender shares the processors. The ways take turns, each in
its own process with its own broker and database. Time runs from the first message to the last commit, CPU time is the
process's own. A ratio is the median over the rounds of the ratio within a round: by the clock, and by CPU time, which
other work on the machine disturbs less.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.broker import mosquitto
from bench.figures import Found, Given, Measured
from bench.ingest_ways import BOXES, Run, fill
from bench.side import ROOT

SIZES: Final = {"live": 2, "catch_up": 100}
"""Readings a message: a box sends two every two seconds, and a hundred at a time after an outage."""
WAYS: Final = ("ours", "bare", "keyless")
LONGEST_S: Final = 300.0


def measure(given: Given) -> Found:
    """Both shapes of messages. Raises CannotMeasure where there is no Mosquitto."""
    values: dict[str, Measured] = {}
    details: dict[str, Any] = {}
    for shape, size in SIZES.items():
        runs = _take_turns(shape, size, given)
        details[shape] = {"readings_a_message": size, **_summary(runs)}
        rate, cpu = details[shape]["readings_a_second"], details[shape]["cpu_us_a_reading"]
        ratio, of_cpu = details[shape]["ratio"], details[shape]["ratio_of_cpu"]
        values[f"{shape}: readings a second"] = Measured(rate["ours"], rate["bare"], ratio)
        values[f"{shape}: CPU a reading"] = Measured(cpu["ours"], cpu["bare"], of_cpu)
    return Found(values=values, details=details)


def _take_turns(shape: str, size: int, given: Given) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    whole = max(1, given.count // (size * BOXES)) * size * BOXES
    for number in range(given.rounds):
        for way in WAYS if number % 2 == 0 else reversed(WAYS):
            run = _once(way, whole, size, given.folder)
            runs[way].append(run)
            print(f"  {shape} {number + 1} of {given.rounds}, {way}: {run.stored / run.wall_s:,.0f} a second, "
                  f"{run.cpu_s / run.stored * 1e6:.1f} us CPU each", file=sys.stderr)  # fmt: skip
    return runs


def _once(way: str, readings: int, size: int, folder: Path) -> Run:
    """One way in a process of its own, with a broker and a database of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as name, mosquitto(Path(name)) as port:
        fill(port, way, readings, size)
        command = [sys.executable, "-m", "bench.ingest_ways", way, "--port", str(port), "--folder", name]
        command += ["--readings", str(readings)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=LONGEST_S)
    return msgspec.json.decode(done.stdout, type=Run)


def _summary(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Medians and ratios over the rounds of one shape."""
    rates = {way: statistics.median(run.stored / run.wall_s for run in found) for way, found in runs.items()}
    cpu = {way: statistics.median(run.cpu_s / run.stored for run in found) * 1e6 for way, found in runs.items()}

    def ratio(way: str, spent: Callable[[Run], float]) -> float:
        pairs = zip(runs[way], runs["ours"], strict=True)
        return round(statistics.median(spent(other) / spent(ours) for other, ours in pairs), 3)

    return {
        "readings_a_second": {way: round(rate) for way, rate in rates.items()},
        "cpu_us_a_reading": {way: round(spent, 2) for way, spent in cpu.items()},
        "ratio": ratio("bare", lambda run: run.wall_s),
        "ratio_of_cpu": ratio("bare", lambda run: run.cpu_s),
        "ratio_to_keyless": ratio("keyless", lambda run: run.wall_s),
        "runs": {way: [asdict(run) for run in found] for way, found in runs.items()},
    }
