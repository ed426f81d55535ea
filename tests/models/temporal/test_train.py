"""Training on clips made from stills, as the command does it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import prepared
from models.clips import clips as clip_files
from models.clips.batch import plain
from models.data import Bytes
from models.errors import TrainingError
from models.main import main
from models.networks.st_attention import STAttention
from models.prepared import Prepared, Source
from models.registry import BUNDLES, DEFAULT
from models.temporal import fit
from models.temporal.checkpoint import Checkpoint
from models.temporal.forms import frame_to_onnx
from models.temporal.kept import kept_of
from models.temporal.student import SEEN, student_from
from models.temporal.train import told_of, trained
from models.temporal.variants import stills as maps_of
from tests.models.clips.filmed import halves, two_kinds


def stills(count: int, people: int = 0) -> Prepared:
    """Pictures of labels 1 and 2 that everybody voted for, of people where there are any."""
    labels = 1 + np.arange(count) % 2
    images: Bytes = np.stack([halves(row, int(label)) for row, label in enumerate(labels)])
    names = np.array([f"made/{row // 2 % people}" if people else "" for row in range(count)], np.str_)
    votes = np.eye(8, dtype=np.float32)[labels]
    return Prepared(images, votes, labels, names, np.full(count, "made"), (Source("made", "made", "none", count),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run in `run`, and what it was made from."""
    place = tmp_path_factory.mktemp("train")
    prepared.write(stills(32), place / "stills.parquet")
    prepared.write(stills(48, people=12), place / "people.parquet")
    clip_files.write(two_kinds(16), place / "clips.parquet")
    train = ["clips", "train", "st-attention", "--stills", str(place / "stills.parquet")]
    made = ["--people", str(place / "people.parquet"), "--count", "32", "--epochs", "15", "--out", str(place / "run")]
    assert main([*train, *made]) == 0
    return place


def test_a_run_holds_its_inputs_its_recipe_and_its_network(folder: Path) -> None:
    assert {path.name for path in (folder / "run").iterdir()} == {"inputs.pt", "network.pt", "recipe.json"}


def test_what_was_learned_of_made_clips_holds_on_real_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clips", "evaluate", str(folder / "run"), str(folder / "clips.parquet")]) == 0
    said = capsys.readouterr().out
    accuracy = float(said.split("accuracy ")[1].split()[0])
    assert "16 clips" in said
    assert accuracy > 75


def test_the_same_command_again_computes_no_inputs_and_gives_the_same_weights(folder: Path) -> None:
    before = torch.load(folder / "run" / "network.pt", weights_only=True)["network"]
    inputs = (folder / "run" / "inputs.pt").stat().st_mtime_ns
    train = ["clips", "train", "st-attention", "--stills", str(folder / "stills.parquet"), "--count", "32"]
    again = ["--people", str(folder / "people.parquet"), "--epochs", "15", "--out", str(folder / "run")]
    assert main([*train, *again]) == 0
    after = torch.load(folder / "run" / "network.pt", weights_only=True)["network"]
    assert (folder / "run" / "inputs.pt").stat().st_mtime_ns == inputs
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_inputs_of_another_run_are_not_taken_for_this_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = ["clips", "train", "single-frame", "--stills", str(folder / "stills.parquet"), "--count", "32"]
    assert main([*train, "--out", str(folder / "run")]) == 1
    assert "was made for another run (st-attention, seed 1, student" in capsys.readouterr().err


