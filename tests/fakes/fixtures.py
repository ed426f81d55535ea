"""Fixtures of TensorRT and CUDA as fakes, for every test that asks for one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.choose import open_cuda
from tests.fakes import installed, with_tensorrt


@pytest.fixture
def fake_cuda() -> Iterator[Any]:
    """A fake GPU, whole and unused."""
    with installed() as fake:
        yield fake


@pytest.fixture
def tensorrt(fake_cuda: Any) -> Iterator[Any]:
    """The fake TensorRT, in which nothing is wrong and nothing was called yet."""
    with with_tensorrt() as module:
        yield module


@pytest.fixture
def cuda(tensorrt: Any, fake_cuda: Any) -> Iterator[Cuda]:
    """The fake device, through NVIDIA's binding."""
    opened = open_cuda("nvidia")
    yield opened
    fake_cuda.FAULTS.clear()
    with contextlib.suppress(CudaError):  # what a test of a GPU that is gone left queued
        opened.close()
