"""From topic and bytes to what they say, and how often a fault is said."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.arrivals import Faults, open_arrival
from contract.encoding import encode
from contract.errors import ContractError
from contract.messages import Readings, Status
from contract.topics import Channel, box_topic

from .made import EPOCH, numbered

CHANNELS = [f"mien/v1/boxes/box-1/{channel.value}" for channel in Channel]
topics = st.text(max_size=60) | st.sampled_from(CHANNELS)


def test_the_topic_says_which_box_speaks() -> None:
    payload = encode(Readings(epoch=EPOCH, readings=tuple(numbered([1]))))
    assert open_arrival(box_topic("box-7", Channel.READINGS), payload).box == "box-7"
    status = open_arrival(box_topic("box-7", Channel.STATUS), encode(Status(online=True)), retained=True)
    assert (status.box, status.body, status.retained) == ("box-7", Status(online=True), True)


@given(topics, st.binary(max_size=300))
def test_nothing_but_the_contracts_error_comes_of_any_bytes_on_any_topic(topic: str, payload: bytes) -> None:
    with suppress(ContractError):
        open_arrival(topic, payload)


@pytest.mark.parametrize("channel", [Channel.RECEIPT, Channel.COMMAND])
def test_what_is_the_centres_to_say_is_refused_from_a_box(channel: Channel) -> None:
    with pytest.raises(ContractError, match=r"is the centre's to write; forbid it to boxes in the broker's ACL"):
        open_arrival(box_topic("box-1", channel), b"{}")


def test_a_box_is_named_once_a_minute_however_often_it_fails(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    faults = Faults()
    for _ in range(50):
        faults.add("box-1", "broken")
    faults.add("box-2", "broken")
    clock[0] += 61.0
    faults.add("box-1", "broken still")
    assert [record.getMessage() for record in caplog.records] == [
        "box box-1: broken",
        "box box-2: broken",
        "box box-1: broken still (and 49 more faults of this box since)",
    ]
    assert faults.total == 52


def test_a_stranger_who_makes_up_names_does_not_fill_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    faults = Faults()
    for number in range(5000):
        faults.add(f"box-{number}", "broken")
    assert len(faults._said) <= Faults.MAX_BOXES
