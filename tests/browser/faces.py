"""Made faces for the made floor: desks with their habits and mishaps, and how each looks from minute to minute."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from contract.expressions import EXPRESSIONS

NO_SHARES: Final = (0.0,) * len(EXPRESSIONS)
BASE: Final = dict(
    zip(
        ("happiness", "surprise", "neutral", "sadness", "fear", "contempt", "disgust", "anger"),
        (0.285, 0.045, 0.53, 0.05, 0.022, 0.018, 0.012, 0.038),
        strict=True,
    )
)
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
    spread: float = 0.33  # how much the shares wander
    building: tuple[str, float] | None = None  # the step and the share of its box's engines, while it builds them
    fault: str | None = None  # why its box has no engines


def minute_of(hour: int, minute: int = 0) -> int:
    """A time of day in minutes since midnight."""
    return hour * 60 + minute


def _lunch(hour: int, minute: int) -> tuple[int, int, str]:
    return (minute_of(hour, minute), minute_of(hour, minute) + 45, "not_observed")


_END: Final = minute_of(18)
FAULT: Final = (
    "TensorRT 10.3: libnvinfer.so.10 cannot be opened: no such file; install it, or choose onnx in the settings"
)
FLOOR: Final = (
    Made("Desk 01", "Billing", happy=0.15, marks=(_lunch(12, 0),)),
    Made("Desk 02", "Billing", marks=((minute_of(8), minute_of(8, 5), "not_observed"), _lunch(12, 0))),
    Made("Desk 03", "Billing", happy=0.1, marks=(_lunch(12, 45), (minute_of(15, 30), _END, "not_observed"))),
    Made(
        "Desk 04",
        "Billing",
        happy=-0.1,
        seen=0.84,
        marks=(
            (minute_of(10, 5), minute_of(10, 25), "late"),
            _lunch(12, 45),
            (minute_of(13, 30), minute_of(13, 40), "gap"),
            (minute_of(11, 15), minute_of(11, 25), "turned_away"),
        ),
    ),
    Made("Desk 05", "Bookings", happy=0.25, marks=(_lunch(11, 45),), building=("mien-face-0.4, for 2 faces", 0.42)),
    Made("Desk 06", "Bookings", happy=0.05, marks=((minute_of(8), minute_of(8, 15), "not_observed"), _lunch(12, 30))),
    Made("Desk 07", "Bookings", online=False, marks=(_lunch(11, 45), (minute_of(14, 20), _END, "gap"))),
    Made("Desk 08", "Bookings", happy=0.2, seen=0.93, marks=(_lunch(12, 30),), fault=FAULT),
    Made("Desk 09", "Technical help", happy=-0.05, event=1.0, marks=(_lunch(12, 15),)),
    Made(
        "Desk 10",
        "Technical help",
        happy=-0.1,
        event=0.9,
        seen=0.7,
        marks=(_lunch(13, 0), (minute_of(14, 55), _END, "dark")),
    ),
    Made(
        "Desk 11",
        "Technical help",
        event=1.1,
        waiting=3300,
        marks=(
            _lunch(12, 15),
            (minute_of(13, 20), minute_of(14, 45), "late"),
            (minute_of(14, 45), minute_of(15, 40), "gap"),
        ),
    ),
    Made("Desk 12", "Technical help", happy=0.1, simulated=True),
)


def shares_at(desk: Made, state: dict[str, float], minute: int, rng: random.Random) -> tuple[float, ...]:
    """Eight shares in the contract's order; `state` drifts from call to call."""
    hour = min(9, max(0, minute // 60 - 8))
    hard = desk.event * math.exp(-(((minute - minute_of(14, 5)) / 18) ** 2))
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


def mark_at(desk: Made, minute: int) -> str:
    """What befalls a desk in a minute of the day; `ok` where nothing does."""
    return next((what for first, last, what in desk.marks if first <= minute < last), "ok")


def seconds_of(
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


def _second(what: str, second: int, wanted: float, rng: random.Random) -> str:
    if what == "not_observed":
        return what
    if what in ("dark", "turned_away"):
        return "seen" if rng.random() < 0.16 else what
    return "seen" if rng.random() < wanted else rng.choice(("no_face", "no_face", "turned_away"))
