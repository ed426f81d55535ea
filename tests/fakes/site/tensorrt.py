"""A TensorRT without a GPU: it behaves as NVIDIA documents TensorRT 10 to 11, and computes with ONNX Runtime.

What it holds the code to: failures are None or False with a reason in the log alone; a runtime outlives its engines, an
engine its contexts; addresses and shapes are set before a run, shapes within the profile; a run that is captured comes
after one that was not. Device addresses are addresses of this process, as in `fake_cuda`.

`FAULTS`, or the variable MIEN_FAKE_TENSORRT (JSON), names what goes wrong: `parse`, `build`, `deserialize`, `context`,
`builder` and `runtime` (null), `capture`, `execute` (how many runs go well first), `wrong` (outputs are off by one),
`version`, `step_s` (seconds of each step).
"""

from __future__ import annotations

import ctypes
import enum
import hashlib
import json
import os
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fake_cuda
import numpy as np
import onnxruntime

FAULTS: dict[str, Any] = json.loads(os.environ.get("MIEN_FAKE_TENSORRT", "{}"))
CALLS: list[str] = []
MAGIC = b"FAKE PLAN "
STEPS = 4
__version__ = str(FAULTS.get("version", "10.3.0"))


class TensorIOMode(enum.IntEnum):
    NONE, INPUT, OUTPUT = range(3)


class DataType(enum.IntEnum):
    FLOAT, HALF, INT8, INT32, BOOL, UINT8 = range(6)


class MemoryPoolType(enum.IntEnum):
    WORKSPACE = 0


class NetworkDefinitionCreationFlag(enum.IntEnum):
    STRONGLY_TYPED = 1


_TYPES = {"tensor(float)": DataType.FLOAT, "tensor(float16)": DataType.HALF, "tensor(uint8)": DataType.UINT8}
_NUMPY = {DataType.FLOAT: np.float32, DataType.HALF: np.float16, DataType.UINT8: np.uint8}


class ILogger:
    def log(self, severity: int, text: str) -> None:
        raise NotImplementedError

    def error(self, text: str) -> None:
        self.log(1, text)


_registered: list[ILogger] = []


def _register(logger: ILogger) -> ILogger:
    """The logger of the process: the first; another one is told to it and forgotten."""
    if _registered and _registered[0] is not logger:
        _registered[0].log(2, "The logger passed differs from one already registered, and is ignored")
        return _registered[0]
    _registered[:] = [logger]
    return logger


def _made_or_null(fault: str, logger: ILogger) -> None:
    """What the bindings do where the C function gives null."""
    if fault in FAULTS:
        logger.error(str(FAULTS[fault]))
        raise TypeError("pybind11::init(): factory function returned nullptr")


class IProgressMonitor:
    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        raise NotImplementedError

    def step_complete(self, phase_name: str, step: int) -> bool:
        raise NotImplementedError

    def phase_finish(self, phase_name: str) -> None:
        raise NotImplementedError


def _session(network: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


class ITensor:
    def __init__(self, given: Any) -> None:
        self.name = given.name
        self.shape = tuple(side if isinstance(side, int) else -1 for side in given.shape)
        self.dtype = _TYPES[given.type]


class INetworkDefinition:
    def __init__(self) -> None:
        self.onnx = b""
        self.inputs: list[ITensor] = []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> ITensor:
        return self.inputs[index]


class ParserError:
    def __init__(self, text: str) -> None:
        self._text = text

    def desc(self) -> str:
        return self._text


class OnnxParser:
    def __init__(self, network: INetworkDefinition, logger: ILogger) -> None:
        self._network = network
        self._errors: list[ParserError] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> ParserError:
        return self._errors[index]

    def parse(self, model: bytes) -> bool:
        CALLS.append("parse")
        try:
            if "parse" in FAULTS:
                raise RuntimeError(FAULTS["parse"])
            session = _session(model)
        except Exception as error:  # noqa: BLE001 - whatever it is, TensorRT says False
            self._errors.append(ParserError(str(error)))
            return False
        self._network.onnx = model
        self._network.inputs = [ITensor(given) for given in session.get_inputs()]
        return True


class ITimingCache:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def serialize(self) -> bytes:
        return self.data or b"TIMING " + __version__.encode()


class IOptimizationProfile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[tuple[int, ...], ...]] = {}

    def set_shape(self, name: str, min: tuple[int, ...], opt: tuple[int, ...], max: tuple[int, ...]) -> None:
        self.shapes[name] = (min, opt, max)


