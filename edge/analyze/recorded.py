"""One recording on its way through an analysis: its parts, their windows put in order, and what they add up to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec import structs

from edge.analyze.inputs import Found
from edge.analyze.messages import End, Facts, Heard, Inspect, Job, Listen, Part, Window
from edge.analyze.results import Kind, Recording
from edge.analyze.tally import Course, Tally
from edge.analyze.whole import MP4

PART_S: Final = 60.0  # of film a part; what a part costs beside its frames, in seeking and looking anew, is 1 % of it
LAST_S: Final = 30.0  # a shorter last part is read with the one before it
PICTURES: Final = 60  # a part
WINDOWS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 60)  # seconds; a part is whole windows of any
MOST_WAITING: Final = 600  # windows of a part that wait for the parts before it
PICTURE_RATE: Final = 1.0  # each picture counts as one second

# A recording ends early where both its frames and its seconds fall short of what it states by so much.
SHORT_PART: Final = 0.05
SHORT_S: Final = 1.0
LOST_PART: Final = 0.02  # of an MP4's frames, whose number is exact: more that are missing were not decoded


def window_s(rate: float, every: int) -> float:
    """The shortest window that holds a frame that is looked at, whenever there is one: a second at most rates."""
    return float(next((w for w in WINDOWS if w * rate >= every * (1 - 1e-9)), WINDOWS[-1]))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked of each recording."""

    every: int
    fps: float  # of folders of frames
    annotated: Callable[[Found, Kind], Path] | None = None
    listens: bool = False


@dataclass(eq=False)
class _Stretch:
    """A part, and what waits of it."""

    task: Part
    given: bool = False
    windows: deque[Window] = field(default_factory=deque)
    end: End | None = None


