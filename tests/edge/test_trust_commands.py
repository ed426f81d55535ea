"""A desk's commands with a trust file: each holds a bundle to it, and nobody pays for it who has none."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from contract.reading import Role
from edge import settings
from edge.analyze.messages import Setup
from edge.analyze.run import Analysis, Options
from edge.analyze.worker import Worker
from edge.errors import BrokerError, ModelError
from edge.main import main
from tests.broker import free_port
from tests.edge.signed import make

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that `ours` signed."""
    return make(tmp_path)


def config(folder: Path, name: str = "ours") -> Path:
    path = folder.parent / "desk.toml"
    path.write_text(
        f'[box]\nid = "desk-01"\n[model]\nbundle = "desk"\ntrust = "{name}.pub.json"\n[store]\npath = "desk.db"\n'
        '[camera]\nsource = "synthetic"\n'
        f"[broker]\nport = {free_port()}\n"
    )
    return path


def test_the_doctor_says_who_signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(config(folder))]) == BrokerError.exit_code  # that comes last, and none is there
    assert "made-1, operating point plain, signed by ours\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["doctor", "vision"])
def test_a_desk_does_not_begin_with_a_bundle_that_it_does_not_trust(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge.main", command, str(config(folder, "theirs"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == ModelError.exit_code
    assert "manifest.sig: is signed by no trusted key" in done.stdout + done.stderr


def test_an_analysis_for_a_desk_trusts_no_more_than_the_desk(folder: Path) -> None:
    desk = settings.load(config(folder, "theirs"))
    options = Options(inputs=(folder,), out=folder.parent / "results", model=str(folder), settings=desk)
    with pytest.raises(ModelError, match="is signed by no trusted key"):
        Analysis(options, threading.Event())
    setup = Setup(model=str(folder), point="", role=Role.AGENT, trust=desk.model.trust)
    with pytest.raises(ModelError, match="is signed by no trusted key"):
        Worker(setup, lambda report: None, lambda: False)


def test_a_desk_without_a_trust_file_loads_nothing_of_cryptography() -> None:
    script = "import sys, edge.vision, edge.bundle as b; b.load(); print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
