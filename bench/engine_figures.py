"""The figures of the bench of engines: what is timed, and what each is held beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bench.figures import CLOCK, Better, Figure, Judged

RACED: Final = "expression"
NETWORKS: Final = (RACED, "cover", "pnet", "rnet", "onet")
"""Every network that ships; the first, in half precision, is raced with PyTorch's."""
BATCHES: Final = (1, 2, 4, 8, 32)  # the last is four runs of 8, as the desk would make of it
COLD_START: Final = "cold start to the first expression"
NEAR: Final = 0.05  # of a value, as mien-convert verify holds a logit to

# What is timed. The limits are times too: how long the GPU would take if one thing alone held it back.
ENGINE, QUEUED, PROCESSOR = "engine", "engine without graphs", "processor"
EAGER, GRAPHS = "pytorch eager", "pytorch with graphs"
MEMORY, ARITHMETIC = "limit of memory", "limit of arithmetic"


@dataclass(frozen=True)
class Pair:
    """Two of them beside each other, under a label; `fake` where the fakes give this figure, and a GPU does not."""

    label: str
    ours: str
    peer: str
    beside: str
    fake: bool = False

    def name(self, batch: int) -> str:
        """Its figure for a batch."""
        return f"batch {batch}: {self.label}"


_TORCH: Final = "PyTorch FP16 with CUDA graphs"
PAIRS: Final = (
    Pair("TensorRT in half", ENGINE, GRAPHS, _TORCH),
    Pair("TensorRT in half without CUDA graphs", QUEUED, GRAPHS, _TORCH),
    Pair("PyTorch FP16 eager", EAGER, GRAPHS, _TORCH),
    Pair("TensorRT in half at the limit of memory", ENGINE, MEMORY, "copying its weights and faces on the GPU"),
    Pair("TensorRT in half at the limit of arithmetic", ENGINE, ARITHMETIC, "a matrix product of as many sums"),
    Pair("TensorRT in half, the processor", ENGINE, PROCESSOR, "ONNX Runtime on the processor"),
    Pair("our Python over a fake engine", ENGINE, PROCESSOR, "ONNX Runtime alone", fake=True),
)
"""`times` of a limit is the share of it that is reached; of our Python, 0.9 says that it adds a ninth."""


def build(network: str) -> str:
    """The figure of how long a network's engine takes."""
    return f"{network}: build with its timing cache"


def difference(network: str) -> str:
    """The figure of how far a network's engine is from ONNX Runtime."""
    return f"{network}: largest difference from ONNX Runtime"


def figures() -> tuple[Figure, ...]:
    """All of them."""
    found: list[Figure] = [
        Figure(name=COLD_START, unit="s", better=Better.LOWER, noise=CLOCK, beside="ONNX Runtime", must=15.0, reach=5.0)
    ]
    found += (
        Figure(name=difference(network), unit="", better=Better.LOWER, noise=CLOCK, must=NEAR) for network in NETWORKS
    )
    found += (
        Figure(name=build(network), unit="s", better=Better.LOWER, noise=CLOCK, beside="a build without it",
               judged=Judged.TIMES)
        for network in NETWORKS
    )  # fmt: skip
    found += (
        Figure(name=pair.name(batch), unit="ms", better=Better.LOWER, noise=CLOCK, beside=pair.beside,
               judged=Judged.TIMES)
        for batch in BATCHES
        for pair in PAIRS
    )  # fmt: skip
    return tuple(found)
