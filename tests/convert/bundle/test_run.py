"""One command from a training run to a signed bundle, which a box that trusts the key loads, and with no other byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from convert import half
from convert.main import main
from edge import bundle
from edge.errors import ModelError
from edge.reader import FaceReader
from tests.edge.pictures import portrait
from tests.models.conftest import made_faces, write_faces
from tests.models.runs import finished_run


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, labelled faces and a key."""
    folder = tmp_path_factory.mktemp("place")
    finished_run(folder / "student")
    write_faces(folder / "valid.parquet", made_faces(40, seed=2))
    assert main(["key", "ours", "--out", str(folder)]) == 0
    return folder


def make(place: Path, out: str, *options: str, run: str = "student") -> int:
    given = ["bundle", "--run", str(place / run), "--key", str(place / "ours.key"), "--out", str(place / out)]
    return main([*given, "--valid-data", str(place / "valid.parquet"), *options])


@pytest.fixture(scope="module")
def desk(place: Path) -> Path:
    assert make(place, "desk") == 0
    return place / "desk"


def load(folder: Path) -> bundle.Bundle:
    return bundle.load(folder, trust=str(folder.parent / "ours.pub.json"))


def test_a_run_becomes_a_signed_bundle_that_a_box_loads_and_reads_a_face_with(desk: Path) -> None:
    loaded = load(desk)
    assert (loaded.model, loaded.signers) == ("mien-face-3.0.0", ("ours",))
    assert half.weights_of(half.read(loaded.expression_file().path)).share == 1.0
    shares = FaceReader.from_bundle(loaded).read(portrait()).shares
    assert shares is not None
    assert shares.sum() == pytest.approx(1)
    assert main(["inspect", str(desk), "--trust", str(desk.parent / "ours.pub.json")]) == 0


@pytest.mark.parametrize("name", ["expression.onnx", "expression.json", "pnet.onnx", "NOTICE", "manifest.json"])
def test_a_box_refuses_it_once_a_byte_is_another(desk: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(desk.parent, tmp_path, dirs_exist_ok=True)
    changed = tmp_path / "desk" / name
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    with pytest.raises(ModelError):
        load(tmp_path / "desk")


def test_each_step_says_what_it_found(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faces = str(place / "valid.parquet")
    assert make(place, "told", "--as", "face-asia", "--accept-licence", "research-only", "--verify", faces) == 0
    out, err = capsys.readouterr()
    steps = (
        "exported ",
        "expression.onnx: ",
        "  everyday: temperature ",
        "comparing it with float32 on ",
        "point ",
        "everyday ",
        "limit ",
        f"{place / 'told'}: face-asia-2.0.0, mtcnn-1.0.0, mien-cover-1.0.0; ",
    )
    places = [next(i for i, line in enumerate(out.splitlines()) if line.startswith(step)) for step in steps]
    assert places == sorted(places)
    assert "MB, signed; the licences allow research" in out
    assert "research and teaching alone" in err


def test_past_a_limit_nothing_is_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finished_run(place / "coarse", head=3000.0)
    before = {path.name for path in place.iterdir()}
    assert make(place, "none", run="coarse") == 1
    err = capsys.readouterr().err.splitlines()[-1]
    assert err.startswith("mien-convert: mien-face-3.0.0: everyday: ")
    assert "a logit differs by " in err
    assert {path.name for path in place.iterdir()} == before


def test_what_is_refused_is_refused_before_anything_is_exported(
    place: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(place, "desk") == 1
    assert make(place, "new", "--verify", "nowhere.parquet") == 1
    assert make(place, "new", "--detector", "nobody") == 1
    assert main(["bundle", "--expression", "default", "--as", "mien-face", "--out", str(place / "new")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [
        text in line
        for text, line in zip(
            ("is not empty", "nowhere.parquet: no such file", '--detector "nobody"', "--as: is of a training run"),
            err.splitlines(),
            strict=True,
        )
    ] == [True] * 4
    assert not (place / "new").exists()
