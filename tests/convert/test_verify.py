"""Float32 beside float16 on real faces: a table, and an exit status past the limits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from pyarrow import parquet

from convert import half
from convert.main import main
from convert.verify import LIMITS, Compared
from edge.bundle import DEFAULT
from tests.convert.bundle import made
from tests.edge.pictures import data_folder

KEPT = Compared("everyday", 100, 0.01, 0.999, 0.87, 0.001, 0.02, -0.001)


def valid() -> str:
    return str(data_folder() / "fer2013plus" / "valid.parquet")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"agreement": 0.994}, "labels agree on 99.40%, at least 99.50% must"),
        ({"accuracy_change": -0.0021}, "accuracy changes by -0.21%, 0.20% at most"),
        ({"calibration_change": 0.006}, "the calibration error changes by +0.60%, 0.50% at most"),
        ({"logits": 0.06}, "a logit differs by 0.0600, 0.05 at most"),
        ({"logits": float("nan")}, "a logit differs by nan, 0.05 at most"),
    ],
)
def test_what_is_past_a_limit_is_said(fields: dict[str, float], text: str) -> None:
    assert KEPT.past() == []
    past = Compared(**{**{name: getattr(KEPT, name) for name in KEPT.__struct_fields__}, **fields})
    assert past.past() == [text]


@pytest.mark.system
@pytest.mark.timeout(300)
def test_the_default_model_in_half_reads_real_faces_as_it_does_in_float32(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["verify", "default", "--data", valid(), "--labels", "ferplus", "--json"]) == 0
    (first, *_) = rows = json.loads(capsys.readouterr().out)
    assert first["n"] == 3199
    for row in rows:
        assert row["agreement"] >= 0.998
        assert abs(row["accuracy_change"]) <= 0.001
        assert 0 < row["logits"] <= 0.02


def worse(folder: Path) -> Path:
    """A copy of the default bundle whose network has lost the last bits of every weight."""
    bundle = made.copy(folder)
    model = half.half(half.read(DEFAULT / "expression.onnx"))
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16 and len(tensor.dims) > 1:
            bits = numpy_helper.to_array(tensor).view(np.uint16) & np.uint16(0xFF00)
            tensor.CopyFrom(numpy_helper.from_array(bits.view(np.float16), tensor.name))
    onnx.save(model, str(bundle / "expression.onnx"))
    made.rehash(bundle)
    return bundle


def few(path: Path) -> list[str]:
    """Options that name 200 labelled faces."""
    parquet.write_table(parquet.read_table(valid()).slice(0, 200), path)
    return ["--data", str(path), "--labels", "ferplus"]


def test_a_file_that_answers_otherwise_is_past_the_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle, data = str(worse(tmp_path / "worse")), few(tmp_path / "few.parquet")
    assert main(["verify", bundle, *data]) == 0
    assert "Of its own weights, in half as they are" in capsys.readouterr().out
    assert main(["verify", bundle, "--float32", str(DEFAULT / "expression.onnx"), *data]) == 1
    out, err = capsys.readouterr()
    assert f"{LIMITS.agreement:.2%}" in out
    assert "labels agree on" in err.splitlines()[-1]
    assert main(["verify", "default", *data]) == 0
    assert "ferplus" in capsys.readouterr().out


def test_an_unknown_bundle_and_missing_faces_are_errors_of_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "nobody", "--data", "faces.parquet"]) == 1
    assert 'nobody": there is none of that name' in capsys.readouterr().err
    assert main(["verify", "default", "--data", str(tmp_path / "faces.parquet")]) == 1
    assert "faces.parquet: no such file" in capsys.readouterr().err
