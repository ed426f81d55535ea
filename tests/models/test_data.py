"""FER+ labels from votes, near copies, and what is said of broken files."""

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from models.data import NOT_A_CLASS, Bytes, Faces, copies_of, majority, read_faces, soft_labels
from models.errors import DataError

from .conftest import made_faces, write_faces


def votes(*counts: int) -> Bytes:
    return np.array([counts], np.uint8)


# In order: neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, no face.


def test_more_than_half_of_the_votes_is_a_majority() -> None:
    assert majority(votes(4, 6, 0, 0, 0, 0, 0, 0, 0, 0)) == [1]


def test_half_of_the_votes_is_no_majority() -> None:
    assert majority(votes(5, 5, 0, 0, 0, 0, 0, 0, 0, 0)) == [NOT_A_CLASS]


def test_single_votes_are_dropped_before_the_half_is_taken() -> None:
    assert majority(votes(0, 0, 1, 5, 1, 0, 1, 2, 0, 0)) == [3]


def test_votes_for_unknown_count_among_the_rest() -> None:
    assert majority(votes(4, 0, 0, 0, 0, 0, 0, 0, 4, 2)) == [NOT_A_CLASS]


def test_a_majority_for_no_face_is_no_label() -> None:
    assert majority(votes(2, 0, 0, 0, 0, 0, 0, 0, 0, 8)) == [NOT_A_CLASS]


def test_ten_single_votes_are_no_label() -> None:
    assert majority(votes(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)) == [NOT_A_CLASS]


def test_soft_labels_sum_to_one_without_single_votes() -> None:
    targets, usable = soft_labels(votes(6, 1, 0, 2, 0, 0, 0, 0, 1, 0))
    assert usable.all()
    assert targets[0].tolist() == [0.75, 0, 0, 0.25, 0, 0, 0, 0]


def test_a_face_that_most_could_not_name_is_not_trained_on() -> None:
    assert not soft_labels(votes(2, 0, 0, 0, 0, 0, 0, 0, 8, 0))[1].any()


def test_a_dimmed_mirror_image_is_a_copy_and_another_face_is_not() -> None:
    faces = made_faces(4, seed=5).images
    others = made_faces(4, seed=6).images
    mirror = (faces[1, :, ::-1] // 2 + 20)[None]
    assert copies_of(np.concatenate([faces[2:3], mirror, others[:1]]), faces).tolist() == [True, True, False]


def test_faces_are_read_as_they_were_written(tmp_path: Path, faces: Faces) -> None:
    read = read_faces(write_faces(tmp_path / "split.parquet", faces))
    assert (read.images == faces.images).all()
    assert (read.votes == faces.votes).all()


def test_a_corrupted_file_is_one_line_that_says_what_to_do(tmp_path: Path, faces: Faces) -> None:
    path = write_faces(tmp_path / "split.parquet", faces)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"split\.parquet: not a readable parquet file .*copy it again") as caught:
        read_faces(path)
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"image": [b""]}), tmp_path / "other.parquet")
    with pytest.raises(DataError, match="lacks the columns neutral, happiness"):
        read_faces(tmp_path / "other.parquet")


def test_a_broken_picture_is_named_by_its_row(tmp_path: Path, faces: Faces) -> None:
    path = write_faces(tmp_path / "split.parquet", faces)
    table = pyarrow.parquet.read_table(path)
    pictures = table.column("image").to_pylist()
    pictures[5] = pictures[5][:20]
    index = table.column_names.index("image")
    pyarrow.parquet.write_table(table.set_column(index, "image", pyarrow.array(pictures)), path)
    with pytest.raises(DataError, match="row 5: not a readable picture"):
        read_faces(path)
