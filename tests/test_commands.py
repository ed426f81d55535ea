"""What holds of all four commands alike: their help, and an output of which somebody reads the beginning alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from central import database

ROOT = Path(__file__).parent.parent
MODULES = {"mien-desk": "edge", "mien-central": "central", "mien-models": "models", "mien-convert": "convert"}


def _unread(module: str, *arguments: str, folder: Path, flags: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a command whose output nobody reads, as `| head -0` does: its exit status, and what it says on stderr."""
    process = subprocess.Popen(
        [sys.executable, *flags, "-m", f"{module}.main", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    return process.wait(timeout=60), said


@pytest.mark.parametrize("name", MODULES)
def test_a_command_says_nothing_where_nobody_reads_its_help(name: str, tmp_path: Path) -> None:
    assert _unread(MODULES[name], "--help", folder=tmp_path) == (0, "")


@pytest.mark.parametrize("flags", [(), ("-u",)], ids=["buffered", "unbuffered"])
def test_a_list_of_cameras_that_nobody_reads_ends_without_a_word(flags: tuple[str, ...], tmp_path: Path) -> None:
    assert _unread("edge", "cameras", folder=tmp_path, flags=flags) == (0, "")


def test_a_table_of_desks_that_nobody_reads_ends_without_a_word(tmp_path: Path) -> None:
    database.migrate(database.connect(f"sqlite:///{tmp_path / 'central.db'}"))
    assert _unread("central", "desks", folder=tmp_path) == (0, "")


def test_another_broken_pipe_is_no_reader_that_has_gone() -> None:
    script = "import edge.main as m; m._main = lambda _: (_ for _ in ()).throw(BrokenPipeError('a worker')); m.main([])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a worker" in done.stderr


def test_an_error_is_told_and_counts_though_nobody_reads_the_output(tmp_path: Path) -> None:
    status, said = _unread("edge", "doctor", "no.toml", folder=tmp_path)
    assert status != 0
    assert said.count("\n") == 1
