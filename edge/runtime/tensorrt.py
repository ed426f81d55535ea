"""TensorRT, from 10.3 (JetPack 6.1) to 11: building an engine of a network, and running one.

The one file that names TensorRT. What is in half precision is decided by the network's own types: it is built strongly
typed. Sources: NVIDIA's developer guide ("Strongly Typed Networks", "CUDA Graphs", "Engine Inspection").
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.errors import MienDeskError, ModelError, RuntimeFailure
from edge.runtime.backend import BadEngine
from edge.runtime.cuda.api import Buffer, Cuda, CudaError, Graph
from edge.runtime.phases import Phases, Progress
from edge.runtime.profile import Profile, Shape, bucket_of, profile_of

API: Final[dict[str, tuple[str, ...]]] = {
    "Builder": ("create_builder_config", "create_network", "create_optimization_profile", "build_serialized_network"),
    "DataType": ("FLOAT", "HALF", "UINT8"),
    "IBuilderConfig": (
        "add_optimization_profile",
        "create_timing_cache",
        "get_timing_cache",
        "progress_monitor",
        "set_memory_pool_limit",
        "set_timing_cache",
    ),
    "ICudaEngine": (
        "create_execution_context",
        "get_tensor_dtype",
        "get_tensor_mode",
        "get_tensor_name",
        "get_tensor_profile_shape",
        "get_tensor_shape",
        "num_io_tensors",
    ),
    "IExecutionContext": ("execute_async_v3", "get_tensor_shape", "set_input_shape", "set_tensor_address"),
    "ILogger": ("log",),
    "INetworkDefinition": ("get_input", "num_inputs"),
    "IOptimizationProfile": ("set_shape",),
    "IProgressMonitor": ("phase_finish", "phase_start", "step_complete"),
    "ITensor": ("name", "shape"),
    "ITimingCache": ("serialize",),
    "MemoryPoolType": ("WORKSPACE",),
    "NetworkDefinitionCreationFlag": ("STRONGLY_TYPED",),
    "OnnxParser": ("get_error", "num_errors", "parse"),
    "ParserError": ("desc",),
    "Runtime": ("deserialize_cuda_engine",),
    "TensorIOMode": ("INPUT",),
    "__version__": (),
}
"""All of TensorRT that is used, by class; a test finds each of them in the bindings of four versions."""

WORKSPACE: Final = 256 << 20  # bytes that a layer may take while it computes: an Orin Nano has 8 GB for everything
SAID: Final = 3  # lines of TensorRT's that an error repeats
_TYPES: Final[dict[str, type[Any]]] = {"FLOAT": np.float32, "HALF": np.float16, "UINT8": np.uint8}


@dataclass(frozen=True)
class Plan:
    """A built engine, and what was learned of this GPU's timing for the next one."""

    engine: bytes
    timing: bytes


def version() -> str:
    """TensorRT's version. Raises RuntimeFailure where it is not there."""
    return str(_load().__version__)


def build(network: bytes, name: str, *, timing: bytes = b"", say: Progress = lambda step, share: None) -> Plan:
    """Build the engine of an ONNX network (its bytes) of one input; `name` is for messages.

    Raises RuntimeFailure, with what TensorRT said, and what `say` raised.
    """
    trt = _load()
    log = _log(trt)
    with _refusals(name, log):
        return _build(trt, log, network, name, timing, say)


