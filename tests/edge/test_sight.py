"""What reads faces: TensorRT once its engines are there, ONNX Runtime until then and where it fails."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge import bundle, sight
from edge.errors import ModelError, RuntimeFailure
from edge.runtime import onnx
from edge.runtime.cuda.choose import open_cuda
from edge.runtime.engines.build import build_missing
from edge.runtime.engines.folder import Folder
from edge.settings import Box, Model, Settings, Store
from edge.sight import Sight
from tests.edge.pictures import portrait
from tests.fakes import installed

BUNDLE = bundle.load()


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sight, "LOOK_EVERY_S", 0.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(box=Box(id="box-1"), store=Store(path=str(tmp_path / "desk.db")))


def with_backend(settings: Settings, backend: Any) -> Settings:
    return Settings(box=settings.box, store=settings.store, model=Model(backend=backend))


def build(settings: Settings) -> None:
    """What the process `engine` does."""
    folder = Folder(settings.engines)
    folder.make_ready()
    cuda = open_cuda()
    build_missing(folder, BUNDLE.every_file(), cuda)
    cuda.close()


def read(seen: Sight, at_s: float) -> float:
    """The portrait's happiness."""
    view = seen.read(portrait(), at_s)
    assert view.shares is not None
    return float(view.shares[1])


def test_engines_lie_beside_the_outbox_unless_they_are_told_where(settings: Settings, tmp_path: Path) -> None:
    assert settings.engines == tmp_path / "engines"
    assert Settings(box=settings.box, model=Model(engines="/elsewhere")).engines == Path("/elsewhere")


@pytest.mark.usefixtures("tensorrt")
def test_onnx_runtime_reads_until_the_engines_are_there(settings: Settings) -> None:
    seen = Sight.of(BUNDLE, settings)
    assert (seen.backend, seen.fault, seen.waits) == ("onnx", None, True)
    assert seen.describe().startswith("ONNX Runtime ")
    happy = read(seen, 0.0)
    seen.look_for_engines()
    assert seen.backend == "onnx"
    build(settings)
    looks = 1
    while seen.look_for_engines():
        looks += 1
    assert looks == 6, "an engine a look, then the change"
    assert (seen.backend, seen.fault, seen.waits) == ("tensorrt", None, False)
    assert seen.describe() == "TensorRT 10.3.0, Fake Orin"
    assert read(seen, 1.0) == pytest.approx(happy, abs=0.01)
    seen.close()


@pytest.mark.usefixtures("tensorrt")
def test_with_its_engines_there_tensorrt_reads_the_first_frame(settings: Settings, fake_cuda: Any) -> None:
    build(settings)
    seen = Sight.of(BUNDLE, settings)
    assert seen.backend == "tensorrt"
    read(seen, 0.0)
    seen.close()
    assert fake_cuda.open_objects() == {}


@pytest.mark.parametrize("call", ["cudaGraphLaunch", "cudaStreamSynchronize"])
def test_a_gpu_that_goes_away_loses_no_frame(
    settings: Settings, tensorrt: Any, fake_cuda: Any, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    build(settings)
    seen = Sight.of(BUNDLE, settings)
    happy = read(seen, 0.0)
    fake_cuda.FAULTS[call] = 0
    with caplog.at_level(logging.ERROR):
        assert read(seen, 1.0) == pytest.approx(happy, abs=0.05)
    assert "ONNX Runtime reads faces, though TensorRT was to" in caplog.text
    assert seen.backend == "onnx"
    assert seen.fault is not None
    assert "illegal memory access" in seen.fault
    fake_cuda.FAULTS.clear()
    seen.look_for_engines()
    assert seen.backend == "onnx", "it does not try again until it is started again"
    seen.close()


def test_a_run_that_tensorrt_refuses_is_read_by_onnx_runtime(settings: Settings, tensorrt: Any) -> None:
    build(settings)
    seen = Sight.of(BUNDLE, settings)
    tensorrt.FAULTS["execute"] = 0
    read(seen, 0.0)
    assert seen.backend == "onnx"
    assert "the launch timed out" in str(seen.fault)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("deserialize", "does not take this engine"),
        ("context", "no memory"),
        ("wrong", "something else"),
        ("runtime", "cannot be used"),
    ],
)
def test_an_engine_that_cannot_be_used_is_left_alone_loudly(
    settings: Settings, tensorrt: Any, fault: str, text: str
) -> None:
    build(settings)
    tensorrt.FAULTS[fault] = "because of a test"
    seen = Sight.of(BUNDLE, settings)
    assert seen.backend == "onnx"
    assert text in str(seen.fault)
    read(seen, 0.0)


