"""A bundle is held to its manifest: what is missing, changed, linked or besides is found, all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.manifest import SIGNATURE
from convert.bundle import manifest, write
from convert.bundle.check import examine
from convert.errors import ManifestError
from tests.convert.bundle.made import change, expression, three


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write.write(three(expression(tmp_path / "source")), (), tmp_path / "desk")
    return tmp_path / "desk"


def faults(folder: Path) -> dict[str, str]:
    found = examine(folder, manifest.load(folder))
    return {each.name: each.fault for each in found if each.fault}


def test_a_bundle_as_it_was_written_fits(folder: Path) -> None:
    found = examine(folder, manifest.load(folder))
    assert {each.name for each in found} == {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert faults(folder) == {}


def test_every_file_that_does_not_fit_is_found(folder: Path) -> None:
    data = bytearray((folder / "rnet.onnx").read_bytes())
    data[1000] ^= 1
    (folder / "rnet.onnx").write_bytes(data)
    (folder / "made.onnx").write_bytes(b"short")
    (folder / "NOTICE").unlink()
    (folder / "onet.onnx").rename(folder.parent / "onet.onnx")
    (folder / "onet.onnx").symlink_to(folder.parent / "onet.onnx")
    (folder / "pnet.onnx").unlink()
    (folder / "pnet.onnx").mkdir()
    (folder / "engine.plan").touch()
    found = faults(folder)
    assert found.pop("rnet.onnx").startswith("has other bytes: its sha256 is ")
    assert found.pop("made.onnx").startswith("has 5 bytes instead of ")
    assert found == {
        "NOTICE": "is missing",
        "onet.onnx": "is a symbolic link",
        "pnet.onnx": "is no plain file",
        "engine.plan": "is not in manifest.json",
    }


def test_a_signature_beside_the_manifest_is_no_stray(folder: Path) -> None:
    (folder / SIGNATURE).touch()
    assert faults(folder) == {}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2}, "not a manifest that this version reads"),
        ({"extra": 1}, "not a manifest that this version reads"),
        ({"notice": {"file": "../NOTICE", "sha256": "0" * 64, "size": 1}}, "not a manifest that this version reads"),
        ({"notice": {"file": "onet.onnx", "sha256": "0" * 64, "size": 1}}, "names onet.onnx twice"),
    ],
)
def test_a_broken_manifest_is_refused(folder: Path, fields: dict[str, object], said: str) -> None:
    change(folder / "manifest.json", **fields)
    with pytest.raises(ManifestError, match=said):
        manifest.load(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"manifest\.json: there is none"):
        manifest.load(tmp_path)
