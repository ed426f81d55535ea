"""`mien-models data`."""

from pathlib import Path

import pytest

from models import prepared
from models.main import main

from .drawn import put, put_text


def test_a_folder_is_built_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "own" / "happy" / "p1_a.png", 1)
    put(tmp_path / "own" / "0_neutral" / "p2_a.png", 2)
    out = tmp_path / "made" / "own.parquet"
    options = ["--person", "^p[0-9]+", "--licence", "ours", "--out", str(out)]
    assert main(["data", "build", "folder", str(tmp_path / "own"), *options]) == 0
    said = capsys.readouterr().out
    assert "2 pictures of 2 people from own" in said
    assert "licence: ours" in said
    assert "neutral 1, happiness 1" in said
    assert sorted(prepared.read(out).people) == ["own/p1", "own/p2"]
    assert main(["data", "show", str(out)]) == 0
    assert capsys.readouterr().out == said


def test_asian_is_built_and_shown_with_each_licence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "jaffe" / "KA.HA1.29.tiff", 1)
    put(tmp_path / "raf" / "train" / "2" / "train_00001_aligned.jpg", 2)
    out = tmp_path / "asian.parquet"
    assert main(["data", "build", "asian", str(tmp_path / "jaffe"), str(tmp_path / "raf"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "1 pictures of 1 people from JAFFE" in said
    assert "licence: restricted to non-commercial research and educational purposes" in said


def test_a_csv_is_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = " ".join(["0", "255"] * 1152)
    path = put_text(tmp_path / "fer2013.csv", f"emotion,pixels,Usage\n4,{pixels},PublicTest\n")
    out = tmp_path / "out.parquet"
    assert main(["data", "build", "csv", str(path), "--usage", "PublicTest", "--out", str(out)]) == 0
    assert "sadness 1" in capsys.readouterr().out


def test_a_folder_of_no_known_layout_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "build", "asian", str(tmp_path), "--out", str(tmp_path / "x.parquet")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("mien-models: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "x.parquet").exists()
