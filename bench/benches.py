"""The table of benches: a line each, with its figures, their peers and limits. `python -m bench` walks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.budgets import BUDGETS
from bench.engine_figures import figures as engine_figures
from bench.figures import CLOCK, COUNT, CPU, MEMORY, Better, Figure, Judged


@dataclass(frozen=True, kw_only=True)
class Size:
    """How often, and how much of what the bench counts."""

    rounds: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One bench: the function `entry` of `bench.MODULE` takes what is given, and finds these figures.

    `small` shows in a minute that it works. `by_default` False: too long for every time, part of `--full`.
    """

    name: str
    module: str
    measures: str
    counted: str
    usual: Size
    small: Size
    figures: tuple[Figure, ...]
    entry: str = "measure"
    by_default: bool = True
    has_peer_python: bool = False

    def figure(self, name: str) -> Figure:
        """A figure by its name. Raises StopIteration where there is none."""
        return next(figure for figure in self.figures if figure.name == name)


PATH_MB: Final = 150.0  # what the desk's path may hold, wherever its frames come from
CLIPS: Final = ("synthetic", "woman")
SHAPES: Final = ("live", "catch_up")
CHARTS: Final = tuple(f"{page} {key}" for page in ("floor", "desk") for key in ("15min", "hour", "day", "week"))
PAGES: Final = (*CHARTS, "boxes")
DRAWN: Final = ("floor day", "floor week", "desk day", "desk week")
STAGES: Final = {
    "read a frame": "its networks alone",
    "detect in a frame": "its networks alone",
    "follow in a frame": "its network alone",
    "recognise a face": "its network alone",
    "crop and judge a face": "cv2.resize of its box",
    "sum up a second": "numpy's mean of its shares",
    "encode a reading": "json.dumps",
    "decode a reading": "json.loads",
    "store a reading": "json.loads and a bare insert",
}
"""The hot path, from a frame to a row of the centre, and what each stage is counted beside."""


def _desk() -> tuple[Figure, ...]:
    found: list[Figure] = []
    for clip in CLIPS:
        rate = {"unit": "/s", "better": Better.HIGHER, "noise": CLOCK, "beside": "fer", "judged": Judged.TIMES}
        found += (
            Figure(name=f"{clip}: frames a second", must=12.0, reach=20.0, **rate),  # type: ignore[arg-type]
            Figure(name=f"{clip}: CPU a frame", unit="ms", better=Better.LOWER, noise=CPU, beside="fer",
                   judged=Judged.TIMES),
            Figure(name=f"{clip}: memory", unit="MB", better=Better.LOWER, noise=MEMORY, beside="fer",
                   must=PATH_MB),
        )  # fmt: skip
    return tuple(found)


def _ingest() -> tuple[Figure, ...]:
    found: list[Figure] = []
    for shape in SHAPES:
        found += (
            Figure(name=f"{shape}: readings a second", unit="/s", better=Better.HIGHER, noise=CLOCK,
                   beside="bare loop", judged=Judged.TIMES, must=0.5, reach=0.7),
            Figure(name=f"{shape}: CPU a reading", unit="us", better=Better.LOWER, noise=CPU,
                   beside="bare loop", judged=Judged.TIMES),
        )  # fmt: skip
    return tuple(found)


def _pages() -> tuple[Figure, ...]:
    first = [
        Figure(name=f"{page}: first byte", unit="ms", better=Better.LOWER, noise=CLOCK,
               beside="fixed page of its size", must=500.0, reach=100.0)
        for page in PAGES
    ]  # fmt: skip
    drawn = [
        Figure(name=f"{page}: chart drawn", unit="ms", better=Better.LOWER, noise=CLOCK,
               beside="fixed page with a rectangle", must=1500.0, reach=500.0)
        for page in DRAWN
    ]  # fmt: skip
    sizes = [
        Figure(name=f"{page}: size", unit="kB", better=Better.LOWER, noise=COUNT, must=500.0, reach=250.0)
        for page in ("floor day", "desk week", "boxes")
    ]
    asked = Figure(name="week by one query", unit="ms", better=Better.LOWER, noise=CLOCK,
                   beside="the same of minutes", judged=Judged.TIMES, must=1.0, reach=5.0)  # fmt: skip
    cpu = Figure(name="CPU of every page once", unit="ms", better=Better.LOWER, noise=CPU,
                 beside="fixed pages of their size", must=2000.0, reach=800.0)  # fmt: skip
    return (*first, cpu, *drawn, *sizes, asked)


