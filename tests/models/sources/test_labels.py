"""Expressions as data sets spell them."""

from collections import Counter

import pytest

from contract.expressions import EXPRESSIONS
from models.sources.labels import place_in, place_of


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("angry", "anger"),
        ("Anger", "anger"),
        ("HAPPY", "happiness"),
        ("0_neutral", "neutral"),
        ("7-Contempt", "contempt"),
        ("sad ", "sadness"),
        ("fearful", "fear"),
        ("04.surprised", "surprise"),
        ("disgusted", "disgust"),
    ],
)
def test_an_expression_is_known_in_its_usual_spellings(spelled: str, name: str) -> None:
    assert place_of(spelled) == EXPRESSIONS.index(name)


@pytest.mark.parametrize("spelled", ["3", "", "tense", "neutral_or_sad", "unhappy"])
def test_another_word_or_a_number_alone_is_no_expression(spelled: str) -> None:
    assert place_of(spelled) is None


def test_a_word_without_a_counterpart_is_counted() -> None:
    left_out: Counter[str] = Counter()
    assert place_in("repression", left_out) is None
    assert place_in("fear", left_out) == EXPRESSIONS.index("fear")
    assert left_out == {"labelled repression, which has no counterpart": 1}
