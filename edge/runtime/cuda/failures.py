"""How failures of CUDA read, the same for each binding."""

from __future__ import annotations

from edge.runtime.cuda.api import CudaError


def failed(said: str) -> CudaError:
    """A call failed: `said` names it and gives CUDA's words, "cudaMemcpyAsync failed: invalid argument"."""
    return CudaError(f"{_line(said)}; read the GPU's own words with dmesg, then start the desk again")


def exhausted(said: str) -> CudaError:
    """A call found no memory left."""
    return CudaError(f"{_line(said)}, the GPU has none left; stop what else runs on it, or run fewer networks")


def absent(said: str, remedy: str) -> CudaError:
    """CUDA, or a binding of it, is not there; `remedy` says how to get it."""
    return CudaError(f"{_line(said)}; {remedy}")


def misused(said: str) -> CudaError:
    """What the desk must never ask, as to use a buffer after it was given back."""
    return CudaError(f"{_line(said)}; this is a fault of the desk: report it")


def _line(said: str) -> str:
    return said.strip().partition("\n")[0]
