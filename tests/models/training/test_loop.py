"""Training: the same seed the same weights, and an interrupted run ends where an uninterrupted one does."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models import prepared
from models.data import Faces
from models.errors import CheckpointError, DataError
from models.heads import FER2013, FERPLUS, LOGITS
from models.main import main
from models.networks.build import build
from models.training.checkpoint import CHECKPOINT, averaged_network, begin, load, recipe_of
from models.training.loop import objective, train
from models.training.machine import Machine
from models.training.optimise import schedule
from models.training.recipe import Recipe
from models.training.targets import TrainingSet, training_set
from tests.models.conftest import as_prepared, write_faces

SHORT = Recipe(epochs=1, batch=16, learning_rate=0.02, sides=((1.0, 16),))


@pytest.fixture
def pictures(faces: Faces) -> TrainingSet:
    return training_set(as_prepared(faces), smoothing=0.1)


def weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    return averaged_network(checkpoint).state_dict()


def same(one: Path, other: Path) -> bool:
    pairs = zip(weights(one).values(), weights(other).values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, pictures: TrainingSet, others: Faces
) -> None:
    first = train(pictures, others, tmp_path / "a", SHORT)
    again = train(pictures, others, tmp_path / "b", SHORT)
    other = train(pictures, others, tmp_path / "c", replace(SHORT, seed=2))
    assert same(first, again)
    assert not same(first, other)


def test_a_killed_run_that_is_resumed_ends_where_an_uninterrupted_one_does(
    tmp_path: Path, faces: Faces, others: Faces
) -> None:
    prepared.write(as_prepared(faces), tmp_path / "train.parquet")
    valid = write_faces(tmp_path / "valid.parquet", others)
    options = ["train", "student", "--plain", "--device", "cpu", "--epochs", "4", "--batch", "16"]
    options += ["--data", str(tmp_path / "train.parquet"), "--valid-data", str(valid)]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-m", "models.main", *options, "--out", str(killed)]
    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (killed / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 1 <= load(killed / "checkpoint.pt")["epoch"] < 4

    assert main([*options, "--out", str(killed), "--resume"]) == 0
    assert main([*options, "--out", str(whole), "--until", "2"]) == 0
    assert main([*options, "--out", str(whole), "--resume"]) == 0
    assert same(killed / "checkpoint.pt", whole / "checkpoint.pt")
    lines = [json.loads(line) for line in (killed / "curves.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 5))
    assert (killed / "curves.png").stat().st_size > 1000
    assert json.loads((killed / "recipe.json").read_text())["epochs"] == 4


def test_a_run_learns_what_can_be_learned_by_both_heads(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    train(pictures, others, tmp_path, replace(SHORT, epochs=6, smoothing=0.0))
    lines = [json.loads(line) for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.6 * lines[0]["loss"]
    assert lines[-1]["ferplus_accuracy"] > 0.9
    assert lines[-1]["fer2013_accuracy"] > 0.9


def test_a_network_with_a_global_average_sees_small_pictures_first(
    tmp_path: Path, pictures: TrainingSet, others: Faces
) -> None:
    recipe = replace(SHORT, epochs=4, sides=((0.5, 16), (1.0, 24)))
    assert [recipe.side(epoch) for epoch in range(4)] == [16, 16, 24, 24]
    assert recipe.last_side == 24
    checkpoint = train(pictures, others, tmp_path, recipe)
    assert averaged_network(checkpoint)(torch.zeros(1, 1, 24, 24)).shape == (1, LOGITS)


def test_sixteen_bit_arithmetic_trains_too(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    checkpoint = train(pictures, others, tmp_path, SHORT, Machine(bfloat16=True))
    assert all(value.isfinite().all() for value in weights(checkpoint).values())


def test_what_was_trained_on_is_kept_for_those_who_use_the_weights(
    tmp_path: Path, pictures: TrainingSet, others: Faces
) -> None:
    state = load(train(pictures, others, tmp_path, SHORT))
    assert state["faces"] == 64
    assert state["prior"][:3] == pytest.approx([0.5, 0.5, 0.0])


def test_too_few_pictures_are_refused(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    with pytest.raises(DataError, match="64 usable faces are fewer than a batch of 65"):
        train(pictures, others, tmp_path, replace(SHORT, batch=65))


def test_a_run_is_not_overwritten_unasked(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    train(pictures, others, tmp_path, replace(SHORT, batch=64))
    with pytest.raises(CheckpointError, match="--resume, or choose a new --out"):
        train(pictures, others, tmp_path, replace(SHORT, batch=64))


def test_a_run_does_not_go_on_with_another_recipe_or_other_pictures(
    tmp_path: Path, pictures: TrainingSet, others: Faces
) -> None:
    recipe = replace(SHORT, batch=32)
    checkpoint = train(pictures, others, tmp_path, recipe)
    assert replace(recipe_of(checkpoint), pictures="") == recipe
    with pytest.raises(CheckpointError, match="another recipe or from other pictures"):
        train(pictures, others, tmp_path, replace(recipe, seed=3), resume=True)
    fewer = TrainingSet(pictures.images[1:], pictures.targets[1:], pictures.prior)
    with pytest.raises(CheckpointError, match="another recipe or from other pictures"):
        train(fewer, others, tmp_path, recipe, resume=True)


def test_a_run_begins_with_all_weights_but_the_heads_of_a_network_with_another_head() -> None:
    small = build("vgg16", 0.5, 48)
    begun = begin(Recipe(network="vgg16-paper", sides=((1.0, 48),)), start=small).network.state_dict()
    convolutions = {name: value for name, value in small.state_dict().items() if name.startswith("features")}
    assert all(torch.equal(begun[name], value) for name, value in convolutions.items())
    assert begun["head.weight"].shape != small.state_dict()["head.weight"].shape


def test_a_run_does_not_begin_with_another_network(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    train(pictures, others, tmp_path / "student", replace(SHORT, batch=64))
    recipe = replace(SHORT, network="vgg16", batch=64)
    with pytest.raises(CheckpointError, match="is a student, and the recipe is for a vgg16"):
        train(pictures, others, tmp_path / "vgg", recipe, start=[tmp_path / "student"])


def test_a_run_begins_with_the_mean_of_several(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    runs = [tmp_path / name for name in ("first", "second")]
    for seed, run in enumerate(runs):
        train(pictures, others, run, replace(SHORT, epochs=1, batch=64, seed=seed))
    still = replace(SHORT, epochs=1, batch=64, learning_rate=0.0, weight_decay=0.0, average=0.0)
    mean = averaged_network(train(pictures, others, tmp_path / "mean", still, start=runs)).state_dict()
    first, second = (averaged_network(run / CHECKPOINT).state_dict() for run in runs)
    for name in ("stem.0.weight", "head.weight"):
        assert not torch.equal(first[name], second[name])
        torch.testing.assert_close(mean[name], (first[name] + second[name]) / 2)


def test_a_mean_is_of_one_networks_runs(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    vgg = replace(SHORT, network="vgg16", epochs=1, batch=64, sides=((1.0, 32),))
    runs = [tmp_path / "vgg", tmp_path / "transferred"]
    train(pictures, others, runs[0], vgg)
    train(pictures, others, runs[1], replace(vgg, network="vgg16-av"), start=runs[:1])
    with pytest.raises(CheckpointError, match=r"transferred: is not of the network of .*vgg"):
        train(pictures, others, tmp_path / "mean", vgg, start=runs)


def test_the_weights_of_an_unfinished_run_are_not_used(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    checkpoint = train(pictures, others, tmp_path, replace(SHORT, epochs=2, batch=64), epochs=1)
    with pytest.raises(CheckpointError, match="epoch 1 of 2; go on with `mien-models train --resume`"):
        averaged_network(checkpoint)


def test_there_must_be_a_run_to_resume(tmp_path: Path, pictures: TrainingSet, others: Faces) -> None:
    with pytest.raises(CheckpointError, match="no run to go on with"):
        train(pictures, others, tmp_path / "none", SHORT, resume=True)


def test_a_broken_checkpoint_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "checkpoint.pt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match="not a readable checkpoint") as caught:
        averaged_network(broken)
    assert "\n" not in str(caught.value)


def test_a_picture_without_a_target_of_a_head_does_not_move_that_head() -> None:
    logits = torch.randn(3, LOGITS, requires_grad=True)
    targets = torch.zeros(3, LOGITS)
    targets[0, FERPLUS.begin] = targets[1, FER2013.begin] = 1.0
    objective(logits, targets, plus=1.0).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    moved = logits.grad.abs() > 0
    assert moved[0, FERPLUS.columns].all()
    assert not moved[0, FER2013.columns].any()
    assert not moved[1, FERPLUS.columns].any()
    assert not moved[2].any()


def test_the_learning_rate_rises_to_its_full_and_falls_to_nothing() -> None:
    assert schedule(0.0, 0.1) == 0.0
    assert schedule(0.05, 0.1) == 0.5
    assert schedule(0.1, 0.1) == 1.0
    assert schedule(1.0, 0.1) == pytest.approx(0.0)
