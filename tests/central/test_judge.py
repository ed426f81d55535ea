"""What a reading is, given what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from central.judge import Verdict, judge
from central.raw import content

from .made import reading

MINE = content(reading(7))
OTHER = content(reading(7, boot="b1" * 8))
SAME_IDENTITY = content(reading(7, confidence=0.1))
NOTHING: dict[str, Any] = {
    "at_number": None,
    "at_identity": None,
    "is_received": False,
    "may_be_purged": False,
    "other_epochs": False,
    "recorded": False,
}


@pytest.mark.parametrize(
    ("situation", "verdict"),
    [
        pytest.param({}, Verdict.NEW, id="nothing is known of it"),
        pytest.param(
            {"at_number": MINE, "at_identity": MINE, "is_received": True}, Verdict.DUPLICATE, id="it is stored"
        ),
        pytest.param({"at_identity": MINE}, Verdict.DUPLICATE, id="it is stored under another number"),
        pytest.param(
            {"at_identity": MINE, "at_number": OTHER, "is_received": True},
            Verdict.DUPLICATE,
            id="it is stored under another number and its number holds another",
        ),
        pytest.param(
            {"at_number": OTHER, "is_received": True}, Verdict.OTHER_UNDER_NUMBER, id="its number holds another"
        ),
        pytest.param(
            {"at_number": SAME_IDENTITY, "at_identity": SAME_IDENTITY, "is_received": True},
            Verdict.OTHER_UNDER_NUMBER,
            id="its number holds other content of the same identity",
        ),
        pytest.param(
            {"at_identity": SAME_IDENTITY},
            Verdict.OTHER_UNDER_IDENTITY,
            id="another number holds other content of its identity",
        ),
        pytest.param(
            {"is_received": True, "may_be_purged": True}, Verdict.DUPLICATE, id="its row may have been purged"
        ),
        pytest.param(
            {"is_received": True}, Verdict.OTHER_UNDER_NUMBER, id="its number was received, but never with this"
        ),
        pytest.param({"may_be_purged": True}, Verdict.NEW, id="it is old, of a box of one epoch"),
        pytest.param(
            {"may_be_purged": True, "other_epochs": True}, Verdict.TOO_OLD, id="it is old, of a box of several epochs"
        ),
        pytest.param(
            {"may_be_purged": True, "recorded": True},
            Verdict.RECORDED_TOO_LONG_AGO,
            id="it was recorded longer ago than recordings are kept",
        ),
        pytest.param(
            {"is_received": True, "may_be_purged": True, "recorded": True},
            Verdict.DUPLICATE,
            id="it was recorded long ago and its number was received",
        ),
        pytest.param({"recorded": True, "other_epochs": True}, Verdict.NEW, id="it is of a recording that is kept"),
        pytest.param({"other_epochs": True}, Verdict.NEW, id="it is young, of a box of several epochs"),
    ],
)
def test_each_situation_has_its_verdict(situation: dict[str, Any], verdict: Verdict) -> None:
    assert judge(MINE, **(NOTHING | situation)) is verdict
