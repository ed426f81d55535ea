"""The command line of `mien-models` itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.main import main

from .bundles import SEVEN, make_bundle, point


@pytest.mark.parametrize("command", [["list"], ["--help"], ["compare", "--help"], ["list", "--bundle", "/nowhere"]])
def test_a_reader_that_goes_early_is_no_error(command: list[str]) -> None:
    script = [sys.executable, "-c", "import sys; from models.main import main; sys.exit(main(sys.argv[1:]))", *command]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=buffered)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert "BrokenPipe" not in said
    assert "Traceback" not in said


def test_list_tells_each_model_that_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = make_bundle(tmp_path, point(classes=SEVEN), name="other", size=48, crop=0.941)
    assert main(["list", "--bundle", str(bundle)]) == 0
    lines = capsys.readouterr().out.splitlines()
    points = [f"mien-face@{name}" for name in ("expressive", "ferplus", "fer2013")]
    named = [line.split()[0] for line in lines]
    assert named[:5] == ["NAME", "mien-face", *points]  # the default first
    assert {"face-asia", "st-attention", "st-attention@ferplus"} < set(named)
    assert named[-1] == "other"
    assert lines[-1].split()[1:3] == ["1", "7"]
    assert "48 px, 0.941 of the box" in lines[-1]
    assert lines[-1].endswith(str(bundle))


def test_a_bundle_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--bundle", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nowhere/expression.json: cannot read the card" in said
