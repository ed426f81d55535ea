"""MTCNN's three networks as ONNX graphs, built layer by layer from the weights that the `mtcnn` package carries.

The package stores each network as an lz4-compressed joblib list of arrays in Keras order (Zhang, Zhang, Li and Qiao,
2016, IEEE Signal Processing Letters 23(10), 1499-1503). Importing it would want TensorFlow, so only its files are read.

Every graph takes what a camera gives: uint8 pixels of shape (N, H, W, 3) in BGR. The networks were trained on RGB as
(x - 127.5) / 128; the channel order and the scale are folded into the first convolution, which has no padding, so the
fold is exact and no caller can get either wrong. `score` is the probability of a face alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from convert.errors import SourceError

Array = NDArray[np.float32]

# The oldest pair that has every operator used here: JetPack 6's TensorRT and every ONNX Runtime since 1.15 read it.
OPSET = 17
IR_VERSION = 8

NETWORKS = ("pnet", "rnet", "onet")


class _Graph:
    """One graph under construction: a chain of operators, each fed by the last."""

    def __init__(self, name: str, size: int | None) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        side_h, side_w = (size, size) if size else ("height", "width")
        self.input = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", side_h, side_w, 3])
        self.head = "image"

    def add(self, op: str, weights: tuple[Array, ...] = (), source: str | None = None, **attributes: object) -> str:
        """Append one operator that reads `source` (default: the head); its output becomes the head and is returned."""
        name = f"{op.lower()}{len(self.nodes)}"
        names = []
        for i, array in enumerate(weights):
            names.append(f"{name}_w{i}")
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), names[-1]))
        self.nodes.append(helper.make_node(op, [source or self.head, *names], [name], name=name, **attributes))
        self.head = name
        return name

    def rename_head(self, output: str, shape: list[int | str]) -> None:
        """Make the last operator's output one of the graph's, under the name `output`."""
        self.nodes[-1].output[0] = output
        self.outputs.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, shape))

    def image(self) -> None:
        self.add("Cast", to=TensorProto.FLOAT)
        self.add("Transpose", perm=[0, 3, 1, 2])

    def conv(self, kernel: Array, bias: Array, slope: Array) -> None:
        """A convolution without padding and its PReLU; `kernel` is (height, width, in, out) as Keras keeps it."""
        self.add("Conv", (kernel.transpose(3, 2, 0, 1), bias), kernel_shape=list(kernel.shape[:2]))
        self.prelu(slope.reshape(-1, 1, 1))

    def prelu(self, slope: Array) -> None:
        # a x + (1 - a) relu(x) is PReLU for any slope. ONNX Runtime runs these operators vectorised and in its blocked
        # layout, its PRelu neither: with PRelu, P-Net takes nearly twice as long.
        x = self.head
        rectified = self.add("Mul", (1 - slope,), self.add("Relu", source=x))
        scaled = self.add("Mul", (slope,), x)
        self.head = f"add{len(self.nodes)}"
        self.nodes.append(helper.make_node("Add", [rectified, scaled], [self.head], name=self.head))

    def pool(self, size: int, *, same: bool) -> None:
        # Keras pads `same` at the bottom and the right, which ONNX calls SAME_UPPER.
        padding = "SAME_UPPER" if same else "VALID"
        self.add("MaxPool", kernel_shape=[size, size], strides=[2, 2], auto_pad=padding)

    def flatten(self) -> None:
        # The weights come from Caffe's MATLAB face: the dense layers read width, then height, then channel.
        self.add("Transpose", perm=[0, 3, 2, 1])
        self.add("Flatten")

    def dense(self, kernel: Array, bias: Array, source: str | None = None) -> None:
        self.add("Gemm", (kernel, bias), source)

    def proto(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, self.name, [self.input], self.outputs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="mien-convert")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        return model


def _fold_input(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """The first convolution for raw BGR pixels instead of (RGB - 127.5) / 128."""
    wide = kernel.astype(np.float64)[:, :, ::-1] / 128.0
    shifted = bias - 127.5 * wide.sum(axis=(0, 1, 2))
    return wide.astype(np.float32), shifted.astype(np.float32)


def _face_logit(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """The last layer's (not face, face) pair as one logit: a softmax of two is the sigmoid of their difference."""
    return kernel[..., 1:] - kernel[..., :1], bias[1:] - bias[:1]


