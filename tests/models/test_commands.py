"""The commands of `mien-models`, from training on made faces to a bundle."""

from pathlib import Path

import pytest
import torch

from models.card import load
from models.checkpoint import averaged_network
from models.data import Faces
from models.main import main

from .conftest import write_faces


@pytest.fixture
def files(tmp_path: Path, faces: Faces, others: Faces) -> list[str]:
    """Options that name made data."""
    train = write_faces(tmp_path / "train.parquet", faces)
    valid = write_faces(tmp_path / "valid.parquet", others)
    return ["--train-data", str(train), "--valid-data", str(valid)]


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def test_two_stages_become_a_bundle_whose_card_tells_of_both(tmp_path: Path, files: list[str]) -> None:
    short = ["--plain", "--epochs", "1", "--batch", "32", *files]
    first, second, bundle = tmp_path / "first", tmp_path / "second", tmp_path / "bundle"
    assert run("train", "--out", first, *short) == 0
    assert run("train", "--out", second, "--second-stage-of", first, *short) == 0
    assert run("export", second, "--first-stage", first, "--bundle", bundle, *files) == 0
    card = load(bundle / "expression.json")
    assert "from scratch" in card.training
    assert "from the stage before" in card.training


def test_a_second_stage_begins_with_the_weights_of_the_first(tmp_path: Path, files: list[str]) -> None:
    short = ["--plain", "--epochs", "1", "--batch", "64", *files]
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("train", "--out", first, *short) == 0
    assert run("train", "--out", second, "--second-stage-of", first, *short) == 0
    # One step, the first of the warm-up, at a learning rate of 0: only batch-norm statistics move.
    before, after = (averaged_network(folder / "checkpoint.pt") for folder in (first, second))
    assert all(torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True))


def test_a_second_stage_is_not_exported_with_another_first_stage(
    tmp_path: Path, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    short = ["--plain", "--epochs", "1", "--batch", "32", *files]
    first, other, second = tmp_path / "first", tmp_path / "other", tmp_path / "second"
    assert run("train", "--out", first, *short) == 0
    assert run("train", "--out", other, "--seed", "2", *short) == 0
    assert run("train", "--out", second, "--second-stage-of", first, *short) == 0
    assert run("export", second, "--bundle", tmp_path / "bundle", *files) == 1
    assert run("export", second, "--first-stage", other, "--bundle", tmp_path / "bundle", *files) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2].endswith("name the run it began from with --first-stage")
    assert lines[-1].endswith("name that run with --first-stage")


def test_missing_data_says_how_to_name_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA", raising=False)
    assert main(["evaluate", "--data", "nowhere.parquet"]) == 1
    assert "nowhere.parquet: no such file; give its path, or set MIEN_DATA" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "mien-models train --out" in capsys.readouterr().out
