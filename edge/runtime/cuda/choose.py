"""Which binding of CUDA: pycuda on a Jetson, where it is built against the system's CUDA; cuda-bindings elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.runtime.cuda import nvidia, pycuda
from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.failures import absent

RELEASE: Final = Path("/etc/nv_tegra_release")
"""What only a Jetson has."""

_BINDINGS: Final[dict[str, Callable[[], Cuda]]] = {"pycuda": pycuda.open_device, "nvidia": nvidia.open_device}
_REMEDY: Final = (
    "install NVIDIA's driver, then on a Jetson pip install 'mien[jetson]' with nvcc on the PATH, "
    "elsewhere pip install 'mien[cuda]'"
)


def open_cuda(binding: str = "") -> Cuda:
    """The first device, through the binding that is named (`pycuda` or `nvidia`), else through the first that works.

    Raises CudaError where none does, with the reason of each.
    """
    if binding:
        if binding not in _BINDINGS:
            raise absent(f"{binding} is no binding of CUDA", f"name one of {', '.join(_BINDINGS)}")
        return _BINDINGS[binding]()
    order = ("pycuda", "nvidia") if RELEASE.exists() else ("nvidia", "pycuda")
    reasons = []
    for name in order:
        try:
            return _BINDINGS[name]()
        except CudaError as error:
            reasons.append(str(error).partition(";")[0])
    raise absent(f"CUDA cannot be had: {'; '.join(reasons)}", _REMEDY)
