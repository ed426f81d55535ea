"""The table of benches is whole."""

from __future__ import annotations

from importlib import import_module

import pytest

from bench import benches, hot, readme
from bench.benches import BENCHES, Bench

each = pytest.mark.parametrize("bench", BENCHES, ids=lambda bench: bench.name)


@each
def test_a_bench_names_a_function_that_measures(bench: Bench) -> None:
    assert callable(getattr(import_module(f"bench.{bench.module}"), bench.entry))


@each
def test_every_figure_has_a_peer_or_a_limit(bench: Bench) -> None:
    assert [figure.name for figure in bench.figures if not figure.beside and figure.must is None] == []


@each
def test_no_two_figures_of_a_bench_share_a_name(bench: Bench) -> None:
    names = [figure.name for figure in bench.figures]
    assert len(names) == len({*names})


@each
def test_what_is_to_be_reached_is_no_easier_than_what_must_be(bench: Bench) -> None:
    for figure in bench.figures:
        if figure.must is not None and figure.reach is not None:
            assert figure.meets(figure.reach, figure.must), figure.name


@each
def test_a_small_run_is_smaller_than_the_usual_one(bench: Bench) -> None:
    assert bench.small.rounds * bench.small.count < bench.usual.rounds * bench.usual.count


def test_no_two_benches_share_a_name() -> None:
    assert len({bench.name for bench in BENCHES}) == len(BENCHES)


def test_the_stages_that_are_counted_are_those_of_the_table() -> None:
    assert [*benches.STAGES] == [*hot.UNITS]


def test_the_readme_has_the_tables_as_they_are() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_tables(text), "run python -m bench.readme"
