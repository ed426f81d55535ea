"""The difference of two models on the same faces: its interval goes by people, whose faces are alike."""

import numpy as np
import pytest

from models.compare.paired import difference

FACES = 1000


def test_of_two_that_are_right_on_the_same_faces_there_is_no_difference() -> None:
    right = np.arange(FACES) % 3 == 0
    assert difference(right, right, None) == (0.0, 0.0, 0.0)


def test_the_interval_over_faces_is_the_one_of_theory() -> None:
    draw = np.random.default_rng(2)
    ours, peers = draw.random(FACES) < 0.7, draw.random(FACES) < 0.6
    middle, low, high = difference(ours, peers, None)
    gained = ours.astype(float) - peers
    reach = 1.96 * gained.std() / np.sqrt(FACES)
    assert middle == pytest.approx(gained.mean())
    assert (low, high) == pytest.approx((middle - reach, middle + reach), abs=0.1 * reach)


def test_it_is_wider_where_the_faces_of_a_person_are_alike() -> None:
    people = np.array([f"person {i // 50}" for i in range(FACES)])
    gains = np.random.default_rng(3).random(20) < 0.5  # each person's faces are all gained, or all lost
    ours = np.repeat(gains, 50)
    _, low, high = difference(ours, ~ours, people)
    _, low_of_faces, high_of_faces = difference(ours, ~ours, None)
    assert high - low > 4 * (high_of_faces - low_of_faces)


def test_a_person_with_more_faces_weighs_more() -> None:
    people = np.array(["many"] * 900 + ["few"] * 100)
    middle, low, high = difference(people == "many", people == "few", people)
    assert (middle, low, high) == (0.8, -1.0, 1.0)