def _start() -> tuple[Figure, ...]:
    found: list[Figure] = []
    for item in BUDGETS:
        found += (
            Figure(name=f"{item.process}: start", unit="s", better=Better.LOWER, noise=CLOCK,
                   beside="bare imports", must=item.start_s),
            Figure(name=f"{item.process}: memory", unit="MB", better=Better.LOWER, noise=MEMORY,
                   beside="bare imports", must=item.memory_mb),
        )  # fmt: skip
    return tuple(found)


_MEMORY: Final = (
    Figure(name="growth", unit="MB", better=Better.LOWER, noise=0.5, must=10.0, reach=2.0),
    Figure(name="resident at the end", unit="MB", better=Better.LOWER, noise=MEMORY, must=PATH_MB),
    Figure(name="CPU a frame", unit="ms", better=Better.LOWER, noise=CPU, must=16.0),
)
_ANALYZE: Final = (
    Figure(
        name="times real time",
        unit="x",
        better=Better.HIGHER,
        noise=CLOCK,
        beside="decoding alone",
        must=10.0,
        reach=20.0,
    ),
    Figure(name="CPU a frame", unit="ms", better=Better.LOWER, noise=CPU, must=8.0, reach=4.0),
    Figure(name="memory from minute 5 on", unit="MB", better=Better.LOWER, noise=0.5, must=10.0, reach=2.0),
    Figure(name="memory", unit="MB", better=Better.LOWER, noise=MEMORY, must=500.0),
)
_OVER_TIME: Final = (
    Figure(name="a ring of frames", unit="ms", better=Better.LOWER, noise=CPU, beside="a face's network",
           judged=Judged.TIMES, must=4.0, reach=6.7),
    Figure(name="averaged: changes", unit="/s", better=Better.LOWER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES),
    Figure(name="averaged: right", unit="%", better=Better.HIGHER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES),
    Figure(name="over time: changes", unit="/s", better=Better.LOWER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES),
    Figure(name="over time: right", unit="%", better=Better.HIGHER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES, must=1.0),
    Figure(name="over time, averaged: changes", unit="/s", better=Better.LOWER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES, must=2.0, reach=3.0),
    Figure(name="over time, averaged: right", unit="%", better=Better.HIGHER, noise=COUNT, beside="single frames",
           judged=Judged.TIMES, must=1.0),
    *(
        figure
        for name in ("res3-att", "two-stream")
        for figure in (
            Figure(name=f"{name}: a frame", unit="ms", better=Better.LOWER, noise=CPU, beside="the default's network",
                   judged=Judged.TIMES),
            Figure(name=f"{name}: changes", unit="/s", better=Better.LOWER, noise=COUNT, beside="single frames",
                   judged=Judged.TIMES),
            Figure(name=f"{name}: right", unit="%", better=Better.HIGHER, noise=COUNT, beside="single frames",
                   judged=Judged.TIMES),
        )
    ),
)  # fmt: skip
_HEARING: Final = (
    Figure(name="a second of sound", unit="ms", better=Better.LOWER, noise=CLOCK, beside="its networks alone",
           must=15.0, reach=6.0),
)  # fmt: skip
_OWN_NEUTRAL: Final = tuple(
    Figure(name=f"{point}: right", unit="%", better=Better.HIGHER, noise=COUNT, beside="without it",
           judged=Judged.TIMES, must=1.0)
    for point in ("everyday", "expressive")
)  # fmt: skip
_UNEVEN: Final = {"encode a reading": 0.05}  # whether a growing buffer is moved is up to the allocator
_INSTRUCTIONS: Final = tuple(
    Figure(name=stage, unit="k", better=Better.LOWER, noise=_UNEVEN.get(stage, COUNT), beside=beside)
    for stage, beside in STAGES.items()
)

