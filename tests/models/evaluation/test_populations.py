"""Accuracy by population, and what is found and answered where there are no labels."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from models.evaluation.evaluate import Choice, Scorer
from models.evaluation.populations import by_column, unlabelled
from models.main import main
from models.model import CARD, Model
from models.samples import read_samples
from tests.models.bundles import make_bundle, point
from tests.models.pictures import encoded, write_table


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle"), point(unsure_below=0.2))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Twelve face pictures of three performers and of many ages, labelled."""
    return write_table(
        tmp_path / "people.parquet",
        image=[encoded(48, 20 * i) for i in range(12)],
        emotion=["happy", "sad"] * 6,
        performer=["b", "a", "c"] * 4,
        age=[3, 9, 10, 19, 20, 101, None, 29, 25, 8, 12, 102],
    )


def test_each_value_has_its_accuracy_and_interval(people: Path, bundle: Path) -> None:
    answer = Scorer(bundle).answer(people, Choice())
    groups = by_column(answer, "performer")
    assert list(groups) == ["a", "b", "c"]
    samples = read_samples(people, 0.793)
    right = Model(bundle).shares(samples.crops).argmax(axis=1) == samples.labels
    assert groups["b"].accuracy == right[0::3].mean()
    for group in groups.values():
        assert group.n == 4
        assert group.low <= group.accuracy <= group.high


def test_numbers_are_taken_by_tens_in_their_order(people: Path, bundle: Path) -> None:
    groups = by_column(Scorer(bundle).answer(people, Choice()), "age")
    assert {value: group.n for value, group in groups.items()} == {
        "0-9": 3,
        "10-19": 3,
        "20-29": 3,
        "100-109": 2,
        "not said": 1,
    }


def test_groups_are_of_the_faces_that_are_scored(people: Path, bundle: Path) -> None:
    groups = by_column(Scorer(bundle).answer(people, Choice(rows="odd")), "performer")
    assert sum(group.n for group in groups.values()) == 6


def test_a_column_that_is_not_there_is_named(people: Path, bundle: Path) -> None:
    with pytest.raises(DataError, match="lacks the columns group"):
        by_column(Scorer(bundle).answer(people, Choice()), "group")


def test_without_labels_it_is_told_what_is_found_and_answered(tmp_path: Path, bundle: Path) -> None:
    images: list[object] = [*(encoded(48, 20 * i) for i in range(6)), encoded(96), encoded(96)]
    path = write_table(tmp_path / "faces.parquet", image=images, group=["x", "x", "y", "y", "y", "x", "x", "y"])
    made = unlabelled(Scorer(bundle), path, Choice(by=("group",)))
    assert (made.all.pictures, made.all.found) == (8, 0.75)
    assert made.all.low < 0.75 < made.all.high
    assert {value: (shift.pictures, shift.found) for value, shift in made.by["group"].items()} == {
        "x": (4, 0.75),
        "y": (4, 0.75),
    }
    shares = Model(bundle).shares(np.stack([np.full((40, 40), 20 * i, np.uint8) for i in (2, 3, 4)]))
    assert made.by["group"]["y"].shares["anger"] == pytest.approx(shares[:, 4].mean(), abs=1e-6)
    assert sum(made.all.shares.values()) == pytest.approx(1, abs=1e-5)


def test_a_group_without_any_face_is_told_too(tmp_path: Path, bundle: Path) -> None:
    path = write_table(tmp_path / "faces.parquet", image=[encoded(48), encoded(96)], group=["x", "y"])
    made = unlabelled(Scorer(bundle), path, Choice(by=("group",)))
    assert (made.by["group"]["y"].found, made.by["group"]["y"].shares["anger"]) == (0, 0)


def test_the_command_takes_a_file_without_labels_as_such(
    tmp_path: Path, people: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_table(tmp_path / "faces.parquet", image=[encoded(48)], group=["x"])
    for arguments in (["--data", str(path)], ["--data", str(people), "--unlabelled"]):
        assert main(["evaluate", "--model", str(bundle), "--json", *arguments]) == 0
        assert json.loads(capsys.readouterr().out)["all"]["found"] == 1
    assert main(["evaluate", "--model", str(bundle), "--data", str(path), "--by", "group"]) == 0
    assert "mean shares in percent" in capsys.readouterr().out


def test_the_command_prints_accuracy_by_each_column(
    people: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--model", str(bundle), "--data", str(people), "--by", "performer", "--by", "age"]
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found["by"]) == {"performer", "age"}
    assert set(found["by"]["performer"]["a"]) == {"n", "accuracy", "low", "high"}
    assert main(arguments) == 0
    assert "100-109" in capsys.readouterr().out
    assert (bundle / CARD).exists()
