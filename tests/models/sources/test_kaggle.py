"""FER-2013 as Kaggle has it."""

from pathlib import Path

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.errors import DataError
from models.sources.kaggle import kaggle

from .drawn import drawn, left_out, put_text, shown

VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def row(label: int, seed: int, usage: str) -> str:
    return f"{label},{' '.join(map(str, drawn(seed).ravel()))},{usage}"


def test_the_numbers_are_the_expressions_of_fer_2013(tmp_path: Path) -> None:
    rows = [row(label, label, "Training") for label in range(7)]
    found = kaggle(put_text(tmp_path / "fer2013.csv", "\n".join(["emotion,pixels,Usage", *rows])))
    named = [EXPRESSIONS[label] for label in found.labels]
    assert named == ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    assert (found.images == np.stack([drawn(seed) for seed in range(7)])).all()
    assert not found.votes.any()


def test_the_headings_of_icml_face_data_have_spaces(tmp_path: Path) -> None:
    pixels = " ".join(map(str, drawn(1).ravel()))
    path = put_text(tmp_path / "icml_face_data.csv", f"emotion, Usage, pixels\n3,Training,{pixels}\n")
    assert shown(kaggle(path)) == {"happiness": 1}


def test_one_usage_is_taken_without_copies_of_the_others(tmp_path: Path) -> None:
    rows = [row(0, 1, "Training"), row(1, 2, "Training"), row(0, 1, "PrivateTest"), row(2, 3, "PublicTest")]
    found = kaggle(put_text(tmp_path / "fer2013.csv", "\n".join(["emotion,pixels,Usage", *rows])))
    assert shown(found) == {"disgust": 1}
    assert left_out(found)["near copy of a picture that is scored"] == 1


def test_votes_are_read_row_by_row_and_copies_share_them(tmp_path: Path) -> None:
    rows = [row(0, 1, "Training"), row(0, 1, "Training"), row(3, 2, "Training"), row(6, 3, "PublicTest")]
    path = put_text(tmp_path / "fer2013.csv", "\n".join(["emotion,pixels,Usage", *rows]))
    voted = ["Training,a,10,0,0,0,0,0,0,0,0,0", "Training,b,0,0,0,0,10,0,0,0,0,0", "Training,,0,0,0,0,0,0,0,0,0,10"]
    votes = put_text(tmp_path / "fer2013new.csv", "\n".join([VOTES, *voted, "PublicTest,d,10,0,0,0,0,0,0,0,0,0"]))
    found = kaggle(path, votes=votes)
    assert found.votes.tolist() == [[0.5, 0, 0, 0, 0.5, 0, 0, 0], [0] * 8]
    assert shown(found) == {"anger": 1, "happiness": 1}
    assert left_out(found)["near copy of another picture of the set"] == 1


def test_votes_of_other_pictures_are_refused(tmp_path: Path) -> None:
    path = put_text(tmp_path / "fer2013.csv", "emotion,pixels,Usage\n" + row(0, 1, "Training"))
    one = "Training,a,10,0,0,0,0,0,0,0,0,0"
    with pytest.raises(DataError, match=r"has 2 rows, .* has 1; give both files whole"):
        kaggle(path, votes=put_text(tmp_path / "two.csv", "\n".join([VOTES, one, one])))
    with pytest.raises(DataError, match=r"test\.csv, line 2: Usage is PublicTest, in .* Training"):
        kaggle(path, votes=put_text(tmp_path / "test.csv", f"{VOTES}\nPublicTest,a,10,0,0,0,0,0,0,0,0,0"))


def test_a_usage_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    path = put_text(tmp_path / "fer2013.csv", "emotion,pixels,Usage\n" + row(0, 1, "Training"))
    with pytest.raises(DataError, match="no picture's Usage is Test; give --usage Training"):
        kaggle(path, "Test")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0,1 2 3,Training", "line 2: has 3 pixels, not 48 times 48"),
        ("0,1 x,Training", "line 2: emotion and pixels are not all whole numbers"),
        ("0,300,Training", "line 2: emotion and pixels are not all whole numbers"),
        ("7," + "0 " * 2304 + ",Training", "line 2: emotion is 7; known are 0 to 6"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        kaggle(put_text(tmp_path / "fer2013.csv", f"emotion,pixels,Usage\n{line}\n"))


def test_another_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no column emotion and pixels"):
        kaggle(put_text(tmp_path / "other.csv", "a,b\n1,2\n"))
