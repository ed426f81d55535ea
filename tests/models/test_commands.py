"""The commands of `mien-models`: a training by another's answers, what is missing, and help."""

from pathlib import Path

import pytest

from models import prepared
from models.data import NOT_A_CLASS, Faces
from models.main import main
from models.training.checkpoint import CHECKPOINT, load
from models.training.recipe import RECIPES

from .conftest import as_prepared, made_faces, write_faces

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


def test_a_teacher_is_asked_once(runs: Path) -> None:
    [answers] = runs.glob("answers-*.npy")
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


def test_teachers_who_see_what_a_student_sees_are_to_be_named(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options: list[Option] = ["--data", runs / "made.parquet", "--valid-data", runs / "valid.parquet", "--plain"]
    assert run("train", "student-seen", *options, "--out", runs / "seen") == 1
    assert "name one by --teacher" in capsys.readouterr().err
    short: list[Option] = ["--epochs", 1, "--batch", 32, "--device", "cpu", "--teacher", runs / "teacher"]
    assert run("train", "student-seen", *options, *short, "--out", runs / "seen") == 0
    # What a teacher says of the pictures as they are was kept before.
    assert len(list(runs.glob("answers-*.npy"))) == RECIPES["student-seen"].views
    assert load(runs / "seen" / CHECKPOINT)["faces"] == len(prepared.read(runs / "made.parquet"))


def test_missing_data_says_how_to_name_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA", raising=False)
    assert main(["evaluate", "--data", "nowhere.parquet"]) == 1
    assert "nowhere.parquet: no such file; give its path, or set MIEN_DATA" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "mien-models train vgg-face --data" in capsys.readouterr().out
