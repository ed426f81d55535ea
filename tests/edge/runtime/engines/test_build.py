"""Building what is missing, and loading it again: over the fakes of TensorRT and CUDA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError, RuntimeFailure
from edge.runtime import tensorrt as ours
from edge.runtime.backend import ModelFile
from edge.runtime.cuda.api import Cuda
from edge.runtime.engines.build import build_missing
from edge.runtime.engines.folder import Folder, NoEngine
from edge.runtime.engines.key import Key, this_box
from edge.runtime.engines.runtime import TensorRTRuntime
from tests.edge.runtime.made import NETWORKS

TWO = [NETWORKS["cover"], NETWORKS["onet"]]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "engines")
    made.make_ready()
    return made


def test_what_is_missing_is_built_once_and_compared_each_time(tensorrt: Any, cuda: Cuda, folder: Folder) -> None:
    first = build_missing(folder, TWO, cuda)
    assert [one.network for one in first] == ["cover", "onet"]
    assert all(one.seconds > 0 for one in first)
    assert tensorrt.CALLS.count("build") == 2
    again = build_missing(folder, TWO, cuda)
    assert [one.seconds for one in again] == [0.0, 0.0]
    assert tensorrt.CALLS.count("build") == 2
    assert str(again[0]).startswith("cover: was there, at most ")


def test_a_new_tensorrt_builds_anew_and_the_old_engine_goes(
    tensorrt: Any, cuda: Cuda, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_missing(folder, TWO[:1], cuda)
    monkeypatch.setattr(tensorrt, "__version__", "10.16.2")
    build_missing(folder, TWO[:1], cuda)
    assert tensorrt.CALLS.count("build") == 2
    assert len(list(folder.path.glob("*.engine"))) == 1
    assert "timing refused: 13" in tensorrt.CALLS


def test_a_damaged_engine_is_built_anew(tensorrt: Any, cuda: Cuda, folder: Folder) -> None:
    build_missing(folder, TWO[:1], cuda)
    (plan,) = folder.path.glob("*.engine")
    plan.write_bytes(b"damaged")
    (built,) = build_missing(folder, TWO[:1], cuda)
    assert built.seconds > 0
    assert tensorrt.CALLS.count("build") == 2


def test_an_engine_that_says_something_else_is_not_kept(tensorrt: Any, cuda: Cuda, folder: Folder) -> None:
    tensorrt.FAULTS["wrong"] = True
    with pytest.raises(RuntimeFailure, match="cover: its engine says something else than ONNX Runtime"):
        build_missing(folder, TWO, cuda)
    assert list(folder.path.glob("*.engine")) == []
    with pytest.raises(RuntimeFailure, match="it is not built again before `mien-convert engine` is run"):
        build_missing(folder, TWO, cuda)
    assert tensorrt.CALLS.count("build") == 1
    tensorrt.FAULTS.clear()
    folder.forget_refusals()
    assert len(build_missing(folder, TWO, cuda)) == 2


def test_no_memory_for_an_engine_that_is_there_does_not_build_it_again(
    tensorrt: Any, cuda: Cuda, folder: Folder
) -> None:
    build_missing(folder, TWO, cuda)
    tensorrt.FAULTS["context"] = "out of memory"
    with pytest.raises(RuntimeFailure, match="no memory"):
        build_missing(folder, TWO, cuda)
    assert tensorrt.CALLS.count("build") == 2


def test_a_disk_without_room_is_told_before_a_build(
    tensorrt: Any, cuda: Cuda, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.runtime.engines.folder.ROOM", 1 << 60)
    with pytest.raises(RuntimeFailure, match="MB are free"):
        build_missing(folder, TWO, cuda)
    assert "build" not in tensorrt.CALLS


def test_a_network_that_is_not_its_cards_is_never_built(tensorrt: Any, cuda: Cuda, folder: Folder) -> None:
    with pytest.raises(ModelError, match="differs from its card"):
        build_missing(folder, [ModelFile(TWO[0].path, "0" * 64)], cuda)
    assert "build" not in tensorrt.CALLS


def test_a_build_tells_its_networks_and_the_share_of_all(cuda: Cuda, folder: Folder) -> None:
    told: list[tuple[str, float]] = []
    build_missing(folder, TWO, cuda, lambda step, share: told.append((step, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[0] == ("cover: reading the network", 0.0)
    assert told[-1] == ("onet: comparing with ONNX Runtime", 0.975)
    assert max(share for step, share in told if step == "cover: Tactic Selection") == pytest.approx(0.475)


def test_the_runtime_loads_what_was_built(cuda: Cuda, folder: Folder, fake_cuda: Any) -> None:
    runtime = TensorRTRuntime(folder, cuda)
    assert not runtime.has(TWO[1])
    with pytest.raises(NoEngine):
        runtime.load(TWO[1])
    build_missing(folder, TWO, cuda)
    assert runtime.has(TWO[1])
    (score,) = runtime.load(TWO[1], "score").infer(np.zeros((2, 48, 48, 3), np.uint8))
    assert score.shape == (2, 1)
    runtime.close()
    assert fake_cuda.open_objects() == {}


def test_an_engine_that_went_wrong_since_is_not_loaded(tensorrt: Any, cuda: Cuda, folder: Folder) -> None:
    build_missing(folder, TWO, cuda)
    tensorrt.FAULTS["wrong"] = True
    with pytest.raises(RuntimeFailure, match="says something else"):
        TensorRTRuntime(folder, cuda).load(TWO[0])


def test_a_plan_from_elsewhere_is_not_loaded_even_where_it_would_run(cuda: Cuda, folder: Folder) -> None:
    """A folder that was copied with the disk of another box."""
    plan = ours.build(TWO[0].path.read_bytes(), "cover")
    elsewhere = this_box(ours.version(), cuda.device)
    other = Key(TWO[0].sha256, type(elsewhere)(*(elsewhere.tensorrt, elsewhere.gpu, elsewhere.capability, "", "other")))
    folder.keep(other, "cover", plan)
    with pytest.raises(NoEngine):
        TensorRTRuntime(folder, cuda).load(TWO[0])
