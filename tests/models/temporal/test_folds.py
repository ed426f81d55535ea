"""Networks over time on people they never saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.clips import clips as clip_files
from models.clips.batch import plain
from models.clips.clips import Clips
from models.errors import CheckpointError, TrainingError
from models.main import main
from models.networks.se_resnet import SEResNet
from models.registry import DEFAULT
from models.temporal.fit import TimeRecipe, fit
from models.temporal.folds import Trial, over_time, table
from models.temporal.student import student_from
from models.temporal.variants import BY_NAME, VARIANTS, Variant
from models.temporal.views import views_of
from models.training.machine import bfloat16_helps
from tests.models.clips.filmed import two_kinds

SHORT = TimeRecipe(epochs=25, batch=8, learning_rate=5e-3, views=2)


@pytest.fixture(scope="module")
def clips() -> Clips:
    return two_kinds(16)


@pytest.fixture(scope="module")
def student(clips: Clips) -> SEResNet:
    return student_from(DEFAULT / "expression.onnx", plain(clips, SHORT.field))


def test_a_variant_learns_what_clips_show_on_people_it_never_saw(
    clips: Clips, student: SEResNet, tmp_path: Path
) -> None:
    fold_of = np.array([int(name[-1]) % 2 for name in clips.people])
    names = ("single-frame", "st-attention")
    found = over_time(Trial(clips, fold_of, student, SHORT, tmp_path), names)
    assert [each.variant for each in found.variants] == list(names)
    assert (found.clips, found.people, found.folds) == (16, 4, 2)
    assert all(each.scores.accuracy > 0.8 for each in found.variants)
    assert [(pair.model, pair.peer) for pair in found.beside] == [("st-attention", "single-frame")]
    assert "16 clips of 4 people, 2 folds" in table(found)


def test_what_is_done_is_not_done_again(clips: Clips, student: SEResNet, tmp_path: Path) -> None:
    fold_of = np.arange(16) % 2
    before = over_time(Trial(clips, fold_of, student, SHORT, tmp_path), ["single-frame"])
    after = over_time(Trial(clips, fold_of, student, replace(SHORT, epochs=10_000), tmp_path), ["single-frame"])
    assert after == before


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_variant_takes_its_views_and_gives_eight_logits(
    variant: Variant, clips: Clips, student: SEResNet
) -> None:
    views = views_of(clips[:4], variant.inputs, student, replace(SHORT, views=1))
    network = variant.build(student).eval()
    assert network(*views.plain[0]).shape == (4, 8)
    inputs, labels = next(views.batches(np.arange(4), torch.from_numpy(clips.labels), SHORT, 1))
    assert network(*inputs).shape == (4, 8)
    assert labels.shape == (4,)


def test_the_same_seed_gives_the_same_weights(clips: Clips, student: SEResNet) -> None:
    variant = BY_NAME["st-attention"]
    views = views_of(clips, variant.inputs, student, SHORT)

    def trained() -> torch.Tensor:
        torch.manual_seed(1)
        batches = views.batches(np.arange(16), torch.from_numpy(clips.labels), SHORT, 2)
        return torch.cat([p.flatten() for p in fit(variant.build(student), batches, 4, SHORT).parameters()])

    assert torch.equal(trained(), trained())


@pytest.fixture
def runs(clips: Clips, student: SEResNet, tmp_path: Path) -> Path:
    """A folder in which `single-frame` has a finished run that learned what the clips show."""
    variant, folder = BY_NAME["single-frame"], tmp_path / "runs" / "single-frame"
    views = views_of(clips, variant.inputs, student, SHORT)
    batches = views.batches(np.arange(16), torch.from_numpy(clips.labels), SHORT, 40)
    network = fit(variant.build(student), batches, 80, SHORT)
    folder.mkdir(parents=True)
    torch.save({"variant": variant.name, "network": network.state_dict()}, folder / "network.pt")
    (folder / "recipe.json").write_text('{"variant": "single-frame", "clips": 16, "epochs": 40, "prior": []}')
    return folder.parent


def test_a_variant_begins_with_its_run_in_each_fold(
    clips: Clips, student: SEResNet, runs: Path, tmp_path: Path
) -> None:
    fold_of, hardly = np.arange(16) % 2, replace(SHORT, epochs=1, learning_rate=1e-9)
    anew = Trial(clips, fold_of, student, hardly, tmp_path / "anew").scores(BY_NAME["single-frame"])
    begun = Trial(clips, fold_of, student, hardly, tmp_path / "begun", begin=runs).scores(BY_NAME["single-frame"])
    assert (anew.made, begun.made) == (0, 16)
    assert begun.scores.accuracy == 1.0 > anew.scores.accuracy


def test_a_variant_does_not_begin_with_the_run_of_another(
    clips: Clips, student: SEResNet, runs: Path, tmp_path: Path
) -> None:
    (runs / "single-frame").rename(runs / "two-stream")
    trial = Trial(clips, np.arange(16) % 2, student, SHORT, tmp_path / "folds", begin=runs)
    with pytest.raises(CheckpointError, match="two-stream: is a run of single-frame; put that into a folder"):
        trial.scores(BY_NAME["two-stream"])


def test_what_convolves_is_trained_in_bfloat16_where_that_helps_and_what_begins_with_the_student_more_slowly() -> None:
    clip, st, two = (BY_NAME[name] for name in ("res3-att", "st-attention", "two-stream"))
    assert clip.machine().bfloat16 == bfloat16_helps("cpu")
    assert not st.machine().bfloat16
    assert clip.recipe(SHORT) == SHORT
    assert two.recipe(SHORT).learning_rate < SHORT.learning_rate


def test_a_loss_that_is_no_number_ends_the_training(clips: Clips, student: SEResNet) -> None:
    variant = BY_NAME["single-frame"]
    views = views_of(clips, variant.inputs, student, SHORT)
    network = variant.build(student)
    torch.nn.init.constant_(next(network.parameters()), float("nan"))
    batches = views.batches(np.arange(16), torch.from_numpy(clips.labels), SHORT, 1)
    with pytest.raises(TrainingError, match="the loss is nan at step 0 of 2"):
        fit(network, batches, 2, SHORT)


def test_a_file_of_another_network_is_no_student(clips: Clips) -> None:
    with pytest.raises(CheckpointError, match="no convolution of it fits a student"):
        student_from(DEFAULT / "pnet.onnx", plain(clips, SHORT.field))


def test_the_command_prints_a_line_a_variant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip_files.write(two_kinds(16), tmp_path / "clips.parquet")
    options = [
        "--variant",
        "single-frame",
        "--folds",
        "2",
        "--epochs",
        "4",
        "--views",
        "1",
        "--out",
        str(tmp_path / "f"),
    ]
    assert main(["clips", "folds", str(tmp_path / "clips.parquet"), *options]) == 0
    assert "single-frame  accuracy" in capsys.readouterr().out
    assert main(["clips", "show", str(tmp_path / "clips.parquet")]) == 0
    assert "16 clips of 4 people from made" in capsys.readouterr().out


def test_clips_without_labels_or_people_have_no_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = two_kinds(4)
    clip_files.write(replace(clips, people=np.full(4, "")), tmp_path / "clips.parquet")
    assert main(["clips", "folds", str(tmp_path / "clips.parquet")]) == 1
    assert "folds need clips that are all labelled" in capsys.readouterr().err
