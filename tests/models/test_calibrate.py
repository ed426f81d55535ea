"""Operating points: calibrated with their shift in place, and sure of nine faces in ten."""

import numpy as np
import pytest

from models.calibrate import Plan, fitted_point
from models.data import Floats, Ints
from models.heads import FER2013
from models.scores import calibration_error, softmax

LEVELLED = Plan("expressive", FER2013, True, "")
PLAIN = Plan("fer2013", FER2013, False, "")
PRIOR = np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.04, 0.01], np.float32)


def drawn(sharper: float) -> tuple[Floats, Ints]:
    """Logits (2, 4000, 7) that are `sharper` than the chances by which the labels (4000,) are drawn."""
    draw = np.random.default_rng(5)
    logits = draw.normal(0, 1.5, (4000, 7))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([draw.choice(7, p=row) for row in chances])
    return np.stack([sharper * logits] * 2).astype(np.float32), labels


def test_the_temperature_undoes_what_is_too_sure() -> None:
    point = fitted_point(PLAIN, *drawn(sharper=2.0), PRIOR)
    assert point.temperature == pytest.approx(2.0, abs=0.1)
    assert point.shift == ()


def test_levelling_takes_half_of_the_prior_away() -> None:
    for sharper in (1.0, 2.0):
        point = fitted_point(LEVELLED, *drawn(sharper), PRIOR)
        assert sum(point.shift) == pytest.approx(0, abs=0.01)
        # Off the logits as they were trained, whatever the temperature.
        apart = (point.shift[0] - point.shift[6]) * point.temperature
        assert apart == pytest.approx(-0.5 * np.log(0.4 / 0.01), abs=0.01)


def test_a_levelled_point_is_calibrated_with_its_shift_in_place() -> None:
    logits, labels = drawn(2.0)
    point = fitted_point(LEVELLED, logits, labels, PRIOR)
    moved = logits + np.array(point.shift, np.float32) * point.temperature
    at_one = logits + np.array(point.shift, np.float32)
    fitted = calibration_error(softmax(moved, point.temperature).mean(axis=0), labels)
    assert fitted < calibration_error(softmax(at_one, 1.0).mean(axis=0), labels)


def test_nine_faces_in_ten_are_sure() -> None:
    logits, labels = drawn(1.0)
    point = fitted_point(PLAIN, logits, labels, PRIOR)
    sure = softmax(logits, point.temperature).mean(axis=0).max(axis=1) >= point.unsure_below
    assert sure.mean() == pytest.approx(0.9, abs=0.01)
