"""Both adapters of CUDA, over fakes of their bindings: memory, graphs, and that all is given back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.runtime.cuda.api import Buffer, Cuda, Device
from tests.edge.runtime.cuda.conftest import BINDINGS, Open, said
from tests.fakes import SITE

ROOT = Path(__file__).parents[4]
SIZE = 8


def double(fake: Any, cuda: Cuda, source: Buffer, to: Buffer) -> Callable[[], None]:
    """A kernel: twice what is at one address, to the other."""

    def work() -> None:
        fake.view(to.address, SIZE)[:] = 2 * fake.view(source.address, SIZE)

    return lambda: fake.enqueue(cuda.stream, work)


def doubling(fake: Any, cuda: Cuda, source: Buffer, to: Buffer) -> Callable[[], None]:
    """Copy there, the kernel, copy back."""
    kernel = double(fake, cuda, source, to)

    def work() -> None:
        source.upload(SIZE)
        kernel()
        to.download(SIZE)

    return work


@pytest.mark.parametrize("integrated", [False, True])
def test_a_device_says_what_it_is(opened: Open, integrated: bool) -> None:
    cuda = opened(name="Fake Thor", capability=(11, 0), integrated=integrated)
    assert cuda.device == Device("Fake Thor", "11.0", integrated)
    assert cuda.stream > 0


@pytest.mark.parametrize("integrated", [False, True])
def test_what_the_host_wrote_is_worked_on_and_comes_back(fake: Any, opened: Open, integrated: bool) -> None:
    cuda = opened(integrated=integrated)
    source, to = cuda.buffer(SIZE), cuda.buffer(SIZE)
    assert source.host.dtype == np.uint8
    assert source.host.shape == (SIZE,)
    source.host[:] = range(SIZE)
    doubling(fake, cuda, source, to)()
    cuda.synchronize()
    assert to.host.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_only_as_many_bytes_are_copied_as_are_asked_for(fake: Any, opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    buffer.host[:] = 7
    buffer.upload(3)
    buffer.upload(0)
    cuda.synchronize()
    assert fake.view(buffer.address, SIZE).tolist() == [7, 7, 7, 0, 0, 0, 0, 0]


def test_memory_that_is_shared_is_never_copied(fake: Any, opened: Open) -> None:
    cuda = opened(integrated=True)
    buffer = cuda.buffer(SIZE)
    buffer.host[:] = 9
    buffer.upload(SIZE)
    buffer.download(SIZE)
    cuda.synchronize()
    assert fake.view(buffer.address, SIZE).tolist() == [9] * SIZE
    assert not any("emcpy" in name for name in fake.CALLS)
    assert fake.open_objects() == {"mapped": 1, "stream": 1}


@pytest.mark.parametrize("size", [0, -1])
def test_a_buffer_of_nothing_is_refused(fake: Any, opened: Open, size: int) -> None:
    cuda = opened()
    assert f"{size} bytes" in said(lambda: cuda.buffer(size))
    assert fake.open_objects() == {"stream": 1}


def test_a_copy_longer_than_the_buffer_is_refused(opened: Open) -> None:
    buffer = opened().buffer(SIZE)
    for copy in (buffer.upload, buffer.download):
        assert "9 bytes was asked of a buffer of 8" in said(lambda copy=copy: copy(SIZE + 1))  # type: ignore[misc]


# ---- graphs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("integrated", [False, True])
def test_a_graph_records_once_and_works_on_what_the_host_holds_at_each_launch(
    fake: Any, opened: Open, integrated: bool
) -> None:
    cuda = opened(integrated=integrated)
    source, to = cuda.buffer(SIZE), cuda.buffer(SIZE)
    times = 0
    work = doubling(fake, cuda, source, to)

    def counted() -> None:
        nonlocal times
        times += 1
        work()

    source.host[:] = 1
    graph = cuda.record(counted)
    cuda.synchronize()
    assert to.host.tolist() == [0] * SIZE, "recording alone does nothing"
    for value in (3, 50):
        source.host[:] = value
        graph.launch()
        cuda.synchronize()
        assert to.host.tolist() == [2 * value] * SIZE
    assert times == 1


def test_an_error_while_recording_ends_the_capture_and_comes_out_as_it_was(fake: Any, opened: Open) -> None:
    cuda = opened()
    source, to = cuda.buffer(SIZE), cuda.buffer(SIZE)

    def broken() -> None:
        source.upload(SIZE)
        raise KeyError("from the work")

    with pytest.raises(KeyError, match="from the work"):
        cuda.record(broken)
    source.host[:] = 4
    doubling(fake, cuda, source, to)()
    cuda.synchronize()
    assert to.host.tolist() == [8] * SIZE, "the stream does its work at once again"
    assert "graph" not in fake.open_objects()


def test_a_call_that_is_not_for_recording_says_so_and_the_stream_goes_on(fake: Any, opened: Open) -> None:
    cuda = opened()
    assert "not permitted when stream is capturing" in said(lambda: cuda.record(cuda.synchronize))

    def allocates() -> None:
        cuda.buffer(SIZE)

    assert "not permitted when stream is capturing" in said(lambda: cuda.record(allocates))
    cuda.synchronize()
    assert fake.open_objects() == {"stream": 1}


# ---- giving back --------------------------------------------------------------------------------------------------


def test_nothing_is_left_after_close_whatever_was_still_open(fake: Any, opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    graph = cuda.record(lambda: buffer.upload(SIZE))
    assert fake.open_objects() == {"device": 1, "pinned": 1, "executable": 1, "stream": 1}
    cuda.close()
    assert fake.open_objects() == {}
    for free in (cuda.close, buffer.free, graph.free):
        free()


def test_what_is_freed_is_given_back_once(fake: Any, opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    graph = cuda.record(lambda: buffer.upload(SIZE))
    for _ in range(2):
        graph.free()
        buffer.free()
    assert fake.open_objects() == {"stream": 1}
    assert sum(fake.CALLS[name] for name in ("cuMemFree", "cudaFree")) == 1


def test_a_copy_that_is_queued_is_done_before_its_memory_is_freed(opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    buffer.download(SIZE)
    buffer.free()
    cuda.synchronize()


def test_what_was_given_back_refuses_to_be_used(opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    graph = cuda.record(lambda: buffer.upload(SIZE))
    graph.free()
    buffer.free()
    cuda.close()
    uses: list[Callable[[], object]] = [
        graph.launch,
        *(lambda: buffer.host, lambda: buffer.address, lambda: buffer.upload(1), lambda: buffer.download(1)),
        *(lambda: cuda.stream, lambda: cuda.buffer(1), cuda.synchronize, lambda: cuda.record(lambda: None)),
    ]
    for use in uses:
        assert "was given back and is used again" in said(use)


def test_two_devices_close_in_any_order(fake: Any, opened: Open, binding: str) -> None:
    first = opened()
    second = BINDINGS[binding]()
    first.buffer(SIZE)
    held = second.buffer(SIZE)
    first.close()
    held.upload(SIZE)
    second.synchronize()
    second.close()
    third = BINDINGS[binding]()
    third.buffer(SIZE).upload(SIZE)
    third.close()
    assert fake.open_objects() == {}


def test_a_process_that_ends_with_its_device_open_ends_well(binding: str) -> None:
    code = (
        f"from edge.runtime.cuda import {binding}\n"
        f"cuda = {binding}.open_device()\nbuffer = cuda.buffer(8)\nprint(cuda.device.name)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{SITE}:{ROOT}", "MIEN_FAKE_CUDA": '{"name": "Fake Nano"}'},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Fake Nano\n", "")
