"""An analysis from beginning to end: recordings to workers, what they find to sums and files, in the order of time."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from contract.reading import Reading, Role
from edge import bundle as bundles
from edge import voice_card
from edge.analyze import messages
from edge.analyze.handover import hand_over
from edge.analyze.inputs import COPY, Found, find
from edge.analyze.messages import End, Facts, Heard, Inspect, Listen, Listened, Setup, Window
from edge.analyze.output import REPORT, SUMMARY, Identity, Output, reading_of
from edge.analyze.pool import Died, Pool
from edge.analyze.progress import Progress
from edge.analyze.recorded import Plan, Recorded
from edge.analyze.report import report_html
from edge.analyze.results import Counted, Kind, Recording, Summary
from edge.analyze.tally import HeardTally, Tally
from edge.analyze.voices import both_of
from edge.analyze.voices import reading_of as reading_of_voice
from edge.errors import BrokerError, MienDeskError, SettingsError
from edge.settings import Settings

SOFTWARE: Final = f"mien-{version('mien')}"
NOT_PUBLISHED: Final = "recorded"  # the policy of readings that stay in readings.jsonl
AHEAD: Final = 4  # recordings, for each worker, that are begun before the first of them is done
WAIT_S: Final = 0.2
MOST_HELD: Final = 20_000  # windows that wait for the recording before theirs: 20 MB


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is asked of an analysis; see `mien-desk analyze --help`."""

    inputs: tuple[Path, ...]
    out: Path
    role: Role = Role.AGENT
    every: int = 1
    model: str = "default"
    point: str = ""
    images: Kind | None = None  # what folders of images are; None to find out
    fps: float = 25.0
    workers: int = 0  # 0 for one a core
    annotated: Path | None = None
    began: datetime | None = None
    settings: Settings | None = None  # of the desk through whose outbox the readings go to the centre
    config: str = ""  # the name of the file with these settings
    quiet: bool = False
    voice: str | None = None  # a packaged voice or its folder; None: films are not listened to


class _Ears:
    """What was heard of a recording, or of all: the voice, and face and voice together."""

    def __init__(self) -> None:
        self.voice, self.both = HeardTally(), HeardTally()


@dataclass(frozen=True)
class Outcome:
    """What came of it; `error` is why the readings of a recording could not be handed over."""

    summary: Summary
    stopped: bool
    error: MienDeskError | None


def analyze(options: Options, stop: threading.Event) -> Outcome:
    """Analyze all inputs, or until `stop` is set; write the results. Raises SettingsError, ModelError, OutputError."""
    analysis = Analysis(options, stop)
    try:
        analysis.run()
        return analysis.finish()
    finally:
        analysis.close()


