"""What a bench measures: figures, each with a peer or a limit of the same run, and how they compare with others."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

CLOCK: Final = 0.25
"""By how much of itself a figure taken by the clock may move on a machine that does other work too."""
CPU: Final = 0.12
MEMORY: Final = 0.05
COUNT: Final = 0.02
"""Of instructions and bytes."""


class Better(str, Enum):
    """Which way a figure should go."""

    LOWER = "lower"
    HIGHER = "higher"


class Judged(str, Enum):
    """What is held against must, reach and the last committed result: the value, or how many times its peer it is."""

    VALUE = "value"
    TIMES = "times"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of a bench. `beside` names the peer whose value is taken in the same run; empty where a limit serves.

    `noise` is the part of itself by which it may move between two runs of the same code.
    """

    name: str
    unit: str
    better: Better
    noise: float
    beside: str = ""
    judged: Judged = Judged.VALUE
    must: float | None = None
    reach: float | None = None

    def times(self, measured: Measured) -> float | None:
        """How many times as good as the peer: over 1 is better than it. None without a peer."""
        if measured.times is not None:
            return measured.times
        if measured.beside is None or not measured.value or not measured.beside:
            return None
        ratio = measured.value / measured.beside
        return ratio if self.better is Better.HIGHER else 1 / ratio

    def judged_of(self, measured: Measured) -> float | None:
        """What of a measurement is held against limits and earlier results."""
        return measured.value if self.judged is Judged.VALUE else self.times(measured)

    def meets(self, found: float, limit: float) -> bool:
        """Whether the judged number is as good as `limit`."""
        return found >= limit if self.rises else found <= limit

    @property
    def rises(self) -> bool:
        """Whether a larger judged number is a better one."""
        return self.judged is Judged.TIMES or self.better is Better.HIGHER


@dataclass(frozen=True)
class Measured:
    """A value and the peer's in the same unit. `times` where it is more than their ratio, as a median over rounds."""

    value: float
    beside: float | None = None
    times: float | None = None


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a bench is told: how often, how much, with which peer's interpreter, and a folder that is empty."""

    rounds: int
    count: int
    folder: Path
    peer_python: str
    warm: bool = False  # leave the page cache alone where a bench would empty it


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a bench found: by figure its value, or why there is none; and details that go into its results file.

    `mark`, "WORD: why", stands with all of it wherever it is shown, where it is not of what the bench is named after.
    """

    values: dict[str, Measured]
    mark: str = ""
    absent: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


class Change(str, Enum):
    """A figure beside the last committed one."""

    SAME = "="
    BETTER = "better"
    WORSE = "WORSE"
    NEW = "new"
    ELSEWHERE = "other machine"


def change(figure: Figure, now: float, before: float | None, *, same_machine: bool = True) -> Change:
    """What became of the judged number; ELSEWHERE where a value by the clock is of another machine.

    Ratios, memory and counts hold from machine to machine.
    """
    if before is None:
        return Change.NEW
    if not same_machine and figure.judged is Judged.VALUE and figure.noise >= CPU:
        return Change.ELSEWHERE
    if abs(now - before) <= figure.noise * max(abs(before), 1e-9):
        return Change.SAME
    return Change.BETTER if (now > before) == figure.rises else Change.WORSE
