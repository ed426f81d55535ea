"""Folders of pictures named for expressions."""

from pathlib import Path

import pytest

from models.errors import DataError
from models.sources.folder import folder

from .drawn import left_out, put, shown


def test_folders_are_known_in_any_usual_spelling(tmp_path: Path) -> None:
    for seed, name in enumerate(("Angry/a.png", "0_neutral/b.jpg", "happy/c.bmp", "happy/more/d.png")):
        put(tmp_path / name, seed)
    found = folder(tmp_path, name="ours", licence="ours alone")
    assert shown(found) == {"anger": 1, "neutral": 1, "happiness": 2}
    assert found.people.tolist() == [""] * 4
    (source,) = found.manifest
    assert (source.name, source.licence, source.pictures, source.people) == ("ours", "ours alone", 4, 0)


def test_a_licence_that_nobody_stated_is_said_to_be_unknown(tmp_path: Path) -> None:
    put(tmp_path / "set" / "sad" / "a.png", 1)
    (source,) = folder(tmp_path / "set").manifest
    assert (source.name, source.licence) == ("set", "not stated: check with the owner")


def test_people_are_found_in_names(tmp_path: Path) -> None:
    for seed, name in enumerate(
        ("anger/S010_004_17.png", "anger/S010_004_18.png", "fear/S011_003_14.png", "fear/x.png")
    ):
        put(tmp_path / name, seed)
    found = folder(tmp_path, name="CK", person=r"^(S\d+)_")
    assert found.people.tolist() == ["CK/S010", "CK/S010", "CK/S011"]
    assert found.manifest[0].people == 2
    assert left_out(found) == {"no person found in its name": 1}


def test_pictures_of_another_folder_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "anger" / "a.png", 1)
    put(tmp_path / "bored" / "b.png", 2)
    assert left_out(folder(tmp_path)) == {"in the folder bored, which is no expression": 1}


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("1", "numbers alone mean different expressions"),
        ("train/neutral", "did you mean .*train"),
        ("cats", "name its folders neutral happiness"),
    ],
)
def test_a_folder_without_expressions_says_what_to_do(tmp_path: Path, inside: str, says: str) -> None:
    put(tmp_path / inside / "a.png", 1)
    with pytest.raises(DataError, match=f"none of its folders is named for an expression; {says}"):
        folder(tmp_path)


def test_an_expression_that_finds_nobody_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "anger" / "a.png", 1)
    with pytest.raises(DataError, match="finds nobody in any file's name"):
        folder(tmp_path, person=r"S\d+")


def test_a_broken_expression_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--person \(: not a regular expression"):
        folder(tmp_path, person="(")


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: no such folder"):
        folder(tmp_path / "gone")
