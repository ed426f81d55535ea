"""A run of a network over time becomes a bundle that a desk reads faces over time with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from convert import half
from convert.main import main
from edge import bundle
from edge.over_time import Moving, OverTime, of_bundle
from edge.recognise import Recogniser
from edge.runtime.engines.golden import ABSOLUTE, RELATIVE, golden
from models.card import load
from models.clips.batch import Batch
from models.errors import CardError
from models.model import CARD, Model
from models.networks.measure import parameters_of
from models.networks.preprocess import normalise
from models.networks.res3_att import Res3Att
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import RING, STAttention
from models.networks.two_stream import TwoStream
from models.registry import DEFAULT
from models.temporal.student import student_from
from models.temporal.variants import BY_NAME
from tests.convert.test_export import export
from tests.models.conftest import crops, made_faces, write_faces


def student_of(folder: Path) -> SEResNet:
    """The student of a bundle."""
    seen = torch.randn(64, 1, 1, 40, 40)
    return student_from(folder / "expression.onnx", Batch(seen, torch.zeros(64, 1), torch.ones(64, 1)))


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
    reads = of_bundle(loaded, recogniser)
    assert isinstance(reads, OverTime)
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


@pytest.mark.parametrize(
    "name",
    [
        "st-attention/expression.onnx",
        "st-attention/over-time.onnx",
        "res3-att/expression.onnx",
        "two-stream/expression.onnx",
    ],
)
def test_as_a_gpu_rounds_it_the_one_that_ships_passes_what_an_engine_must(name: str) -> None:
    model = half.read(bundle.BUNDLES / name)
    taken = model.graph.input[0]
    sides = tuple(side.dim_value or -1 for side in taken.type.tensor_type.shape.dim)
    rounded, whole = (
        onnxruntime.InferenceSession(each.SerializeToString()) for each in (half.rounding(model), half.single(model))
    )
    for batch in golden((-1, *sides[1:]), np.float32):
        for mine, other in zip(*(each.run(None, {taken.name: batch}) for each in (rounded, whole)), strict=True):
            assert (np.abs(mine - other) <= ABSOLUTE + RELATIVE * np.abs(other)).all()


@pytest.fixture(params=["res3-att", "two-stream"])
def other(request: pytest.FixtureRequest, place: Path, tmp_path: Path) -> tuple[nn.Module, Path]:
    """A network that takes faces themselves, and the folder in which `out` is what became of it, and `clip.onnx`."""
    torch.manual_seed(5)
    network: nn.Module = (Res3Att() if request.param == "res3-att" else TwoStream()).eval()
    (tmp_path / "run").mkdir()
    torch.save({"variant": request.param, "network": network.state_dict()}, tmp_path / "run" / "network.pt")
    told = {"variant": request.param, "clips": 12000, "epochs": 8, "prior": [0.125] * 8}
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(told))
    (tmp_path / "valid.parquet").write_bytes((place / "valid.parquet").read_bytes())
    assert export(tmp_path, "--clip", str(tmp_path / "clip.onnx"), run="run") == 0
    return network, tmp_path


def test_what_takes_faces_says_on_a_desk_what_it_says_of_the_clip(other: tuple[nn.Module, Path]) -> None:
    network, folder = other
    loaded = bundle.load(folder / "out")
    recogniser = Recogniser.from_bundle(loaded)
    reads = of_bundle(loaded, recogniser)
    assert isinstance(reads, Moving)
    frames = crops(12)[:, :40, :40]
    seen = [reads.shares(frame, 1, at / 10) for at, frame in enumerate(frames)][-1]
    faces = normalise(torch.from_numpy(frames))[None, :, None]
    variant = BY_NAME[loaded.expression.name]
    taken = variant.inputs(Batch(faces, torch.zeros(1, 12), torch.ones(1, 12)), student_of(DEFAULT))
    with torch.no_grad():
        wanted = recogniser.calibrated(network(*taken).numpy())[0]
    np.testing.assert_allclose(seen, wanted, atol=0.02)
    clip = onnxruntime.InferenceSession(str(folder / "clip.onnx"))
    form = taken[0] if loaded.expression.name == "two-stream" else taken[0][:, 0]
    logits = clip.run(None, {clip.get_inputs()[0].name: form.numpy()})[0][0]
    np.testing.assert_allclose(recogniser.calibrated(logits), wanted, atol=1e-3)


def test_its_card_says_what_it_takes_and_what_it_learned_from(other: tuple[nn.Module, Path]) -> None:
    network, folder = other
    card = load(folder / "out" / CARD)
    taken = card.input
    assert (taken.channels, taken.frames, taken.flow) == (
        (8, 8, False) if isinstance(network, Res3Att) else (3, 3, True)
    )
    assert {path.name for path in (folder / "out").iterdir()} == {CARD, card.file}
    assert card.network.parameters == parameters_of(network)
    assert "12000 clips of 32 frames (the last" in card.training
    assert "worked against" not in card.training
    said = {each.key: json.loads(each.value) for each in onnx.load(str(folder / "out" / card.file)).metadata_props}
    assert said["mien.input"]["frames"] == taken.frames


def test_single_pictures_are_evaluated_with_it_as_a_desk_reads_them(other: tuple[nn.Module, Path]) -> None:
    loaded, faces = bundle.load(other[1] / "out"), crops(3)[:, :40, :40]
    wanted = [Recogniser.from_bundle(loaded).shares(face) for face in faces]
    np.testing.assert_allclose(Model(other[1] / "out").shares(faces), wanted, atol=1e-4)


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


def test_a_network_that_does_not_ship_is_told_in_one_line(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    told = {"variant": "c3d", "clips": 32, "epochs": 1, "prior": [0.125] * 8}
    (tmp_path / "run" / "recipe.json").write_text(json.dumps(told))
    (tmp_path / "run" / "network.pt").write_bytes(b"PK")
    given = ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    assert main([*given, "--valid-data", str(place / "valid.parquet")]) == 1
    assert "a c3d is no network that ships" in capsys.readouterr().err


def test_what_is_no_run_over_time_is_told_in_one_line(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "network.pt").write_bytes(b"PK")
    given = ["export", str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    assert main([*given, "--valid-data", str(place / "valid.parquet")]) == 1
    assert "recipe.json: says not how the run was trained" in capsys.readouterr().err
