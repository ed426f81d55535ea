"""The manifest of a bundle: what it may say, and in how many bytes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from contract import documents
from contract.errors import ContractError
from contract.manifest import MANIFEST_FILE, MAX_BYTES, Accepted, File, Ground, Manifest, Model

FILE = File("NOTICE", "0" * 64, 1)
MADE = Manifest(
    1,
    "research and teaching alone",
    (
        Model(
            "expression",
            "made-1",
            "research-only",
            (Ground("labfaces", "research only"),),
            (File("expression.json", "1" * 64, 2), File("made.onnx", "2" * 64, 3)),
        ),
    ),
    FILE,
    (Accepted("research-only", date(2026, 11, 27)),),
)


def with_notice(**fields: Any) -> bytes:
    made = json.loads(documents.encode(MADE))
    made["notice"].update(fields)
    return json.dumps(made).encode()


def refusal(data: bytes) -> str:
    with pytest.raises(ContractError) as caught:
        MANIFEST_FILE.decode(data)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("; make the bundle anew")
    return str(caught.value)


def test_a_manifest_decodes_to_what_was_encoded_and_the_same_one_to_the_same_bytes() -> None:
    data = documents.encode(MADE)
    assert MANIFEST_FILE.decode(data) == MADE
    assert documents.encode(MANIFEST_FILE.decode(data)) == data


def test_every_file_is_named_with_its_model_and_the_notice_with_none() -> None:
    assert [(file.file, model and model.model) for file, model in MADE.files()] == [
        ("expression.json", "made-1"),
        ("made.onnx", "made-1"),
        ("NOTICE", None),
    ]


@pytest.mark.parametrize("name", ["", "../NOTICE", "/etc/passwd", ".hidden", "a/b", "NOTICE\n", "a\0b"])
def test_a_file_lies_in_the_folder_itself(name: str) -> None:
    assert "notice.file" in refusal(with_notice(file=name))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sha256": "0" * 63}, "notice.sha256"),
        ({"sha256": "A" * 64}, "notice.sha256"),
        ({"size": -1}, "notice.size"),
        ({"file": "made.onnx"}, "names made.onnx twice"),
        ({"mode": 493}, "unknown field `mode`"),
    ],
)
def test_what_no_manifest_says_is_refused(fields: dict[str, Any], said: str) -> None:
    assert said in refusal(with_notice(**fields))


@pytest.mark.parametrize("hostile", [b"", b"{", b"null", b"\xff", b"[" * 100_000, b'{"format": 2}'])
def test_what_is_no_manifest_is_refused(hostile: bytes) -> None:
    assert "not a manifest that this version reads" in refusal(hostile)


def test_a_manifest_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    assert f"over {MAX_BYTES} bytes" in refusal(documents.encode(MADE) + b" " * MAX_BYTES)
