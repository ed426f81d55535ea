"""Runs the scenarios and prints what each left: `python -m tests.torture`."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.torture import ledger
from tests.torture.ledger import Verdict
from tests.torture.scenarios import SCENARIOS, Scenario
from tests.torture.scene import Scene, scene

EXAMPLES: Final = """examples:
  python -m tests.torture                      1,000 faults
  python -m tests.torture --faults 100         as make test-system does
  python -m tests.torture --only kills --seed 7

Exit status 1 where anything was lost without a name, is there twice or was changed, or where a control found nothing.
"""


@dataclass(frozen=True)
class Outcome:
    """What a scenario left."""

    name: str
    faults: int
    verdict: Verdict
    seconds: float

    def row(self) -> str:
        """A line of the table."""
        v = self.verdict
        counts = (self.faults, v.made, v.stored, v.named, v.lost, v.twice, v.changed)
        return f"{self.name:<14}" + "".join(f"{count:>11,}" for count in counts) + f"{self.seconds:>8.0f} s"


HEAD: Final = f"{'scenario':<14}" + "".join(
    f"{title:>11}" for title in ("faults", "made", "stored", "named", "lost", "twice", "changed")
)


def run(chosen: Sequence[Scenario], faults: int, seed: int, folder: Path) -> list[Outcome]:
    """Each in a scene of its own."""
    total = sum(each.share for each in chosen)
    outcomes = []
    for each in chosen:
        began = time.monotonic()
        with scene(folder / each.name, seed, store=each.store) as made:
            struck = each.harm(made, math.ceil(faults * each.share / total))
            outcomes.append(Outcome(each.name, struck, made.judge(), time.monotonic() - began))
        print(outcomes[-1].row(), flush=True)
    return outcomes


def _lost(made: Scene) -> None:
    """A maker that notes what it never put in."""
    made.begin("--careless")


def _twice(made: Scene) -> None:
    """A roll-up that counted a reading twice."""
    made.begin()
    made.goes_on()
    made.judge()
    _change(made, "UPDATE minutes SET readings = readings + 1 WHERE start_ms = (SELECT min(start_ms) FROM minutes)")


def _changed(made: Scene) -> None:
    """A share that is another one at the centre."""
    made.begin()
    made.goes_on()
    made.judge()
    _change(made, "UPDATE readings SET p_neutral = p_neutral + 0.0001 WHERE id = (SELECT min(id) FROM readings)")


def _change(made: Scene, sql: str) -> None:
    for name in tuple(made.way.running):
        made.way.end(name)
    made.way.change(sql)


CONTROLS: Final[dict[str, tuple[Callable[[Scene], None], str]]] = {
    "control-lost": (_lost, "lost"),
    "control-twice": (_twice, "twice"),
    "control-changed": (_changed, "changed"),
}
"""What each count has to find, and where."""


def control(name: str, seed: int, folder: Path) -> Outcome:
    """Do what must not go unseen, and count."""
    began = time.monotonic()
    with scene(folder / name, seed) as made:
        CONTROLS[name][0](made)
        if name == "control-lost":
            made.goes_on(by=40)
            verdict = made.judge()
        else:
            verdict = ledger.judge(ledger.read(made.notes), made.way.central)
        found = Outcome(name, 1, verdict, time.monotonic() - began)
    print(found.row(), flush=True)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture", description=__doc__, epilog=EXAMPLES, formatter_class=raw
    )
    parser.add_argument("--faults", type=int, default=1000, help="over all scenarios (default %(default)s)")
    parser.add_argument("--only", action="append", choices=[each.name for each in SCENARIOS], help="repeatable")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other moments (default %(default)s)")
    options = parser.parse_args(arguments)
    chosen = [each for each in SCENARIOS if options.only is None or each.name in options.only]
    for each in [each for each in chosen if each.needs and shutil.which(each.needs) is None]:
        print(f"{each.name}: left out, for {each.needs} is not installed", file=sys.stderr)
        chosen.remove(each)
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="mien-torture-") as folder:
        outcomes = run(chosen, options.faults, options.seed, Path(folder))
        controls = [control(name, options.seed, Path(folder)) for name in CONTROLS]
    blind = [each.name for each in controls if getattr(each.verdict, CONTROLS[each.name][1]) == 0]
    broken = [each.name for each in outcomes if not each.verdict.holds]
    faults = sum(each.faults for each in outcomes)
    print(f"{faults:,} faults: " + (f"broken in {', '.join(broken)}" if broken else "0 lost, 0 twice, 0 changed"))
    if blind:
        print(f"{', '.join(blind)}: found nothing, so the counts above prove nothing", file=sys.stderr)
    return 1 if broken or blind else 0


if __name__ == "__main__":
    sys.exit(main())
