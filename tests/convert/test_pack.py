"""Packed files: smaller, in float16 still, answering nearly the same, and refused where they are broken."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper, numpy_helper

from convert import half, pack
from convert.errors import SourceError
from convert.main import main
from edge import bundle
from edge.bundle import DEFAULT
from edge.errors import ModelError
from edge.recognise import Recogniser
from edge.runtime.backend import ModelFile
from edge.runtime.onnx import OnnxBackend
from models.model import Model

STUDENT = DEFAULT / "expression.onnx"


def weights(model: ModelProto) -> dict[str, NDArray[np.float32]]:
    return {each.name: numpy_helper.to_array(each).astype(np.float32) for each in model.graph.initializer}


def faces(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(2).uniform(-2, 2, (count, 1, 40, 40)).astype(np.float32)


@pytest.fixture
def stepped() -> ModelProto:
    whole = half.single(half.read(STUDENT))
    pack.stepped(whole)
    return half.half(whole)


def test_each_weight_of_a_large_layer_stays_within_half_a_step(stepped: ModelProto) -> None:
    before, after = weights(half.read(STUDENT)), weights(stepped)
    large = [name for name, values in before.items() if values.size >= 4096]
    assert len(large) > 10
    for name in large:
        assert 0 < np.abs(after[name] - before[name]).max() <= 0.505 * before[name].std() / pack.STEPS
        steps = after[name] / np.exp2(np.floor(np.log2(before[name].std() / pack.STEPS)))
        np.testing.assert_array_equal(steps, np.round(steps))
    for name in set(before) - set(large):
        np.testing.assert_array_equal(after[name], before[name])


def test_a_layer_whose_weights_are_all_alike_is_left_as_it_is() -> None:
    alike = numpy_helper.from_array(np.full((64, 64), 0.3, np.float32), "alike")
    model = helper.make_model(helper.make_graph([], "made", [], [], [alike]))
    pack.stepped(model)
    np.testing.assert_array_equal(weights(model)["alike"], np.float32(0.3))


def test_a_packed_file_has_half_the_size_or_less_and_answers_nearly_the_same(
    tmp_path: Path, stepped: ModelProto
) -> None:
    file = tmp_path / "expression.onnx.xz"
    file.write_bytes(pack.file_of(file.name, stepped))
    assert file.stat().st_size < 0.6 * STUDENT.stat().st_size
    packed = OnnxBackend(ModelFile(file, hashlib.sha256(file.read_bytes()).hexdigest()), "ferplus")
    whole = OnnxBackend(ModelFile(STUDENT, hashlib.sha256(STUDENT.read_bytes()).hexdigest()), "ferplus")
    assert 0 < np.abs(packed.infer(faces(8))[0] - whole.infer(faces(8))[0]).max() < 0.5


def test_what_is_packed_is_the_network_to_the_byte(tmp_path: Path, stepped: ModelProto) -> None:
    file = tmp_path / "network.onnx.xz"
    assert main(["fp16", str(STUDENT), "--out", str(file)]) == 0
    assert lzma.decompress(file.read_bytes()) == half.half(half.read(STUDENT)).SerializeToString()
    assert half.read(file) == half.half(half.read(STUDENT))
    assert pack.file_of("network.onnx", stepped) == stepped.SerializeToString()


@pytest.mark.parametrize("broken", ["cut", "other"])
def test_a_broken_packed_file_is_refused_in_one_line(tmp_path: Path, stepped: ModelProto, broken: str) -> None:
    data = pack.file_of("network.onnx.xz", stepped)
    file = tmp_path / "network.onnx.xz"
    file.write_bytes(data[:-50] if broken == "cut" else b"no such thing")
    why = "ends too soon" if broken == "cut" else "cannot be unpacked"
    with pytest.raises(ModelError, match=rf"network\.onnx\.xz: {why}.*reinstall the bundle"):
        OnnxBackend(ModelFile(file, hashlib.sha256(file.read_bytes()).hexdigest()))
    with pytest.raises(SourceError, match=rf"network\.onnx\.xz: {why}"):
        half.read(file)


def test_a_desk_and_a_card_read_the_packed_network_that_ships_alike() -> None:
    read = bundle.named("vgg-face", "vgg16-av")
    assert read.expression_file().path.suffix == ".xz"
    side = read.expression.input.size
    crops = np.random.default_rng(3).integers(0, 256, (2, side, side), dtype=np.uint8)
    recogniser = Recogniser.from_bundle(read)
    desk = np.stack([recogniser.shares(crop) for crop in crops])
    card = Model(read.folder, "vgg16-av").shares(crops)
    np.testing.assert_allclose(desk, card, atol=1e-4)
    assert read.model == "vgg-face-1.0.0:vgg16-av"
