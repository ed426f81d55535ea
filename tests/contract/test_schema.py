"""The JSON Schema is that of the code, and says the same of a message as the code does."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import schema
from contract.encoding import encode
from contract.messages import Message
from tests.contract import strategies as made

EACH = {
    "readings": made.batches,
    "requests": made.requests,
    "status": made.statuses,
    "receipt": made.receipts,
    "command": made.commands,
    "centre": made.centre_statuses,
}


def _validator(topic: str) -> jsonschema.Draft202012Validator:
    document = schema.schema()
    return jsonschema.Draft202012Validator({**document["topics"][topic], "$defs": document["$defs"]})


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), "run: python -m contract.schema"


def test_every_message_has_its_definition() -> None:
    assert set(EACH) == set(schema.MESSAGES)


@pytest.mark.parametrize("topic", EACH)
@given(data=st.data())
def test_what_the_code_encodes_the_schema_accepts(topic: str, data: st.DataObject) -> None:
    message: Message = data.draw(EACH[topic])
    _validator(topic).validate(json.loads(encode(message)))


@pytest.mark.parametrize("topic", EACH)
def test_the_schema_refuses_an_unknown_field(topic: str) -> None:
    message = {"version": 1, "type": "new_epoch", "epoch": "ab" * 8, "online": True, "picture": "x"}
    with pytest.raises(jsonschema.ValidationError):
        _validator(topic).validate(message)
