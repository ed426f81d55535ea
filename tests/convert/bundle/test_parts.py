"""What a part's name means, and which parts do not go together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from convert.bundle import parts, write
from convert.errors import SourceError
from edge import bundle
from edge.bundle import DEFAULT
from tests.convert.bundle.made import bound, change, copy, expression, three


@pytest.fixture
def packaged(tmp_path: Path) -> Path:
    """A folder of packaged bundles: the default, and a second expression network."""
    copy(tmp_path / "packaged" / "default")
    bound(tmp_path / "packaged" / "face-asia")
    return tmp_path / "packaged"


def test_a_part_is_named_by_its_bundle_its_network_or_its_id(packaged: Path) -> None:
    for name in ("face-asia", "made", "made-1"):
        assert parts.find("expression", name, packaged).folder == packaged / "face-asia"
    for name in ("default", "mtcnn", "mtcnn-1.0.0"):
        assert parts.find("detector", name, packaged).folder == packaged / "default"
    assert parts.find("cover", "mien-cover", packaged).model == "mien-cover-1.0.0"


def test_a_part_is_named_by_its_folder(packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = expression(tmp_path / "mine", name="mine")
    assert parts.find("expression", str(folder), packaged).model == "mine-1"
    monkeypatch.chdir(tmp_path)
    assert parts.find("expression", "mine", packaged).model == "mine-1"


def test_a_folder_does_not_hide_a_packaged_bundle_of_its_name(
    packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expression(tmp_path / "face-asia", name="mine")
    monkeypatch.chdir(tmp_path)
    assert parts.find("expression", "face-asia", packaged).model == "made-1"
    assert parts.find("expression", "./face-asia", packaged).model == "mine-1"


def test_a_part_that_is_not_there_is_refused_with_those_that_are(packaged: Path) -> None:
    with pytest.raises(
        SourceError, match=r'--expression "face-aisa": .* there are default, face-asia, or give a folder'
    ):
        parts.find("expression", "face-aisa", packaged)
    with pytest.raises(SourceError, match=r'--detector "face-asia": .* there are default, or give a folder with det'):
        parts.find("detector", "face-asia", packaged)


def test_the_packaged_bundles_are_the_desk_s() -> None:
    assert parts.PACKAGED == bundle.BUNDLES


def test_the_licences_are_those_of_the_cards(packaged: Path) -> None:
    found = [parts.find("expression", name, packaged).licence for name in ("default", "face-asia")]
    assert found == ["Apache-2.0", "research-only"]
    change(packaged / "default" / "detector.json", licence="CC-BY-NC-4.0")
    assert parts.find("detector", "default", packaged).licence == "CC-BY-NC-4.0"


@pytest.mark.parametrize("text", ["", "[]", '{"name": 3}'])
def test_a_broken_card_is_refused(packaged: Path, text: str) -> None:
    (packaged / "default" / "cover.json").write_text(text)
    with pytest.raises(SourceError, match=r"default/cover\.json: not a card"):
        parts.find("cover", "default", packaged)


def test_a_card_that_names_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = expression(tmp_path / "mine")
    change(folder / "expression.json", file="../made.onnx")
    with pytest.raises(SourceError, match="not a card"):
        parts.read("expression", folder)


def test_a_card_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    folder = expression(tmp_path / "mine")
    (folder / "expression.json").rename(tmp_path / "card")
    (folder / "expression.json").symlink_to(tmp_path / "card")
    with pytest.raises(SourceError, match=r"mine/expression\.json: is a symbolic link"):
        parts.read("expression", folder)


def test_a_changed_byte_of_the_expression_network_is_named(tmp_path: Path) -> None:
    folder = expression(tmp_path / "mine")
    data = bytearray((folder / "made.onnx").read_bytes())
    data[100] ^= 1
    (folder / "made.onnx").write_bytes(data)
    with pytest.raises(SourceError, match=r"mine/expression\.json: says made\.onnx has sha256"):
        parts.check_together(three(folder))


def test_an_expression_network_that_no_desk_reads_is_refused(tmp_path: Path) -> None:
    folder = expression(tmp_path / "mine")
    change(folder / "expression.json", points=[])
    with pytest.raises(SourceError, match="has no operating point"):
        parts.check_together(three(folder))


@pytest.mark.parametrize(
    ("name", "whose"),
    [
        ("onet.onnx", "the detector mtcnn-1.0.0"),
        ("cover.json", "the bundle itself"),
        ("NOTICE", "the bundle itself"),
        ("manifest.sig", "the bundle itself"),
    ],
)
def test_two_files_of_one_name_are_refused(tmp_path: Path, name: str, whose: str) -> None:
    folder = expression(tmp_path / "mine")
    (folder / "made.onnx").rename(folder / name)
    change(folder / "expression.json", file=name)
    mine, detector, cover = parts.read("expression", folder), *three(DEFAULT)[1:]
    with pytest.raises(SourceError, match=rf"mine/expression\.json: names a file {name}, which is a name of {whose}"):
        parts.check_together([detector, mine, cover])


def test_the_packaged_parts_go_together() -> None:
    parts.check_together(three(DEFAULT))


def test_a_bundle_is_a_source_that_is_held_to_its_own_manifest(tmp_path: Path) -> None:
    write.write(three(DEFAULT), (), tmp_path / "first")
    write.write(three(*[tmp_path / "first"] * 3), (), tmp_path / "second")
    for name in ("expression.json", "onet.onnx", "cover.json"):
        assert (tmp_path / "second" / name).read_bytes() == (DEFAULT / name).read_bytes()
    card = json.loads((tmp_path / "first" / "expression.json").read_text())
    (tmp_path / "first" / "expression.json").write_text(json.dumps({**card, "licence": "MIT"}))
    with pytest.raises(
        SourceError, match=r"first/expression\.json: sha256 \w+ is not what manifest\.json beside it says"
    ):
        parts.read("expression", tmp_path / "first")