def test_leakage_is_told_of_features_layer_and_controls(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leakage", str(folder / "run"), "--people", str(folder / "people.parquet")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "48 faces of 12 people" in lines[0]
    named = ("the student's features", "what the layer gives", "with a code of the person", "noise")
    assert all(name in line for name, line in zip(named, lines[1:], strict=True))


def test_a_bundle_is_attacked_as_a_desk_has_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = ["--people", str(folder / "people.parquet")]
    assert main(["leakage", str(BUNDLES / "st-attention"), *people]) == 0
    layer = capsys.readouterr().out.splitlines()[2]
    assert layer.split()[:6] == ["what", "the", "layer", "gives", "64", "numbers"]
    assert main(["leakage", str(BUNDLES / "res3-att"), *people]) == 1
    assert "keeps nothing of a face, so nothing can leak" in capsys.readouterr().err


def test_a_bundle_keeps_what_its_run_keeps(folder: Path, tmp_path: Path) -> None:
    student = student_from(DEFAULT / "expression.onnx", plain(two_kinds(16), SEEN))
    faces = torch.randn(5, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    shutil.copytree(BUNDLES / "st-attention", tmp_path / "bundle")
    network = trained(folder / "run", student)[1]
    assert isinstance(network, STAttention)
    weights = frame_to_onnx(student, network, 40, "ferplus").SerializeToString()
    (tmp_path / "bundle" / "expression.onnx").write_bytes(weights)
    card = json.loads((tmp_path / "bundle" / "expression.json").read_text(encoding="utf-8"))
    card["sha256"] = hashlib.sha256(weights).hexdigest()
    (tmp_path / "bundle" / "expression.json").write_text(json.dumps(card), encoding="utf-8")
    maps = maps_of(faces, student)
    by_run, by_bundle = (kept_of(place, faces, maps, student) for place in (folder / "run", tmp_path / "bundle"))
    assert by_run.shape == (5, 64)
    assert np.allclose(by_run, by_bundle, atol=1e-4)


def train_streams(folder: Path, out: Path, *more: str) -> int:
    stills = ["--stills", str(folder / "stills.parquet"), "--count", "32", "--epochs", "2"]
    return main(["clips", "train", "two-stream-time", *stills, "--out", str(out), *more])


def test_what_takes_faces_sees_each_clip_once_and_goes_on_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fit, "OFTEN", 1)
    assert train_streams(folder, tmp_path / "whole") == 0
    assert {path.name for path in (tmp_path / "whole").iterdir()} == {"network.pt", "recipe.json"}
    told = told_of(tmp_path / "whole")
    assert (told["clips"], told["epochs"]) == (64, 1)

    def cut(*_: object) -> float:
        if (tmp_path / "cut" / "checkpoint.pt").exists():
            raise TrainingError("the power went")
        return 1.0

    with monkeypatch.context() as patched:
        patched.setattr(fit, "schedule", cut)
        assert train_streams(folder, tmp_path / "cut") == 1
    assert "the power went" in capsys.readouterr().err
    for other in (("--epochs", "3"), ("--seed", "2")):
        assert train_streams(folder, tmp_path / "cut", *other) == 1
        assert "checkpoint.pt: was made for another run (two-stream-time, seed 1" in capsys.readouterr().err
    assert train_streams(folder, tmp_path / "cut") == 0
    assert told_of(tmp_path / "cut") == told
    (tmp_path / "cut" / "checkpoint.pt").write_bytes(b"PK")
    assert train_streams(folder, tmp_path / "cut") == 1
    assert "checkpoint.pt: not a readable run" in capsys.readouterr().err


def test_a_training_that_goes_on_gives_what_one_without_a_break_gives(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit, "OFTEN", 1)
    kept: list[bytes] = []
    written = Checkpoint.keep

    def copied(self: Checkpoint, *state: Any) -> None:
        written(self, *state)
        kept.append((tmp_path / "whole" / "checkpoint.pt").read_bytes())

    monkeypatch.setattr(Checkpoint, "keep", copied)
    assert train_streams(folder, tmp_path / "whole") == 0
    monkeypatch.setattr(Checkpoint, "keep", written)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "checkpoint.pt").write_bytes(kept[0])
    assert train_streams(folder, tmp_path / "cut") == 0
    whole, cut = (torch.load(tmp_path / run / "network.pt", weights_only=True)["network"] for run in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_real_clips_are_learned_beside_made_ones(folder: Path, tmp_path: Path) -> None:
    train = ["clips", "train", "single-frame", "--stills", str(folder / "stills.parquet"), "--count", "16"]
    real = ["--clips", str(folder / "clips.parquet"), "--epochs", "1", "--out", str(tmp_path / "run")]
    assert main([*train, *real]) == 0
    assert len(torch.load(tmp_path / "run" / "inputs.pt", weights_only=True)["targets"]) == 32


def test_stills_without_votes_are_nothing_to_make_clips_of(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared.write(replace(stills(4), votes=np.zeros((4, 8), np.float32)), tmp_path / "none.parquet")
    train = ["clips", "train", "st-attention", "--stills", str(tmp_path / "none.parquet")]
    assert main([*train, "--out", str(tmp_path / "run")]) == 1
    assert "need stills that people voted on" in capsys.readouterr().err


def test_a_run_that_is_not_there_and_one_without_embeddings_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clips", "evaluate", str(tmp_path / "gone"), str(folder / "clips.parquet")]) == 1
    assert "train first with `mien-models clips train`" in capsys.readouterr().err
    (tmp_path / "network.pt").write_bytes(b"no run")
    assert main(["clips", "evaluate", str(tmp_path), str(folder / "clips.parquet")]) == 1
    assert "not a readable run" in capsys.readouterr().err
