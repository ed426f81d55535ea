"""Building the engines that a bundle needs and this box does not have yet; each is compared before it is kept."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.errors import RuntimeFailure
from edge.runtime import tensorrt
from edge.runtime.backend import BadEngine, ModelFile, read_checked
from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.choose import open_cuda
from edge.runtime.engines import golden
from edge.runtime.engines.folder import Folder
from edge.runtime.engines.key import Key, Platform, this_box
from edge.runtime.onnx import OnnxBackend
from edge.runtime.phases import Progress

log: Final = logging.getLogger("mien.engine")


@dataclass(frozen=True)
class Built:
    """What became of one network: how long its engine took to build (0: it was there), and its largest difference."""

    network: str
    seconds: float
    difference: float

    def __str__(self) -> str:
        """For people, in a line."""
        how = f"built in {self.seconds:.1f} s" if self.seconds else "was there"
        return f"{self.network}: {how}, at most {self.difference:.2g} from ONNX Runtime"


def build_here(folder: Folder, networks: Sequence[ModelFile], say: Progress = lambda step, share: None) -> list[Built]:
    """See `build_missing`, for the GPU of this box. Raises RuntimeFailure where TensorRT or CUDA is not there too."""
    tensorrt.version()
    with folder.building():
        cuda = open_cuda()
        try:
            return build_missing(folder, networks, cuda, say)
        finally:
            with contextlib.suppress(CudaError):  # of a GPU that is gone, which was told already
                cuda.close()


def build_missing(
    folder: Folder, networks: Sequence[ModelFile], cuda: Cuda, say: Progress = lambda step, share: None
) -> list[Built]:
    """An engine for each network, built where the folder has none that fits.

    `say` is told the step and the share of all that is done. Raises RuntimeFailure where TensorRT builds none or one
    that is wrong, or the folder takes none; ModelError for a file that is not its card's.
    """
    platform = this_box(tensorrt.version(), cuda.device)
    made = []
    for i, network in enumerate(networks):

        def tell(step: str, share: float, done: int = i, name: str = network.path.stem) -> None:
            say(f"{name}: {step}", (done + share) / len(networks))

        made.append(_build_one(folder, network, platform, cuda, tell))
    return made


def _build_one(folder: Folder, network: ModelFile, platform: Platform, cuda: Cuda, say: Progress) -> Built:
    key, name = Key(network.sha256, platform), network.path.stem
    try:
        return Built(name, 0.0, compared(folder.plan(key), network, cuda))
    except BadEngine as error:  # and nothing else: no memory, or a GPU that is gone, is no fault of the engine
        if folder.has(key):
            log.warning("%s", error)
    if why := folder.refused(key):
        raise RuntimeFailure(f"{why}; it is not built again before `mien-convert engine` is run")
    folder.check_room()
    began = time.monotonic()
    say("reading the network", 0.0)
    plan = tensorrt.build(read_checked(network), name, timing=folder.timing(), say=lambda s, part: say(s, 0.95 * part))
    folder.keep_timing(plan.timing)
    say("comparing with ONNX Runtime", 0.95)
    try:
        difference = compared(plan.engine, network, cuda)
    except BadEngine as error:
        folder.refuse(key, str(error))
        raise
    folder.keep(key, name, plan)
    return Built(name, time.monotonic() - began, difference)


def compared(plan: bytes, network: ModelFile, cuda: Cuda) -> float:
    """The largest difference of a plan from ONNX Runtime. Raises RuntimeFailure where it is too far."""
    reference = OnnxBackend(network)
    engine = tensorrt.Engine(plan, cuda, network.path.stem, reference.outputs)
    try:
        return golden.compare(engine, reference, engine.shape, engine.dtype, network.path.stem)
    finally:
        engine.close()
