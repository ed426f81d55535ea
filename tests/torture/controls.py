"""What must not go unseen, a function each: where a count finds nothing of it, the counts of a run prove nothing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.torture import ledger
from tests.torture.ledger import Verdict
from tests.torture.scene import Scene

CUTS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Control:
    """One of them; `finds` is the count that has to see it, `disk` where the outbox lies."""

    name: str
    what: str
    play: Callable[[Scene], Verdict]
    finds: str
    disk: str = "folder"


def careless(scene: Scene) -> Verdict:
    """A maker that notes what it never put in."""
    scene.begin("--careless")
    scene.goes_on(by=40)
    return scene.judge()


def summed_twice(scene: Scene) -> Verdict:
    """A roll-up that counted a reading once more."""
    return _tampered(
        scene, "UPDATE minutes SET readings = readings + 1 WHERE start_ms = (SELECT min(start_ms) FROM minutes)"
    )


def changed(scene: Scene) -> Verdict:
    """A share that is another one at the centre."""
    return _tampered(
        scene, "UPDATE readings SET p_neutral = p_neutral + 0.0001 WHERE id = (SELECT min(id) FROM readings)"
    )


def _tampered(scene: Scene, sql: str) -> Verdict:
    scene.begin()
    scene.goes_on()
    scene.judge()
    for name in tuple(scene.way.running):
        scene.way.end(name)
    scene.way.change(sql)
    return ledger.judge(ledger.read(scene.notes), scene.way.central)


def forgotten(scene: Scene) -> Verdict:
    """An outbox that does not sync each reading, and a power cut."""
    scene.way.start("ingest")
    scene.make("--unsynced")
    for _ in range(CUTS):
        scene.makes(20)
        scene.cut_power("--unsynced")
    return scene.judge()


def hasty(scene: Scene) -> Verdict:
    """An ingest that receipts what it has not stored yet, and is killed, with the broker that would send it again."""
    scene.way.start("publish")
    ingest = (sys.executable, "-m", "tests.torture.hasty", "ingest", "--config", str(scene.way.central_toml))
    scene.make()
    for _ in range(CUTS):
        scene.way.start_as("ingest", ingest)
        scene.receives()
        scene.way.end("ingest", signal.SIGKILL)
        scene.way.broker.kill()
        scene.way.broker.start()
    return scene.judge()


def wrongly_sure(scene: Scene) -> Verdict:
    """A box whose clock is wrong and that says it is right."""
    no_clock = scene.way.folder / "no-clock"
    no_clock.touch()
    scene.begin("--no-clock", str(no_clock), "--sure")
    scene.goes_on()
    return scene.judge()


CONTROLS: Final = (
    Control(name="control-lost", what="notes of what was never put in", play=careless, finds="lost"),
    Control(name="control-twice", what="a roll-up counts one more", play=summed_twice, finds="twice"),
    Control(name="control-changed", what="a share changed at the centre", play=changed, finds="changed"),
    Control(name="control-power", what="rows not synced", play=forgotten, finds="lost", disk="forgetful"),
    Control(name="control-hasty", what="receipts before COMMIT", play=hasty, finds="lost"),
    Control(name="control-clock", what="a wrong clock taken for right", play=wrongly_sure, finds="changed"),
)
