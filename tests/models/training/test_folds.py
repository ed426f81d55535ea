"""Folds of people: nobody is in two, and each is scored by a network that never saw them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.data import Faces
from models.errors import DataError
from models.prepared import Prepared
from models.training.checkpoint import load
from models.training.folds import crossvalidated, dealt, table
from models.training.machine import Machine
from models.training.recipe import Recipe
from models.training.targets import taken
from tests.models.conftest import as_prepared, made_faces

SHORT = Recipe(epochs=1, batch=16, learning_rate=0.02, each=32, sides=((1.0, 16),))


def named(faces: Faces, people: int) -> Prepared:
    return replace(as_prepared(faces), people=np.array([f"person {row // 2 % people}" for row in range(len(faces))]))


def test_a_person_is_in_one_fold_and_the_folds_are_about_as_large() -> None:
    people = ["a"] * 10 + ["b"] * 6 + ["c"] * 5 + ["d"] * 1
    folds = dealt(people, 2)
    assert len({(person, fold) for person, fold in zip(people, folds.tolist(), strict=True)}) == 4
    assert sorted(np.bincount(folds).tolist()) == [11, 11]


def test_there_must_be_a_person_for_each_fold() -> None:
    with pytest.raises(DataError, match="3 folds of 2 people"):
        dealt(["a", "b"], 3)


def test_as_many_pictures_are_taken_as_asked_and_each_about_as_often(faces: Faces) -> None:
    few, many = taken(as_prepared(faces), 16, seed=1), taken(as_prepared(faces), 130, seed=1)
    assert (len(few), len(many)) == (16, 130)
    counts = np.unique(many.images.reshape(130, -1), axis=0, return_counts=True)[1]
    assert set(counts.tolist()) == {2, 3}
    assert len(taken(as_prepared(faces), 0, seed=1)) == len(faces)


def test_everybody_is_scored_once_and_what_is_done_is_not_done_again(
    tmp_path: Path, faces: Faces, others: Faces
) -> None:
    people = named(made_faces(24, seed=5), people=4)
    options: tuple[Any, ...] = (2, others, tmp_path, SHORT, Machine(), [])
    found = crossvalidated([as_prepared(faces)], people, *options)
    assert (found.scores.n, found.people) == (24, 4)
    assert sum(count for count, _ in found.by_person.values()) == 24
    assert json.loads((tmp_path / "folds.json").read_text())["folds"] == 2
    assert "2 folds of 4 people, 24 faces" in table(found)
    before = (tmp_path / "fold-1" / "checkpoint.pt").stat().st_mtime_ns
    assert crossvalidated([as_prepared(faces)], people, *options) == found
    assert (tmp_path / "fold-1" / "checkpoint.pt").stat().st_mtime_ns == before


def test_a_fold_begins_with_the_weights_of_a_finished_run(tmp_path: Path, faces: Faces, others: Faces) -> None:
    people = named(made_faces(24, seed=5), people=4)
    crossvalidated([as_prepared(faces)], people, 2, others, tmp_path / "first", SHORT, Machine(), [])
    start = tmp_path / "first" / "fold-0"
    crossvalidated([as_prepared(faces)], people, 2, others, tmp_path / "second", SHORT, Machine(), [start])
    state = load(tmp_path / "second" / "fold-0" / "checkpoint.pt")
    assert len(json.loads(state["recipe"])["start"]) == 64


def test_folds_of_nobody_are_refused(tmp_path: Path, faces: Faces, others: Faces) -> None:
    with pytest.raises(DataError, match="everybody is named"):
        crossvalidated([], as_prepared(faces), 2, others, tmp_path, SHORT, Machine(), [])