class Analysis:
    """The state of an analysis."""

    def __init__(self, options: Options, stop: threading.Event) -> None:
        self._options, self._stop = options, stop
        trust = options.settings.model.trust if options.settings else None
        self._bundle = bundles.named(options.model, options.point, trust=trust)
        results = [options.out, *([options.annotated] if options.annotated else [])]
        found = find(options.inputs, options.images, results)
        if options.began is not None and len(found) != 1:
            raise SettingsError(f"--began says when one recording began, but these are {len(found)}; give one alone")
        annotated = _copies(options.annotated, found) if options.annotated else None
        self._voice = voice_card.named(options.voice, trust=trust) if options.voice else None
        plan = Plan(every=options.every, fps=options.fps, annotated=annotated, listens=self._voice is not None)
        self._items = [Recorded(number, one, plan) for number, one in enumerate(found)]
        self._head = 0  # the first that is not done
        self._sizes = sum(one.size for one in found) or 1
        self._all = Tally()
        self._heard = _Ears(), {number: _Ears() for number in range(len(self._items))}
        self._out = Output(options.out)
        self._line_of: dict[int, int] = {}  # where a recording's readings begin
        self._identities: dict[int, Identity] = {}
        self._error: MienDeskError | None = None
        self._progress = Progress(sys.stderr, quiet=options.quiet)
        setup = Setup(
            model=str(self._bundle.folder),
            point=self._bundle.point.name,
            role=options.role,
            trust=trust,
            voice=str(self._voice.folder) if self._voice is not None else None,
        )
        self._workers = options.workers or len(os.sched_getaffinity(0))
        self._pool = Pool(setup, self._workers)

    def run(self) -> None:
        """Read until all is done or stopped."""
        self._advance()
        while self._head < len(self._items) and not self._stop.is_set():
            self._give()
            later = [part for item in self._begun() for part in item.waiting(its_turn=item.number == self._head)]
            for report in self._pool.reports(WAIT_S, later):
                self._take(report)
            self._advance()
            self._say()
        if self._stop.is_set():
            self._progress.say("analyze: stopping; what was read is kept")
            for report in self._pool.stop():
                self._take(report)

    def _begun(self) -> list[Recorded]:
        return self._items[self._head : self._head + AHEAD * self._workers]

    def _give(self) -> None:
        """Give every worker that waits something to do, the first recordings first."""
        for item in self._begun():
            if item.number != self._head and sum(one.held for one in self._begun()) > MOST_HELD:
                return
            while item.has_task:
                worker = self._pool.idle()
                if worker is None:
                    return
                self._pool.give(worker, item.next_task())

    def _take(self, report: messages.Report | Died) -> None:
        if isinstance(report, Died):
            item = self._items[report.task.item]
            fault = f"{item.found.name}: the decoder died of it ({report.how}); give another copy of it"
            if isinstance(report.task, Listen):
                item.listened(fault)
            else:
                item.fail(fault, None if isinstance(report.task, Inspect) else report.task.part)
        elif isinstance(report, Facts):
            self._items[report.item].learn(report)
            if report.note:
                self._progress.say(report.note)
        elif isinstance(report, Window):
            self._items[report.item].take(report)
        elif isinstance(report, End):
            self._items[report.item].end(report)
        elif isinstance(report, Heard):
            self._items[report.item].hear(report)
        elif isinstance(report, Listened):
            self._items[report.item].listened(report.fault)

    def _advance(self) -> None:
        """Count and write what has its turn, and go on to the next recording where one is done."""
        while self._head < len(self._items):
            item = self._items[self._head]
            item.flow(self._sink)
            if not item.done:
                return
            self._hear(item, float("inf"), None)  # sound may last longer than pictures
            self._publish(item)
            self._head += 1

    def _sink(self, item: Recorded, window: Window) -> None:
        self._all.add(window)
        if item.number not in self._identities:
            self._line_of[item.number] = self._out.size
            self._identities[item.number] = self._identity(item)
        face = reading_of(window, self._identities[item.number])
        self._out.add(item.name_of(window), window.at_s, face)
        self._hear(item, window.at_s + window.seconds, face)

    def _hear(self, item: Recorded, until_s: float, face: Reading | None) -> None:
        """Count and write the seconds of sound until a time, beside what was read of the face then."""
        for second in item.heard_before(until_s):
            assert self._voice is not None
            of = self._identities.setdefault(item.number, self._identity(item))
            self._line_of.setdefault(item.number, self._out.size)
            model, merging = self._voice.card.model, self._voice.card.merging
            voice = reading_of_voice(second, of, model)
            both = both_of(face, second, of, model, merging)
            for reading in (voice, both):
                self._out.add(item.found.name, second.at_s, reading)
            for ears in (self._heard[0], self._heard[1][item.number]):
                ears.voice.add(voice)
                ears.both.add(both)

    def _identity(self, item: Recorded) -> Identity:
        """Whatever decides what the readings say is in `boot`, so that one identity never has two contents."""
        options, facts, bundle = self._options, item.facts, self._bundle
        assert facts is not None
        policy = options.settings.policy.name if options.settings else NOT_PUBLISHED
        began_s = options.began.timestamp() if options.began else facts.modified_s - item.stated_s
        began_ms = max(0, round(1000 * began_s))
        what = (facts.digest, facts.kind.value, item.rate, policy, began_ms)
        whose = (bundle.model, bundle.expression.sha256, bundle.point, bundle.detector, bundle.cover)
        # A copy is drawn in one go, without the seams at which long films are read anew.
        how: tuple[object, ...] = (SOFTWARE, whose, options.role.value, options.every, options.annotated is None)
        if self._voice is not None:
            how = (*how, self._voice.card)
        boot = hashlib.sha256(repr((what, how)).encode()).hexdigest()[:16]
        return Identity(boot=boot, began_ms=began_ms, role=options.role, policy=policy, model=bundle.model)

    def _publish(self, item: Recorded) -> None:
        """Hand over the readings of a recording that is done; the first failure is the last attempt."""
        options = self._options
        if options.settings is None or self._error is not None or item.number not in self._line_of:
            return
        readings = self._out.readings(self._line_of[item.number], self._out.size)
        try:
            handed = hand_over(options.settings, readings, self._stop)
        except MienDeskError as error:
            self._error = error
            return
        for text in handed.lines(options.config):
            self._progress.say(f"{item.found.name}: {text}")
        if not handed.complete and not self._stop.is_set():
            self._error = BrokerError(f"{item.found.name}: the centre does not have all of its readings; see above")

    def _say(self) -> None:
        done = sum(item.found.size * item.share for item in self._items)
        film_s = sum(item.film_s for item in self._items)
        name = self._items[self._head].found.name if self._head < len(self._items) else ""
        self._progress.at(done / self._sizes, film_s, name)

    def finish(self) -> Outcome:
        """Count what is left, write summary and report."""
        stopped = self._head < len(self._items)
        for item in self._items[self._head :]:
            item.flow(self._sink, all_there_is=True)
            self._hear(item, float("inf"), None)
        summary = Summary(
            software=SOFTWARE,
            model=self._bundle.model,
            point=self._bundle.point.name,
            role=self._options.role,
            every=self._options.every,
            made_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            complete=not stopped,
            all=Counted(**self._all.fields()),
            files=tuple(self._recording(item) for item in self._items),
            voice_model=self._voice.card.model if self._voice is not None else None,
            voice=self._heard[0].voice.listened(),
            both=self._heard[0].both.listened(),
        )
        text = msgspec.json.format(msgspec.json.encode(summary), indent=2).decode()
        self._out.write(SUMMARY, text + "\n")
        self._out.write(REPORT, report_html(summary))
        return Outcome(summary, stopped, self._error)

    def _recording(self, item: Recorded) -> Recording:
        ears = self._heard[1][item.number]
        return structs.replace(item.recording(), voice=ears.voice.listened(), both=ears.both.listened())

    def close(self) -> None:
        """End the workers, whatever they do."""
        self._progress.clear()
        self._pool.kill()
        self._out.close()


def _copies(folder: Path, found: Sequence[Found]) -> Callable[[Found, Kind], Path]:
    """Where each recording's copy goes: under the folder as the recordings lie under what they have in common."""
    common = Path(os.path.commonpath([one.path.resolve().parent for one in found] or [Path("/")]))

    def copy(one: Found, kind: Kind) -> Path:
        place = folder / one.path.resolve().relative_to(common)
        return place if kind is Kind.PICTURES else place.with_name(f"{place.name}{COPY}.mp4")

    return copy
