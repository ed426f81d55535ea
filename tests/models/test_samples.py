"""Which faces of a file have which label, and how they are cut."""

from pathlib import Path

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from edge.detect import Detector
from models.data import CLASSES, Faces
from models.datasets import WITHOUT_CONTEMPT
from models.errors import DataError
from models.samples import Samples, face_picture, middle, padded, read_labelled, read_samples

from .conftest import write_faces
from .pictures import encoded, write_table

RATED = ("happiness", "sadness", "anger", "disgust", "fear", "surprise")


def read(path: Path, labels: str = "") -> Samples:
    return read_samples(path, 0.793, labels=labels)


def names(samples: Samples) -> list[str]:
    return [CLASSES[label] for label in samples.labels]


def rated(path: Path, *rows: tuple[str | None, dict[str, float]], **more: list[object]) -> Path:
    """Rows of what was intended and the shares of raters."""
    columns: dict[str, list[object]] = {f"rated_{name}": [shares.get(name) for _, shares in rows] for name in RATED}
    columns["intended"] = [word for word, _ in rows]
    columns["image"] = [encoded(48)] * len(rows)
    return write_table(path, **columns, **more)


def test_names_are_read_in_any_usual_spelling(tmp_path: Path) -> None:
    words: list[object] = ["happy", "Anger", "surprised", "FEAR", "contempt", "Neutral", "disgusted", "sadness"]
    samples = read(write_table(tmp_path / "a.parquet", emotion=words, image=[encoded(48)] * 8))
    expected = "happiness anger surprise fear contempt neutral disgust sadness"
    assert " ".join(names(samples)) == expected


def test_a_row_without_a_label_is_passed_over(tmp_path: Path) -> None:
    words: list[object] = [None, "sad", "uncertain", "none", "", "No-Face", "happy"]
    samples = read(write_table(tmp_path / "a.parquet", emotion=words, image=[encoded(48)] * 7))
    assert samples.rows.tolist() == [1, 6]


