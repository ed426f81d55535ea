"""An outbox file in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.settings import Store
from edge.store import prepare


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Settings of an outbox that the process `store` has prepared."""
    store = Store(path=str(tmp_path / "desk.db"))
    prepare(store)
    return store
