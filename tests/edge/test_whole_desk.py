"""A whole desk with TensorRT: it builds, changes over, and the broker hears of it; over the fakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contract.messages import Status
from edge.settings import Store
from tests.broker import BrokerProcess, needs_mosquitto
from tests.edge import made
from tests.edge.centre import Centre, wait_for
from tests.fakes import SITE

pytestmark = [pytest.mark.system, pytest.mark.timeout(400), needs_mosquitto]

ROOT = Path(__file__).parents[2]


@contextmanager
def running(folder: Path, broker: BrokerProcess, **faults: object) -> Iterator[None]:
    """`mien-desk run` on the synthetic camera."""
    config = folder / "desk.toml"
    config.write_text(
        f'[box]\nid = "{made.BOX}"\n[camera]\nsource = "synthetic"\nloop = true\n[store]\npath = "desk.db"\n'
        f"[broker]\nport = {broker.port}\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SITE), "MIEN_FAKE_TENSORRT": json.dumps(faults)}
    desk = subprocess.Popen([sys.executable, "-m", "edge.main", "run", str(config)], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        desk.terminate()
        assert desk.wait(40) == 0


def last(centre: Centre) -> Status:
    return centre.statuses[-1] if centre.statuses else Status(online=False)


def test_a_box_builds_while_it_reads_and_changes_to_tensorrt(tmp_path: Path, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre, running(tmp_path, broker, step_s=0.4):
        wait_for(lambda: last(centre).building_engine is not None, "it says how far it is", 60)
        wait_for(lambda: centre.numbers, "readings come meanwhile", 60)
        assert last(centre).backend in ("onnx", None)
        wait_for(lambda: last(centre).backend == "tensorrt", "TensorRT reads", 90)
        assert (last(centre).building_engine, last(centre).engine_fault) == (None, None)
        before = len(centre.numbers)
        wait_for(lambda: len(centre.numbers) > before + 2, "readings go on")
    shares = [share.building_engine.share for share in centre.statuses if share.building_engine is not None]
    assert shares == sorted(shares)
    sql = "SELECT reason FROM outbox WHERE reason IN ('stale', 'building_engine')"
    lost = [reason for (reason,) in made.look(Store(path=str(tmp_path / "desk.db")), sql)]
    assert "building_engine" not in lost
    assert len(lost) <= 3, "the fake runs P-Net to learn its largest shape, for seconds on a busy machine"


def test_a_gpu_that_fails_as_it_runs_is_told_to_the_centre(tmp_path: Path, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre, running(tmp_path, broker, execute=80):
        wait_for(lambda: last(centre).engine_fault is not None, "the fault arrives", 120)
        assert "the launch timed out" in str(last(centre).engine_fault)
        assert last(centre).backend == "onnx"
        before = len(centre.numbers)
        wait_for(lambda: len(centre.numbers) > before + 2, "readings go on")