class Recorded:
    """The state of one recording."""

    def __init__(self, number: int, found: Found, plan: Plan) -> None:
        self.number, self.found = number, found
        self._plan = plan
        self.facts: Facts | None = None
        self.faults: list[str] = [found.fault] if found.fault else []
        self.begun = self.stopped = False
        self.tally = Tally()
        self._course: Course | None = None
        self._parts: list[_Stretch] = []
        self._head = 0
        self._ends: list[End] = []
        self.film_s = 0.0  # reported so far, in whatever order
        self._to_hear = self._hears = False
        self._heard: deque[Heard] = deque()

    @property
    def kind(self) -> Kind:
        """What it is, as far as that is known."""
        return self.facts.kind if self.facts else self.found.kind or Kind.PICTURES

    @property
    def rate(self) -> float:
        """Nominal frames a second."""
        if self.kind is Kind.VIDEO:
            return self.facts.rate if self.facts else 0.0
        return self._plan.fps if self.kind is Kind.FRAMES else PICTURE_RATE

    @property
    def stated_s(self) -> float:
        """How long it should be; 0 where nobody knows."""
        if self.facts is None:
            return 0.0
        return self.facts.stated_s if self.kind is Kind.VIDEO else len(self.found.files) / self.rate

    @property
    def done(self) -> bool:
        """Nothing is left to do, and all is counted."""
        if self.facts is None or self.facts.fault:
            return bool(self.faults)
        return self._head == len(self._parts) and not (self._to_hear or self._hears)

    @property
    def share(self) -> float:
        """What part of it is read, about."""
        if self.done:
            return 1.0
        return min(1.0, self.film_s / self.stated_s) if self.stated_s else 0.0

    @property
    def has_task(self) -> bool:
        """Whether there is something to ask a worker now."""
        return not self.done and (not self.begun or self._to_hear or any(not stretch.given for stretch in self._parts))

    def next_task(self) -> Job:
        """What to ask a worker next, where there is something."""
        if not self.begun:
            self.begun = True
            files, kind = self.found.files, self.found.kind
            return Inspect(item=self.number, path=str(self.found.path), files=files, kind=kind)
        if self._to_hear:  # first: no window has its turn before
            self._to_hear, self._hears = False, True
            return Listen(item=self.number, path=str(self.found.path))
        stretch = next(stretch for stretch in self._parts if not stretch.given)
        stretch.given = True
        return stretch.task

    def learn(self, facts: Facts) -> None:
        """Take in what a first look found."""
        self.facts = facts
        if facts.fault:
            self.faults.append(facts.fault)
            return
        self._parts = [_Stretch(task) for task in self._tasks(facts)]
        self._to_hear = self._plan.listens and facts.kind is Kind.VIDEO
        self._course = Course(1.0 if facts.kind is Kind.PICTURES else self._parts[0].task.window_s)

    def _tasks(self, facts: Facts) -> list[Part]:
        plan, files = self._plan, self.found.files
        copy = str(plan.annotated(self.found, facts.kind)) if plan.annotated else None
        every = 1 if facts.kind is Kind.PICTURES else plan.every
        whole = Part(
            item=self.number,
            part=0,
            path=str(self.found.path),
            kind=facts.kind,
            files=files,
            rate=self.rate,
            every=every,
            window_s=window_s(self.rate, every),
            annotated=copy,
        )
        if facts.kind is Kind.PICTURES:
            starts = [float(start) for start in range(0, len(files), PICTURES)]
        else:
            parts = max(1, math.ceil((self.stated_s - LAST_S) / PART_S)) if facts.can_seek and copy is None else 1
            starts = [PART_S * number for number in range(parts)]
        firsts = [math.ceil(start * self.rate - 1e-6) for start in starts]
        ends = zip(starts, [*starts[1:], None], firsts, [*firsts[1:], None], strict=True)
        return [
            structs.replace(
                whole, part=number, start_s=start, end_s=end, files=files[first:past], first=first if files else 0
            )
            for number, (start, end, first, past) in enumerate(ends)
        ]

    def take(self, window: Window) -> None:
        """Take in a window of one of its parts; a part's windows come in order."""
        self._parts[window.part].windows.append(window)
        self.film_s += window.seconds

    def hear(self, second: Heard) -> None:
        """Take in a second of its sound; they come in order."""
        self._heard.append(second)

    def listened(self, fault: str | None) -> None:
        """Its sound is heard, or could not be: what it shows still counts."""
        self._hears = False
        if fault:
            self.faults.append(fault)

    def heard_before(self, until_s: float) -> list[Heard]:
        """The seconds of sound that begin before a time, each given once."""
        found = []
        while self._heard and self._heard[0].at_s < until_s - 1e-6:
            found.append(self._heard.popleft())
        return found

    def end(self, end: End) -> None:
        """A part is read."""
        self._parts[end.part].end = end
        self._ends.append(end)
        self.stopped |= end.stopped
        if end.fault:
            self.faults.append(end.fault)

    def fail(self, fault: str, part: int | None) -> None:
        """A worker died over it: what is not begun is left, what others read still counts."""
        self.faults.append(fault)
        self._to_hear = False
        if part is not None:
            self._parts[part].end = End(item=self.number, part=part, met=0)
        self._parts = [stretch for stretch in self._parts if stretch.given]

    def waiting(self, *, its_turn: bool) -> list[tuple[int, int]]:
        """Parts that hold as many windows as they should until those before them are through."""
        late = self._parts[self._head + its_turn :]
        return [(self.number, stretch.task.part) for stretch in late if len(stretch.windows) >= MOST_WAITING]

    @property
    def held(self) -> int:
        """Windows that wait for their turn."""
        return sum(len(stretch.windows) for stretch in self._parts)

    def flow(self, sink: Callable[[Recorded, Window], None], *, all_there_is: bool = False) -> None:
        """Give `sink` the windows whose turn it is. With `all_there_is`, those behind an unfinished part too."""
        while self._head < len(self._parts) and (all_there_is or not (self._to_hear or self._hears)):
            head = self._parts[self._head]
            while head.windows:
                window = head.windows.popleft()
                self.tally.add(window)
                if self._course is not None:
                    self._course.add(window)
                sink(self, window)
            if head.end is None and not all_there_is:
                return
            self.stopped |= head.end is None
            self._head += 1

    def name_of(self, window: Window) -> str:
        """The file that a window is of: of pictures, the picture."""
        if self.kind is Kind.PICTURES and len(self.found.files) > 0:
            return str(self.found.path / self.found.files[round(window.at_s)])
        return self.found.name

    def recording(self) -> Recording:
        """What it adds up to."""
        if not self.done or self.stopped:
            self.faults.append(f"{self.found.name}: not read to its end; the analysis was stopped before")
        elif not self.faults and (short := self._short()):
            self.faults.append(short)
        sized = next((end for end in self._ends if end.width), None)
        return Recording(
            **self.tally.fields(),
            file=self.found.name,
            kind=self.kind,
            complete=not self.faults,
            width=sized.width if sized else 0,
            height=sized.height if sized else 0,
            frames_per_second=round(self._measured_rate(), 3),
            bin_s=self._course.bin_s if self._course else 1.0,
            course=self._course.bins() if self._course else (),
            fault="; ".join(self.faults) or None,
        )

    def _measured_rate(self) -> float:
        """Of a video, as its frames came; else what it is played at, 0 of pictures."""
        if self.kind is not Kind.VIDEO:
            return 0.0 if self.kind is Kind.PICTURES else self.rate
        met = [end for end in self._ends if end.met]
        first, last = min((end.first_s for end in met), default=0.0), max((end.last_s for end in met), default=0.0)
        frames = sum(end.met for end in met)
        return (frames - 1) / (last - first) if frames > 1 and last > first else self.rate

    def _short(self) -> str | None:
        """What is missing of a video that was read to its end, if anything."""
        if self.kind is not Kind.VIDEO or self.facts is None:
            return None
        stated, frames = self.facts.stated_frames, sum(end.met for end in self._ends)
        last = max((end.last_s for end in self._ends if end.met), default=0.0)
        name, whole = self.found.name, self.stated_s
        if frames == 0:
            return f"{name}: no picture in it can be decoded; give another copy of it"
        if self.facts.cut:
            return f"{name}: its end is missing, after {last:.1f} s; give a whole copy of it"
        if frames < (1 - SHORT_PART) * stated and last < (1 - SHORT_PART) * whole - SHORT_S:
            return f"{name}: ends after {last:.1f} s of the {whole:.1f} s that it states; give a whole copy of it"
        if self.found.path.suffix.lower() in MP4 and stated - frames > max(LOST_PART * stated, self.rate):
            return f"{name}: {stated - frames} of its {stated} frames could not be decoded; give another copy of it"
        return None
