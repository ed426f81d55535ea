"""Evaluation of the weights that ship: on made files, and on the real ones where the data is."""

import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from edge.bundle import load as load_bundle
from edge.recognise import Recogniser
from models.data import CLASSES, Faces
from models.errors import DataError
from models.evaluate import Choice, evaluate
from models.main import BUNDLE, main
from models.model import Model
from models.samples import Samples, middle, read_samples

from .conftest import crops, write_faces


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(BUNDLE)


def test_the_weights_that_ship_reach_86_percent_on_fer_plus(model: Model, data: Path) -> None:
    scores = evaluate(model, data / "fer2013plus/valid.parquet").scores
    assert scores.n == 3199
    assert scores.accuracy >= 0.86


def test_the_temperature_fits_rows_that_it_was_not_fitted_on(model: Model, data: Path) -> None:
    scores = evaluate(model, data / "fer2013plus/valid.parquet", Choice(rows="odd")).scores
    assert scores.calibration_error < 0.03


def test_everyday_neutral_faces_are_seen_as_neutral(model: Model, data: Path, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(data / "muxspace/muxspace.parquet")
    pyarrow.parquet.write_table(table.take(list(range(0, len(table), 40))), tmp_path / "part.parquet")
    report = evaluate(model, tmp_path / "part.parquet")
    assert report.not_found <= 0.03 * report.scores.n
    assert report.scores.recall["neutral"] > 0.8
    assert report.scores.recall["happiness"] > 0.8


def test_probabilities_are_those_of_the_desk(model: Model) -> None:
    desk = Recogniser.from_bundle(load_bundle(BUNDLE))
    faces = crops(4)
    expected = np.stack([desk.shares(face) for face in faces])
    np.testing.assert_allclose(model.shares(faces), expected, atol=1e-5)


def test_another_split_of_the_same_format_is_scored(tmp_path: Path, faces: Faces, model: Model) -> None:
    report = evaluate(model, write_faces(tmp_path / "test.parquet", faces))
    assert report.kind == "FER+"
    assert report.scores.n == 64
    assert report.scores.labelled == {"neutral": 32, "happiness": 32}


def test_even_and_odd_rows_make_up_all_of_them(tmp_path: Path, faces: Faces, model: Model) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    halves = [evaluate(model, path, Choice(rows=rows)).scores for rows in ("even", "odd")]
    whole = evaluate(model, path).scores
    assert np.array_equal(np.sum([half.confusion for half in halves], axis=0), whole.confusion)


def test_copies_of_training_pictures_can_be_left_out(tmp_path: Path, faces: Faces, model: Model) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    seen = write_faces(tmp_path / "train.parquet", faces[:24])
    report = evaluate(model, path, Choice(without_copies_of=seen))
    assert (report.copies_left_out, report.scores.n) == (24, 40)


def write_table(path: Path, **columns: list[object]) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def read(path: Path) -> Samples:
    return read_samples(path, 0.793)


def encoded(side: int, value: int = 90) -> bytes:
    return cv2.imencode(".png", np.full((side, side), value, np.uint8))[1].tobytes()


def test_ck48_is_cut_to_its_middle_and_happy_is_happiness(tmp_path: Path) -> None:
    path = write_table(tmp_path / "ck.parquet", subject=["S1"], emotion=["happy"], image=[encoded(48)])
    samples = read(path)
    assert (samples.kind, samples.crops.shape) == ("CK+48", (1, 40, 40))
    assert CLASSES[samples.labels[0]] == "happiness"


def test_a_picture_without_a_face_is_counted_not_scored(tmp_path: Path, data: Path) -> None:
    real = pyarrow.parquet.read_table(data / "muxspace/muxspace.parquet").slice(0, 1).to_pylist()[0]["image"]
    path = write_table(
        tmp_path / "mux.parquet", person=["a", "b"], emotion=["neutral", "anger"], image=[real, encoded(96)]
    )
    samples = read(path)
    assert (len(samples), samples.not_found) == (1, 1)


def test_taiwanese_labels_are_what_half_of_the_raters_chose(tmp_path: Path, data: Path) -> None:
    table = pyarrow.parquet.read_table(data / "taiwanese/taiwanese.parquet").slice(0, 60)
    pyarrow.parquet.write_table(table, tmp_path / "some.parquet")
    samples = read(tmp_path / "some.parquet")
    rows = table.to_pylist()
    for row, label in zip(samples.rows, samples.labels, strict=True):
        named = CLASSES[label]
        assert rows[row]["intended"] == "neutral" if named == "neutral" else rows[row][f"rated_{named}"] >= 0.5


def test_a_file_of_no_known_data_set_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="known are FER"):
        read(write_table(tmp_path / "x.parquet", image=[encoded(48)], label=[1]))


def test_an_unknown_expression_is_named(tmp_path: Path) -> None:
    path = write_table(tmp_path / "ck.parquet", subject=["S1"], emotion=["boredom"], image=[encoded(48)])
    with pytest.raises(DataError, match="unknown expressions boredom"):
        read(path)


def test_the_command_prints_a_table_or_json(tmp_path: Path, faces: Faces, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    assert main(["evaluate", "--data", str(path)]) == 0
    assert "accuracy" in capsys.readouterr().out
    assert main(["evaluate", "--data", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"]["n"] == 64


def test_a_corrupted_file_ends_the_command_with_one_line(
    tmp_path: Path, faces: Faces, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    path.write_bytes(path.read_bytes()[:-50])
    assert main(["evaluate", "--data", str(path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "not a readable parquet file" in shown.err


def write_both_labels(path: Path, faces: Faces) -> Path:
    """A FER+ file with FER-2013's own labels beside the votes; one row has none."""
    table = pyarrow.parquet.read_table(write_faces(path, faces))
    own = pyarrow.array([None, *["angry"] * (len(faces) - 1)])
    pyarrow.parquet.write_table(table.append_column("fer2013", own), path)
    return path


def test_a_file_with_both_labels_gives_the_ones_asked_for(tmp_path: Path, faces: Faces) -> None:
    path = write_both_labels(tmp_path / "valid.parquet", faces)
    plus, own = read_samples(path, 0.793), read_samples(path, 0.793, labels="FER-2013")
    assert (plus.kind, len(plus)) == ("FER+", 64)
    assert (own.kind, len(own), own.rows[0]) == ("FER-2013", 63, 1)
    assert {CLASSES[label] for label in own.labels} == {"anger"}


def test_a_crop_of_as_many_pixels_as_it_is_wide_is_the_picture_itself(faces: Faces) -> None:
    assert np.array_equal(middle(faces.images, 0.793, 40), faces.images[:, 4:44, 4:44])
    assert np.array_equal(middle(faces.images, 0.952, 48), faces.images)


def test_no_crop_is_wider_than_a_face_picture(faces: Faces) -> None:
    assert np.array_equal(middle(faces.images, 1.5, 64), middle(faces.images, 0.952, 64))
    assert middle(faces.images, 1.5, 64).shape == (64, 64, 64)
