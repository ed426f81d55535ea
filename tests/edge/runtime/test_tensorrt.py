"""The TensorRT backend over fakes that behave as TensorRT and CUDA document themselves."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError, RuntimeFailure
from edge.runtime import tensorrt as ours
from edge.runtime.cuda.api import Cuda, CudaError
from edge.runtime.cuda.choose import open_cuda
from edge.runtime.engines.golden import golden
from edge.runtime.onnx import OnnxBackend
from tests.edge.runtime.made import NETWORKS, engine

ONET = NETWORKS["onet"]
BATCH = np.random.default_rng(3).integers(0, 256, (8, 48, 48, 3), dtype=np.uint8)


def refusal(work: Any, error: type[Exception] = RuntimeFailure) -> str:
    with pytest.raises(error) as caught:
        work()
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("binding", ["pycuda", "nvidia"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_says_what_onnx_runtime_says(tensorrt: Any, name: str, binding: str) -> None:
    cuda = open_cuda(binding)
    made, reference = engine(cuda, NETWORKS[name]), OnnxBackend(NETWORKS[name])
    for batch in golden(made.shape, made.dtype):
        for mine, other in zip(made.infer(batch), reference.infer(batch), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)
    made.close()
    cuda.close()


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 20])
def test_a_batch_of_any_size_gives_as_many_answers(cuda: Cuda, count: int) -> None:
    batch = np.random.default_rng(4).integers(0, 256, (count, 48, 48, 3), dtype=np.uint8)
    expected = OnnxBackend(ONET).infer(batch)
    for mine, other in zip(engine(cuda, ONET).infer(batch), expected, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)


def test_a_batch_is_recorded_once_and_launched_as_a_graph_from_then_on(tensorrt: Any, cuda: Cuda) -> None:
    made = engine(cuda, ONET)
    first = made.infer(BATCH[:2])
    queued = tensorrt.CALLS.count("execute")
    assert queued == 2  # once outside of the graph, once into it
    assert not np.array_equal(made.infer(BATCH[2:4])[0], first[0])
    np.testing.assert_array_equal(made.infer(BATCH[:2])[0], first[0])
    assert tensorrt.CALLS.count("execute") == queued


def test_an_answer_is_not_changed_by_the_next_one(cuda: Cuda) -> None:
    made = engine(cuda, ONET)
    first = made.infer(BATCH[:1])
    before = [output.copy() for output in first]
    made.infer(BATCH[1:2])
    for now, then in zip(first, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_each_batch_size_keeps_its_own_graph(tensorrt: Any, cuda: Cuda) -> None:
    made = engine(cuda, ONET)
    one, four = made.infer(BATCH[:1]), made.infer(BATCH[:4])
    queued = tensorrt.CALLS.count("execute")
    np.testing.assert_array_equal(made.infer(BATCH[:1])[0], one[0])
    np.testing.assert_array_equal(made.infer(BATCH[:4])[0], four[0])
    assert tensorrt.CALLS.count("execute") == queued


def test_without_graphs_it_says_the_same(tensorrt: Any, cuda: Cuda) -> None:
    with_graphs, without = engine(cuda, ONET), engine(cuda, ONET, graphs=False)
    without.infer(BATCH[:3])
    before = tensorrt.CALLS.count("execute")
    np.testing.assert_array_equal(without.infer(BATCH[:3])[0], with_graphs.infer(BATCH[:3])[0])
    assert tensorrt.CALLS.count("execute") > before


def test_pictures_of_any_size_are_run_as_they_come(cuda: Cuda) -> None:
    made, reference = engine(cuda, NETWORKS["pnet"]), OnnxBackend(NETWORKS["pnet"])
    random = np.random.default_rng(5)
    for size in ((144, 192), (12, 12), (37, 91), (144, 192)):
        picture = random.integers(0, 256, (1, *size, 3), dtype=np.uint8)
        for mine, other in zip(made.infer(picture), reference.infer(picture), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)


def test_one_output_is_given_alone_where_it_is_named(cuda: Cuda) -> None:
    (score,) = engine(cuda, ONET, "score").infer(BATCH[:2])
    assert score.shape == (2, 1)


def test_an_output_that_is_not_there_is_refused_with_those_that_are(cuda: Cuda) -> None:
    assert "logits but landmarks, offset, score" in refusal(lambda: engine(cuda, ONET, "logits"), ModelError)


@pytest.mark.parametrize(
    "batch",
    [
        np.zeros((1, 48, 48, 3), np.float32),
        np.zeros((1, 24, 24, 3), np.uint8),
        np.zeros((48, 48, 3), np.uint8),
        np.zeros((0, 48, 48, 3), np.uint8),
    ],
)
def test_what_is_no_batch_of_the_network_is_refused(cuda: Cuda, batch: Any) -> None:
    text = refusal(lambda: engine(cuda, ONET).infer(batch), ModelError)
    assert "onet: does not take" in text


def test_a_picture_beyond_the_profile_is_left_to_another_runtime(cuda: Cuda) -> None:
    made = engine(cuda, NETWORKS["pnet"])
    assert "beyond the engine's profile" in refusal(lambda: made.infer(np.zeros((1, 12, 1200, 3), np.uint8)))


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("parse", "TensorRT cannot read it"),
        ("build", "TensorRT built no engine"),
        ("deserialize", "TensorRT does not take this engine"),
        ("context", "TensorRT has no memory to run it"),
        ("builder", "TensorRT cannot be used"),
        ("runtime", "TensorRT cannot be used"),
    ],
)
def test_a_none_of_tensorrt_becomes_an_error_with_its_own_words(
    tensorrt: Any, cuda: Cuda, fault: str, text: str
) -> None:
    tensorrt.FAULTS[fault] = "OutOfMemory (requested 1234 bytes)\nand a second line"
    said = refusal(lambda: engine(cuda, ONET))
    assert said.startswith(f"onet: {text}: OutOfMemory (requested 1234 bytes) and a second line")


def test_a_file_that_is_no_network_is_refused_by_the_parser(tensorrt: Any) -> None:
    assert refusal(lambda: ours.build(b"no network", "expression")).startswith("expression: TensorRT cannot read it: ")


@pytest.mark.parametrize("damage", [lambda plan: b"", lambda plan: plan[:-1], lambda plan: b"x" + plan[1:]])
def test_a_plan_that_is_damaged_is_refused(cuda: Cuda, damage: Any) -> None:
    plan = ours.build(ONET.path.read_bytes(), "onet").engine
    assert "Magic tag" in refusal(lambda: ours.Engine(damage(plan), cuda, "onet"))


def test_a_plan_of_another_version_is_refused(tensorrt: Any, cuda: Cuda, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = ours.build(ONET.path.read_bytes(), "onet").engine
    monkeypatch.setattr(tensorrt, "__version__", "10.4.0")
    assert "not compatible with this version" in refusal(lambda: ours.Engine(plan, cuda, "onet"))


def test_a_run_that_fails_says_what_tensorrt_said(tensorrt: Any, cuda: Cuda) -> None:
    made = engine(cuda, ONET, graphs=False)
    made.infer(BATCH[:1])
    tensorrt.FAULTS["execute"] = 1
    assert "the launch timed out" in refusal(lambda: made.infer(BATCH[:1]))


@pytest.mark.parametrize("call", ["cudaStreamSynchronize", "cudaGraphLaunch", "*"])
def test_a_gpu_that_goes_away_in_mid_run_is_an_error_and_can_still_be_closed(
    fake_cuda: Any, cuda: Cuda, call: str
) -> None:
    made = engine(cuda, ONET)
    made.infer(BATCH[:1])
    fake_cuda.FAULTS[call] = 0
    assert "an illegal memory access" in refusal(lambda: made.infer(BATCH[:1]), CudaError)
    made.close()
    fake_cuda.FAULTS.clear()


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_no_memory_for_a_buffer_is_an_error_and_leaves_nothing_behind(fake_cuda: Any, cuda: Cuda, failing: int) -> None:
    before = fake_cuda.open_objects()
    fake_cuda.FAULTS["cudaMalloc"] = failing
    assert "out of memory" in refusal(lambda: engine(cuda, ONET), CudaError)
    assert fake_cuda.open_objects() == before


def test_it_gives_everything_back(fake_cuda: Any, cuda: Cuda) -> None:
    before = fake_cuda.open_objects()
    made = engine(cuda, ONET)
    made.infer(BATCH[:3])
    assert fake_cuda.open_objects() != before
    made.close()
    made.close()
    assert fake_cuda.open_objects() == before


def test_a_timing_cache_is_used_again_and_one_of_another_version_is_not(tensorrt: Any) -> None:
    network = ONET.path.read_bytes()
    timing = ours.build(network, "onet").timing
    tensorrt.CALLS.clear()
    ours.build(network, "onet", timing=timing)
    assert f"timing taken: {len(timing)}" in tensorrt.CALLS
    ours.build(network, "onet", timing=b"of TensorRT 9")
    assert [call for call in tensorrt.CALLS if call.startswith("timing")][-2:] == [
        "timing refused: 13",
        "timing taken: 0",
    ]


def test_a_build_says_how_far_it_is(tensorrt: Any) -> None:
    shares: list[float] = []
    ours.build(ONET.path.read_bytes(), "onet", say=lambda _, share: shares.append(share))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(shares) > 8


def test_a_capture_that_is_refused_costs_the_graph_alone(tensorrt: Any, cuda: Cuda) -> None:
    tensorrt.FAULTS["capture"] = True
    made = engine(cuda, ONET)
    expected = OnnxBackend(ONET).infer(BATCH[:2])
    for _ in range(2):
        for mine, other in zip(made.infer(BATCH[:2]), expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5)
    assert tensorrt.CALLS.count("execute") == 3  # one before the capture, then one for each


def test_every_object_has_the_one_logger_of_the_process(tensorrt: Any, cuda: Cuda) -> None:
    first, second = engine(cuda, ONET), engine(cuda, NETWORKS["rnet"])
    first.close()
    tensorrt.FAULTS["execute"] = 0
    said = refusal(lambda: second.infer(np.zeros((1, 24, 24, 3), np.uint8)))
    assert "the launch timed out" in said
    assert "differs from one already registered" not in said


def test_what_goes_wrong_in_telling_is_raised_when_the_build_is_over(tensorrt: Any) -> None:
    def say(step: str, share: float) -> None:
        raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        ours.build(ONET.path.read_bytes(), "onet", say=say)


def test_an_interruption_stops_a_build(tensorrt: Any) -> None:
    told: list[float] = []

    def say(step: str, share: float) -> None:
        told.append(share)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours.build(ONET.path.read_bytes(), "onet", say=say)
    assert len(told) < 4


def test_without_tensorrt_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert "python3-libnvinfer" in refusal(lambda: ours.version())


def test_it_describes_itself(cuda: Cuda) -> None:
    assert engine(cuda, ONET).describe() == f"TensorRT 10.3.0, {cuda.device.name}"
