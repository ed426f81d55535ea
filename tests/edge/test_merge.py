"""Merging a face and a voice: what agrees gets surer, what conflicts less, and what is missing changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.expressions import EXPRESSIONS
from edge.merge import Branch, believed, merged

HAPPY, SAD, CONTEMPT = (EXPRESSIONS.index(name) for name in ("happiness", "sadness", "contempt"))


def shares(place: int, sure: float = 0.6) -> tuple[float, ...]:
    """Mostly one expression."""
    return tuple(sure if each == place else (1 - sure) / 7 for each in range(8))


def test_two_that_agree_are_surer_than_either() -> None:
    found = merged((Branch(shares(HAPPY), [0.8] * 8), Branch(shares(HAPPY), [0.7] * 8)))
    assert found[HAPPY] > 0.8


def test_two_that_conflict_are_less_sure_than_either() -> None:
    found = merged((Branch(shares(HAPPY), [0.8] * 8), Branch(shares(SAD), [0.8] * 8)))
    assert max(found) < 0.5


def test_one_alone_says_what_it_says() -> None:
    assert merged((Branch(shares(SAD), [0.3] * 8),)) == pytest.approx(shares(SAD))


def test_one_that_is_not_believed_changes_nothing() -> None:
    found = merged((Branch(shares(HAPPY), [1.0] * 8), Branch(shares(SAD), [0.0] * 8)))
    assert found == pytest.approx(shares(HAPPY))


def test_an_expression_that_a_voice_never_has_is_the_faces() -> None:
    voice = Branch((*[1 / 7] * 7, 0.0), [*[0.5] * 7, 0.0])
    found = merged((Branch(shares(CONTEMPT), [0.9] * 8), voice))
    assert found[CONTEMPT] == max(found)
    assert found[CONTEMPT] > 0.5


@given(
    st.lists(st.floats(0.001, 1.0), min_size=8, max_size=8),
    st.lists(st.floats(0.001, 1.0), min_size=8, max_size=8),
    st.lists(st.floats(0.0, 1.0), min_size=16, max_size=16),
)
def test_shares_stay_shares(face: list[float], voice: list[float], reliability: list[float]) -> None:
    pair = (
        Branch([each / sum(face) for each in face], reliability[:8]),
        Branch([each / sum(voice) for each in voice], reliability[8:]),
    )
    found = merged(pair)
    assert sum(found) == pytest.approx(1.0)
    assert all(0.0 <= each <= 1.0 for each in found)


def test_noise_takes_belief_away() -> None:
    levels = ((0.0, 0.5), (20.0, 1.0))
    assert believed([0.8] * 8, levels, 10.0) == pytest.approx([0.6] * 8)
    assert believed([0.8] * 8, levels, -40.0) == pytest.approx([0.4] * 8)
    assert believed([0.8] * 8, levels, float("inf")) == pytest.approx([0.8] * 8)
