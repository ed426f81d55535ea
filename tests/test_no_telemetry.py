"""ONNX Runtime's builds of its makers keep an id of the device and send usage home; ours never let them begin."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.bundle import DEFAULT

FIRST = ("edge.runtime.onnx", "models.model", "convert.half", "bench.desk_worker")
RUN = f"import onnxruntime; onnxruntime.InferenceSession({str(DEFAULT / 'cover.onnx')!r})"


def kept_at_home(home: Path, program: str) -> list[str]:
    """The files that a program leaves in its home folder."""
    env = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(home), "MPLCONFIGDIR": str(home.parent)}
    subprocess.run([sys.executable, "-c", program], check=True, env=env, capture_output=True, timeout=60)
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


@pytest.fixture(scope="module", autouse=True)
def it_would_keep_something(tmp_path_factory: pytest.TempPathFactory) -> None:
    """By itself this build keeps an id of the device; where it does not, the tests here could not fail."""
    home = tmp_path_factory.mktemp("home")
    if not kept_at_home(home, RUN):
        pytest.skip("this ONNX Runtime has no telemetry, or cannot keep anything here")


@pytest.mark.parametrize("module", FIRST)
def test_whichever_room_loads_it_first_nothing_is_kept_or_sent(module: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert kept_at_home(home, f"import {module}; {RUN}") == []
