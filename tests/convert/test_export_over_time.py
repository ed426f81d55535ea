"""A run of `st-attention` becomes a bundle that a desk reads faces over time with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from convert import half
from convert.main import main
from edge import bundle
from edge.over_time import OverTime
from edge.recognise import Recogniser
from edge.runtime.engines.golden import ABSOLUTE, RELATIVE, golden
from models.card import load
from models.errors import CardError
from models.model import CARD, Model
from models.networks.st_attention import RING, STAttention
from tests.convert.test_export import export
from tests.models.conftest import crops, made_faces, write_faces


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, faces to fit its operating points, and in `out` what became of them."""
    folder = tmp_path_factory.mktemp("over-time")
    write_faces(folder / "valid.parquet", made_faces(40, seed=2))
    (folder / "run").mkdir()
    torch.manual_seed(3)
    torch.save({"variant": "st-attention", "network": STAttention().state_dict()}, folder / "run" / "network.pt")
    told = {"variant": "st-attention", "clips": 2000, "epochs": 20, "prior": [0.125] * 8}
    (folder / "run" / "recipe.json").write_text(json.dumps(told))
    assert export(folder, "--clip", str(folder / "clip.onnx"), run="run") == 0
    return folder


def test_a_bundle_holds_a_network_of_a_frame_and_one_over_time_both_in_half(place: Path) -> None:
    card = load(place / "out" / CARD)
    assert (card.name, card.flip_average) == ("st-attention", False)
    assert [point.name for point in card.points] == ["everyday", "ferplus"]
    assert "2000 clips of 32 frames" in card.training
    assert 1.0e6 < card.network.parameters < 1.1e6
    assert {path.name for path in (place / "out").iterdir()} == {CARD, card.file, "over-time.onnx"}
    for name in (card.file, "over-time.onnx"):
        assert half.weights_of(half.read(place / "out" / name)).share == 1.0
        said = {each.key: json.loads(each.value) for each in onnx.load(str(place / "out" / name)).metadata_props}
        assert said["mien.model"] == "st-attention-2.0.0"
    assert "age in seconds" in said["mien.ring"]


def test_pictures_are_evaluated_with_it_as_with_any_other(place: Path) -> None:
    np.testing.assert_allclose(Model(place / "out").shares(crops(4)).sum(axis=1), 1, atol=1e-5)


def test_on_a_desk_frame_after_frame_it_says_what_it_says_of_the_clip(place: Path) -> None:
    loaded = bundle.load(place / "out")
    recogniser = Recogniser.from_bundle(loaded)
    reads = OverTime.from_bundle(loaded, recogniser)
    frames, seconds = crops(40)[:, :40, :40], np.cumsum(np.random.default_rng(1).uniform(0.06, 0.3, 40))
    seen = [reads.shares(frame, 1, float(at_s)) for frame, at_s in zip(frames, seconds, strict=True)]
    clip = onnxruntime.InferenceSession(str(place / "clip.onnx"))
    last = np.float32((frames[-RING:, None] - 128.0) / 64)
    given = {
        "faces": last[None],
        "ages": np.float32(seconds[-1] - seconds[-RING:])[None],
        "mask": np.ones((1, RING), np.float32),
    }
    logits = clip.run(None, given)[0][0]
    np.testing.assert_allclose(seen[-1], recogniser.calibrated(logits), atol=0.01)


@pytest.mark.parametrize("name", ["expression.onnx", "over-time.onnx"])
def test_as_a_gpu_rounds_it_the_one_that_ships_passes_what_an_engine_must(name: str) -> None:
    model = half.read(bundle.BUNDLES / "st-attention" / name)
    taken = model.graph.input[0]
    sides = tuple(side.dim_value or -1 for side in taken.type.tensor_type.shape.dim)
    rounded, whole = (
        onnxruntime.InferenceSession(each.SerializeToString()) for each in (half.rounding(model), half.single(model))
    )
    for batch in golden((-1, *sides[1:]), np.float32):
        for mine, other in zip(*(each.run(None, {taken.name: batch}) for each in (rounded, whole)), strict=True):
            assert (np.abs(mine - other) <= ABSOLUTE + RELATIVE * np.abs(other)).all()


def test_a_network_over_time_that_was_changed_is_refused(place: Path, tmp_path: Path) -> None:
    for path in (place / "out").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "over-time.onnx").write_bytes(b"other")
    with pytest.raises(CardError, match=r"says over-time\.onnx has sha256"):
        load(tmp_path / CARD)


def test_it_is_bundled_with_the_other_parts(place: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert main(["bundle", "--expression", f"{place / 'out'}/", "--out", str(whole)]) == 0
    assert (whole / "over-time.onnx").read_bytes() == (place / "out" / "over-time.onnx").read_bytes()
    assert bundle.load(whole).model == "st-attention-2.0.0"


def test_what_is_no_run_over_time_is_told_in_one_line(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "network.pt").write_bytes(b"PK")
    given = ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    assert main([*given, "--valid-data", str(place / "valid.parquet")]) == 1
    assert "recipe.json: says not how the run was trained" in capsys.readouterr().err