def build_pnet(w: list[Array]) -> onnx.ModelProto:
    """P-Net, fully convolutional: `score` (N, 1, h, w), `offset` (N, 4, h, w); a cell of 12 pixels every 2 pixels."""
    g = _Graph("pnet", None)
    g.image()
    g.conv(*_fold_input(w[0], w[1]), w[2])
    g.pool(2, same=True)
    g.conv(*w[3:6])
    g.conv(*w[6:9])
    body = g.head
    kernel, bias = _face_logit(w[11], w[12])
    g.add("Conv", (kernel.transpose(3, 2, 0, 1), bias), body, kernel_shape=[1, 1])
    g.add("Sigmoid")
    g.rename_head("score", ["n", 1, "rows", "columns"])
    g.add("Conv", (w[9].transpose(3, 2, 0, 1), w[10]), body, kernel_shape=[1, 1])
    g.rename_head("offset", ["n", 4, "rows", "columns"])
    return g.proto()


def _dense_heads(g: _Graph, score: list[Array], others: dict[str, list[Array]]) -> onnx.ModelProto:
    body = g.head
    g.dense(*_face_logit(score[0], score[1]), source=body)
    g.add("Sigmoid")
    g.rename_head("score", ["n", 1])
    for name, (kernel, bias) in others.items():
        g.dense(kernel, bias, body)
        g.rename_head(name, ["n", kernel.shape[1]])
    return g.proto()


def build_rnet(w: list[Array]) -> onnx.ModelProto:
    """R-Net on crops of 24 x 24: `score` (N, 1) and `offset` (N, 4) in parts of the crop's side."""
    g = _Graph("rnet", 24)
    g.image()
    g.conv(*_fold_input(w[0], w[1]), w[2])
    g.pool(3, same=True)
    g.conv(*w[3:6])
    g.pool(3, same=False)
    g.conv(*w[6:9])
    g.flatten()
    g.dense(w[9], w[10])
    g.prelu(w[11])
    return _dense_heads(g, w[14:16], {"offset": w[12:14]})


def build_onet(w: list[Array]) -> onnx.ModelProto:
    """O-Net on crops of 48 x 48: `score` (N, 1), `offset` (N, 4) and `landmarks` (N, 10: x1..x5, then y1..y5)."""
    g = _Graph("onet", 48)
    g.image()
    g.conv(*_fold_input(w[0], w[1]), w[2])
    g.pool(3, same=True)
    g.conv(*w[3:6])
    g.pool(3, same=False)
    g.conv(*w[6:9])
    g.pool(2, same=True)
    g.conv(*w[9:12])
    g.flatten()
    g.dense(w[12], w[13])
    g.prelu(w[14])
    return _dense_heads(g, w[19:21], {"offset": w[15:17], "landmarks": w[17:19]})


_BUILDERS: dict[str, Callable[[list[Array]], onnx.ModelProto]] = {
    "pnet": build_pnet,
    "rnet": build_rnet,
    "onet": build_onet,
}


def package_folder() -> Path:
    """The installed `mtcnn` package's folder, found without importing it; SourceError where it is not installed."""
    spec = importlib.util.find_spec("mtcnn")
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(
            "mtcnn: the package with the detector's weights is not installed; run: pip install 'mien[convert]'"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def read_weights(network: str) -> list[Array]:
    """The arrays of one of NETWORKS in Keras order. Raises SourceError where the package's file is missing."""
    path = package_folder() / "assets" / "weights" / f"{network}.lz4"
    if not path.is_file():
        raise SourceError(f"{path}: the mtcnn package {version('mtcnn')} has no such file; install mtcnn 1.0.0")
    arrays: list[Array] = joblib.load(path)
    return arrays


def build(network: str) -> onnx.ModelProto:
    """The ONNX graph of one of NETWORKS, in float32, as it ships: see docs/convert.md for why not in half."""
    return _BUILDERS[network](read_weights(network))


def write(folder: Path) -> dict[str, object]:
    """Write pnet.onnx, rnet.onnx, onet.onnx and their card `detector.json` into `folder`; return the card."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for network in NETWORKS:
        data = build(network).SerializeToString(deterministic=True)
        (folder / f"{network}.onnx").write_bytes(data)
        files[network] = {"file": f"{network}.onnx", "sha256": hashlib.sha256(data).hexdigest()}
    card: dict[str, object] = {
        "name": "mtcnn",
        "version": version("mtcnn"),
        "source": "weights of the mtcnn package, MIT; see NOTICE",
        "input": {"layout": "NHWC", "type": "uint8", "channels": "BGR"},
        "networks": files,
    }
    (folder / "detector.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card
