"""Scores on predictions made by hand."""

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.data import Floats
from models.datasets import WITHOUT_CONTEMPT
from models.scores import (
    accuracy_at,
    accuracy_by_coverage,
    calibration_error,
    fitted,
    fitted_temperature,
    interval,
    reliability,
    score,
    softmax,
)

CLASSES = ("a", "b", "c")


def certain(*predicted: int) -> Floats:
    return np.eye(3, dtype=np.float32)[list(predicted)]


def test_accuracy_recall_and_confusion_are_counted() -> None:
    scores = score(certain(0, 0, 1, 1), np.array([0, 0, 0, 1]), CLASSES)
    assert scores.accuracy == 0.75
    assert scores.recall == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert scores.confusion == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_macro_f1_is_over_the_classes_that_are_labelled() -> None:
    # a: precision 1, recall 2/3, F1 0.8. b: precision 1/2, recall 1, F1 2/3. c has no label and no say.
    assert score(certain(0, 0, 1, 1), np.array([0, 0, 0, 1]), CLASSES).macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_a_prediction_of_an_unlabelled_class_is_a_miss() -> None:
    scores = score(certain(0, 2), np.array([0, 0]), CLASSES)
    assert scores.accuracy == 0.5
    assert scores.macro_f1 == pytest.approx(2 / 3)


def test_certainty_that_is_right_half_of_the_time_is_off_by_a_half() -> None:
    assert calibration_error(certain(0, 1), np.array([0, 0])) == pytest.approx(0.5)


def test_a_confidence_that_matches_its_hits_has_no_calibration_error() -> None:
    shares = np.tile(np.array([0.75, 0.25, 0.0], np.float32), (4, 1))
    assert calibration_error(shares, np.array([0, 0, 0, 1])) == pytest.approx(0.0, abs=1e-6)


def test_the_fitted_temperature_is_the_one_that_drew_the_labels() -> None:
    draw = np.random.default_rng(1)
    logits = draw.normal(0, 3, (1, 20_000, 3)).astype(np.float32)
    shares = softmax(logits[0], 1.7)
    labels = (draw.random((20_000, 1)) > shares.cumsum(axis=1)).sum(axis=1).clip(max=2)
    assert fitted_temperature(logits, labels) == pytest.approx(1.7, abs=0.06)


def test_every_face_falls_into_one_bin_and_empty_bins_are_zero() -> None:
    shares = np.array([[0.95, 0.05], [0.55, 0.45], [0.45, 0.55]], np.float32)
    bins = reliability(shares, np.array([0, 0, 0]))
    assert sum(each.count for each in bins) == 3
    assert (bins[8].count, bins[8].accuracy, round(bins[8].confidence, 4)) == (2, 0.5, 0.55)
    assert (bins[0].count, bins[0].confidence, bins[0].accuracy) == (0, 0.0, 0.0)


def test_accuracy_at_coverage_leaves_the_least_sure_out() -> None:
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.7, 0.3]], np.float32)
    labels = np.array([0, 1, 0, 0])
    assert accuracy_at(shares, labels, 1.0) == 0.75
    assert accuracy_at(shares, labels, 0.75) == 1.0


def test_accuracy_is_told_at_four_coverages() -> None:
    shares = np.tile(np.array([0.9, 0.1], np.float32), (10, 1))
    shares[8:] = 0.6, 0.4
    found = accuracy_by_coverage(shares, np.array([0] * 8 + [1] * 2))
    assert found == {"100": 0.8, "95": 0.8, "90": pytest.approx(8 / 9), "80": 1.0}


def test_what_labellers_could_not_choose_is_dropped_and_the_rest_sums_to_one() -> None:
    shares = np.full((1, 8), 0.1, np.float32)
    shares[0, 0], shares[0, 7] = 0.2, 0.2
    found = fitted(shares, EXPRESSIONS, WITHOUT_CONTEMPT)
    assert found[0, 7] == 0
    np.testing.assert_allclose(found.sum(), 1, atol=1e-6)
    np.testing.assert_allclose(found[0, 0] / found[0, 1], 2, rtol=1e-5)


def test_a_models_columns_are_put_into_the_contracts_order() -> None:
    found = fitted(np.array([[0.7, 0.2, 0.1]], np.float32), ("happiness", "anger", "neutral"), EXPRESSIONS)
    assert [round(float(x), 1) for x in found[0]] == [0.1, 0.7, 0, 0, 0.2, 0, 0, 0]


def test_an_interval_holds_the_share_and_stays_between_nothing_and_all() -> None:
    low, high = interval(45, 50)
    assert (round(low, 4), round(high, 4)) == (0.7864, 0.9565)
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == 1
