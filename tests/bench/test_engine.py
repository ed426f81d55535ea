"""The bench of engines over the fakes: whole, marked as such, and without a figure where an engine is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bench import engine, engine_race, engine_torch, gpu, one, table
from bench.benches import bench
from bench.engine_figures import (
    ARITHMETIC,
    BATCHES,
    COLD_START,
    EAGER,
    ENGINE,
    GRAPHS,
    MEMORY,
    NETWORKS,
    PAIRS,
    PROCESSOR,
    build,
    difference,
)
from bench.errors import BenchError, CannotMeasure
from bench.figures import Given, Measured
from bench.results import result_of
from edge import bundle
from edge.runtime.backend import ModelFile
from edge.runtime.onnx import OnnxBackend

BENCH = bench("engine")
ABOUT = {"weight_bytes": 1_000_000, "face_bytes": 1_000, "multiply_adds": 40e6}
RATES = {"bytes_a_second": 1e9, "multiply_adds_a_second": 1e12}


class FakeTorch:
    """PyTorch on a GPU, as far as the bench sees it."""

    why = ""
    about = ABOUT
    limits = RATES

    def __init__(self, stack: ExitStack) -> None:
        """Nothing to start."""

    def contestants(self) -> dict[str, engine_race.Block]:
        return {way: lambda _, count: [0.001] * count for way in (EAGER, GRAPHS)}

    def limits_of(self, rounds: int) -> engine_race.Rounds:
        return engine_race.limits_of(ABOUT, RATES, rounds)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensorrt: Any) -> Given:
    """The smallest network that ships in the place of each, and no process started."""

    def small() -> dict[str, ModelFile]:
        cover = bundle.load().cover_file()
        return dict.fromkeys(NETWORKS, cover)

    def no_start(_: Given, env: Mapping[str, str]) -> tuple[Measured, dict[str, Any]]:
        return Measured(2.0, 1.0), {"env": [*env]}

    monkeypatch.setattr(engine, "networks", small)
    monkeypatch.setattr(engine, "cold_start", no_start)
    return Given(rounds=1, count=1, folder=tmp_path, peer_python="python")


def result(given: Given) -> dict[str, Any]:
    return result_of(BENCH, engine.measure(given), given, seconds=1.0, load=0.1)


def test_the_networks_are_those_that_ship() -> None:
    assert [*engine.networks()] == [*NETWORKS]


def test_every_figure_over_the_fakes_is_marked_or_says_why_it_is_none(given: Given) -> None:
    made = result(given)
    measured = {name for name, figure in made["figures"].items() if figure["value"] is not None}
    of_python = {pair.name(batch) for pair in PAIRS if pair.fake for batch in BATCHES}
    assert measured == {COLD_START, *map(difference, NETWORKS), *of_python}
    assert {made["figures"][name]["mark"] for name in measured} == {gpu.FAKE}
    assert {*made["absent"].values()} == {made["mark"]} == {gpu.FAKE}
    assert made["starts"]["env"] == ["PYTHONPATH"]


def test_the_printed_table_marks_every_row_of_the_fakes(given: Given) -> None:
    rows = table.rows(BENCH, result(given), None)
    assert gpu.FAKE in table.text(rows)
    assert [row.cells[1] for row in rows if "fake" not in row.cells[1] + row.cells[3]] == []


def test_on_a_gpu_there_is_every_figure_but_those_of_the_fakes_and_no_mark(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "is_fake", lambda: False)
    monkeypatch.setattr(engine, "Torch", FakeTorch)
    made = result(given)
    assert "mark" not in made
    assert made["gpu"] == "Fake Orin"
    assert made["absent"].keys() == {pair.name(batch) for pair in PAIRS if pair.fake for batch in BATCHES}
    assert made["figures"][build("pnet")]["times"] > 0


def test_without_pytorch_its_figures_say_so_and_the_others_are_there(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "is_fake", lambda: False)
    monkeypatch.setattr(engine_race, "find_spec", lambda _: None)
    absent = result(given)["absent"]
    for pair in PAIRS:
        why = {absent.get(pair.name(batch), "") for batch in BATCHES}
        if pair.fake:
            assert why == {engine.NOT_FAKE}
        else:
            assert {"PyTorch" in each for each in why} == {pair.peer != PROCESSOR}


def test_a_wrong_engine_ends_the_bench_without_a_figure(
    given: Given, tensorrt: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    tensorrt.FAULTS["wrong"] = True
    with pytest.raises(BenchError, match="says something else than ONNX Runtime"):
        engine.measure(given)
    again = given.folder / "again"
    again.mkdir()
    assert one.main(["engine", "--rounds", "1", "--count", "1", "--folder", str(again)]) == 1
    assert [*json.loads(capsys.readouterr().out)] == ["why"]


def test_a_gpu_without_tensorrt_is_no_place_for_fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "SIGNS", (tmp_path,))
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(CannotMeasure, match="there is a GPU, but TensorRT cannot be loaded"), gpu.opened():
        pass


def test_without_a_gpu_the_fakes_stand_in_while_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "SIGNS", ())
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with gpu.opened() as found:
        assert (found.mark, gpu.is_fake()) == (gpu.FAKE, True)
    assert "tensorrt" not in sys.modules


def test_a_ratio_is_of_the_two_sides_of_a_round() -> None:
    ours = {batch: [0.001, 0.004, 0.002] for batch in BATCHES}
    peer = {batch: [0.002, 0.008, 0.001] for batch in BATCHES}
    found = engine_race.judged({ENGINE: ours, GRAPHS: peer}, fake=False)
    assert found["batch 8: TensorRT in half"] == Measured(2.0, 2.0, 2.0)


def test_a_limit_is_the_time_that_one_thing_alone_would_take() -> None:
    limits = engine_race.limits_of(ABOUT, RATES, rounds=2)
    assert limits[MEMORY][2] == pytest.approx([0.001002] * 2)
    assert limits[ARITHMETIC][2] == pytest.approx([80e-6] * 2)


def test_the_network_in_pytorch_is_the_one_that_ships() -> None:
    loaded = bundle.load()
    network, weights = engine_torch.rebuilt(loaded)
    faces = np.random.default_rng(1).standard_normal((4, 1, 40, 40)).astype(np.float32)
    with torch.no_grad():
        said = network(torch.from_numpy(faces)).numpy()
    wanted = np.concatenate(OnnxBackend(loaded.expression_file()).infer(faces), axis=1)  # a head after the other
    assert weights == "as shipped"
    assert said == pytest.approx(wanted, abs=5e-3)  # the file rounds to half here and there
    about = engine_torch.about(network, 40, weights)
    assert about["face_bytes"] == 4 * (40 * 40 + wanted.shape[1])
    assert about["weight_bytes"] < loaded.expression_file().path.stat().st_size


def test_pytorch_answers_a_race_with_the_seconds_of_each_run() -> None:
    network, _ = engine_torch.rebuilt(bundle.load())
    seconds = engine_torch.Peer(network, 40, device="cpu").run(EAGER, batch=2, count=3)
    assert len(seconds) == 3
    assert min(seconds) > 0
