"""Simulated desks: made readings of a plausible day, through the same outbox and the same publisher as a real desk's.

Every reading and every status says that it is simulated.
"""

from __future__ import annotations

import logging
import math
import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from contract.expressions import EXPRESSIONS
from contract.reading import LASTING, Reading, Reason, Source, seen
from edge.errors import MienDeskError
from edge.publish import Publisher
from edge.settings import Settings
from edge.store import Outbox, Vitals, prepare

MODEL: Final = "simulated-1"
FRAMES_PER_SECOND: Final = 15.0
HEALTH_EVERY_S: Final = 10.0
LASTING_S: Final = 60.0  # reasons that last are one row a minute
HISTORY_CHUNK: Final = 5_000  # readings a transaction

# Where the log of each share drifts back to, how far a second moves it, and how fast it returns.
_MEAN: Final = dict(zip(EXPRESSIONS, (1.6, 0.2, -1.6, -0.8, -1.4, -2.2, -2.4, -2.2), strict=True))
_STEP: Final = 0.09
_RETURN: Final = 0.004

log: Final = logging.getLogger("mien.simulate")


@dataclass(frozen=True)
class Spell:
    """A reason that a desk falls into: how often an hour, and for how long in the mean."""

    reason: Reason
    an_hour: float
    mean_s: float


SPELLS: Final = (
    Spell(Reason.NO_FACE, 4.0, 45.0),
    Spell(Reason.TURNED_AWAY, 12.0, 6.0),
    Spell(Reason.UNSURE, 10.0, 3.0),
    Spell(Reason.MANY_FACES, 0.8, 15.0),
    Spell(Reason.COVERED, 3.0, 4.0),
    Spell(Reason.DARK, 0.2, 90.0),
    Spell(Reason.PAUSED, 0.5, 300.0),
)


class Face:
    """The course of one made face: eight shares that drift around a mood, and spells without a face."""

    def __init__(self, seed: int) -> None:
        """The same seed gives the same course."""
        self._random = random.Random(seed)
        self._mood = {name: mean + self._random.gauss(0.0, 0.35) for name, mean in _MEAN.items()}
        self._now = dict(self._mood)
        self._spell: Reason | None = None
        self._left_s = 0.0

    def second(self, length_s: float = 1.0) -> Reason | tuple[float, ...]:
        """The next `length_s` seconds: eight shares, or a reason."""
        self._left_s -= length_s
        if self._left_s <= 0:
            self._spell = self._next_spell(length_s)
        for name, mood in self._mood.items():
            back = 1.0 - math.exp(-_RETURN * length_s)
            self._now[name] += (mood - self._now[name]) * back + self._random.gauss(0.0, _STEP * math.sqrt(length_s))
        if self._spell is not None:
            return self._spell
        largest = max(self._now.values())
        odds = [math.exp(self._now[name] - largest) for name in EXPRESSIONS]
        return tuple(value / sum(odds) for value in odds)

    def uniform(self, low: float, high: float) -> float:
        """A number by the same chance."""
        return self._random.uniform(low, high)

    def _next_spell(self, length_s: float) -> Reason | None:
        for spell in SPELLS:
            if self._random.random() < spell.an_hour * length_s / 3600.0:
                self._left_s = self._random.expovariate(1.0 / spell.mean_s)
                return spell.reason
        self._left_s = 0.0
        return None


@dataclass(frozen=True)
class _Moment:
    state: Reason | tuple[float, ...]
    started_ns: int
    began_s: float  # UTC
    length_s: float

    @property
    def reason(self) -> Reason | None:
        """Why there is no expression, where there is none."""
        return self.state if isinstance(self.state, Reason) else None


