"""A broker that runs and a box with an empty outbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.settings import Settings
from tests.broker import BrokerProcess, mosquitto
from tests.edge.publishing import desk_at


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[BrokerProcess]:
    """An open broker that runs."""
    with mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, broker: BrokerProcess) -> Settings:
    """A box with an empty outbox."""
    return desk_at(tmp_path, broker)
