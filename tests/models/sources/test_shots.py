"""Labelled pictures to a prepared set."""

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.data import copies_of, decode, read_columns
from models.errors import DataError
from models.sources.shots import NO_FACE, UNREADABLE, Origin, Shot, is_picture, prepared_set

from .drawn import drawn, put

ORIGIN = Origin("set", Path("folder"), "", "ours")


def test_a_picture_of_48x48_is_taken_as_it_is(tmp_path: Path) -> None:
    found = prepared_set(
        ORIGIN, [Shot(put(tmp_path / "a.png", 1), 4, "x"), Shot(put(tmp_path / "b.tiff", 2), 1)], Counter()
    )
    assert (found.images == np.stack([drawn(1), drawn(2)])).all()
    assert found.labels.tolist() == [4, 1]
    assert found.people.tolist() == ["set/x", ""]
    assert not found.votes.any()
    assert found.manifest[0].people == 1


def test_a_picture_without_a_face_and_a_broken_one_are_counted(tmp_path: Path) -> None:
    blank = cv2.imencode(".png", np.full((200, 300, 3), 90, np.uint8))[1].tobytes()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8no")
    shots = [Shot(blank, 0), Shot(broken, 0), Shot(tmp_path / "gone.png", 0), Shot(put(tmp_path / "a.png", 1), 0)]
    found = prepared_set(ORIGIN, shots, Counter({"before": 2}))
    assert len(found) == 1
    assert found.manifest[0].left_out == {"before": 2, NO_FACE: 1, UNREADABLE: 2}


def test_where_nothing_is_left_the_error_says_why(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"folder: no picture of set can be used \(before: 2; not a readable picture: 1\)"
    ):
        prepared_set(ORIGIN, [Shot(tmp_path / "gone.png", 0)], Counter({"before": 2}))


def test_a_face_beside_the_middle_is_cut_as_one_in_it_where_it_is_the_only_one(data: Path) -> None:
    encoded = read_columns(data / "taiwanese" / "taiwanese.parquet", ("image",))["image"][0]
    face = decode(encoded, True, "")[:, :, ::-1]
    wide = np.full((face.shape[0], 3 * face.shape[1], 3), 128, np.uint8)
    wide[:, : face.shape[1]] = face
    beside = cv2.imencode(".png", wide)[1].tobytes()
    found = prepared_set(ORIGIN, [Shot(encoded, 0), Shot(beside, 0)], Counter()).images
    assert found.std(axis=(1, 2)).min() > 20
    assert copies_of(found[:1], found[1:]).all()


def test_of_several_faces_none_over_the_middle_none_is_chosen(data: Path) -> None:
    with pytest.raises(DataError, match=f"{NO_FACE}: 1"):
        prepared_set(ORIGIN, [Shot(data / "faces" / "multi_face.jpg", 0)], Counter())


@pytest.mark.parametrize("name", ["a.PNG", "b.jpeg", "KA.AN1.39.tiff"])
def test_a_picture_is_known_by_its_name(name: str) -> None:
    assert is_picture(Path(name))


@pytest.mark.parametrize("name", ["._a.png", "list.txt", "png"])
def test_other_files_are_no_pictures(name: str) -> None:
    assert not is_picture(Path(name))
