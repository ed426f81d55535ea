"""PyTorch's side of bench/engine.py: the network that reads expressions, in FP16 on the same GPU, and the GPU's limits.

A process of its own, so that its CUDA and ours do not meet. Begins with a line of JSON that says what it is, or why it
is none. Then, for each line `WAY BATCH COUNT`, the seconds of so many runs, each from faces in the host's memory to
answers in the host's memory, as an engine's; for `limits`, what the GPU copies and multiplies in a second.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.engine_figures import EAGER, GRAPHS
from edge import bundle
from edge.bundle import Bundle
from models.networks.build import build
from models.networks.measure import multiply_adds
from models.networks.se_resnet import SEResNet, SEResNetShape
from models.training.shipped import weights_in

Call = Callable[[], NDArray[np.float32]]

WARM_UP: Final = 5
COPIED: Final = 256 << 20  # bytes: more than any cache holds
SIDE: Final = 4096  # of the matrices
TIMES: Final = 20


def rebuilt(loaded: Bundle) -> tuple[nn.Module, str]:
    """The network that ships, in PyTorch, and where its weights are from.

    As in the file, what batch-norm does is in the convolutions: so eager PyTorch has no more to do than an engine.
    """
    weights = weights_in(loaded.expression_file().path)
    shapes: tuple[nn.Module, ...] = (SEResNet(SEResNetShape()), build("student", 0.0, loaded.expression.input.size))
    for network in shapes:
        _fold(network)
        try:
            network.load_state_dict(weights)
        except RuntimeError:
            continue
        return network.eval(), "as shipped"
    return shapes[0].eval(), "random: no network of PyTorch's has the shape of the one that ships"


def _fold(network: nn.Module) -> None:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
            elif isinstance(child, nn.Conv2d) and child.bias is None:
                child.bias = nn.Parameter(torch.zeros(child.out_channels))


class Peer:
    """The network in FP16 on a GPU, run in both ways."""

    def __init__(self, network: nn.Module, side: int, device: str = "cuda") -> None:
        """`device` is a GPU; on "cpu" there is only the eager way, for a test."""
        self._network = network.to(device, torch.half, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._side, self._device = side, torch.device(device)
        self._calls: dict[tuple[str, int], Call] = {}

    @torch.no_grad()
    def run(self, way: str, batch: int, count: int) -> list[float]:
        """The seconds of `count` runs; what a first run makes is made before."""
        if (way, batch) not in self._calls:
            self._calls[way, batch] = {EAGER: self.eager, GRAPHS: self.recorded}[way](batch)
        call, seconds = self._calls[way, batch], []
        for _ in range(count):
            begun = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begun)
        return seconds

    def eager(self, batch: int) -> Call:
        """Operation by operation."""
        faces, pinned, held = self._input(batch)
        answers = self._pinned(self._network(held.half()))

        def call() -> NDArray[np.float32]:
            pinned.copy_(faces)
            held.copy_(pinned, non_blocking=True)
            answers.copy_(self._network(held.half()), non_blocking=True)
            self._synchronize()
            return np.array(answers.numpy(), np.float32)

        return call

    def recorded(self, batch: int) -> Call:
        """As one CUDA graph, recorded as PyTorch's documentation shows; the copies are queued beside it."""
        faces, pinned, held = self._input(batch)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                self._network(held.half())
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            made = self._network(held.half())
        answers = self._pinned(made)

        def call() -> NDArray[np.float32]:
            pinned.copy_(faces)
            held.copy_(pinned, non_blocking=True)
            graph.replay()
            answers.copy_(made, non_blocking=True)
            self._synchronize()
            return np.array(answers.numpy(), np.float32)

        return call

    def _input(self, batch: int) -> tuple[Tensor, Tensor, Tensor]:
        """Faces, and where they go on the host and on the device."""
        faces = torch.randn(batch, 1, self._side, self._side)
        return faces, self._pinned(faces), faces.to(self._device)

    def _pinned(self, like: Tensor) -> Tensor:
        made = torch.zeros(like.shape, dtype=like.dtype)
        return made.pin_memory() if self._device.type == "cuda" else made

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize()


def limits() -> dict[str, float]:
    """Bytes that this GPU copies in a second, read and written, and multiply-adds of a half-precision product."""
    source = torch.ones(COPIED, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    left, right = (torch.randn(SIDE, SIDE, device="cuda", dtype=torch.half) for _ in range(2))
    return {
        "bytes_a_second": 2 * COPIED / _on_device(lambda: target.copy_(source)),
        "multiply_adds_a_second": SIDE**3 / _on_device(lambda: left @ right),
    }


def _on_device(work: Callable[[], object]) -> float:
    """The median of the seconds that work takes by the GPU's own clock."""
    for _ in range(WARM_UP):
        work()
    seconds: list[float] = []
    for _ in range(TIMES):
        begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        begun.record()
        work()
        ended.record()
        torch.cuda.synchronize()
        seconds.append(begun.elapsed_time(ended) / 1000)
    return statistics.median(seconds)


def about(network: nn.Module, side: int, weights: str) -> dict[str, Any]:
    """What one face costs: bytes are those of half-precision weights, once, and of what goes in and comes out."""
    classes = network(torch.zeros(1, 1, side, side)).shape[1]
    return {
        "name": f"PyTorch {torch.__version__}",
        "weights": weights,
        "weight_bytes": 2 * sum(values.numel() for values in network.parameters()),
        "face_bytes": 4 * (side * side + classes),
        "multiply_adds": multiply_adds(network, side),
    }


def main() -> None:
    """Answer until standard input ends."""
    if not torch.cuda.is_available():
        print(json.dumps({"why": "PyTorch has no CUDA here"}), flush=True)
        return
    torch.backends.cudnn.benchmark = True
    loaded = bundle.load()
    side = loaded.expression.input.size
    network, weights = rebuilt(loaded)
    print(json.dumps({**about(network, side, weights), "gpu": torch.cuda.get_device_name()}), flush=True)
    peer = Peer(network, side)
    for line in sys.stdin:
        if line.strip() == "limits":
            print(json.dumps(limits()), flush=True)
            continue
        way, batch, count = line.rsplit(maxsplit=2)
        print(json.dumps({"seconds": peer.run(way, int(batch), int(count))}), flush=True)


if __name__ == "__main__":
    main()
