"""Reading a bundle: its cards, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contract.reading import Name
from edge import bundle
from edge.detect import Detector
from edge.errors import ModelError
from edge.recognise import Recogniser
from tests.edge.bundles import SEVEN, make_bundle, point


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
    assert loaded.model == f"{loaded.expression.name}-{loaded.expression.version}"


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


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (SEVEN[::-1], "the classes of its point plain are fear, disgust"),
        (("neutral", "boredom"), "the classes of its point plain are neutral, boredom"),
        (("neutral", "neutral"), "the classes of its point plain are neutral, neutral"),
        (("neutral",), "not a card"),
    ],
)
def test_a_card_with_classes_that_are_not_the_contract_s_in_its_order_is_refused(
    tmp_path: Path, classes: tuple[str, ...], said: str
) -> None:
    assert said in refusal(make_bundle(tmp_path / "made", point("first"), point(classes=classes)))


def test_a_card_may_know_some_of_the_expressions(tmp_path: Path) -> None:
    assert bundle.load(make_bundle(tmp_path / "made", point(classes=SEVEN))).point.output.classes == SEVEN


def test_a_card_without_an_operating_point_is_refused(folder: Path) -> None:
    change(folder, "expression.json", points=[])
    assert "points" in refusal(folder)
    card = json.loads((folder / "expression.json").read_text())
    del card["points"]
    (folder / "expression.json").write_text(json.dumps({**card, "output": {"classes": SEVEN, "temperature": 1.0}}))
    assert "missing required field `points`" in refusal(folder)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (point(shift=[0.1, 0.2]), "its point plain shifts 2 of 8 classes"),
        (point(temperature=0.0), "temperature"),
        (point(unsure_below=1.0), "unsure_below"),
        (point("two words"), "points"),
        (point("first"), "two of its points are named first"),
    ],
)
def test_an_operating_point_that_cannot_be_used_is_refused(tmp_path: Path, wrong: Any, said: str) -> None:
    assert said in refusal(make_bundle(tmp_path / "made", point("first"), wrong))


def test_the_first_operating_point_is_the_default_and_another_is_told_apart_by_the_model_s_id(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point("everyday"), point("expressive"))
    assert [bundle.load(folder).point.name, bundle.load(folder, "expressive").point.name] == ["everyday", "expressive"]
    ids = [bundle.load(folder, name).model for name in ("", "everyday", "expressive")]
    assert ids == ["made-1", "made-1", "made-1:expressive"]


def test_the_longest_id_of_a_model_is_a_name_of_the_contract(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point(), point("p" * 16), name="n" * 31, version="1" * 15)
    made = bundle.load(folder, "p" * 16).model
    assert msgspec.convert(made, Name) == made
    assert len(made) == 64


def test_an_operating_point_that_is_not_there_is_refused_in_one_line_with_those_that_are(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point("everyday"), point("expressive"))
    with pytest.raises(ModelError) as caught:
        bundle.named(str(folder), "expresive")
    assert str(caught.value) == (
        'operating point "expresive": made-1 has none of that name; there are everyday (the default), expressive'
    )


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
    assert bundle.named().folder == bundle.DEFAULT
    assert bundle.named(str(folder)).folder == folder


def test_every_packaged_bundle_is_named_like_the_default(tmp_path: Path) -> None:
    shutil.copytree(bundle.DEFAULT, tmp_path / "default")
    other = make_bundle(tmp_path / "vgg-face", point("fer2013", classes=SEVEN), point("calm"), name="vgg")
    for name in ("vgg-face", "vgg", "vgg-1"):
        assert bundle.named(name, "calm", tmp_path).folder == other
        assert bundle.named(name, "calm", tmp_path).model == "vgg-1:calm"


def test_a_folder_does_not_hide_a_packaged_bundle_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_bundle(tmp_path / "default")
    monkeypatch.chdir(tmp_path)
    assert bundle.named("default").folder == bundle.DEFAULT
    assert bundle.named("./default").expression.name == "made"


def test_a_model_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(ModelError, match=r'"mien-fcae": there is none of that name; there are default \(mien-face-'):
        bundle.named("mien-fcae")


def test_a_bundle_of_an_expression_network_alone_finds_faces_with_the_default_s_detector(folder: Path) -> None:
    for name in ("detector.json", "pnet.onnx", "rnet.onnx", "onet.onnx"):
        (folder / name).unlink()
    assert bundle.load(folder).detector == bundle.load().detector
    Detector.from_bundle(folder)
