"""Scores on files of faces: on made ones, and on the real ones with the weights that ship, where the data is."""

import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from contract.expressions import EXPRESSIONS
from edge.bundle import load as load_bundle
from edge.recognise import Recogniser
from models.data import Faces
from models.errors import CardError, DataError
from models.evaluation.evaluate import Choice, Report, Scorer, evaluate, report
from models.main import BUNDLE, main
from models.model import Model
from tests.models.bundles import SEVEN, make_bundle, point
from tests.models.conftest import write_faces
from tests.models.pictures import encoded, write_table


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made network with a default point, and one for each kind of label of FER-2013."""
    points = point("everyday"), point("ferplus", temperature=2.0), point("fer2013", "own", SEVEN, labels="fer2013")
    return make_bundle(tmp_path_factory.mktemp("bundle"), *points)


def sad_faces(path: Path, count: int, **more: list[object]) -> Path:
    """Pictures of 48 px, each of another grey."""
    columns: dict[str, list[object]] = {"image": [encoded(48, i) for i in range(count)], "emotion": ["sad"] * count}
    return write_table(path, **columns, **more)


@pytest.fixture(scope="module")
def shipped() -> Scorer:
    return Scorer(BUNDLE)


def test_the_weights_that_ship_reach_86_percent_on_fer_plus(shipped: Scorer, data: Path) -> None:
    path, choice = data / "fer2013plus/valid.parquet", Choice(labels="ferplus")
    made = report(shipped.answer(path, choice), path, choice)
    assert made.n == 3199
    assert made.accuracy >= 0.86


def test_the_temperature_fits_rows_that_it_was_not_fitted_on(shipped: Scorer, data: Path) -> None:
    path, choice = data / "fer2013plus/valid.parquet", Choice(labels="ferplus", rows="odd")
    assert report(shipped.answer(path, choice), path, choice).ece < 0.03


def test_everyday_neutral_faces_are_seen_as_neutral(data: Path, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(data / "muxspace/muxspace.parquet")
    pyarrow.parquet.write_table(table.take(list(range(0, len(table), 60))), tmp_path / "part.parquet")
    made = evaluate(BUNDLE, tmp_path / "part.parquet", Choice(labels="emotion"))
    assert made.not_found <= 0.03 * made.n
    assert made.recall["neutral"] > 0.75
    assert made.recall["happiness"] > 0.75


def test_probabilities_are_those_of_the_desk() -> None:
    model, desk = Model(BUNDLE), Recogniser.from_bundle(load_bundle(BUNDLE))
    size = model.card.input.size
    faces = np.random.default_rng(3).integers(0, 256, (4, size, size), dtype=np.uint8)
    np.testing.assert_allclose(model.shares(faces), np.stack([desk.shares(face) for face in faces]), atol=1e-5)


def test_another_split_of_the_same_format_is_scored(tmp_path: Path, faces: Faces, bundle: Path) -> None:
    made = evaluate(bundle, write_faces(tmp_path / "test.parquet", faces))
    assert (made.labels, made.n) == ("ferplus", 64)
    assert made.labelled == {"neutral": 32, "happiness": 32}


def test_the_point_is_that_of_the_labels_or_the_default_or_the_one_asked_for(
    tmp_path: Path, faces: Faces, bundle: Path
) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    named = sad_faces(tmp_path / "named.parquet", 1)
    assert evaluate(bundle, path, Choice(labels="ferplus")).point == "ferplus"
    assert evaluate(bundle, path, Choice(labels="fer2013")).point == "fer2013"
    assert evaluate(bundle, named, Choice(labels="emotion")).point == "everyday"
    assert evaluate(bundle, path, Choice(labels="ferplus", point="everyday")).point == "everyday"
    with pytest.raises(CardError, match="no operating point 'acted'"):
        evaluate(bundle, path, Choice(point="acted"))


def test_an_expression_that_labellers_could_not_choose_is_never_answered(tmp_path: Path, faces: Faces) -> None:
    path, contempt = write_faces(tmp_path / "test.parquet", faces), EXPRESSIONS.index("contempt")
    scornful = make_bundle(tmp_path / "bundle", point(shift=(0.0,) * 7 + (9.0,)))
    plus, own = (evaluate(scornful, path, Choice(labels=kind)).confusion for kind in ("ferplus", "fer2013"))
    assert sum(row[contempt] for row in plus) > 0
    assert sum(row[contempt] for row in own) == 0


def test_even_and_odd_rows_make_up_all_of_them(tmp_path: Path, faces: Faces, bundle: Path) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    halves = [evaluate(bundle, path, Choice(rows=rows)).confusion for rows in ("even", "odd")]
    assert np.array_equal(np.sum(halves, axis=0), evaluate(bundle, path).confusion)


def test_copies_of_training_pictures_can_be_left_out(tmp_path: Path, faces: Faces, bundle: Path) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    seen = write_faces(tmp_path / "train.parquet", faces[:24])
    made = evaluate(bundle, path, Choice(without_copies_of=seen))
    assert (made.copies_left_out, made.n) == (24, 40)


def test_faces_under_the_threshold_of_the_point_are_unsure(tmp_path: Path, faces: Faces) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    surest = Model(make_bundle(tmp_path / "plain")).shares(faces.images[:, 4:44, 4:44]).max(axis=1)
    half = float(np.median(surest))
    nobody, some, everybody = (
        evaluate(make_bundle(tmp_path / str(below), point(unsure_below=below)), path) for below in (0.0, half, 1.1)
    )
    assert (nobody.unsure, nobody.accuracy_of_sure) == (0.0, nobody.accuracy)
    assert some.unsure == 0.5
    assert (everybody.unsure, everybody.accuracy_of_sure) == (1.0, None)


def test_people_are_scored_in_their_folds_and_each_in_one(tmp_path: Path, bundle: Path) -> None:
    path = sad_faces(tmp_path / "people.parquet", 40, person=[f"person {i // 2}" for i in range(40)])
    counts = [evaluate(bundle, path, Choice(people_folds=folds)).n for folds in ((0, 1, 2), (3, 4))]
    assert sum(counts) == 40
    assert all(count and count % 2 == 0 for count in counts)


def test_rows_stand_for_people_where_nobody_is_named(tmp_path: Path, bundle: Path) -> None:
    path = sad_faces(tmp_path / "rows.parquet", 40)
    counts = [evaluate(bundle, path, Choice(people_folds=(fold,))).n for fold in range(5)]
    assert sum(counts) == 40
    assert max(counts) < 20


def test_a_file_in_which_no_face_is_found_is_one_error(tmp_path: Path, bundle: Path) -> None:
    path = write_table(tmp_path / "blank.parquet", emotion=["sad"], image=[encoded(96)])
    with pytest.raises(DataError, match="no face was found in its 1 pictures"):
        evaluate(bundle, path)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["evaluate", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_command_prints_a_table_or_json(
    tmp_path: Path, faces: Faces, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    assert "accuracy of the surest" in shown(capsys, "--model", bundle, "--data", path)
    found = json.loads(shown(capsys, "--model", bundle, "--data", path, "--labels", "ferplus", "--json"))
    assert set(found) == set(Report.__struct_fields__)
    assert found["n"] == 64
    assert list(found["accuracy_at_coverage"]) == ["100", "95", "90", "80"]
    assert found["accuracy_at_coverage"]["100"] == found["accuracy"]
    assert set(found["recall"]) == {"neutral", "happiness"}


def test_a_model_is_named_by_its_bundle_its_network_or_its_folder(
    tmp_path: Path, faces: Faces, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    packaged, network, folder = (
        json.loads(shown(capsys, "--model", name, "--data", path, "--json"))["model"]
        for name in ("default", "mien-face", bundle)
    )
    assert packaged == network
    assert folder == "made-1"
    assert main(["evaluate", "--model", "nobody", "--data", str(path)]) == 1
    assert "there is none of that name; there are default (mien-face-" in capsys.readouterr().err


def test_a_corrupted_file_ends_the_command_with_one_line(
    tmp_path: Path, faces: Faces, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_faces(tmp_path / "test.parquet", faces)
    path.write_bytes(path.read_bytes()[:-50])
    assert main(["evaluate", "--data", str(path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "not a readable parquet file" in said.err


def test_the_help_names_every_key_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    text = capsys.readouterr().out
    assert [key for key in Report.__struct_fields__ if key not in text] == []