class IBuilderConfig:
    def __init__(self) -> None:
        self.progress_monitor: IProgressMonitor | None = None
        self._cache = ITimingCache(b"")
        self.profile: IOptimizationProfile | None = None

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        assert size > 0

    def create_timing_cache(self, data: bytes) -> ITimingCache:
        return ITimingCache(data)

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        taken = cache.data in (b"", b"TIMING " + __version__.encode())
        CALLS.append(f"timing {'taken' if taken else 'refused'}: {len(cache.data)}")
        if taken:
            self._cache = cache
        return taken

    def get_timing_cache(self) -> ITimingCache:
        return self._cache

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        self.profile = profile
        return 0


class Builder:
    def __init__(self, logger: ILogger) -> None:
        self._logger = _register(logger)
        _made_or_null("builder", self._logger)

    def create_network(self, flags: int) -> INetworkDefinition:
        assert flags == 1 << NetworkDefinitionCreationFlag.STRONGLY_TYPED
        return INetworkDefinition()

    def create_builder_config(self) -> IBuilderConfig:
        return IBuilderConfig()

    def create_optimization_profile(self) -> IOptimizationProfile:
        return IOptimizationProfile()

    def build_serialized_network(self, network: INetworkDefinition, config: IBuilderConfig) -> memoryview | None:
        CALLS.append("build")
        if config.profile is None or network.get_input(0).name not in config.profile.shapes:
            self._logger.error("Network has dynamic or shape inputs, but no optimization profile has been defined.")
            return None
        with ThreadPoolExecutor(1) as another:  # as TensorRT may
            if not another.submit(_work, config.progress_monitor).result():
                self._logger.error("Build canceled by user")
                return None
        if "build" in FAULTS:
            self._logger.error(str(FAULTS["build"]))
            return None
        head = {"version": __version__, "profile": config.profile.shapes[network.get_input(0).name]}
        body = json.dumps(head).encode() + b"\n" + network.onnx
        return memoryview(MAGIC + hashlib.sha256(body).digest() + body)


def _work(monitor: IProgressMonitor | None) -> bool:
    """Phases as TensorRT has them: one in a step of another. False where it was told to stop, by word or exception."""
    try:
        return _phases(monitor)
    except Exception:  # noqa: BLE001 - as TensorRT
        return False


def _phases(monitor: IProgressMonitor | None) -> bool:
    for outer in range(2):
        if monitor is not None:
            if outer == 0:
                monitor.phase_start("Building Engine", None, 2)
            monitor.phase_start("Tactic Selection", "Building Engine", STEPS)
        for step in range(STEPS):
            time.sleep(float(FAULTS.get("step_s", 0)))
            if monitor is not None and not monitor.step_complete("Tactic Selection", step):
                return False
        if monitor is not None:
            monitor.phase_finish("Tactic Selection")
            monitor.step_complete("Building Engine", outer)
    if monitor is not None:
        monitor.phase_finish("Building Engine")
    return True


class Runtime:
    def __init__(self, logger: ILogger) -> None:
        self._logger = _register(logger)
        _made_or_null("runtime", self._logger)

    def deserialize_cuda_engine(self, plan: bytes) -> ICudaEngine | None:
        CALLS.append("deserialize")
        body = plan[len(MAGIC) + 32 :]
        whole = plan.startswith(MAGIC) and hashlib.sha256(body).digest() == plan[len(MAGIC) : len(MAGIC) + 32]
        if not whole or "deserialize" in FAULTS:
            self._logger.error(str(FAULTS.get("deserialize", "Magic tag does not match")))
            return None
        head, _, network = body.partition(b"\n")
        told = json.loads(head)
        if told["version"] != __version__:
            self._logger.error("The engine plan file is not compatible with this version of TensorRT")
            return None
        return ICudaEngine(self, told["profile"], network, self._logger)


