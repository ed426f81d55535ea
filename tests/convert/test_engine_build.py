"""What TensorRT makes of every network that ships, in half precision: seen with TensorRT-RTX, which needs no GPU.

It has the parser and the type checker of TensorRT 11 and builds strongly typed engines; to load one takes a GPU.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from onnx import ModelProto, TensorProto, numpy_helper

from convert import half, mtcnn
from edge.bundle import DEFAULT
from edge.errors import RuntimeFailure
from edge.runtime import tensorrt

pytestmark = pytest.mark.system

IN_HALF = ("expression", "cover")
LIBRARIES = "onnxruntime_ep_nv_tensorrt_rtx"
SIDES = (12, 240, 640)  # of pictures, where a network takes any; at least, mostly, at most
BATCHES = (1, 1, 8)


@pytest.fixture(scope="module")
def trt() -> Any:
    """The bindings, with the libraries that they need loaded before them."""
    found = importlib.util.find_spec(LIBRARIES)
    if found is None or found.origin is None:
        pytest.skip("TensorRT-RTX is not installed: pip install 'mien[rtx]' (Linux on x86 alone)")
    folder = Path(found.origin).parent
    for name in ("libtensorrt_rtx.so*", "libtensorrt_onnxparser_rtx.so*"):
        (library,) = folder.glob(name)
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    return importlib.import_module("tensorrt_rtx_bindings")


@pytest.fixture
def as_tensorrt(trt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorRT-RTX in the place of TensorRT."""
    monkeypatch.setitem(sys.modules, "tensorrt", trt)


class Built:
    """A network parsed strongly typed: its faults, its layers by type of output, and the engine's size (0: refused)."""

    def __init__(self, trt: Any, model: ModelProto) -> None:
        builder = trt.Builder(trt.Logger(trt.Logger.ERROR))
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, trt.Logger(trt.Logger.ERROR))
        parsed = parser.parse(model.SerializeToString())
        self.faults = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        self.products: Counter[str] = Counter()
        self.size = 0
        if not parsed:
            return
        kinds = (trt.LayerType.CONVOLUTION, trt.LayerType.MATRIX_MULTIPLY)
        layers = [network.get_layer(i) for i in range(network.num_layers)]
        self.products.update(layer.get_output(0).dtype.name for layer in layers if layer.type in kinds)
        config = builder.create_builder_config()
        config.add_optimization_profile(_profile(builder, network.get_input(0)))
        engine = builder.build_serialized_network(network, config)
        self.size = engine.nbytes if engine is not None else 0


def _profile(builder: Any, taken: Any) -> Any:
    """From the smallest shape to the largest: an open side is the batch if it is the first, else a picture's."""
    shapes = []
    for batch, side in zip(BATCHES, SIDES, strict=True):
        given = [batch, *[side] * (len(taken.shape) - 1)]
        shapes.append([one if want < 0 else want for want, one in zip(taken.shape, given, strict=True)])
    profile = builder.create_optimization_profile()
    profile.set_shape(taken.name, *shapes)
    return profile


@pytest.mark.parametrize("name", IN_HALF)
def test_every_network_that_ships_in_half_builds_strongly_typed_with_its_products_in_half(trt: Any, name: str) -> None:
    built = Built(trt, half.read(DEFAULT / f"{name}.onnx"))
    assert built.faults == []
    assert built.size > 0
    assert built.products["HALF"] >= 0.9 * built.products.total() > 0


@pytest.mark.parametrize("name", mtcnn.NETWORKS)
def test_what_ships_in_float32_builds_so_and_could_be_had_in_half(trt: Any, name: str) -> None:
    shipped = half.read(DEFAULT / f"{name}.onnx")
    as_it_is, in_half = Built(trt, shipped), Built(trt, half.half(shipped))
    assert min(as_it_is.size, in_half.size) > 0
    assert (as_it_is.products["HALF"], in_half.products["FLOAT"]) == (0, 0)


@pytest.mark.usefixtures("as_tensorrt")
def test_the_desk_builds_every_network_with_it_and_says_how_far_it_is() -> None:
    timing = b""
    for name in (*mtcnn.NETWORKS, *IN_HALF):
        told: list[float] = []
        network = (DEFAULT / f"{name}.onnx").read_bytes()
        plan = tensorrt.build(network, name, timing=timing, say=lambda _, share, told=told: told.append(share))  # type: ignore[misc]
        timing = plan.timing
        assert len(plan.engine) > 10_000
        assert len(told) > 10
        assert told == sorted(told)
        assert told[-1] > 0.8
    assert timing


@pytest.mark.usefixtures("as_tensorrt")
def test_what_it_refuses_is_an_error_with_its_own_words() -> None:
    with pytest.raises(RuntimeFailure, match=r"broken: TensorRT cannot read it: .*Failed to parse"):
        tensorrt.build(b"no network", "broken")
    model = half.read(DEFAULT / "cover.onnx")
    model.graph.node[0].op_type = "Nonsense"
    with pytest.raises(RuntimeFailure, match=r"broken: TensorRT cannot read it: .*Plugin not found"):
        tensorrt.build(model.SerializeToString(), "broken")


def test_a_network_in_float32_has_none_in_half(trt: Any) -> None:
    built = Built(trt, half.single(half.read(DEFAULT / "cover.onnx")))
    assert built.size > 0
    assert built.products["HALF"] == 0


def test_a_network_that_mixes_types_is_refused(trt: Any) -> None:
    mixed = half.read(DEFAULT / "cover.onnx")
    halves = (each for each in mixed.graph.initializer if each.data_type == TensorProto.FLOAT16)
    kernel = next(each for each in halves if len(each.dims) == 4)
    kernel.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(kernel).astype("float32"), kernel.name))
    built = Built(trt, mixed)
    assert built.size == 0
