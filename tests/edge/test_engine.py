"""The process `engine`, started as a box starts it, over the fakes of TensorRT and CUDA."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.errors import ModelError, SettingsError
from edge.settings import load
from edge.store import Health, Relay, prepare
from tests.fakes import SITE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The settings of a desk with an outbox."""
    return desk(tmp_path)


def desk(folder: Path, model: str = "") -> Path:
    path = folder / "desk.toml"
    path.write_text(f'[box]\nid = "box-1"\n[store]\npath = "desk.db"\n[model]\n{model}\n')
    prepare(load(path).store)
    return path


def run(config: Path, *, fakes: bool = True, **faults: Any) -> subprocess.CompletedProcess[str]:
    """`mien-desk engine`; `faults` are those of the fake TensorRT."""
    environment = {**os.environ, "MIEN_FAKE_TENSORRT": json.dumps(faults)}
    if fakes:
        environment["PYTHONPATH"] = str(SITE)
    command = [sys.executable, "-m", "edge.main", "engine", str(config)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)


def health(config: Path) -> Health:
    relay = Relay(load(config).store)
    said = relay.health()
    relay.close()
    return said


def test_it_builds_every_engine_of_the_bundle_and_ends(config: Path) -> None:
    done = run(config)
    assert done.returncode == 0, done.stderr
    assert "building engines: 0 %, expression: reading the network" in done.stderr
    engines = load(config).engines
    assert len(list(engines.glob("*.engine"))) == len(list(engines.glob("*.json"))) == 5
    assert (health(config).building, health(config).fault) == (None, None)
    again = run(config)
    assert again.stderr.count("was there") == 5


def test_how_far_it_is_stands_in_the_status(config: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SITE), "MIEN_FAKE_TENSORRT": json.dumps({"step_s": 0.5})}
    command = [sys.executable, "-m", "edge.main", "engine", str(config)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        seen = set()
        for line in running.stderr:
            if "building engines" in line and (building := health(config).building) is not None:
                seen.add(building)
            if len(seen) == 2:
                break
        running.kill()
    assert all(step.partition(":")[0] in ("expression", "cover") and 0 <= share < 0.8 for step, share in seen)
    assert len({share for _, share in seen}) == 2


def test_a_folder_that_cannot_be_written_ends_the_desk_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("a file is in the way")
    done = run(desk(tmp_path))
    assert done.returncode == SettingsError.exit_code
    assert "engines cannot be kept here" in done.stderr
    assert done.stderr.count("Traceback") == 0


def test_a_network_that_tensorrt_refuses_leaves_the_desk_on_onnx_runtime(config: Path) -> None:
    done = run(config, build="no kernel for layer 7")
    assert done.returncode == 0
    assert "ONNX Runtime reads faces, though TensorRT was to: expression: TensorRT built no engine" in done.stderr
    assert "no kernel for layer 7" in str(health(config).fault)


def test_an_engine_that_is_wrong_is_named_in_the_status_and_not_kept(config: Path) -> None:
    run(config, wrong=True)
    assert "says something else than ONNX Runtime" in str(health(config).fault)
    assert list(load(config).engines.glob("*.engine")) == []


def test_a_fault_of_before_is_forgotten_once_all_is_well(config: Path) -> None:
    run(config, build="a driver too old")
    assert health(config).fault is not None
    run(config)
    assert health(config).fault is None


def test_a_machine_without_tensorrt_has_nothing_to_do(config: Path) -> None:
    done = run(config, fakes=False)
    assert done.returncode == 0
    assert "no engine is needed" in done.stderr
    assert not load(config).engines.exists()


def test_a_box_that_is_told_onnx_builds_none(tmp_path: Path) -> None:
    done = run(desk(tmp_path, 'backend = "onnx"'))
    assert "no engine is needed" in done.stderr


def test_a_box_that_is_told_tensorrt_and_has_none_says_so(tmp_path: Path) -> None:
    config = desk(tmp_path, 'backend = "tensorrt"')
    done = run(config, fakes=False)
    assert done.returncode == 0
    assert "TensorRT cannot be loaded" in str(health(config).fault)


def test_a_bundle_that_is_not_there_ends_it(tmp_path: Path) -> None:
    done = run(desk(tmp_path, 'bundle = "nobody"'))
    assert done.returncode == ModelError.exit_code
    assert "there is none of that name" in done.stderr
