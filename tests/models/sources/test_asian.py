"""The layouts merged into one set."""

import shutil
from pathlib import Path

import pytest

from models import prepared
from models.errors import DataError
from models.sources.asian import LAYOUTS, asian
from models.sources.people import FOLDS, split

from .drawn import put, put_text, shown
from .test_layouts import sequence, write_casme2, write_clips, write_rafdb
from .test_posed import write_taiwanese


def write_all(root: Path) -> dict[str, Path]:
    """All six layouts, each with its key; a face of JAFFE is in RAF-DB too."""
    rows = [(f"{number:02d}", "anger", "anger", 0.9) for number in range(1, 10)]
    write_taiwanese(root / "taiwanese" / "taiwanese.parquet", rows)
    put(root / "jaffe" / "KA.HA1.29.tiff", 400)
    put(root / "jaffe" / "KA.SA1.33.tiff", 401)
    sequence(root / "oulu" / "VL" / "Strong" / "P001" / "Anger", 6, 500)
    (root / "casme").mkdir()
    write_casme2(root / "casme")
    write_rafdb(root / "rafdb")
    put(root / "rafdb" / "Image" / "aligned" / "train_00004_aligned.jpg", 400)
    write_clips(root / "dfew", {31: 4})
    put_text(root / "dfew" / "EmoLabel_DataSplit" / "set_1.csv", "video_name,label\n31,2\n")
    return {layout.key: root / layout.key for layout in LAYOUTS}


def test_all_layouts_are_recognised_and_merged_with_a_manifest(tmp_path: Path) -> None:
    places = write_all(tmp_path)
    found = asian([str(place) for place in places.values()])
    names = ["Taiwanese", "JAFFE", "Oulu-CASIA", "CASME II", "RAF-DB", "DFEW"]
    assert [each.name for each in found.manifest] == names
    assert {each.name: each.pictures for each in found.manifest} == {
        name: int((found.sources == name).sum()) for name in names
    }
    assert [each.people for each in found.manifest] == [9, 1, 1, 1, 0, 0]
    assert all("research" in each.licence or "academic" in each.licence for each in found.manifest)


def test_a_picture_that_is_in_two_sets_is_there_once(tmp_path: Path) -> None:
    write_all(tmp_path)
    found = asian([str(tmp_path / "rafdb"), str(tmp_path / "jaffe")])
    assert (found.people == "JAFFE/KA").sum() == 2
    (rafdb,) = (each for each in found.manifest if each.name == "RAF-DB")
    assert rafdb.left_out["near copy of another picture of the set"] == 1
    assert shown(found)["happiness"] == 2


def test_a_folder_above_them_all_holds_them_all(tmp_path: Path) -> None:
    write_all(tmp_path)
    assert len(asian([str(tmp_path)]).manifest) == len(LAYOUTS)


def test_people_of_the_merged_set_are_in_one_fold_only(tmp_path: Path) -> None:
    write_all(tmp_path)
    found = asian([str(tmp_path)])
    parts = [split(found, frozenset({fold}))[1] for fold in range(FOLDS)]
    assert sum(map(len, parts)) == len(found)
    people = [who for part in parts for who in set(part.people) - {""}]
    assert len(people) == len(set(people)) == 9 + 1 + 1 + 1 + 1


def test_the_set_is_written_and_read_with_its_manifest(tmp_path: Path) -> None:
    write_all(tmp_path)
    found = asian([f"jaffe={tmp_path / 'jaffe'}"])
    prepared.write(found, tmp_path / "asian.parquet")
    again = prepared.read(tmp_path / "asian.parquet")
    assert again.manifest == found.manifest
    assert again.people.tolist() == ["JAFFE/KA", "JAFFE/KA"]


def test_a_layout_that_is_absent_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(tmp_path)
    shutil.rmtree(tmp_path / "dfew")
    found = asian([str(tmp_path / "jaffe"), f"dfew={tmp_path / 'dfew'}"])
    assert [each.name for each in found.manifest] == ["JAFFE"]
    assert "dfew: no such file or folder; passed over" in capsys.readouterr().err


def test_where_none_is_there_the_error_names_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of .*gone is there; give folders that hold taiwanese .*dfew") as caught:
        asian([str(tmp_path / "gone")])
    assert "\n" not in str(caught.value)


def test_a_folder_of_no_known_layout_is_an_error_that_names_what_is_known(tmp_path: Path) -> None:
    put(tmp_path / "cats" / "tom.jpg", 1)
    put(tmp_path / "jaffe" / "KA.HA1.29.tiff", 2)
    with pytest.raises(DataError, match=r"cats: of no known layout; known are taiwanese .*jaffe \(pictures such as KA"):
        asian([str(tmp_path / "jaffe"), str(tmp_path / "cats")])


def test_a_named_layout_that_is_another_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "KA.HA1.29.tiff", 2)
    with pytest.raises(DataError, match="not laid out as oulu"):
        asian([f"oulu={tmp_path}"])
    with pytest.raises(DataError, match="jaffa is no known layout; known are taiwanese, jaffe"):
        asian([f"jaffa={tmp_path}"])


def test_one_set_given_twice_is_an_error(tmp_path: Path) -> None:
    for place in ("one", "two"):
        put(tmp_path / place / "KA.HA1.29.tiff", 2)
    with pytest.raises(DataError, match="JAFFE is there more than once"):
        asian([str(tmp_path / "one"), str(tmp_path / "two")])
