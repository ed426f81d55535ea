"""What counts as the start of a desk that reads expressions with TensorRT."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.engine_start import check_backend, has_expression, has_health
from bench.errors import BenchError
from contract.reading import Reason
from edge.settings import Policy, Store
from edge.store import Outbox, Vitals, prepare
from tests.edge import made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    store = Store(path=str(path))
    prepare(store)
    opened = Outbox(store, Policy())
    yield opened
    opened.close()


def test_a_reading_without_an_expression_is_no_start(path: Path, outbox: Outbox) -> None:
    assert not has_expression(path)
    outbox.add(made.without_face(1, Reason.NO_FACE))
    assert not has_expression(path)
    outbox.add(made.reading(2))
    assert has_expression(path)


def test_a_start_counts_only_on_what_it_was_to_run_on(path: Path, outbox: Outbox) -> None:
    assert not has_health(path)
    outbox.note_health(Vitals(15.0, "net-1", "tensorrt"))
    assert has_health(path)
    check_backend(path, "tensorrt")
    outbox.note_health(Vitals(15.0, "net-1", "onnx", "its engine says something else"))
    with pytest.raises(BenchError, match=r"ran on onnx, not on tensorrt.*its engine says something else"):
        check_backend(path, "tensorrt")
