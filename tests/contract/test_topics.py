"""Topics: built and taken apart, and nothing hostile becomes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import ContractError
from contract.topics import BOX_ID, BoxTopic, Channel, any_box, box_topic, parse_box_topic


@given(st.from_regex(BOX_ID, fullmatch=True), st.sampled_from(Channel))
def test_a_topic_is_taken_apart_into_what_it_was_built_of(box: str, channel: Channel) -> None:
    assert parse_box_topic(box_topic(box, channel)) == BoxTopic(box, channel)


@given(st.text())
def test_any_text_is_a_box_id_or_the_contracts_error(box: str) -> None:
    try:
        topic = box_topic(box, Channel.READINGS)
    except ContractError:
        return
    assert topic == f"mien/v1/boxes/{box}/readings"
    assert not set(box) & set("/+#$\0")


@pytest.mark.parametrize(
    "topic",
    ["", "mien/v1/centre", "mien/v2/boxes/a/readings", "mien/v1/boxes/a", "mien/v1/boxes/a/readings/x", "a/b/boxes/c"],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    with pytest.raises(ContractError):
        parse_box_topic(topic)


def test_the_centre_subscribes_to_every_box_by_one_filter() -> None:
    assert any_box(Channel.STATUS) == "mien/v1/boxes/+/status"
