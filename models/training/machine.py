"""How to compute: threads, device, compilation and number format; it changes speed and rounding but not a recipe."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

# What processors that multiply bfloat16 in hardware call it; on others it is forty times slower than float32.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


@dataclass(frozen=True)
class Machine:
    """How to compute, which changes speed and rounding but not the recipe."""

    threads: int = 1
    device: str = "cpu"
    compile: bool = False
    bfloat16: bool = False


def bfloat16_helps(device: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether a device multiplies bfloat16 in hardware; False where that is not known."""
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    try:
        return bool(BFLOAT16_FLAGS & set(cpuinfo.read_text(encoding="utf-8").split()))
    except OSError:
        return False


def forward_of(network: nn.Module, machine: Machine) -> nn.Module:
    """The network as the machine runs it in training; its weights are the network's own."""
    module: nn.Module = network
    if machine.compile:
        module = torch.compile(network, dynamic=False)  # type: ignore[assignment]
    return _Autocast(module, torch.device(machine.device).type) if machine.bfloat16 else module


class _Autocast(nn.Module):
    def __init__(self, inner: nn.Module, device: str) -> None:
        super().__init__()
        self.inner = inner
        self.device = device

    def forward(self, *x: Tensor) -> Any:
        with torch.autocast(self.device, torch.bfloat16):
            return self.inner(*x)
