"""The Reading: an expression or a reason, and what may leave the box."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from contract.expressions import EXPRESSIONS, negative, valence
from contract.messages import Status
from contract.reading import LASTING, PRIVATE, Reading, Reason, Role, Source, published, seen
from tests.contract import strategies as made

COMMON: dict[str, Any] = {
    "source": Source.FACE,
    "boot": "ab" * 16,
    "started_ns": 1,
    "wall_ms": 1,
    "duration_s": 1.0,
    "role": Role.AGENT,
    "shift": "cd" * 8,
    "policy": "supervision",
    "model": "mien-face-0.1",
}
HAPPY = seen((0.1, 0.8, 0.0, 0.05, 0.05, 0.0, 0.0, 0.0), confidence=0.8, quality=1.0, faces=1)


def test_the_eight_expressions_stand_in_the_order_of_the_ferplus_votes() -> None:
    assert EXPRESSIONS == (
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
    )


def test_valence_is_happiness_minus_the_five_negative_expressions() -> None:
    shares = (0.2, 0.4, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05)
    assert valence(shares) == pytest.approx(0.4 - 0.3)
    assert negative(shares) == pytest.approx(0.3)


def test_valence_needs_all_eight_shares() -> None:
    with pytest.raises(ValueError, match="argument"):
        valence((1.0,))


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, "either shares or a reason"),
        ({**HAPPY, "reason": Reason.DARK}, "either shares or a reason"),
        ({"reason": Reason.DARK, "valence": 0.0}, "neither valence nor confidence"),
        ({**HAPPY, "confidence": None}, "needs valence, confidence and quality"),
        ({**HAPPY, "shares": (0.5,) * 8}, "add up to 1"),
        ({**HAPPY, "shares": (float("nan"),) * 8}, "add up to 1"),
        ({**HAPPY, "shares": (float("inf"),) * 8}, "add up to 1"),
        ({**HAPPY, "valence": float("nan")}, "not that of the shares"),
        ({**HAPPY, "valence": -0.5}, "not that of the shares"),
        ({**HAPPY, "simulated": True, "recorded": True}, "simulated was not recorded"),
    ],
)
def test_a_reading_that_contradicts_itself_cannot_be_built(fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Reading(**COMMON, **fields)


def test_a_box_is_not_both_simulated_and_recorded() -> None:
    with pytest.raises(ValueError, match="not both"):
        Status(online=True, simulated=True, recorded=True)


@given(made.readings())
def test_no_private_reason_leaves_the_box(reading: Reading) -> None:
    sent = published(reading)
    assert sent.reason not in PRIVATE
    assert (sent.reason is Reason.NOT_OBSERVED) == (reading.reason in PRIVATE | {Reason.NOT_OBSERVED})


def test_the_private_reasons_are_among_those_that_last() -> None:
    assert PRIVATE < LASTING
