"""Prepared sets: read as they were written, and one of several."""

from pathlib import Path

import numpy as np
import pytest

from models import prepared
from models.data import NOT_A_CLASS, Faces
from models.errors import DataError

from .conftest import as_prepared, write_faces


def test_a_set_is_read_as_it_was_written(tmp_path: Path, faces: Faces) -> None:
    faces.labels[3], faces.votes[4] = NOT_A_CLASS, 0
    made = as_prepared(faces)
    prepared.write(made, tmp_path / "made.parquet")
    read = prepared.read(tmp_path / "made.parquet")
    for name in ("images", "votes", "labels", "people", "sources"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))
    assert read.manifest == made.manifest


def test_several_sets_are_one_whose_manifest_names_all(faces: Faces, others: Faces) -> None:
    both = prepared.joined([as_prepared(faces, "first"), as_prepared(others, "second")])
    assert len(both) == len(faces) + len(others)
    assert [source.name for source in both.manifest] == ["first", "second"]
    assert set(both[:3].sources) == {"first"}


def test_no_set_at_all_says_how_to_build_one() -> None:
    with pytest.raises(DataError, match="mien-models data build"):
        prepared.joined([])


def test_a_file_that_is_no_prepared_set_is_refused(tmp_path: Path, faces: Faces) -> None:
    with pytest.raises(DataError, match="no such file"):
        prepared.read(tmp_path / "none.parquet")
    with pytest.raises(DataError, match="not a prepared set"):
        prepared.read(write_faces(tmp_path / "other.parquet", faces))
