"""From a finished run to a file in half precision that says how it is used, and to its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto

from convert import half
from convert.main import main
from models.card import load
from models.model import CARD, Model
from models.training.checkpoint import CHECKPOINT
from models.training.recipe import RECIPES, Recipe
from tests.models.conftest import crops, made_faces, write_faces
from tests.models.runs import finished_run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of a student, and faces to fit its operating points."""
    folder = tmp_path_factory.mktemp("place")
    finished_run(folder / "student")
    write_faces(folder / "valid.parquet", made_faces(40, seed=2))
    return folder


def export(place: Path, *options: str, run: str = "student", out: str = "out") -> int:
    given = ["export", str(place / run), "--out", str(place / out), "--valid-data", str(place / "valid.parquet")]
    return main([*given, *options])


@pytest.fixture(scope="module")
def out(place: Path) -> Path:
    assert export(place, "--teacher", "runs/vgg-face", "--float32", str(place / "whole.onnx")) == 0
    return place / "out"


def test_a_run_becomes_a_card_with_fitted_operating_points(out: Path) -> None:
    card = load(out / CARD)
    assert [point.name for point in card.points] == ["everyday", "expressive", "ferplus", "fer2013"]
    assert "answers of a teacher (vgg-face)" in card.training
    assert all(0 < point.unsure_below < 1 for point in card.points)
    for point in card.points:
        np.testing.assert_allclose(Model(out, point.name).shares(crops(4)).sum(axis=1), 1, atol=1e-5)
    assert sorted(path.name for path in out.iterdir()) == ["expression.json", "expression.onnx"]


def test_the_file_computes_in_half_between_ends_in_float32(out: Path) -> None:
    model = half.read(out / "expression.onnx")
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    ends = (*model.graph.input, *model.graph.output)
    assert [each.name for each in ends] == ["face", "ferplus", "fer2013"]
    assert {each.type.tensor_type.elem_type for each in ends} == {TensorProto.FLOAT}
    assert {each.type.tensor_type.shape.dim[0].dim_param for each in ends} == {"batch"}
    assert not {"BatchNormalization", "Softmax"} & {node.op_type for node in model.graph.node}
    assert half.weights_of(model).share == 1.0


def test_the_network_before_it_was_rounded_is_twice_the_size_and_answers_nearly_the_same(
    place: Path, out: Path
) -> None:
    whole = place / "whole.onnx"
    assert half.weights_of(half.read(whole)).half == 0
    assert (out / "expression.onnx").stat().st_size <= 0.55 * whole.stat().st_size
    x = crops(6)
    rounded, before = Model(out).logits(x), Model(out, weights=whole.read_bytes()).logits(x)
    assert 0 < np.abs(rounded - before).max() < 0.05


def test_an_exported_file_says_itself_how_it_is_used(out: Path) -> None:
    card = load(out / CARD)
    said = {each.key: json.loads(each.value) for each in onnx.load(str(out / card.file)).metadata_props}
    assert said["mien.model"] == f"{card.name}-{card.version}"
    assert said["mien.licence"] == card.licence
    assert (said["mien.input"]["layout"], said["mien.input"]["size"]) == ("NCHW", card.input.size)
    assert said["mien.input"]["formula"] == card.input.formula
    assert [point["temperature"] for point in said["mien.points"]] == [point.temperature for point in card.points]
    assert said["mien.points"][0]["output"]["classes"] == list(card.points[0].output.classes)


def test_the_same_run_gives_the_same_bytes(place: Path, out: Path) -> None:
    assert export(place, "--teacher", "vgg-face", out="again") == 0
    for name in ("expression.json", "expression.onnx"):
        assert (place / "again" / name).read_bytes() == (out / name).read_bytes()


def test_one_network_ships_as_several_models_each_under_its_licence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(place, "--as", "face-asia", "--start", "mien-face-3.0.0", out="asia") == 0
    assert "face-asia-2.0.0\nexpression.onnx: " in capsys.readouterr().out
    card = load(place / "asia" / CARD)
    assert (card.name, card.licence) == ("face-asia", "research-only")
    assert card.training.startswith("It began with the weights of mien-face-3.0.0. ")
    assert any(data.name == "Taiwanese performers" for data in card.trained_on)


@pytest.fixture(scope="module")
def paper(place: Path) -> Path:
    """A run of a network that does not ship; what stands in its checkpoint besides is not looked at."""
    recipe = RECIPES["vgg-face-paper-head"]
    (place / "paper").mkdir()
    state = {"recipe": json.dumps({"network": recipe.network, "epochs": 1}), "epoch": 1}
    torch.save(state, place / "paper" / CHECKPOINT)
    return place / "paper"


def test_what_cannot_be_exported_is_told_in_one_line_and_leaves_nothing(
    place: Path, paper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished_run(place / "large", head=1e7)
    refusals = {
        "a vgg16-paper is no network that ships; name another run": export(place, run="paper", out="none"),
        "--clip is for networks over time; leave it away": export(place, "--clip", str(place / "clip"), out="none"),
        "a student ships as mien-face, face-asia; name another": export(place, "--as", "vgg-face", out="none"),
        "none/checkpoint.pt: no such file; train first": export(place, run="none", out="none"),
        "and float16 ends at 65504": export(place, run="large", out="none"),
        "nowhere.parquet: no such file": export(place, "--valid-data", "nowhere.parquet", out="none"),
    }
    told = capsys.readouterr().err.splitlines()
    assert set(refusals.values()) == {1}
    for line, text in zip(told, refusals, strict=True):
        assert line.startswith("mien-convert: ")
        assert text in line
    assert not (place / "none").exists()


def test_a_run_that_is_not_finished_is_not_exported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished_run(place / "begun", Recipe(epochs=3))
    state = torch.load(place / "begun" / CHECKPOINT, weights_only=True) | {"epoch": 2}
    torch.save(state, place / "begun" / CHECKPOINT)
    assert export(place, run="begun", out="none") == 1
    assert "stands at epoch 2 of 3; go on with" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_one_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "taken").write_text("")
    assert export(place, out="taken") == 1
    assert "taken: is there already and is no folder" in capsys.readouterr().err
