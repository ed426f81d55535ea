"""Runs the scenarios and prints what each left: `python -m tests.torture`."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.torture.controls import CONTROLS, Control
from tests.torture.disks import KINDS
from tests.torture.ledger import Verdict
from tests.torture.scenarios import SCENARIOS, Scenario
from tests.torture.scene import scene
from tests.torture.soak import MOST_MB, soak

EXAMPLES: Final = """examples:
  python -m tests.torture                      1,000 faults
  python -m tests.torture --faults 100         as make test-system does
  python -m tests.torture --only kills --seed 7
  python -m tests.torture --soak 60            an hour without a fault

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
        settings = {"store": each.store, "desk": each.desk}
        with scene(folder / each.name, seed, disk=each.disk, of_centre=each.of_centre, **settings) as made:
            struck = each.harm(made, math.ceil(faults * each.share / total))
            outcomes.append(Outcome(each.name, struck, made.judge(), time.monotonic() - began))
        print(outcomes[-1].row(), flush=True)
    return outcomes


def control(each: Control, seed: int, folder: Path) -> Outcome:
    """Do what must not go unseen, and count."""
    began = time.monotonic()
    with scene(folder / each.name, seed, disk=each.disk) as played:
        found = Outcome(each.name, 1, each.play(played), time.monotonic() - began)
    print(found.row(), flush=True)
    return found


def run_soak(minutes: float, seed: int, folder: Path) -> int:
    """So many minutes without a fault; exit status 1 where a process holds on to ever more, or a count is broken."""
    began = time.monotonic()
    with scene(folder / "soak", seed) as played:
        held = soak(played, minutes)
        found = Outcome("soak", 0, played.judge(), time.monotonic() - began)
    print(HEAD, found.row(), sep="\n")
    for name, (first, last) in held.items():
        print(f"{name}: {first} after a minute, {last} at the end (memory may grow by {MOST_MB[name]:.0f} MB)")
    grown = [name for name, (first, last) in held.items() if first.grew_to(last, MOST_MB[name])]
    if grown:
        print(f"{', '.join(grown)}: holds on to more than that", file=sys.stderr)
    return 1 if not found.verdict.holds or grown else 0


def _not_here(each: Scenario) -> str:
    """Why a scenario cannot be played on this machine."""
    if each.needs and shutil.which(each.needs) is None:
        return f"{each.needs} is not installed"
    return KINDS[each.disk][1]()


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m tests.torture", description=__doc__, epilog=EXAMPLES, formatter_class=raw
    )
    parser.add_argument("--faults", type=int, default=1000, help="over all scenarios (default %(default)s)")
    parser.add_argument("--only", action="append", choices=[each.name for each in SCENARIOS], help="repeatable")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other moments (default %(default)s)")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="no fault, but for so long; see what grows")
    options = parser.parse_args(arguments)
    if options.soak is not None:
        with tempfile.TemporaryDirectory(prefix="mien-torture-") as folder:
            return run_soak(options.soak, options.seed, Path(folder))
    chosen = [each for each in SCENARIOS if options.only is None or each.name in options.only]
    for each, why in [(each, why) for each in chosen if (why := _not_here(each))]:
        print(f"{each.name}: left out, for {why}", file=sys.stderr)
        chosen.remove(each)
    print(HEAD, flush=True)
    with tempfile.TemporaryDirectory(prefix="mien-torture-") as folder:
        outcomes = run(chosen, options.faults, options.seed, Path(folder))
        seen = {each: control(each, options.seed, Path(folder)) for each in CONTROLS if not KINDS[each.disk][1]()}
    blind = [each.name for each, found in seen.items() if getattr(found.verdict, each.finds) == 0]
    broken = [each.name for each in outcomes if not each.verdict.holds]
    faults = sum(each.faults for each in outcomes)
    print(f"{faults:,} faults: " + (f"broken in {', '.join(broken)}" if broken else "0 lost, 0 twice, 0 changed"))
    if blind:
        print(f"{', '.join(blind)}: found nothing, so the counts above prove nothing", file=sys.stderr)
    return 1 if broken or blind else 0


if __name__ == "__main__":
    sys.exit(main())
