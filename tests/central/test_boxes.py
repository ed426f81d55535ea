"""What the centre keeps of a box's word on what runs its networks."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, insert, select

from central.schema import boxes
from central.store import store
from contract.messages import Building, Status

from .made import NOW_MS, asking

COLUMNS = (boxes.c.backend, boxes.c.building_step, boxes.c.building_share, boxes.c.engine_fault)
BUILDING = Status(online=True, backend="onnx", building_engine=Building(step="face, layer 3", share=0.42))
FAULT = Status(online=True, backend="onnx", engine_fault="the driver is too old; install a newer one")


def kept(engine: Engine, *told: Status) -> tuple[Any, ...]:
    """What is there of a box after it told all this."""
    for status in told:
        store(engine, [asking(status)], NOW_MS)
    with engine.connect() as connection:
        return tuple(connection.execute(select(*COLUMNS)).one())


def test_what_runs_the_networks_and_how_far_engines_are_is_kept(engine: Engine) -> None:
    assert kept(engine, BUILDING) == ("onnx", "face, layer 3", 0.42, None)


def test_the_reason_for_doing_without_engines_is_kept(engine: Engine) -> None:
    assert kept(engine, FAULT) == ("onnx", None, None, FAULT.engine_fault)


@pytest.mark.parametrize("before", [BUILDING, FAULT], ids=["building", "fault"])
def test_a_status_without_them_clears_them(engine: Engine, before: Status) -> None:
    assert kept(engine, before, Status(online=True, backend="tensorrt")) == ("tensorrt", None, None, None)
    assert kept(engine, before, Status(online=True)) == (None, None, None, None)


def test_a_will_leaves_the_last_word_on_them(engine: Engine) -> None:
    assert kept(engine, BUILDING, Status(online=False)) == ("onnx", "face, layer 3", 0.42, None)


def test_texts_of_a_box_are_kept_as_one_plain_line(engine: Engine) -> None:
    told = Status(
        online=True, building_engine=Building(step="a\x00b\nc\u202ed", share=1.0), engine_fault="\x1b[2J gone"
    )
    assert kept(engine, told) == (None, "a b c d", 1.0, " [2J gone")


def test_the_longest_texts_fit(engine: Engine) -> None:
    longest = "ế" * 200
    told = Status(online=True, building_engine=Building(step=longest, share=0.0), engine_fault=longest)
    assert kept(engine, told)[1::2] == (longest, longest)


def test_an_empty_fault_is_none(engine: Engine) -> None:
    assert kept(engine, Status(online=True, engine_fault="")) == (None, None, None, None)


def test_boxes_of_which_nothing_was_told_have_none(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(boxes).values(box="box-1"))
    assert kept(engine) == (None, None, None, None)
