"""What each process of desk and centre may take: time to start, memory, and the rate that it must keep up with.

Data alone. A process without a budget fails a test, and so does a budget without a process; `python -m bench` measures
each beside its budget. Budgets are for one core of a small machine with nothing in its page cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Rate:
    """So many of something a second at least, as a figure of a bench measures it."""

    least: float
    unit: str
    bench: str
    figure: str


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One process: `start_s` from its command to its first work done, `memory_mb` resident then.

    `rate` is None where nothing flows through the process.
    """

    room: str
    process: str
    begun: str
    start_s: float
    memory_mb: float
    rate: Rate | None


BUDGETS: Final = (
    Budget(
        room="edge",
        process="store",
        begun="a new outbox is made, and it has ended",
        start_s=3.0,
        memory_mb=60.0,
        rate=None,
    ),
    Budget(
        room="edge",
        process="engine",
        begun="it has found nothing to build, and has ended",
        start_s=3.0,
        memory_mb=60.0,
        rate=None,
    ),
    Budget(
        room="edge",
        process="vision",
        begun="the first reading, of one second, is in the outbox",
        start_s=6.0,
        memory_mb=180.0,  # some 25 of them for the synthetic source's portrait: the path itself has 150 in `desk`
        rate=Rate(least=60.0, unit="frames", bench="desk", figure="synthetic: frames a second"),
    ),
    Budget(
        room="edge",
        process="voice",
        begun="the first reading, of one second, is in the outbox",
        start_s=6.0,
        memory_mb=150.0,
        rate=None,  # a second a second: `hearing` has what one takes
    ),
    Budget(
        room="edge",
        process="publish",
        begun="its status is at the broker",
        start_s=3.0,
        memory_mb=60.0,
        rate=None,  # as fast as broker.catch_up_per_s lets it
    ),
    Budget(
        room="central",
        process="ingest",
        begun="its status is at the broker",
        start_s=4.0,
        memory_mb=100.0,
        rate=Rate(least=5000.0, unit="readings", bench="ingest", figure="live: readings a second"),
    ),
    Budget(
        room="central",
        process="web",
        begun="the first page is answered",
        start_s=4.0,
        memory_mb=120.0,
        rate=None,
    ),
)


def budget(process: str) -> Budget:
    """The budget of a process. StopIteration where it has none."""
    return next(item for item in BUDGETS if item.process == process)
