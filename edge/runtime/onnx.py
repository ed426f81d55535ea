"""The `onnx` backend: ONNX Runtime, on the processor with one thread a network, or on what else the installed one has.

One thread, because the networks are small: a second one costs more in waking up and spinning than it gains, and the
desk's other processes want that core.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edge.errors import ModelError, RuntimeFailure
from edge.runtime.backend import ModelFile, read_checked

# What a file that is no ONNX graph, or one for another version, makes ONNX Runtime raise, and a provider that fails.
_REFUSALS = (
    onnxruntime.capi.onnxruntime_pybind11_state.EPFail,
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
    onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
)

PROCESSOR: Final = "CPUExecutionProvider"
PROVIDERS: Final = {"": PROCESSOR, "cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}
"""ONNX Runtime's execution providers by our names for them."""


class OnnxRuntime:
    """ONNX Runtime as a runtime of the desk; see `edge.runtime.backend.Runtime`."""

    name: Final = "onnx"

    def __init__(self, provider: str = "") -> None:
        """`provider` is one of PROVIDERS. Raises RuntimeFailure where the installed ONNX Runtime has no such one."""
        there = onnxruntime.get_available_providers()
        if PROVIDERS[provider] not in there:
            known = ", ".join(f"onnx-{name}" for name, full in PROVIDERS.items() if name and full in there)
            raise RuntimeFailure(
                f"onnx-{provider}: the installed ONNX Runtime has no {PROVIDERS[provider]}; install one that has, or "
                f"set model.backend to onnx{f' or {known}' if known else ''}"
            )
        self._provider = provider

    def describe(self) -> str:
        """See `edge.runtime.backend.Runtime.describe`."""
        return f"ONNX Runtime {onnxruntime.__version__}, {self._provider or 'processor'}"

    def load(self, model: ModelFile, output: str | None = None) -> OnnxBackend:
        """See `edge.runtime.backend.Runtime.load`."""
        return OnnxBackend(model, output, self._provider)


ON_PROCESSOR: Final = OnnxRuntime()


class OnnxBackend:
    """One network in ONNX Runtime; see `edge.runtime.backend.Backend`."""

    def __init__(self, model: ModelFile, output: str | None = None, provider: str = "") -> None:
        """Load the file; `output` names the one output to give, all of them where it is None.

        What `provider`, one of PROVIDERS, cannot run goes to the processor. Raises ModelError where the file is
        missing, is not the one its card names, cannot be loaded, or has no such output.
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
            providers = list(dict.fromkeys((PROVIDERS[provider], PROCESSOR)))
            self._session = onnxruntime.InferenceSession(data, options, providers=providers)
        except _REFUSALS as error:
            reason = _first_line(error)
            raise ModelError(f"{model.path}: ONNX Runtime cannot load it: {reason}; reinstall the bundle") from error
        if PROVIDERS[provider] not in self._session.get_providers():
            raise RuntimeFailure(
                f"onnx-{provider}: ONNX Runtime has {PROVIDERS[provider]} and cannot use it here; see its lines above, "
                'or set model.backend = "onnx"'
            )
        self._provider = provider
        self._input: str = self._session.get_inputs()[0].name
        there = [one.name for one in self._session.get_outputs()]
        if output is not None and output not in there:
            raise ModelError(
                f"{model.path}: has no output {output}, which its card names, but {', '.join(there)}; "
                "reinstall the bundle"
            )
        self._outputs = there if output is None else [output]

    @property
    def outputs(self) -> list[str]:
        """The names of what `infer` gives, in that order."""
        return self._outputs

    def infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """See `edge.runtime.backend.Backend.infer`."""
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(self._outputs, {self._input: batch})
        except _REFUSALS as error:
            if self._provider:
                raise RuntimeFailure(f"{self._path}: failed on onnx-{self._provider}: {_first_line(error)}") from error
            raise ModelError(
                f"{self._path}: does not take {batch.dtype} {batch.shape} as its card says; reinstall the bundle"
            ) from error
        return outputs

    def describe(self) -> str:
        """See `edge.runtime.backend.Backend.describe`."""
        provider = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        return f"ONNX Runtime {onnxruntime.__version__}, {'processor' if provider == 'CPU' else provider}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
