"""Training: the same seed the same weights, and an interrupted run ends where an uninterrupted one does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from models.checkpoint import Recipe, averaged_network, load, recipe_of
from models.data import Faces
from models.errors import CheckpointError, DataError
from models.main import main
from models.train import schedule, train

from .conftest import write_faces

SHORT = Recipe(epochs=1, batch=16)


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return averaged_network(checkpoint).state_dict()


def same(one: Path, other: Path) -> bool:
    pairs = zip(weights(one).values(), weights(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, faces: Faces, others: Faces
) -> None:
    first = train(faces, others, tmp_path / "a", SHORT)
    again = train(faces, others, tmp_path / "b", SHORT)
    other = train(faces, others, tmp_path / "c", Recipe(epochs=1, batch=16, seed=2))
    assert same(first, again)
    assert not same(first, other)


def test_a_killed_run_that_is_resumed_ends_where_an_uninterrupted_one_does(
    tmp_path: Path, faces: Faces, others: Faces
) -> None:
    files = [write_faces(tmp_path / "train.parquet", faces), write_faces(tmp_path / "valid.parquet", others)]
    options = ["train", "--plain", "--epochs", "6", "--batch", "16"]
    options += ["--train-data", str(files[0]), "--valid-data", str(files[1])]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "models.main", *options, "--out", str(killed)]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (killed / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 1 <= load(killed / "checkpoint.pt")["epoch"] < 6

    assert main([*options, "--out", str(killed), "--resume"]) == 0
    assert main([*options, "--out", str(whole)]) == 0
    assert same(killed / "checkpoint.pt", whole / "checkpoint.pt")
    lines = [json.loads(line) for line in (killed / "curves.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 7))
    assert (killed / "curves.png").stat().st_size > 1000


def test_a_run_learns_what_can_be_learned(tmp_path: Path, faces: Faces, others: Faces) -> None:
    train(faces, others, tmp_path, Recipe(epochs=6, batch=16))
    lines = [json.loads(line) for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.5 * lines[0]["loss"]


def test_near_copies_of_the_reported_split_are_not_trained_on(tmp_path: Path, faces: Faces) -> None:
    with pytest.raises(DataError, match="0 usable faces"):
        train(faces, faces, tmp_path, SHORT)


def test_a_run_is_not_overwritten_unasked(tmp_path: Path, faces: Faces, others: Faces) -> None:
    train(faces, others, tmp_path, Recipe(epochs=1, batch=32))
    with pytest.raises(CheckpointError, match="--resume, or choose a new --out"):
        train(faces, others, tmp_path, Recipe(epochs=1, batch=32))


def test_a_run_does_not_go_on_with_another_recipe(tmp_path: Path, faces: Faces, others: Faces) -> None:
    checkpoint = train(faces, others, tmp_path, Recipe(epochs=1, batch=32))
    assert recipe_of(checkpoint) == Recipe(epochs=1, batch=32)
    with pytest.raises(CheckpointError, match="another recipe"):
        train(faces, others, tmp_path, Recipe(epochs=1, batch=32, seed=3), resume=True)


def test_there_must_be_a_run_to_resume(tmp_path: Path, faces: Faces, others: Faces) -> None:
    with pytest.raises(CheckpointError, match="no run to go on with"):
        train(faces, others, tmp_path / "none", SHORT, resume=True)


def test_a_broken_checkpoint_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "checkpoint.pt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="not a readable checkpoint") as caught:
        averaged_network(broken)
    assert "\n" not in str(caught.value)


def test_the_learning_rate_rises_to_its_full_and_falls_to_nothing() -> None:
    assert schedule(0.0, 0.1) == 0.0
    assert schedule(0.05, 0.1) == 0.5
    assert schedule(0.1, 0.1) == 1.0
    assert schedule(1.0, 0.1) == pytest.approx(0.0)
