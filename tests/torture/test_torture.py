"""A hundred faults within the long tests: nothing is lost without a name, and every control is seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contract.reading import Reading
from tests.broker import needs_mosquitto
from tests.edge import made
from tests.torture.ledger import Line, content_of, judge, read
from tests.torture.scene import scene
from tests.torture.soak import Held

ROOT = Path(__file__).parents[2]


@needs_mosquitto
@pytest.mark.system
@pytest.mark.timeout(1200)
def test_a_hundred_faults_lose_nothing_without_a_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.torture", "--faults", "100"]
    env = os.environ | {"TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=1200)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.findall(r"^([\d,]+) faults: 0 lost, 0 twice, 0 changed$", done.stdout, re.M)[0]) >= 90


@pytest.mark.parametrize(
    ("later", "grown"),
    [
        (Held(104.9, 9, 2), False),
        (Held(105.1, 7, 2), True),
        (Held(100.0, 10, 2), True),
        (Held(100.0, 7, 3), True),
        (Held(90.0, 5, 1), False),
    ],
)
def test_a_soak_sees_what_a_process_holds_on_to(later: Held, grown: bool) -> None:
    assert Held(100.0, 7, 2).grew_to(later, 5.0) is grown


@pytest.mark.parametrize("changed", [{"confidence": 0.8001}, {"wall_ms": 5}, {"clock_ok": False}, {"faces": 2}])
def test_whatever_differs_in_a_reading_has_another_hash(changed: dict[str, object]) -> None:
    one = made.reading(1, wall_ms=4)
    assert content_of(one) == content_of(made.reading(1, wall_ms=4))
    assert content_of(one) != content_of(made.reading(1, **{"wall_ms": 4, **changed}))


def test_a_note_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    notes = tmp_path / "made.txt"
    line = Line("e" * 16, 7, made.BOOT, 5, "c" * 64)
    notes.write_text(line.text() + line.text()[:20], encoding="ascii")
    assert read(notes) == [line]


def noted(reading: Reading, seq: int, epoch: str) -> Line:
    """The note of a reading."""
    return Line(epoch, seq, reading.boot, reading.started_ns, content_of(reading))


@needs_mosquitto
def test_what_never_arrived_is_lost_unless_the_centre_knows_its_number(tmp_path: Path) -> None:
    with scene(tmp_path / "scene", seed=1) as quiet:
        readings = [made.reading(index) for index in (1, 2, 3)]
        quiet.way.keep(readings[:1])
        quiet.way.start("publish", "ingest")
        quiet.way.settle()
        ((epoch,),) = made.look(quiet.way.settings.store, "SELECT epoch FROM meta")
        notes = [noted(reading, seq, epoch) for seq, reading in enumerate(readings, 1)]
        assert judge(notes[:1], quiet.way.central).holds
        assert judge(notes, quiet.way.central).lost == 2
        quiet.way.end("ingest")
        quiet.way.end("publish")
        gap = f"('desk-01', '{epoch}', 2, 2, 1, 0, 0, 'bytes', 0)"
        quiet.way.change(f"INSERT INTO gaps VALUES {gap}")
        assert (judge(notes, quiet.way.central).lost, judge(notes, quiet.way.central).named) == (1, 1)
