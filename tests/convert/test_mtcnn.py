"""The detector of the default bundle is what the mtcnn package's weights give, and nothing else."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

import edge
from convert import half, mtcnn
from convert.errors import SourceError
from convert.main import main
from edge.detect import Detector, Pixels
from edge.runtime.backend import ModelFile
from tests.convert import mtcnn_torch
from tests.edge.pictures import group_photos

BUNDLE = Path(edge.__file__).parent / "bundles" / "default"
SHAPES = {"pnet": [(1, 61, 84, 3), (1, 12, 12, 3), (1, 40, 33, 3)], "rnet": [(5, 24, 24, 3)], "onet": [(5, 48, 48, 3)]}


def _pixels(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Blurred noise over the whole range, so that neighbours are alike as in a picture."""
    rng = np.random.default_rng(7)
    noise = rng.normal(128, 90, shape)
    smooth = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) / 2.0 - 64.0
    return smooth.clip(0, 255).astype(np.uint8)


def _run(model: bytes, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    outputs: list[NDArray[np.float32]] = session.run(None, {"image": pixels})
    return outputs


@pytest.mark.parametrize("network", mtcnn.NETWORKS)
def test_the_committed_graph_is_what_the_package_gives(network: str) -> None:
    committed = onnx.load(BUNDLE / f"{network}.onnx")
    rebuilt = mtcnn.build(network)
    assert [(n.op_type, n.input, n.output) for n in rebuilt.graph.node] == [
        (n.op_type, n.input, n.output) for n in committed.graph.node
    ]
    for new, old in zip(rebuilt.graph.initializer, committed.graph.initializer, strict=True):
        np.testing.assert_array_equal(numpy_helper.to_array(new), numpy_helper.to_array(old), err_msg=new.name)
    for shape in SHAPES[network]:
        pixels = _pixels(shape)
        for a, b in zip(
            _run(rebuilt.SerializeToString(), pixels), _run(committed.SerializeToString(), pixels), strict=True
        ):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("network", mtcnn.NETWORKS)
def test_the_graph_in_float32_agrees_with_an_independent_network(network: str) -> None:
    model = mtcnn.build(network).SerializeToString()
    reference = getattr(mtcnn_torch, network)
    for shape in SHAPES[network]:
        pixels = _pixels(shape)
        expected = reference(pixels, mtcnn.read_weights(network))
        for got, want in zip(_run(model, pixels), expected, strict=True):
            assert got.shape == tuple(want.shape)
            np.testing.assert_allclose(got, want.numpy(), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("network", mtcnn.NETWORKS)
def test_in_half_each_network_is_near_that_where_each_node_rounds(network: str) -> None:
    rounding = half.rounding(half.half(mtcnn.build(network))).SerializeToString()
    for shape in SHAPES[network]:
        pixels = _pixels(shape)
        for got, want in zip(
            _run(rounding, pixels), _run(mtcnn.build(network).SerializeToString(), pixels), strict=True
        ):
            np.testing.assert_allclose(got, want, atol=0.01)


def _detector(folder: Path, networks: dict[str, onnx.ModelProto]) -> Detector:
    """The detector of these networks, which are written into a folder."""
    files = []
    for name, network in networks.items():
        data = network.SerializeToString()
        (folder / name).write_bytes(data)
        files.append(ModelFile(folder / name, hashlib.sha256(data).hexdigest()))
    return Detector.from_files(files)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """How far a box of the labelled photos moves at most, in parts of its height, where each node of these rounds."""
    built = {network: mtcnn.build(network) for network in mtcnn.NETWORKS}
    rounding = {network: half.rounding(half.half(graph)) for network, graph in built.items()}
    folder = tmp_path_factory.mktemp("detectors")
    whole = _detector(folder, built)
    furthest = {}
    for name, networks in {"onet": {"onet"}, "all": built.keys()}.items():
        other = _detector(folder, built | {network: rounding[network] for network in networks})
        furthest[name] = max(_moved(whole, other, image, len(truth)) for image, truth in group_photos())
    return furthest


def _moved(one: Detector, other: Detector, image: Pixels, faces: int) -> float:
    """How far a box of the picture moves at most, in parts of its height; both find so many faces."""
    before, after = (sorted(each.detect(image), key=lambda face: face.box) for each in (one, other))
    assert len(before) == len(after) == faces
    pairs = zip(before, after, strict=True)
    return max(float(np.abs(np.subtract(face.box, again.box)).max()) / face.height for face, again in pairs)


def test_with_o_net_in_half_the_same_faces_are_found_in_the_same_place(moved: dict[str, float]) -> None:
    assert 0 < moved["onet"] < 0.001


def test_with_all_three_in_half_a_face_is_found_elsewhere(moved: dict[str, float]) -> None:
    assert moved["all"] > 0.01


def test_all_three_ship_in_float32() -> None:
    in_half = {name: half.weights_of(half.read(BUNDLE / f"{name}.onnx")).share for name in mtcnn.NETWORKS}
    assert in_half == dict.fromkeys(mtcnn.NETWORKS, 0.0)


def test_a_graph_tells_bgr_from_rgb() -> None:
    pixels = _pixels((1, 48, 48, 3))
    model = (BUNDLE / "onet.onnx").read_bytes()
    turned = np.ascontiguousarray(pixels[..., ::-1])
    assert np.abs(_run(model, pixels)[2] - _run(model, turned)[2]).max() > 1e-3


def test_the_card_names_the_hash_of_each_file() -> None:
    card = json.loads((BUNDLE / "detector.json").read_text())
    assert set(card["networks"]) == set(mtcnn.NETWORKS)
    for entry in card["networks"].values():
        assert hashlib.sha256((BUNDLE / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_the_notice_names_every_holder() -> None:
    notice = (BUNDLE / "NOTICE").read_text()
    for holder in ("Kaipeng Zhang", "David Sandberg", "Iván de Paz Centeno"):
        assert f"Copyright (c) {'2019-2024' if holder.startswith('Iv') else '2016'} {holder}" in notice
    assert "Permission is hereby granted" in notice


def test_the_command_writes_a_detector_whose_card_fits(tmp_path: Path) -> None:
    assert main(["mtcnn", "--out", str(tmp_path / "new")]) == 0
    card = json.loads((tmp_path / "new" / "detector.json").read_text())
    for entry in card["networks"].values():
        assert hashlib.sha256((tmp_path / "new" / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_building_imports_no_tensorflow() -> None:
    mtcnn.build("pnet")
    assert "tensorflow" not in sys.modules
    assert "mtcnn" not in sys.modules


def test_a_missing_package_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SourceError, match="pip install"):
        mtcnn.read_weights("pnet")
    assert main(["mtcnn", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
