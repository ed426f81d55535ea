"""The contract as a JSON Schema, generated from the structs. `python -m contract.schema` writes schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from contract.messages import VERSION, CentreStatus, Command, Readings, Receipt, Request, Status

PATH: Final = Path(__file__).with_name("schema.json")
MESSAGES: Final = {
    "readings": Readings,
    "requests": Request,
    "status": Status,
    "receipt": Receipt,
    "command": Command,
    "centre": CentreStatus,
}


def schema() -> dict[str, Any]:
    """One document: a definition a topic, each a JSON Schema 2020-12 of what is published there."""
    schemas, components = msgspec.json.schema_components(MESSAGES.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Mien, box and centre, version {VERSION}",
        "description": "A definition under `topics` for each last level of a topic; see contract/topics.py.",
        "topics": dict(zip(MESSAGES, schemas, strict=True)),
        "$defs": components,
    }


def text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
