"""Targets: both heads' labels, and a teacher's answers mixed in."""

import numpy as np
import pytest

from models.data import NOT_A_CLASS, Faces, Floats
from models.heads import FER2013, FERPLUS, HEADS, LOGITS
from models.training.targets import asked, training_set
from tests.models.conftest import as_prepared


def unsure() -> Floats:
    """A teacher that finds everything equally likely, for 64 faces."""
    return np.concatenate([np.full((64, len(head.classes)), 1 / len(head.classes)) for head in HEADS], axis=1).astype(
        np.float32
    )


def test_the_heads_lie_side_by_side() -> None:
    assert [head.columns.indices(LOGITS)[:2] for head in HEADS] == [(0, 8), (8, 15)]


def test_votes_are_the_target_of_one_head_and_the_smoothed_label_of_the_other(faces: Faces) -> None:
    made = training_set(as_prepared(faces), smoothing=0.07)
    assert made.targets[1, FERPLUS.columns].tolist() == [0, 1, 0, 0, 0, 0, 0, 0]
    assert made.targets[1, FER2013.columns] == pytest.approx([0.01, 0.94, 0.01, 0.01, 0.01, 0.01, 0.01])


def test_a_picture_that_a_head_has_no_label_for_has_no_target_there(faces: Faces) -> None:
    faces.labels[0] = NOT_A_CLASS
    faces.votes[1] = 0
    made = training_set(as_prepared(faces), smoothing=0.1)
    assert not made.targets[0, FER2013.columns].any()
    assert not made.targets[1, FERPLUS.columns].any()
    assert made.targets[0, FERPLUS.columns].any()


def test_a_picture_without_any_label_is_learned_from_a_teacher_only(faces: Faces) -> None:
    faces.labels[0], faces.votes[0] = NOT_A_CLASS, 0
    assert len(training_set(as_prepared(faces), 0.1)) == 63
    taught = training_set(as_prepared(faces), 0.1, 0.5, unsure())
    assert len(taught) == 64
    assert taught.targets[0] == pytest.approx(unsure()[0])


def test_a_teachers_share_of_a_target_is_what_was_asked(faces: Faces) -> None:
    taught = training_set(as_prepared(faces), 0.0, 0.6, unsure())
    assert taught.targets[1, FERPLUS.columns][1] == pytest.approx(0.4 + 0.6 / 8)
    assert taught.targets[1, FER2013.columns][0] == pytest.approx(0.6 / 7)
    assert taught.targets.sum(axis=1) == pytest.approx(np.full(64, 2.0))


def test_a_teacher_is_asked_where_its_answer_is_used_and_nowhere_else(faces: Faces) -> None:
    faces.labels[0] = NOT_A_CLASS
    faces.votes[1] = 0
    prepared = as_prepared(faces)
    assert asked(prepared, 0.0).tolist() == [0, 1]
    assert asked(prepared, 0.4).tolist() == list(range(64))
    answers = np.zeros_like(unsure())
    answers[asked(prepared, 0.0)] = unsure()[:2]
    few, every = training_set(prepared, 0.1, 0.0, answers), training_set(prepared, 0.1, 0.0, unsure())
    np.testing.assert_array_equal(few.targets, every.targets)


def test_the_prior_is_that_of_the_labels_and_not_of_a_teacher(faces: Faces) -> None:
    faces.labels[:32] = NOT_A_CLASS
    made = training_set(as_prepared(faces), 0.0, 0.6, unsure())
    assert made.prior[FERPLUS.columns][:3] == pytest.approx([0.5, 0.5, 0])
    assert made.prior[FER2013.columns][:3] == pytest.approx([0.5, 0.5, 0])


def test_other_targets_have_another_hash(faces: Faces) -> None:
    prepared = as_prepared(faces)
    assert training_set(prepared, 0.1).sha256() == training_set(prepared, 0.1).sha256()
    assert training_set(prepared, 0.1).sha256() != training_set(prepared, 0.2).sha256()
