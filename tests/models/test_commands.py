"""The commands of `mien-models`, from made faces to a bundle whose card tells how it came about."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from models import prepared
from models.card import load
from models.data import NOT_A_CLASS, Faces
from models.main import main
from models.model import Model

from .conftest import as_prepared, crops, made_faces, write_faces

Option = str | Path | int


def run(*arguments: Option) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def runs(tmp_path: Path, faces: Faces) -> Path:
    """A folder with a short training of the student, and of another that it taught about faces that lack one label."""
    write_faces(tmp_path / "valid.parquet", made_faces(40, seed=2))
    faces.labels[:16] = NOT_A_CLASS
    prepared.write(as_prepared(faces), tmp_path / "made.parquet")
    short: list[Option] = [
        "--plain",
        "--device",
        "cpu",
        "--epochs",
        1,
        "--batch",
        32,
        "--valid-data",
        tmp_path / "valid.parquet",
    ]
    train: list[Option] = ["train", "student", "--data", tmp_path / "made.parquet", *short]
    assert run(*train, "--out", tmp_path / "teacher") == 0
    assert run(*train, "--out", tmp_path / "student", "--teacher", tmp_path / "teacher") == 0
    return tmp_path


def test_a_taught_student_becomes_a_bundle_with_fitted_operating_points(runs: Path) -> None:
    options: list[Option] = [
        "--teacher",
        runs / "teacher",
        "--bundle",
        runs / "bundle",
        "--valid-data",
        runs / "valid.parquet",
    ]
    assert run("export", runs / "student", *options) == 0
    card = load(runs / "bundle" / "expression.json")
    assert [point.name for point in card.points] == ["everyday", "expressive", "ferplus", "fer2013"]
    assert card.point().shift
    assert not card.point("ferplus").shift
    assert "answers of a teacher (teacher)" in card.training
    for point in card.points:
        shares = Model(runs / "bundle", point.name).shares(crops(4))
        np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_an_exported_file_says_itself_how_it_is_used(runs: Path) -> None:
    assert run("export", runs / "student", "--bundle", runs / "told", "--valid-data", runs / "valid.parquet") == 0
    card = load(runs / "told" / "expression.json")
    said = {each.key: json.loads(each.value) for each in onnx.load(str(runs / "told" / card.file)).metadata_props}
    assert said["mien.model"] == f"{card.name}-{card.version}"
    assert said["mien.licence"] == card.licence
    assert said["mien.input"]["size"] == card.input.size
    assert said["mien.input"]["formula"] == card.input.formula
    assert [point["temperature"] for point in said["mien.points"]] == [point.temperature for point in card.points]
    assert said["mien.points"][0]["output"]["classes"] == list(card.points[0].output.classes)


def test_a_teacher_is_asked_once(runs: Path) -> None:
    [answers] = (runs / "teacher").glob("answers-*.npy")
    before = answers.stat().st_mtime_ns
    options: list[Option] = [
        "--plain",
        "--device",
        "cpu",
        "--epochs",
        1,
        "--batch",
        32,
        "--valid-data",
        runs / "valid.parquet",
    ]
    data: list[Option] = ["--data", runs / "made.parquet", "--teacher", runs / "teacher"]
    assert run("train", "student", *data, *options, "--out", runs / "again") == 0
    assert answers.stat().st_mtime_ns == before


def test_a_network_that_does_not_ship_is_not_exported(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: list[Option] = [
        "--plain",
        "--device",
        "cpu",
        "--epochs",
        1,
        "--batch",
        64,
        "--valid-data",
        runs / "valid.parquet",
    ]
    paper: list[Option] = ["train", "vgg-face-paper-head", "--data", runs / "made.parquet", "--out", runs / "paper"]
    assert run(*paper, *options) == 0
    assert run("export", runs / "paper", "--bundle", runs / "bundle") == 1
    assert "a vgg16-paper is no network that ships; name another run" in capsys.readouterr().err


def test_one_network_ships_as_several_models_each_under_its_licence(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where: list[Option] = ["--bundle", runs / "asia", "--valid-data", runs / "valid.parquet"]
    began: list[Option] = ["--start", "mien-face-2.0.0"]
    assert run("export", runs / "student", "--as", "face-asia", *began, *where) == 0
    card = load(runs / "asia" / "expression.json")
    assert (card.name, card.licence) == ("face-asia", "research-only")
    assert card.training.startswith("It began with the weights of mien-face-2.0.0. ")
    assert any(data.name == "Taiwanese performers" for data in card.trained_on)
    assert run("export", runs / "student", "--as", "vgg-face", *where) == 1
    assert "a student ships as mien-face, face-asia; name another run, or another --as" in capsys.readouterr().err


def test_missing_data_says_how_to_name_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA", raising=False)
    assert main(["evaluate", "--data", "nowhere.parquet"]) == 1
    assert "nowhere.parquet: no such file; give its path, or set MIEN_DATA" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "mien-models train vgg-face --data" in capsys.readouterr().out