def _build(trt: Any, log: Any, network: bytes, name: str, timing: bytes, say: Progress) -> Plan:
    builder = trt.Builder(log)
    definition = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(definition, log)
    if not parser.parse(network):
        faults = [parser.get_error(i).desc() for i in range(parser.num_errors)]
        raise RuntimeFailure(f"{name}: TensorRT cannot read it: {_said(faults or log.lines)}; reinstall the bundle")
    if definition.num_inputs != 1:
        raise RuntimeFailure(f"{name}: has {definition.num_inputs} inputs, not one; install a bundle for this version")
    if definition.get_input(0).shape[0] >= 0:
        raise RuntimeFailure(f"{name}: takes batches of one size alone; export it with an open batch")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE)
    _use_timing(config, timing)
    config.add_optimization_profile(_shapes(builder, definition.get_input(0)))
    phases = Phases(say)
    config.progress_monitor = _monitor(trt, phases)
    engine = builder.build_serialized_network(definition, config)
    if phases.error is not None:
        raise phases.error
    if engine is None:
        raise RuntimeFailure(f"{name}: TensorRT built no engine: {_said(log.lines)}; see docs/convert.md")
    return Plan(bytes(engine), bytes(config.get_timing_cache().serialize()))


class Engine:
    """A network in TensorRT; see `edge.runtime.backend.Backend`. For one thread, that of its `cuda`.

    A network of faces is run in batches of 1, 2, 4 or 8, each recorded once as a CUDA graph: copy in, compute, copy
    out. One of pictures of any size is run as it comes.
    """

    _runtime: Any
    _engine: Any
    _context: Any
    _input: str
    _given: list[str]
    _types: dict[str, np.dtype[Any]]
    _taken: Shape
    _profile: Profile
    _graphs: bool

    def __init__(
        self, plan: bytes, cuda: Cuda, name: str, outputs: Sequence[str] | None = None, *, graphs: bool = True
    ) -> None:
        """Load a plan that this machine built.

        `outputs` are those to give, in their order: an engine's own, which None means, need not be that of the file.
        `graphs` is off only to measure what they are worth. Raises BadEngine (a RuntimeFailure) where TensorRT refuses
        the plan, RuntimeFailure where it has no memory for it, ModelError where there is no such output.
        """
        trt = _load()
        self._cuda, self._name, self._log = cuda, name, _log(trt)
        self._described = f"TensorRT {trt.__version__}, {cuda.device.name}"
        self._contexts: dict[int, _Recorded] = {}
        self._buffers: dict[str, Buffer] = {}
        self._runtime = self._engine = self._context = None
        try:
            with _refusals(name, self._log):
                self._open(trt, plan, outputs, graphs)
        except MienDeskError:
            self.close()
            raise

    def _open(self, trt: Any, plan: bytes, outputs: Sequence[str] | None, graphs: bool) -> None:
        self._runtime = trt.Runtime(self._log)  # must outlive the engine
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise BadEngine(f"{self._name}: TensorRT does not take this engine: {_said(self._log.lines)}")
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        (self._input,) = (one for one in names if self._engine.get_tensor_mode(one) == trt.TensorIOMode.INPUT)
        there = [one for one in names if one != self._input]
        self._given = there if outputs is None else list(outputs)
        if strange := set(self._given) - set(there):
            raise ModelError(
                f"{self._name}: has no output {', '.join(strange)} but {', '.join(there)}; reinstall the bundle"
            )
        self._types = {one: np.dtype(_TYPES[self._engine.get_tensor_dtype(one).name]) for one in names}
        self._taken: Shape = tuple(self._engine.get_tensor_shape(self._input))
        least, _, most = (tuple(shape) for shape in self._engine.get_tensor_profile_shape(self._input, 0))
        self._profile = Profile(least, most, most)
        self._graphs = graphs and all(side > 0 for side in self._taken[1:])
        self._context = self._new_context()
        self._make_buffers(names)

    def infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        """See `edge.runtime.backend.Backend.infer`."""
        self._check(batch)
        with _refusals(self._name, self._log):
            return self._infer(batch)

    def _infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        most = self._profile.most[0]
        parts = [self._run(batch[i : i + most]) for i in range(0, len(batch), most)]
        return parts[0] if len(parts) == 1 else [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def describe(self) -> str:
        """See `edge.runtime.backend.Backend.describe`."""
        return self._described

    @property
    def shape(self) -> Shape:
        """The input's shape, open sides below 0."""
        return self._taken

    @property
    def dtype(self) -> np.dtype[Any]:
        """The input's type."""
        return self._types[self._input]

    def close(self) -> None:
        """Give back what it holds of the GPU, in the order that TensorRT asks for; a second call does nothing.

        Of a GPU that is gone nothing can be given back: that is no error here.
        """
        held: list[Graph | Buffer] = [one.graph for one in self._contexts.values() if one.graph is not None]
        for one in [*held, *self._buffers.values()]:
            with contextlib.suppress(CudaError):
                one.free()
        self._contexts.clear()
        self._buffers.clear()
        self._context = self._engine = self._runtime = None

    def _check(self, batch: NDArray[Any]) -> None:
        fits = batch.dtype == self._types[self._input] and batch.ndim == len(self._taken) and len(batch) > 0
        if not fits or any(want not in (-1, side) for want, side in zip(self._taken[1:], batch.shape[1:], strict=True)):
            raise ModelError(f"{self._name}: does not take {batch.dtype} {batch.shape}; reinstall the bundle")
        limits = zip(self._profile.least[1:], batch.shape[1:], self._profile.most[1:], strict=True)
        if any(not least <= side <= most for least, side, most in limits):
            raise RuntimeFailure(f"{self._name}: {batch.shape} is beyond the engine's profile; raise detector.min_face")

    def _run(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        count = len(batch)
        bucket = min(bucket_of(count), self._profile.most[0])
        host = self._buffers[self._input].host
        flat = np.ascontiguousarray(batch).reshape(-1).view(np.uint8)
        host[: flat.size] = flat
        shape = (bucket, *batch.shape[1:])
        if self._graphs:
            shapes = self._launch(bucket, shape)
        else:
            shapes = self._shape(self._context, shape)
            self._queue(self._context, shape, shapes)
        self._cuda.synchronize()
        return [self._result(one, shapes[one])[:count] for one in self._given]

    def _launch(self, bucket: int, shape: Shape) -> dict[str, Shape]:
        """Launch the graph of a batch, recorded the first time, after one run outside it, as TensorRT asks for."""
        recorded = self._contexts.get(bucket)
        if recorded is None:
            # One a graph: a graph holds only while its context's shapes stay. The first has one already.
            context, self._context = self._context or self._new_context(), None
            shapes = self._shape(context, shape)
            self._queue(context, shape, shapes)
            self._cuda.synchronize()
            recorded = _Recorded(context, shapes, self._record(context, shape, shapes))
            self._contexts[bucket] = recorded
        if recorded.graph is None:
            self._queue(recorded.context, shape, recorded.shapes)
        else:
            recorded.graph.launch()
        return recorded.shapes

    def _record(self, context: Any, shape: Shape, shapes: dict[str, Shape]) -> Graph | None:
        """The graph; none where this CUDA cannot record one: then each run is queued by itself, which is slower."""
        try:
            return self._cuda.record(lambda: self._queue(context, shape, shapes))
        except RuntimeFailure:  # TensorRT says no in a capture by the same False as anywhere
            return None

    def _queue(self, context: Any, shape: Shape, shapes: dict[str, Shape]) -> None:
        self._buffers[self._input].upload(self._bytes(self._input, shape))
        if not context.execute_async_v3(self._cuda.stream):
            raise RuntimeFailure(f"{self._name}: TensorRT failed as it ran: {_said(self._log.lines)}")
        for one in self._given:
            self._buffers[one].download(self._bytes(one, shapes[one]))

    def _new_context(self) -> Any:
        context = self._engine.create_execution_context()
        if context is None:
            raise RuntimeFailure(f"{self._name}: TensorRT has no memory to run it: {_said(self._log.lines)}")
        for one, buffer in self._buffers.items():
            self._accepted(context.set_tensor_address(one, buffer.address), f"the address of {one}")
        return context

    def _shape(self, context: Any, shape: Shape) -> dict[str, Shape]:
        """Set the input's shape; the shapes of all outputs."""
        self._accepted(context.set_input_shape(self._input, shape), f"the shape {shape}")
        outputs = self._types.keys() - {self._input}
        return {one: tuple(int(side) for side in context.get_tensor_shape(one)) for one in outputs}

    def _make_buffers(self, names: list[str]) -> None:
        """A buffer for each tensor at its largest."""
        largest = {self._input: self._profile.most, **self._shape(self._context, self._profile.most)}
        for one in names:
            self._buffers[one] = self._cuda.buffer(self._bytes(one, largest[one]))
            self._accepted(self._context.set_tensor_address(one, self._buffers[one].address), f"the address of {one}")

    def _bytes(self, name: str, shape: Shape) -> int:
        return int(np.prod(shape)) * self._types[name].itemsize

    def _result(self, name: str, shape: Shape) -> NDArray[np.float32]:
        held = self._buffers[name].host[: self._bytes(name, shape)]
        return np.array(held.view(self._types[name]).reshape(shape), np.float32)  # a copy: the buffer is used again

    def _accepted(self, taken: bool, what: str) -> None:
        if not taken:
            raise RuntimeFailure(f"{self._name}: TensorRT does not take {what}: {_said(self._log.lines)}")


@dataclass(frozen=True)
class _Recorded:
    """A batch's own context, its outputs' shapes, and the graph of its run."""

    context: Any
    shapes: dict[str, Shape]
    graph: Graph | None


def _load() -> Any:
    try:
        return importlib.import_module("tensorrt")
    except (ImportError, OSError) as error:
        raise RuntimeFailure(
            f"TensorRT cannot be loaded: {error}; on a Jetson install python3-libnvinfer and make the virtual "
            "environment with --system-site-packages"
        ) from error


def _said(lines: list[str]) -> str:
    return " ".join(" | ".join(lines[-SAID:]).split()) or "no reason"


@contextlib.contextmanager
def _refusals(name: str, log: Any) -> Iterator[None]:
    """What TensorRT's bindings raise where TensorRT itself gives null, a driver that is too old for one, as our error.

    What it said before is forgotten: an error quotes its own reasons.
    """
    log.lines.clear()
    try:
        yield
    except (TypeError, ValueError, AttributeError, RuntimeError, MemoryError) as error:
        said = _said([*log.lines, f"{type(error).__name__}: {error}"])
        raise RuntimeFailure(f"{name}: TensorRT cannot be used: {said}; see docs/convert.md") from error


@functools.cache
def _log(trt: Any) -> Any:
    """The logger of this process, which TensorRT keeps from the first object on.

    It holds TensorRT's errors and warnings, which are all that a None of it leaves.
    """

    class Log(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.lines: list[str] = []

        def log(self, severity: Any, text: str) -> None:
            if int(severity) <= 2:  # internal error, error, warning
                self.lines.append(text)
                del self.lines[: -10 * SAID]

    return Log()


def _monitor(trt: Any, phases: Phases) -> Any:
    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            phases.start(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, _step: int) -> bool:
            return phases.step(phase_name)

        def phase_finish(self, phase_name: str) -> None:
            phases.finish(phase_name)

    return Monitor()


def _use_timing(config: Any, timing: bytes) -> None:
    """Take the timing cache; another version's is refused, and a new one begun."""
    cache = config.create_timing_cache(timing)
    if cache is None or not config.set_timing_cache(cache, False):
        config.set_timing_cache(config.create_timing_cache(b""), False)


def _shapes(builder: Any, taken: Any) -> Any:
    wanted = profile_of(tuple(taken.shape))
    profile = builder.create_optimization_profile()
    profile.set_shape(taken.name, wanted.least, wanted.usual, wanted.most)
    return profile
