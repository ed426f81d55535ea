"""Whatever leaves `vision` by its own doing, walked for anything that could hold pixels, landmarks or embeddings.

The columns of the outbox are walked by tests/edge/store/test_schema.py, and the end of the process that nobody foresaw
by tests/edge/test_crash.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import schema
from contract.expressions import EXPRESSIONS
from edge.store import prepare
from tests.edge import made
from tests.edge.test_vision import moving_portrait

FROM_A_BOX = ("readings", "requests", "status")
LONGEST_TEXT = 200
ALL_NUMBERS_OF_A_READING = 40
NUMBERS_IN_A_ROW = re.compile(r"(-?\d+(\.\d+)?([eE]-?\d+)?[\s,;\[\]()]+){4,}-?\d")
CODED = re.compile(r"[A-Za-z0-9+/=_-]{65,}|(\\x[0-9a-f]{2}){8,}")


def places(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema, by where it stands; definitions are followed."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key == "$ref":
                name = value.rpartition("/")[2]
                yield from places(schema.schema()["$defs"][name], f"{path}/{name}")
            elif key not in ("enum", "required", "default", "description", "title"):
                yield from places(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, f"{path}/{index}")


def roomy(document: Any) -> list[str]:
    """Where a message could take a picture in: a long text, many numbers, or what is not named."""
    found = []
    for path, node in places(document):
        kind = node.get("type")
        if kind == "string" and node.get("maxLength", LONGEST_TEXT + 1) > LONGEST_TEXT and "enum" not in node:
            found.append(f"{path}: a text of any length")
        if kind == "array" and "readings" not in path.rpartition("/")[2] and not node.get("maxItems", 99) <= 8:
            found.append(f"{path}: a long list")
        if kind == "object" and node.get("additionalProperties") is not False:
            found.append(f"{path}: whatever one likes")
        is_value = path.rpartition("/")[0].endswith(("/properties", "/anyOf"))
        if is_value and not {"type", "enum", "$ref", "anyOf", "const"} & node.keys():
            found.append(f"{path}: of any kind")
    return found


@pytest.mark.parametrize("topic", FROM_A_BOX)
def test_no_message_of_a_box_has_room_for_one(topic: str) -> None:
    assert roomy(schema.schema()["topics"][topic]) == []


def test_of_a_face_a_reading_has_its_shares_and_a_few_numbers() -> None:
    reading = schema.schema()["$defs"]["Reading"]["properties"]
    (shares,) = [part for part in reading["shares"]["anyOf"] if part.get("type") == "array"]
    assert (shares["minItems"], shares["maxItems"]) == (len(EXPRESSIONS), len(EXPRESSIONS))
    assert len(reading) + len(EXPRESSIONS) < ALL_NUMBERS_OF_A_READING


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "string"},
        {"type": "array", "items": {"type": "number"}, "maxItems": 10},
        {"type": "object", "properties": {}},
        {"anyOf": [{"type": "null"}, {}]},
        {},
    ],
)
def test_a_message_that_has_room_is_found(changed: dict[str, Any]) -> None:
    whole = {"type": "object", "additionalProperties": False, "properties": {"more": changed}}
    assert len(roomy(whole)) == 1


def suspicious(log: str) -> list[str]:
    """The lines that quote what a frame holds, or are long enough to."""
    return [line for line in log.splitlines() if len(line) > 300 or NUMBERS_IN_A_ROW.search(line) or CODED.search(line)]


def test_no_line_of_the_log_holds_one_at_its_most_talkative(tmp_path: Path) -> None:
    base = made.settings(tmp_path)
    prepare(base.store)
    config = tmp_path / "desk.toml"
    clip = moving_portrait(tmp_path, 3.0, 10.0)
    config.write_text(
        f'[box]\nid = "{made.BOX}"\n[store]\npath = "{base.store.path}"\n[camera]\nsource = "{clip}"\n', "utf-8"
    )
    talkative = "import logging; logging.root.setLevel(logging.DEBUG)\nfrom edge.main import main\n"
    program = f"{talkative}raise SystemExit(main(['vision', {str(config)!r}]))"
    env = os.environ | {"OPENCV_LOG_LEVEL": "VERBOSE", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (count,) = made.look(base.store, "SELECT count(*) FROM outbox WHERE reason IS NULL")[0]
    assert count >= 1, "a face was read"
    assert "is read by" in done.stderr
    assert suspicious((done.stdout + done.stderr).replace(str(tmp_path), "DIR")) == []


@pytest.mark.parametrize(
    "line",
    [
        "box [[12.5, 40.25, 99.0, 130.125, 0.99]]",
        "landmarks 101 88 140 87 120 110",
        "crop iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAAAAAByaaZbAAAAe0lEQVR4nGNgGAWjYBSMglEwCkbBKBgFo2AU",
        "crop b'\\x00\\x12\\x80\\xff\\x00\\x12\\x80\\xff'",
        "x" * 301,
    ],
)
def test_a_line_that_holds_one_is_found(line: str) -> None:
    assert suspicious(line) == [line]
