"""Networks of the default bundle, and engines of them in the fake TensorRT."""

from __future__ import annotations

from edge.bundle import load
from edge.runtime import tensorrt
from edge.runtime.backend import ModelFile
from edge.runtime.cuda.api import Cuda
from edge.runtime.onnx import OnnxBackend
from edge.runtime.tensorrt import Engine

NETWORKS = {file.path.stem: file for file in load().every_file()}


def engine(cuda: Cuda, network: ModelFile, output: str | None = None, *, graphs: bool = True) -> Engine:
    """A network's engine, built and loaded."""
    plan = tensorrt.build(network.path.read_bytes(), network.path.stem)
    outputs = OnnxBackend(network).outputs if output is None else [output]
    return Engine(plan.engine, cuda, network.path.stem, outputs, graphs=graphs)
