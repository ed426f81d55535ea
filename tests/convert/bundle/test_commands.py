"""`mien-convert bundle` and `inspect` as a person, and a script, call them."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from contract.manifest import Accepted
from convert import progress
from convert.bundle import manifest
from convert.main import main
from edge import bundle
from tests.convert.bundle.made import bound, expression

ROOT = Path(__file__).parents[3]


def on_a_terminal(*arguments: str, typed: str) -> tuple[int, str]:
    """Runs mien-convert with a terminal as its input, on which this is typed: exit status, and all that it says."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    done = subprocess.run(
        [sys.executable, "-m", "convert.main", *arguments],
        cwd=ROOT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    return done.returncode, done.stdout


def test_a_bundle_of_packaged_parts_is_written_without_a_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bundle", "--expression", "default", "--out", str(tmp_path / "desk")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{tmp_path / 'desk'}: {bundle.load().model}, mtcnn-1.0.0, mien-cover-1.0.0; ")
    assert err == ""
    assert bundle.load(tmp_path / "desk").expression == bundle.load().expression


def test_licences_are_mixed_where_a_person_at_the_terminal_types_yes(tmp_path: Path) -> None:
    folder = bound(tmp_path / "asia")
    status, said = on_a_terminal("bundle", "--expression", str(folder), "--out", str(tmp_path / "desk"), typed="yes\n")
    assert status == 0
    assert "research and teaching alone" in said
    today = datetime.now(timezone.utc).date()
    assert manifest.load(tmp_path / "desk").accepted == (Accepted("research-only", today),)
    assert bundle.load(tmp_path / "desk").model == "made-1"


def test_nothing_is_written_where_the_answer_is_no(tmp_path: Path) -> None:
    folder = bound(tmp_path / "asia")
    status, said = on_a_terminal("bundle", "--expression", str(folder), "--out", str(tmp_path / "desk"), typed="no\n")
    assert status == 1
    assert '"research-only" was not accepted' in said
    assert [path.name for path in tmp_path.iterdir()] == ["asia"]


def test_a_script_is_refused_in_one_line_until_it_names_the_licence(tmp_path: Path) -> None:
    folder = bound(tmp_path / "asia")
    command = [sys.executable, "-m", "convert.main", "bundle", "--expression", str(folder), "--out"]
    command.append(str(tmp_path / "desk"))
    for given in (subprocess.DEVNULL, None):
        done = subprocess.run(
            command if given else ["sh", "-c", 'exec "$@" <&-', "sh", *command],
            cwd=ROOT,
            stdin=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert done.stderr.endswith("add --accept-licence research-only\n")
        assert not (tmp_path / "desk").exists()
    done = subprocess.run(
        [*command, "--accept-licence", "research-only"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "research and teaching alone" in done.stdout
    assert [each.licence for each in manifest.load(tmp_path / "desk").accepted] == ["research-only"]


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bound(tmp_path / "asia")
    assert main(["bundle", "--expression", str(folder), "--out", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "is not empty; name another folder, or add --replace" in err
    assert err.count("\n") == 1


def test_inspect_prints_each_file_with_its_model_and_licence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bound(tmp_path / "asia")
    out = str(tmp_path / "desk")
    assert main(["bundle", "--expression", str(folder), "--out", out, "--accept-licence", "research-only"]) == 0
    capsys.readouterr()
    assert main(["inspect", out]) == 0
    text = capsys.readouterr().out
    made = manifest.load(tmp_path / "desk")
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line.endswith(" fits")}
    assert set(rows) == {file.file for file, _ in made.files()}
    assert rows["made.onnx"][1:3] == ["made-1", "research-only"]
    assert "research-only of made-1 rests on: labfaces (research only, by agreement)" in text
    assert f'"research-only" was accepted for the whole on {made.accepted[0].date}.' in text


def test_inspect_lists_all_that_does_not_fit_and_fails_with_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "desk"
    assert main(["bundle", "--expression", str(expression(tmp_path / "mine")), "--out", str(out)]) == 0
    (out / "made.onnx").write_bytes(b"short")
    (out / "NOTICE").unlink()
    capsys.readouterr()
    assert main(["inspect", str(out)]) == 1
    text, err = capsys.readouterr()
    wrong = [line.split()[0] for line in text.splitlines() if "has 5 bytes" in line or "is missing" in line]
    assert wrong == ["made.onnx", "NOTICE"]
    assert err.startswith(f"mien-convert: {out / 'made.onnx'}: has 5 bytes instead of ")
    assert ", and 1 more;" in err
    assert err.count("\n") == 1


def test_help_needs_neither_msgspec_nor_onnx() -> None:
    heavy = "{'msgspec', 'onnx', 'onnxruntime', 'numpy', 'cryptography'}"
    script = f"import sys, convert.main as m; m._parser(); print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_large_file_is_shown_on_a_terminal_as_it_is_read_and_a_small_one_is_not() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    shown = progress.Progress(terminal)
    shown.at("small.onnx", 1, 1000)
    assert terminal.getvalue() == ""
    shown.at("vgg.onnx", 10_000_000, 30_000_000)
    assert terminal.getvalue() == "\rvgg.onnx: 10.0 of 30.0 MB"
    shown.clear()
    assert terminal.getvalue().endswith("\r" + " " * 25 + "\r")
