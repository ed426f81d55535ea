"""Every failure of CUDA is a CudaError in one line that names the call and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from edge.runtime.cuda import choose, nvidia, pycuda
from edge.runtime.cuda.api import Cuda
from edge.runtime.cuda.driver import Graphs
from tests.edge.runtime.cuda.conftest import BINDINGS, Open, said
from tests.fakes import installed

SIZE = 8
OPENING = {
    "pycuda": (
        *("cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent"),
        *("cuDeviceGetAttribute", "cuDeviceGetName", "cuStreamCreate"),
    ),
    "nvidia": ("cudaSetDevice", "cudaGetDeviceProperties", "cudaStreamCreateWithFlags"),
}
RUNNING = {
    "pycuda": (
        *("cuMemHostAlloc", "cuMemAlloc", "cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuStreamSynchronize"),
        *("cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphDestroy"),
        *("cuGraphLaunch", "cuGraphExecDestroy", "cuCtxPopCurrent"),
    ),
    "nvidia": (
        *("cudaHostAlloc", "cudaMalloc", "cudaMemcpyAsync", "cudaStreamSynchronize", "cudaStreamBeginCapture"),
        *("cudaStreamEndCapture", "cudaGraphInstantiate", "cudaGraphDestroy", "cudaGraphLaunch"),
        *("cudaGraphExecDestroy", "cudaFree", "cudaFreeHost", "cudaStreamDestroy"),
    ),
}
REACHING = {"pycuda": "cuMemHostGetDevicePointer", "nvidia": "cudaHostGetDevicePointer"}
LEFT = {
    **{"cudaFree": {"device": 1}, "cudaFreeHost": {"pinned": 1}, "cudaStreamDestroy": {"stream": 1}},
    **{"cuGraphDestroy": {"graph": 1}, "cudaGraphDestroy": {"graph": 1}},
    **{"cuGraphExecDestroy": {"executable": 1}, "cudaGraphExecDestroy": {"executable": 1}},
}
# pycuda prints what fails as it gives memory or a stream back, and goes on: nobody could do anything about it.
PRINTED = ("cuMemFree", "cuMemFreeHost", "cuStreamDestroy")


def both(table: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(binding, call) for binding, calls in table.items() for call in calls]


def all_there_is(cuda: Cuda) -> None:
    """A device's whole life."""
    buffer = cuda.buffer(SIZE)

    def work() -> None:
        buffer.upload(SIZE)
        buffer.download(SIZE)

    work()
    cuda.synchronize()
    graph = cuda.record(work)
    graph.launch()
    graph.free()
    buffer.free()
    cuda.close()


@pytest.mark.parametrize(("binding", "call"), both(OPENING))
def test_a_call_that_fails_as_the_device_is_opened_is_named_and_nothing_stays(
    fake: Any, monkeypatch: pytest.MonkeyPatch, binding: str, call: str
) -> None:
    monkeypatch.setattr(pycuda, "_PRIMARY", pycuda._Primary())  # as in a thread that opens its first
    fake.reset({call: 1})
    assert f"{call} failed: an illegal memory access" in said(BINDINGS[binding])
    assert fake.open_objects() == {}
    all_there_is(BINDINGS[binding]())
    assert fake.open_objects() == {}


@pytest.mark.parametrize(("binding", "call"), both(RUNNING))
def test_a_call_that_fails_in_a_device_s_life_is_named_and_nothing_stays(fake: Any, binding: str, call: str) -> None:
    cuda = BINDINGS[binding]()
    fake.FAULTS[call] = 1
    assert f"{call} failed: " in said(lambda: all_there_is(cuda))
    cuda.close()
    assert fake.open_objects() == LEFT.get(call, {}), "but what CUDA itself did not take back"


def test_memory_that_cannot_be_mapped_is_said_and_given_back(fake: Any, opened: Open, binding: str) -> None:
    cuda = opened(integrated=True)
    fake.FAULTS[REACHING[binding]] = 1
    assert REACHING[binding] in said(lambda: cuda.buffer(SIZE))
    assert fake.open_objects() == {"stream": 1}