def test_an_engine_that_was_damaged_is_waited_for(
    settings: Settings, tensorrt: Any, caplog: pytest.LogCaptureFixture
) -> None:
    build(settings)
    plan = next(settings.engines.glob("*.engine"))
    plan.write_bytes(b"damaged")
    seen = Sight.of(BUNDLE, settings)
    seen.look_for_engines()
    assert seen.backend == "onnx"
    assert "is not what this box built" in str(seen.fault)
    assert caplog.text.count("is not what this box built") == 1
    build(settings)
    while seen.look_for_engines():
        pass
    assert (seen.backend, seen.fault) == ("tensorrt", None)
    seen.close()


@pytest.mark.usefixtures("tensorrt")
def test_a_box_with_tensorrt_and_no_gpu_says_so(settings: Settings) -> None:
    with installed(driver=False):
        seen = Sight.of(BUNDLE, settings)
    assert seen.backend == "onnx"
    assert "CUDA cannot be had" in str(seen.fault)


def test_a_machine_without_tensorrt_is_no_fault_unless_it_was_asked_for(settings: Settings) -> None:
    assert (Sight.of(BUNDLE, settings).backend, Sight.of(BUNDLE, settings).fault) == ("onnx", None)
    asked = Sight.of(BUNDLE, with_backend(settings, "tensorrt"))
    assert asked.backend == "onnx"
    assert "TensorRT cannot be loaded" in str(asked.fault)


def test_a_box_that_is_told_onnx_leaves_tensorrt_alone(settings: Settings, tensorrt: Any) -> None:
    build(settings)
    tensorrt.CALLS.clear()
    seen = Sight.of(BUNDLE, with_backend(settings, "onnx"))
    seen.look_for_engines()
    assert (seen.backend, seen.fault, tensorrt.CALLS) == ("onnx", None, [])


def test_a_provider_that_onnx_runtime_does_not_have_is_refused_with_those_it_has(settings: Settings) -> None:
    with pytest.raises(
        RuntimeFailure, match=r"onnx-cuda: the installed ONNX Runtime has no CUDAExecutionProvider.*onnx"
    ):
        Sight.of(BUNDLE, with_backend(settings, "onnx-cuda"))


def test_a_provider_that_fails_as_it_runs_leaves_the_frame_to_the_processor(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(onnx.PROVIDERS, "cuda", onnx.PROCESSOR)  # a provider that is there
    seen = Sight.of(BUNDLE, with_backend(settings, "onnx-cuda"))
    assert seen.describe().endswith(", cuda")

    def fail(*_: object) -> None:
        raise RuntimeFailure("expression.onnx: failed on onnx-cuda: CUDNN_STATUS_NOT_INITIALIZED")

    monkeypatch.setattr(seen._reader, "read", fail)
    read(seen, 0.0)
    assert seen.describe().endswith(", processor")
    assert "CUDNN_STATUS" in str(seen.fault)


def test_a_network_that_is_not_its_cards_is_no_fault_of_a_runtime(settings: Settings, tmp_path: Path) -> None:
    def make(runtime: Any) -> Any:
        raise ModelError("expression.onnx: sha256 differs from its card")

    with pytest.raises(ModelError, match="differs from its card"):
        Sight(make, BUNDLE, "auto", tmp_path)


def test_golden_inputs_cost_little(settings: Settings, tensorrt: Any) -> None:
    """The comparison at each start runs no more than a few batches a network."""
    build(settings)
    tensorrt.CALLS.clear()
    Sight.of(BUNDLE, settings).close()
    assert tensorrt.CALLS.count("execute") <= 2 * 4 * len(BUNDLE.every_file())


def test_shares_of_a_face_are_those_of_its_bundle(settings: Settings) -> None:
    seen = Sight.of(BUNDLE, settings)
    view = seen.read(portrait(), 0.0)
    assert view.shares is not None
    assert float(np.sum(view.shares)) == pytest.approx(1.0, abs=1e-4)
    assert seen.least_sure > 0
