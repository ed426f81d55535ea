"""Reading a bundle: its cards, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edge import bundle
from edge.detect import Detector
from edge.errors import ModelError
from edge.recognise import Recogniser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default bundle."""
    return Path(shutil.copytree(bundle.DEFAULT, tmp_path / "bundle"))


def change(folder: Path, card: str, **changes: Any) -> None:
    path = folder / card
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        bundle.load(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    return str(caught.value)


def test_the_default_bundle_is_in_the_package_and_loads() -> None:
    loaded = bundle.load()
    Detector.from_bundle(loaded.folder)
    Recogniser.from_bundle(loaded)
    assert loaded.expression.model == f"{loaded.expression.name}-{loaded.expression.version}"


def test_a_bundle_elsewhere_loads_from_there(folder: Path) -> None:
    assert bundle.load(folder).expression_file().path.parent == folder
    Detector.from_bundle(folder)


def test_a_missing_card_is_refused(folder: Path) -> None:
    (folder / "expression.json").unlink()
    assert "expression.json: cannot read the card" in refusal(folder)


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"name": 3}'])
def test_a_broken_card_is_refused(folder: Path, text: str) -> None:
    (folder / "detector.json").write_text(text)
    assert "detector.json: not a card" in refusal(folder)


def test_a_card_that_names_a_file_outside_its_bundle_is_refused(folder: Path) -> None:
    change(folder, "expression.json", file="../other.onnx")
    assert "not a card" in refusal(folder)


def test_a_card_with_other_classes_is_refused(folder: Path) -> None:
    output = json.loads((folder / "expression.json").read_text())["output"]
    change(folder, "expression.json", output={**output, "classes": output["classes"][::-1]})
    assert "its classes are contempt" in refusal(folder)


def test_a_network_that_differs_from_its_card_is_refused(folder: Path) -> None:
    change(folder, "expression.json", sha256="0" * 64)
    with pytest.raises(ModelError, match="differs from its card"):
        Recogniser.from_bundle(bundle.load(folder))
    (folder / "rnet.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"rnet\.onnx: sha256"):
        Detector.from_bundle(folder)


def test_a_model_is_named_by_its_bundle_its_network_or_its_folder(folder: Path) -> None:
    default = bundle.load()
    for name in ("default", default.expression.name, default.expression.model):
        assert bundle.named(name).folder == bundle.DEFAULT
    assert bundle.named(str(folder)).folder == folder


def test_a_model_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ModelError, match=r'"mien-fcae": there is none of that name; there are default \(mien-face-'):
        bundle.named("mien-fcae")


def test_a_bundle_of_an_expression_network_alone_finds_faces_with_the_default_s_detector(folder: Path) -> None:
    for name in ("detector.json", "pnet.onnx", "rnet.onnx", "onet.onnx"):
        (folder / name).unlink()
    assert bundle.load(folder).detector == bundle.load().detector
    Detector.from_bundle(folder)
