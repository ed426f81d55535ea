"""An application over hand-made rows, at a clock that stands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine

from central import database
from central.web import create_app
from tests.central.web import rows
from tests.central.web.rows import MINUTE, SAD

NOW: Final = 1_795_164_129_000  # Friday 20 November 2026, 15:42:09 in Hanoi
HOSTILE: Final = "<script>alert('desk')</script>"


@pytest.fixture(scope="session")
def floor_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real desk of a hostile name that looks sad, a simulated one that looks happy, one that was never heard of."""
    path = tmp_path_factory.mktemp("floor") / "central.db"
    engine = database.connect(f"sqlite:///{path}")
    database.migrate(engine)
    with engine.begin() as connection:
        _fill(connection)
    engine.dispose()
    return path


@pytest.fixture
def floor(floor_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A copy of that floor for one test."""
    engine = database.connect(f"sqlite:///{shutil.copy(floor_file, tmp_path / 'floor.db')}")
    yield engine
    engine.dispose()


def _fill(connection: Connection) -> None:
    start = NOW - NOW % MINUTE
    rows.site(connection, name="Da Nang & co")
    rows.desk(connection, HOSTILE, box="box-1", team="A&B", position=1)
    rows.desk(connection, "Desk 2", box="box-2", team="A&B", position=2)
    rows.desk(connection, "Desk 3", box="box-3", position=3)
    rows.box(connection, "box-1", live_ms=NOW - 2000, model="m-1", software="0.1.0")
    rows.box(connection, "box-2", live_ms=NOW - 2000, simulated=True)
    for i in range(1, 20):
        at = start - i * MINUTE
        rows.minute(connection, "box-1", at, seen=45.0, unseen_s=15.0, shares=SAD)
        rows.minute(connection, "box-2", at, seen=60.0, simulated_s=60.0)
    for box, shares in (("box-1", SAD), ("box-2", rows.HAPPY)):
        first = start - 19 * MINUTE
        rows.quarter(connection, box, first - first % rows.QUARTER, seen=855.0)
        rows.reading(connection, box, NOW - 2000, shares=shares, simulated=box == "box-2")


@pytest.fixture
def app(floor: Engine) -> Iterator[Flask]:
    """The pages over that floor."""
    made = create_app(floor, clock=lambda: NOW, max_streams=2, tick_s=0.05)
    yield made
    made.extensions["mien"].hub.stop()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A reader of the pages."""
    return app.test_client()
