"""The command: what it lists, refuses and runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import one, results
from bench.benches import BENCHES
from bench.errors import CannotMeasure
from bench.figures import Given
from bench.side import Side


def test_the_list_has_every_bench(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    said = capsys.readouterr().out
    assert [bench.name for bench in BENCHES if bench.name not in said] == []


def test_an_unknown_bench_is_refused_with_those_that_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "desks"])
    said = capsys.readouterr().err
    assert "no such bench" in said
    assert "desk, ingest" in said


def test_a_bench_without_its_peer_says_what_to_install(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--rounds", "1", "--count", "1", "--folder", str(tmp_path), "--peer-python", "/not/there/python"]
    assert one.main(["desk", *arguments]) == 3
    assert "pip install 'fer" in json.loads(capsys.readouterr().out)["why"]


def test_a_bench_runs_from_the_command_to_a_whole_results_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command.main(["--only", "memory", "--small", "--count", "40", "--out", str(tmp_path)])
    result = json.loads((tmp_path / "memory.json").read_text(encoding="utf-8"))
    assert [key for key in results.REQUIRED if key not in result] == []
    assert result["marks"][-1]["frames"] == 40
    assert result["figures"]["resident at the end"]["value"] > 50
    said = capsys.readouterr().out
    assert "resident at the end" in said
    assert code == (1 if "NO" in said else 0)


def test_a_small_run_leaves_the_kept_results_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    command.main(["--only", "memory", "--small", "--count", "8"])
    assert [*tmp_path.iterdir()] == []


def test_the_recording_of_a_person_needs_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench import analyze

    monkeypatch.delenv("MIEN_DATA", raising=False)
    with pytest.raises(CannotMeasure, match="MIEN_DATA"):
        analyze.measure_woman(Given(rounds=1, count=1, folder=tmp_path, peer_python="python"))


def test_a_side_answers_each_line_and_is_as_large_as_its_memory_says() -> None:
    import sys

    from bench.machine import memory_mb, tree_mb

    talk = """print('{}', flush=True)
while True: print('{"said": ' + input() + '}', flush=True)"""
    with Side([sys.executable, "-c", talk]) as side:
        assert side.ask("7") == {"said": 7}
        assert 1 < tree_mb(side.pid) < memory_mb(side.pid)["peak"] + 1
