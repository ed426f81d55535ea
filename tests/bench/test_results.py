"""The results files: what each says, and that none says where it was made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench import results
from bench.benches import BENCHES, bench
from bench.figures import Found, Given, Measured
from tests.bench import made

FILES = sorted(results.RESULTS.glob("*.json"))
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_bench_has_its_results_but_the_longest_of_a_person() -> None:
    assert {path.stem for path in FILES} >= {bench.name for bench in BENCHES} - {"analyze_woman"}


@each
def test_a_results_file_has_every_key_and_is_of_a_bench(path: Path) -> None:
    result = read(path)
    assert [key for key in results.REQUIRED if key not in result] == []
    assert result["bench"] == path.stem
    assert path.stem in {bench.name for bench in BENCHES}


@each
def test_a_results_file_has_every_figure_or_why_not(path: Path) -> None:
    result = read(path)
    assert result["figures"].keys() == {figure.name for figure in bench(path.stem).figures}
    unknown = [name for name, figure in result["figures"].items() if figure["value"] is None]
    assert sorted(unknown) == sorted(result["absent"])


@each
def test_a_results_file_was_measured_at_the_usual_size(path: Path) -> None:
    result, of = read(path), bench(path.stem)
    assert result["size"] == {"rounds": of.usual.rounds, of.counted: of.usual.count}


@each
def test_a_results_file_names_no_place_on_the_machine(path: Path) -> None:
    assert re.findall(r'"/\w+/|/(?:home|root|tmp|var)/', path.read_text(encoding="utf-8")) == []


def test_a_result_is_written_and_read_back_whole(tmp_path: Path) -> None:
    result = made.result(bench("memory"))
    assert [key for key in results.REQUIRED if key not in result] == []
    assert read(results.write(result, tmp_path / "new")) == result


def test_a_bench_whose_figures_are_not_those_of_the_table_is_refused() -> None:
    given = Given(rounds=1, count=1, folder=Path("unused"), peer_python="python")
    with pytest.raises(AssertionError, match="disagree"):
        results.result_of(bench("memory"), Found(values={"other": Measured(1.0)}), given, seconds=0.0, load=0.0)


def test_the_command_for_the_same_again_does_not_say_where_the_peer_is() -> None:
    given = Given(rounds=2, count=3, folder=Path("unused"), peer_python="/somewhere/bin/python")
    assert results.command(bench("desk"), given) == (
        "python -m bench --only desk --rounds 2 --count 3 --peer-python PYTHON"
    )


def test_a_name_that_was_never_committed_has_no_earlier_result() -> None:
    assert results.committed("never-there") is None