@pytest.mark.parametrize("call", [0, 1])
def test_no_memory_left_says_so_and_holds_none(fake: Any, opened: Open, binding: str, call: int) -> None:
    cuda = opened()
    name = RUNNING[binding][call]
    fake.FAULTS[name] = 1
    text = said(lambda: cuda.buffer(SIZE))
    assert text.startswith(f"{name} failed: out of memory, the GPU has none left; stop ")
    assert fake.open_objects() == {"stream": 1}


def test_a_device_that_is_lost_for_good_can_still_be_closed(fake: Any, opened: Open) -> None:
    cuda = opened()
    buffer = cuda.buffer(SIZE)
    graph = cuda.record(lambda: buffer.upload(SIZE))
    fake.FAULTS["*"] = 0
    said(graph.launch)
    said(buffer.free)
    said(cuda.close)
    for free in (graph.free, buffer.free, cuda.close):
        free()


def test_a_graph_of_a_driver_that_is_too_old_says_which_call_is_missing() -> None:
    assert "libcuda.so.1 has no cuGraphLaunch; install " in said(lambda: Graphs(object()).launch(1, 2))


# ---- nothing there ------------------------------------------------------------------------------------------------


def test_no_driver_is_said_by_each_binding() -> None:
    with installed(driver=False):
        assert "pycuda cannot be imported" in said(pycuda.open_device)
        assert "CUDA driver version is insufficient" in said(nvidia.open_device)


def test_no_binding_is_said_with_how_to_install_it() -> None:
    with installed(pycuda=False, bindings=False):
        assert "pip install 'mien[jetson]', with nvcc on the PATH" in said(pycuda.open_device)
        assert "pip install 'mien[cuda]'" in said(nvidia.open_device)


def test_bindings_that_look_for_the_driver_late_say_that_there_is_none(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cudaSetDevice(device: int) -> None:
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    import cuda.bindings.runtime as runtime

    monkeypatch.setattr(runtime, "cudaSetDevice", cudaSetDevice)
    text = said(nvidia.open_device)
    assert text.startswith("cudaSetDevice failed: Failed to dlopen libcuda.so.1; install NVIDIA's driver")


# ---- which one ----------------------------------------------------------------------------------------------------


def used(fake: Any) -> str:
    """Which binding opened the device."""
    return "nvidia" if fake.CALLS["cudaSetDevice"] else "pycuda"


@pytest.mark.parametrize(("jetson", "wanted"), [(True, "pycuda"), (False, "nvidia")])
def test_a_jetson_takes_pycuda_and_others_nvidia(
    fake: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, jetson: bool, wanted: str
) -> None:
    release = tmp_path / "nv_tegra_release"
    if jetson:
        release.touch()
    monkeypatch.setattr(choose, "RELEASE", release)
    choose.open_cuda().close()
    assert used(fake) == wanted


@pytest.mark.parametrize(("missing", "wanted"), [("pycuda", "nvidia"), ("bindings", "pycuda")])
def test_where_the_first_is_missing_the_other_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, missing: str, wanted: str
) -> None:
    for release in (tmp_path, tmp_path / "none"):  # on a Jetson or not
        monkeypatch.setattr(choose, "RELEASE", release)
        with installed(pycuda=missing != "pycuda", bindings=missing != "bindings") as fake:
            choose.open_cuda().close()
            assert used(fake) == wanted


def test_a_binding_that_is_named_is_the_only_one_tried(binding: str) -> None:
    with installed() as fake:
        choose.open_cuda(binding).close()
        assert used(fake) == binding
    with installed(pycuda=binding != "pycuda", bindings=binding != "nvidia"):
        assert "cannot be imported" in said(lambda: choose.open_cuda(binding))


def test_a_binding_that_there_is_not_is_refused() -> None:
    assert "cupy is no binding of CUDA; name one of pycuda, nvidia" in said(lambda: choose.open_cuda("cupy"))


def test_where_none_works_both_reasons_are_said() -> None:
    with installed(driver=False, bindings=False):
        text = said(choose.open_cuda)
    assert "pycuda cannot be imported" in text
    assert "cuda-bindings cannot be imported" in text
    assert text.endswith("elsewhere pip install 'mien[cuda]'")


@pytest.mark.parametrize("call", PRINTED)
def test_what_pycuda_only_prints_stops_nothing(fake: Any, capfd: pytest.CaptureFixture[str], call: str) -> None:
    cuda = pycuda.open_device()
    fake.FAULTS[call] = 1
    all_there_is(cuda)
    assert call in capfd.readouterr().err
