"""CK+48 and the Taiwanese performers, from parquet files and from the owner's folder."""

from pathlib import Path

import cv2
import pyarrow
import pyarrow.parquet
import pytest

from models.data import read_columns
from models.errors import DataError
from models.sources.ck48 import ck48
from models.sources.taiwanese import UNCLEAR, taiwanese

from .drawn import drawn, left_out, put, put_text, shown

RATED = ("happiness", "sadness", "anger", "disgust", "fear", "surprise")


def encoded(seed: int) -> bytes:
    return bytes(cv2.imencode(".png", drawn(seed))[1].tobytes())


def write_taiwanese(path: Path, rows: list[tuple[str, str, str, float]]) -> Path:
    """Rows of performer, what was intended, and what how many of the raters chose."""
    columns: dict[str, list[object]] = {
        "performer": [row[0] for row in rows],
        "intended": [row[1] for row in rows],
        **{f"rated_{name}": [row[3] if row[2] == name else 0.0 for row in rows] for name in RATED},
        "image": [encoded(800 + seed) for seed in range(len(rows))],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_ck48_keeps_all_frames_with_their_subjects(tmp_path: Path) -> None:
    columns = {
        "subject": ["S010", "S010", "S011"],
        "emotion": ["anger", "anger", "happy"],
        "image": [encoded(1), encoded(1), encoded(2)],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "ck48.parquet")
    found = ck48(tmp_path / "ck48.parquet")
    assert shown(found) == {"anger": 2, "happiness": 1}
    assert found.people.tolist() == ["CK+/S010", "CK+/S010", "CK+/S011"]
    assert "non-commercial" in found.manifest[0].licence


def test_the_majority_of_raters_decides(tmp_path: Path) -> None:
    rows = [("01", "fear", "surprise", 0.8), ("01", "neutral", "sadness", 0.6), ("02", "anger", "anger", 0.4)]
    found = taiwanese(write_taiwanese(tmp_path / "t.parquet", rows))
    assert shown(found) == {"surprise": 1, "neutral": 1}
    assert found.people.tolist() == ["Taiwanese/01"] * 2
    assert left_out(found) == {UNCLEAR: 1}


def test_the_owner_s_folder_is_read_by_its_table(tmp_path: Path) -> None:
    for seed, stem in enumerate(("0101a02", "0111b01", "0211f03", "0211c05")):
        put(tmp_path / "faces_256x256" / f"{stem}.jpg", seed)
    table = [
        "file_name,self,count,category,max,entropy,c1,c2,c3,c4,c5,c6,e1",
        "0101a02,1,100,1,5,1,0.59,0.04,0.14,0.22,0,0.01,0",
        "0111b01.jpg,1,100,1,5,1,0.97,0.01,0.01,0.01,0,0,0",
        "0211f03,1,100,6,5,1,0,0.1,0,0.1,0.2,0.6,0",
        "0211c05,1,100,2,5,1,0.2,0.4,0.2,0.2,0,0,0",
        "0311c05,1,100,2,5,1,0,1,0,0,0,0,0",
    ]
    put_text(tmp_path / "Image_info.csv", "\n".join(table))
    found = taiwanese(tmp_path)
    assert shown(found) == {"neutral": 1, "happiness": 1, "surprise": 1}
    assert found.people.tolist() == ["Taiwanese/01", "Taiwanese/01", "Taiwanese/02"]
    assert left_out(found) == {UNCLEAR: 1, "in the table without a picture": 1}


def test_a_table_of_other_columns_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "0111b01.jpg", 1)
    put_text(tmp_path / "Image_info.csv", "file_name,shares\n0111b01,0.5\n")
    with pytest.raises(DataError, match="0111b01: columns G to L are not the shares of raters"):
        taiwanese(tmp_path)


def test_a_file_of_another_data_set_is_refused(tmp_path: Path) -> None:
    path = write_taiwanese(tmp_path / "t.parquet", [("01", "neutral", "sadness", 0.6)])
    with pytest.raises(DataError, match=r"t\.parquet: lacks the columns subject, emotion"):
        ck48(path)


def test_real_performers_are_found_and_cut(data: Path, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(data / "taiwanese" / "taiwanese.parquet").slice(0, 6)
    pyarrow.parquet.write_table(table, tmp_path / "six.parquet")
    found = taiwanese(tmp_path / "six.parquet")
    performers = {f"Taiwanese/{name}" for name in read_columns(tmp_path / "six.parquet", ("performer",))["performer"]}
    assert set(found.people.tolist()) == performers
    assert found.images.shape == (6 - sum(left_out(found).values()), 48, 48)
    assert found.images.std(axis=(1, 2)).min() > 20