BENCHES: Final = (
    Bench(name="desk", module="desk", counted="frames of each clip", figures=_desk(), has_peer_python=True,
          measures="the desk's path on 640x480 clips with one face, on one core",
          usual=Size(rounds=3, count=250), small=Size(rounds=1, count=50)),
    Bench(name="ingest", module="ingest", counted="readings", figures=_ingest(),
          measures="readings from the broker's queue to the centre's commit",
          usual=Size(rounds=5, count=40_000), small=Size(rounds=1, count=5_000)),
    Bench(name="pages", module="pages", counted="days of data", figures=_pages(),
          measures="each page over a year of twelve desks: first byte, chart drawn, size",
          usual=Size(rounds=7, count=365), small=Size(rounds=2, count=21)),
    Bench(name="start", module="start", counted="starts of each process in a round", figures=_start(),
          measures="each process from its command to its first work done, and what it then holds",
          usual=Size(rounds=3, count=1), small=Size(rounds=1, count=1)),
    Bench(name="engine", module="engine", counted="runs of each batch in a round", figures=engine_figures(),
          measures="TensorRT's engines on this GPU; without one, over fakes and marked so, our own code around them",
          usual=Size(rounds=15, count=10), small=Size(rounds=1, count=2)),
    Bench(name="memory", module="memory", counted="frames", figures=_MEMORY,
          measures="what the desk's path holds, from frame to outbox, after many frames",
          usual=Size(rounds=1, count=20_000), small=Size(rounds=1, count=1_000)),
    Bench(name="million", module="memory", counted="frames", figures=_MEMORY, by_default=False,
          measures="the same over a million frames: eleven hours of a desk",
          usual=Size(rounds=1, count=1_000_000), small=Size(rounds=1, count=1_000)),
    Bench(name="analyze", module="analyze", counted="seconds of video", figures=_ANALYZE,
          measures="an hour of recorded video, 640x480 at 25 frames a second, by mien-desk analyze",
          usual=Size(rounds=1, count=3_600), small=Size(rounds=1, count=120)),
    Bench(name="analyze_woman", module="analyze", entry="measure_woman", counted="seconds of video", figures=_ANALYZE,
          measures="the same of the woman's clip, which is of a person and harder to decode", by_default=False,
          usual=Size(rounds=1, count=3_600), small=Size(rounds=1, count=120)),
    Bench(name="over_time", module="over_time", counted="runs of each network in a round", figures=_OVER_TIME,
          measures="faces read over time: what it costs, and how steady labels are on clips of people",
          usual=Size(rounds=9, count=300), small=Size(rounds=1, count=20)),
    Bench(name="hearing", module="hearing", counted="seconds of speech in a round", figures=_HEARING,
          measures="a second of sound to a reading, on one thread, noise taken out",
          usual=Size(rounds=9, count=200), small=Size(rounds=1, count=20)),
    Bench(name="own_neutral", module="own_neutral", counted="ways to halve the neutral pictures",
          figures=_OWN_NEUTRAL, measures="accuracy with an agent's own neutral taken out of their readings",
          usual=Size(rounds=1, count=10), small=Size(rounds=1, count=1)),
    Bench(name="instructions", module="instructions", counted="passes", figures=_INSTRUCTIONS,
          measures="instructions of the hot path, counted by callgrind: the same on every machine, however busy",
          usual=Size(rounds=1, count=2), small=Size(rounds=1, count=1)),
)  # fmt: skip
"""In the order in which they run: what needs a quiet machine first."""


def bench(name: str) -> Bench:
    """A bench by its name. Raises StopIteration where there is none."""
    return next(item for item in BENCHES if item.name == name)
