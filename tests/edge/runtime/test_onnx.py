"""Loading a model file: only the one its card names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from edge.bundle import DEFAULT, detector_card
from edge.errors import ModelError
from edge.runtime.backend import ModelFile
from edge.runtime.onnx import OnnxBackend


def onet() -> ModelFile:
    entry = detector_card().networks.onet
    return ModelFile(DEFAULT / entry.file, entry.sha256)


def refusal(model: ModelFile) -> str:
    with pytest.raises(ModelError) as caught:
        OnnxBackend(model)
    text = str(caught.value)
    assert "\n" not in text
    assert str(model.path) in text
    assert "reinstall the bundle" in text
    return text


def test_a_network_gives_its_outputs_in_the_order_of_the_file() -> None:
    outputs = OnnxBackend(onet()).infer(np.zeros((3, 48, 48, 3), np.uint8))
    assert [output.shape for output in outputs] == [(3, 1), (3, 4), (3, 10)]


def test_an_output_that_is_asked_for_is_given_alone() -> None:
    (score,) = OnnxBackend(onet(), "score").infer(np.zeros((3, 48, 48, 3), np.uint8))
    assert score.shape == (3, 1)


def test_a_file_whose_hash_differs_from_its_card_is_refused(tmp_path: Path) -> None:
    data = bytearray(onet().path.read_bytes())
    data[len(data) // 2] ^= 1
    changed = tmp_path / "onet.onnx"
    changed.write_bytes(data)
    text = refusal(ModelFile(changed, onet().sha256))
    assert "differs from its card" in text
    assert onet().sha256 in text


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(ModelFile(tmp_path / "gone.onnx", "0" * 64))


@pytest.mark.parametrize("content", [b"", b"no graph at all", bytes(range(256)) * 9])
def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(content)
    assert "cannot load" in refusal(ModelFile(broken, hashlib.sha256(content).hexdigest()))