class Desk:
    """One simulated desk: makes readings and keeps them in its outbox."""

    def __init__(self, settings: Settings, seed: int) -> None:
        """Open the outbox; the process `store` must have prepared it."""
        self._settings = settings
        self._outbox = Outbox(settings.store, settings.policy)
        self._face = Face(seed)
        self._boot = secrets.token_hex(8)
        self._shift = settings.shift.id or secrets.token_hex(8)
        self._ns = 0
        self._lasting: _Moment | None = None
        self._health_s = 0.0

    def fill(self, hours: float, step_s: float, now_s: float) -> int:
        """Make the readings of the hours before `now_s` (UTC seconds), one each `step_s`; none where some are there."""
        if hours <= 0 or not self._outbox.is_empty():
            return 0
        made = 0
        steps = int(hours * 3600 / step_s)
        batch: list[Reading] = []
        for index in range(steps):
            batch += self._next(now_s - (steps - index) * step_s, step_s)
            if len(batch) >= HISTORY_CHUNK or index == steps - 1:
                self._outbox.add_many(batch)
                made += len(batch)
                batch = []
        return made

    def step(self, now_s: float) -> None:
        """Make the reading of the second that ends at `now_s` (UTC seconds)."""
        for reading in self._next(now_s - 1.0, 1.0):
            self._outbox.add(reading)
        self._health_s -= 1.0
        if self._health_s <= 0:
            self._outbox.note_health(Vitals(FRAMES_PER_SECOND + self._face.uniform(-0.4, 0.4), MODEL))
            self._health_s = HEALTH_EVERY_S

    def close(self) -> None:
        """Close the outbox."""
        self._outbox.close()

    def _next(self, began_s: float, length_s: float) -> Iterator[Reading]:
        """The rows of a moment: none while a reason lasts, its row at its end or after a minute, else one."""
        state = self._face.second(length_s)
        if self._lasting is not None and (self._lasting.reason is not state or self._lasting.length_s >= LASTING_S):
            yield self._reading(self._lasting)
            self._lasting = None
        moment = _Moment(state, self._ns, began_s, length_s)
        self._ns += round(length_s * 1e9)
        if state not in LASTING:
            yield self._reading(moment)
        elif self._lasting is None:
            self._lasting = moment
        else:
            self._lasting = replace(self._lasting, length_s=min(self._lasting.length_s + length_s, LASTING_S))

    def _reading(self, moment: _Moment) -> Reading:
        settings = self._settings
        made: dict[str, Any] = {"reason": moment.state}
        if not isinstance(moment.state, Reason):
            quality = self._face.uniform(0.8, 1.0)
            made = seen(moment.state, confidence=max(moment.state), quality=quality, faces=1)
        return Reading(
            source=Source.FACE,
            boot=self._boot,
            started_ns=moment.started_ns,
            wall_ms=round(moment.began_s * 1000),
            duration_s=moment.length_s,
            role=settings.box.role,
            shift=self._shift,
            policy=settings.policy.name,
            model=MODEL,
            simulated=True,
            **made,
        )


def run(desks: Sequence[Settings], stop: threading.Event, *, seed: int, hours: float, step_s: float) -> int:
    """Run these simulated desks until `stop` is set: a thread each to publish, one that makes all readings."""
    made: list[Desk] = []
    for index, settings in enumerate(desks):
        prepare(settings.store)
        made.append(Desk(settings, seed + index))
        count = made[-1].fill(hours, step_s, time.time())
        if count:
            log.info("%s: made %d readings of the last %g hours", settings.box.id, count, hours)
    made_all = threading.Event()
    publishers = [threading.Thread(target=_publish, args=(one, made_all), name=one.box.id) for one in desks]
    for thread in publishers:
        thread.start()
    log.info("%d simulated desks run: %s to %s", len(desks), desks[0].box.id, desks[-1].box.id)
    try:
        _make(made, stop)
    finally:
        made_all.set()
        for thread in publishers:
            thread.join()
        for desk in made:
            desk.close()
    return 0


def _make(desks: Sequence[Desk], stop: threading.Event) -> None:
    """A reading a second of every desk, spread over the second."""
    next_at = time.monotonic()
    while True:
        for desk in desks:
            next_at += 1.0 / len(desks)
            if stop.wait(max(0.0, next_at - time.monotonic())):
                return
            desk.step(time.time())


def _publish(settings: Settings, stop: threading.Event) -> None:
    try:
        Publisher(settings, simulated=True).run(stop)
    except MienDeskError as error:
        log.error("%s: %s", settings.box.id, error)
