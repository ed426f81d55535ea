"""Golden inputs: an engine that computes in half passes, one that is wrong does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import RuntimeFailure
from edge.runtime.engines.golden import compare, golden
from edge.runtime.onnx import OnnxBackend
from tests.edge.runtime.made import NETWORKS

SHAPE = (-1, 1, 40, 40)
REFERENCE = OnnxBackend(NETWORKS["expression"])


@dataclass
class Changed:
    """ONNX Runtime, and something done to what it says."""

    change: Any

    def infer(self, batch: NDArray[Any]) -> list[NDArray[np.float32]]:
        return [self.change(output) for output in REFERENCE.infer(batch)]

    def describe(self) -> str:
        return "changed"


def test_golden_inputs_are_the_same_everywhere_and_alive() -> None:
    (first, *_), (again, *_) = golden(SHAPE, np.float32), golden(SHAPE, np.float32)
    np.testing.assert_array_equal(first, again)
    assert [len(batch) for batch in golden(SHAPE, np.float32)] == [1, 2, 4, 8]
    assert 0.5 < float(first.std()) < 2
    picture, other, _ = golden((-1, -1, -1, 3), np.uint8)
    assert (picture.shape, str(picture.dtype)) == ((1, 120, 160, 3), "uint8")
    assert other.shape == (1, 37, 91, 3)
    assert float(picture.std()) > 30


def test_what_half_precision_does_to_an_answer_passes() -> None:
    # Sums in another order, and an answer in half: the reference's own may be one already.
    rounded = Changed(lambda output: (output * np.float32(1.0005)).astype(np.float16).astype(np.float32))
    assert 0 < compare(rounded, REFERENCE, SHAPE, np.float32, "expression") < 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda output: output + np.float32(0.3),
        lambda output: -output,
        lambda output: output * np.float32(1.2),
        lambda output: np.zeros_like(output),
        lambda output: output[:, ::-1],
        lambda output: np.full_like(output, np.nan),
        lambda output: np.concatenate([output[:-1], output[:-1][:1]]) if len(output) > 1 else output,
    ],
)
def test_a_wrong_answer_is_refused(change: Any) -> None:
    with pytest.raises(RuntimeFailure, match="says something else than ONNX Runtime"):
        compare(Changed(change), REFERENCE, SHAPE, np.float32, "expression")


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_an_answer_of_another_shape_is_refused(columns: int) -> None:
    with pytest.raises(RuntimeFailure, match="other shapes"):
        compare(Changed(lambda output: output[:, :columns]), REFERENCE, SHAPE, np.float32, "expression")
