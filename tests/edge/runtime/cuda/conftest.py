"""The fakes of both bindings, and a device open through each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.runtime.cuda import nvidia, pycuda
from edge.runtime.cuda.api import Cuda, CudaError
from tests.fakes import installed

Open = Callable[..., Cuda]
BINDINGS: dict[str, Callable[[], Cuda]] = {"pycuda": pycuda.open_device, "nvidia": nvidia.open_device}


def said(work: Callable[[], object]) -> str:
    """What CudaError says of it, which is one line with a remedy."""
    with pytest.raises(CudaError) as caught:
        work()
    text = str(caught.value)
    del caught  # with its traceback, whose frames hold what pycuda destroys with the last reference
    assert "\n" not in text
    assert "; " in text
    return text


@pytest.fixture
def fake() -> Iterator[Any]:
    """The module `fake_cuda`, with the fakes of both bindings in place."""
    with installed() as module:
        yield module


@pytest.fixture(params=BINDINGS)
def binding(request: pytest.FixtureRequest) -> str:
    """Each binding's name."""
    return str(request.param)


@pytest.fixture
def opened(fake: Any, binding: str) -> Iterator[Open]:
    """Opens the device through the binding; the settings are those of `fake_cuda`. It is closed after the test."""
    made: list[Cuda] = []

    def open_device(**settings: Any) -> Cuda:
        fake.reset(**settings)
        made.append(BINDINGS[binding]())
        return made[-1]

    yield open_device
    fake.FAULTS.clear()
    for cuda in made:
        cuda.close()