def test_an_unknown_expression_is_named_with_its_row(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.parquet", emotion=["sad", "boredom"], image=[encoded(48)] * 2)
    with pytest.raises(DataError, match="row 1: unknown expression 'boredom'; known are neutral"):
        read(path)


def test_other_columns_do_not_matter(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.parquet", emotion=["sad"], image=[encoded(48)], camera=[{"id": 3}], neutral=["x"])
    assert names(read(path, "emotion")) == ["sadness"]


def test_half_of_the_raters_decide_but_where_neutral_was_intended(tmp_path: Path) -> None:
    path = rated(
        tmp_path / "a.parquet",
        ("fear", {"surprise": 0.5, "fear": 0.3}),
        ("fear", {"surprise": 0.4, "fear": 0.3}),
        ("neutral", {"happiness": 0.9}),
        (None, {"anger": 1.0}),
    )
    samples = read(path, "emotion")
    assert names(samples) == ["surprise", "neutral", "anger"]
    assert samples.rows.tolist() == [0, 2, 3]


def test_raters_could_choose_neutral_and_what_they_were_asked_for(tmp_path: Path) -> None:
    path = rated(tmp_path / "a.parquet", ("fear", {"fear": 1.0}))
    assert read_labelled(path).offered == WITHOUT_CONTEMPT
    path = rated(tmp_path / "b.parquet", ("fear", {"fear": 1.0}), rated_contempt=[0.0])
    assert read_labelled(path).offered == CLASSES


def test_a_column_of_names_goes_before_ratings(tmp_path: Path) -> None:
    path = rated(tmp_path / "a.parquet", ("fear", {"fear": 1.0}), emotion=["sad"])
    assert names(read(path, "emotion")) == ["sadness"]
    assert names(read(path, "ratings")) == ["fear"]


def test_a_file_with_both_labels_gives_the_ones_asked_for(tmp_path: Path, faces: Faces) -> None:
    labels = np.full(len(faces), CLASSES.index("anger"))
    labels[0] = -1
    path = write_faces(tmp_path / "valid.parquet", Faces(faces.images, faces.votes, labels))
    plus, own = read(path), read(path, "fer2013")
    assert (plus.kind, len(plus)) == ("ferplus", 64)
    assert (own.kind, len(own), own.rows[0]) == ("fer2013", 63, 1)
    assert set(names(own)) == {"anger"}


def test_a_file_without_the_labels_asked_for_says_which_columns_they_need(tmp_path: Path) -> None:
    path = write_table(tmp_path / "x.parquet", image=[encoded(48)], label=[1])
    with pytest.raises(DataError, match="known are fer2013: fer2013, image"):
        read(path, "fer2013")
    with pytest.raises(DataError, match="or emotion: emotion, image"):
        read(path)


def test_a_file_in_which_nothing_is_clear_holds_no_face(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no clearly labelled face"):
        read(write_table(tmp_path / "x.parquet", image=[encoded(48)], emotion=["unknown"]))


def test_a_picture_that_cannot_be_read_is_named_by_its_row(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.parquet", emotion=["sad", "sad"], image=[encoded(48), b"no picture"])
    with pytest.raises(DataError, match="row 1: not a readable picture"):
        read(path)
    path = write_table(tmp_path / "b.parquet", emotion=["sad", "sad"], image=[encoded(48), None])
    with pytest.raises(DataError, match="row 1: has no picture"):
        read(path)


@pytest.mark.parametrize("form", [".png", ".jpg", ".webp", ".bmp", ".tiff"])
def test_a_picture_of_any_format_is_read(tmp_path: Path, form: str) -> None:
    path = write_table(tmp_path / "a.parquet", emotion=["sad"], image=[encoded(48, 90, form)])
    assert np.abs(read(path).crops.astype(int) - 90).max() <= 3


def test_a_picture_of_48_pixels_is_a_face_and_another_is_searched_for_one(tmp_path: Path, data: Path) -> None:
    real = pyarrow.parquet.read_table(data / "muxspace/muxspace.parquet").slice(0, 1).to_pylist()[0]["image"]
    words: list[object] = ["neutral", "anger", "fear"]
    path = write_table(tmp_path / "mixed.parquet", emotion=words, image=[real, encoded(96), encoded(48)])
    samples = read(path)
    assert names(samples) == ["neutral", "fear"]
    assert samples.not_found == 1
    assert (samples.crops[1] == 90).all()


def test_a_face_picture_has_its_face_where_the_detector_finds_it(data: Path) -> None:
    labelled = read_labelled(data / "fer2013plus/valid.parquet")[:40]
    detector, usual = Detector.from_bundle(), face_picture()
    away = []
    for at in range(len(labelled)):
        # Twice as large, with 48 pixels of grey around it.
        for face in detector.detect(padded(cv2.cvtColor(labelled.picture(at), cv2.COLOR_GRAY2BGR)))[:1]:
            away.append((face.landmarks - 48) / 2 - usual.landmarks)
    assert len(away) > 30
    assert np.abs(np.median(away, axis=0)).max() < 2.5


def test_a_huge_picture_is_made_smaller_before_a_face_is_looked_for() -> None:
    assert padded(np.zeros((3000, 2000, 3), np.uint8)).shape[0] == 2048


def test_a_crop_of_as_many_pixels_as_it_is_wide_is_the_picture_itself(faces: Faces) -> None:
    assert np.array_equal(middle(faces.images, 0.793, 40), faces.images[:, 4:44, 4:44])
    assert np.array_equal(middle(faces.images, 0.952, 48), faces.images)


def test_no_crop_is_wider_than_a_face_picture(faces: Faces) -> None:
    assert np.array_equal(middle(faces.images, 1.5, 64), middle(faces.images, 0.952, 64))
    assert middle(faces.images, 1.5, 64).shape == (64, 64, 64)
