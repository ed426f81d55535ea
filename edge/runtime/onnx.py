"""The `onnx` backend: ONNX Runtime on the processor, one thread a network.

One thread, because the networks are small: a second one costs more in waking up and spinning than it gains, and the
desk's other processes want that core.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.runtime.backend import ModelFile, read_checked

# What a file that is no ONNX graph, or one for another version, makes ONNX Runtime raise.
_REFUSALS = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
)


class OnnxBackend:
    """One network in ONNX Runtime; see `edge.runtime.backend.Backend`."""

    def __init__(self, model: ModelFile, output: str | None = None) -> None:
        """Load the file; `output` names the one output to give, all of them where it is None.

        Raises ModelError where the file is missing, is not the one its card names, cannot be loaded, or has no such
        output.
        """
        data = read_checked(model)
        self._path = model.path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_mem_pattern = False  # it keeps a plan for every shape that ever came, and P-Net's shapes vary
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except _REFUSALS as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"{model.path}: ONNX Runtime cannot load it: {reason}; reinstall the bundle") from error
        self._input: str = self._session.get_inputs()[0].name
        there = [one.name for one in self._session.get_outputs()]
        if output is not None and output not in there:
            raise ModelError(
                f"{model.path}: has no output {output}, which its card names, but {', '.join(there)}; "
                "reinstall the bundle"
            )
        self._outputs = there if output is None else [output]

    def infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """See `edge.runtime.backend.Backend.infer`."""
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(self._outputs, {self._input: batch})
        except _REFUSALS as error:
            raise ModelError(
                f"{self._path}: does not take {batch.dtype} {batch.shape} as its card says; reinstall the bundle"
            ) from error
        return outputs

    def describe(self) -> str:
        """See `edge.runtime.backend.Backend.describe`."""
        provider = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        return f"ONNX Runtime {onnxruntime.__version__}, {'processor' if provider == 'CPU' else provider}"
