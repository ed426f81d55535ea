"""The stages whose instructions are counted do what they are named after."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bench import clips, hot


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hot")
    hot.prepare(path, calls=2)
    return path


def test_every_stage_and_its_peer_can_be_called_again(folder: Path) -> None:
    stages = hot.stages(clips.write_all(folder, hot.FRAMES)["synthetic"], folder)
    assert [*stages] == [*hot.UNITS]
    for ours, bare in stages.values():
        for _ in range(2):
            ours()
            bare()
    stored = 2 * hot.UNITS["store a reading"]
    for name in ("central.db", "bare.db"):
        db = sqlite3.connect(folder / name)
        assert db.execute("SELECT count(*) FROM readings").fetchone() == (stored,)
        db.close()