class ICudaEngine:
    def __init__(self, runtime: Runtime, profile: list[list[int]], network: bytes, logger: ILogger) -> None:
        self._runtime = weakref.ref(runtime)
        self._profile = [tuple(shape) for shape in profile]
        self.session = _session(network)
        self.logger = logger
        self.inputs = [ITensor(given) for given in self.session.get_inputs()]
        self._shapes: dict[tuple[int, ...], dict[str, tuple[int, ...]]] = {}
        # In an order of its own: TensorRT promises none.
        self.tensors = [ITensor(given) for given in reversed(self.session.get_outputs())] + self.inputs

    def check(self) -> None:
        assert self._runtime() is not None, "the runtime is gone before its engine"

    @property
    def num_io_tensors(self) -> int:
        return len(self.tensors)

    def get_tensor_name(self, index: int) -> str:
        return str(self.tensors[index].name)

    def tensor(self, name: str) -> ITensor:
        return next(one for one in self.tensors if one.name == name)

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        return TensorIOMode.INPUT if self.tensor(name) in self.inputs else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> DataType:
        return self.tensor(name).dtype

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.tensor(name).shape

    def get_tensor_profile_shape(self, name: str, profile: int) -> list[tuple[int, ...]]:
        assert (name, profile) == (self.inputs[0].name, 0)
        return self._profile

    def shapes(self, taken: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """The shapes of the outputs for one of the input."""
        if taken not in self._shapes:
            names = [one.name for one in self.tensors if one not in self.inputs]
            blank = np.zeros(taken, _NUMPY[self.inputs[0].dtype])
            made = self.session.run(names, {self.inputs[0].name: blank})
            self._shapes[taken] = {name: output.shape for name, output in zip(names, made, strict=True)}
        return self._shapes[taken]

    def create_execution_context(self) -> IExecutionContext | None:
        self.check()
        if "context" in FAULTS:
            self.logger.error(str(FAULTS["context"]))
            return None
        return IExecutionContext(self)


class IExecutionContext:
    def __init__(self, engine: ICudaEngine) -> None:
        self._engine = weakref.ref(engine)
        self._shape: tuple[int, ...] | None = None
        self._ran: tuple[int, ...] | None = None
        self._addresses: dict[str, int] = {}

    def _alive(self) -> ICudaEngine:
        engine = self._engine()
        assert engine is not None, "the engine is gone before its context"
        engine.check()
        return engine

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        engine = self._alive()
        least, _, most = engine.get_tensor_profile_shape(name, 0)
        if any(not low <= side <= high for low, side, high in zip(least, shape, most, strict=True)):
            engine.logger.error(f"{shape} does not satisfy any optimization profiles")
            return False
        self._shape = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        """Of an output: what ONNX Runtime gives for that input. -1 stays where no shape was set."""
        engine = self._alive()
        if engine.tensor(name) in engine.inputs:
            return self._shape or engine.inputs[0].shape
        if self._shape is None:
            return engine.tensor(name).shape
        return engine.shapes(self._shape)[name]

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._alive()
        if address == 0:
            return False
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        engine = self._alive()
        unset = [one.name for one in engine.tensors if one.name not in self._addresses]
        if self._shape is None or unset:
            engine.logger.error(f"no shape, or no address of {unset}")
            return False
        if fake_cuda.find(stream_handle).recorded is not None and (self._ran != self._shape or "capture" in FAULTS):
            engine.logger.error("captured before a run outside of the capture with that shape")
            return False
        if FAULTS.get("execute") is not None and CALLS.count("execute") >= FAULTS["execute"]:
            engine.logger.error("Cuda failure: the launch timed out and was terminated")
            return False
        CALLS.append("execute")
        self._ran = self._shape
        shape, addresses = self._shape, dict(self._addresses)
        fake_cuda.enqueue(stream_handle, lambda: _compute(engine, shape, addresses))
        return True


def _compute(engine: ICudaEngine, shape: tuple[int, ...], addresses: dict[str, int]) -> None:
    taken = engine.inputs[0]
    given = _at(addresses[taken.name], shape, _NUMPY[taken.dtype])
    names = [one.name for one in engine.tensors if one is not taken]
    for name, made in zip(names, engine.session.run(names, {taken.name: given.copy()}), strict=True):
        _at(addresses[name], made.shape, _NUMPY[engine.tensor(name).dtype])[...] = made + bool(FAULTS.get("wrong"))


def _at(address: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_ubyte * size).from_address(address), dtype).reshape(shape)
