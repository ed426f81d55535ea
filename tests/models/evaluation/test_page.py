"""What is measured for a card, the results file, and the page with its plots."""

import re
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.card import load
from models.data import Faces
from models.datasets import CK48, MUXSPACE, TAIWANESE, UTKFACE, VALID
from models.errors import CardError
from models.evaluation import results as results_file
from models.evaluation.measured import MEASURED, POPULATIONS, SHIFTS, Measurement
from models.evaluation.page import page
from models.evaluation.plots import plots
from models.evaluation.quality import Bin, Curve
from models.evaluation.results import Results
from models.main import BUNDLE, main, parser
from models.model import CARD
from tests.models.bundles import SEVEN, make_bundle, point
from tests.models.conftest import made_faces, write_faces
from tests.models.pictures import encoded, write_table

CURVE = Curve(
    reason="too_small",
    name="height",
    data="taiwanese/taiwanese.parquet",
    what="height of the box, pixels",
    refused="under",
    limit=40.0,
    bins=(Bin(20, 100, 0.5, 0.4, 0.6), Bin(60, 100, 0.7, 0.6, 0.8)),
    clean=0.7,
    at_limit=0.6,
    fallen=40.0,
    refused_clean=0.0,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with made data sets in `data`, a bundle, and what `card --measure` writes of it."""
    folder = tmp_path_factory.mktemp("card")
    faces = made_faces(40, seed=3)
    for name in {VALID, TAIWANESE, CK48, MUXSPACE, UTKFACE}:
        (folder / "data" / name).parent.mkdir(parents=True)
    write_faces(folder / "data" / VALID, Faces(faces.images, faces.votes, np.arange(40) % 7))
    pictures: list[object] = [encoded(48, 5 * i) for i in range(40)]
    named: list[object] = [EXPRESSIONS[i % 8] for i in range(40)]
    shares: dict[str, list[object]] = {
        f"rated_{name}": [float(i % 8 == EXPRESSIONS.index(name)) for i in range(40)] for name in SEVEN[1:]
    }
    table: dict[str, list[object]] = {
        "image": pictures,
        "intended": named,
        "performer": [str(i % 3) for i in range(40)],
    }
    write_table(folder / "data" / TAIWANESE, **table, **shares)
    for name in (CK48, MUXSPACE):
        write_table(folder / "data" / name, image=pictures, emotion=named, person=[str(i) for i in range(40)])
    groups: dict[str, list[object]] = {"sex": ["f", "m"] * 20, "group": ["x", "y"] * 20, "age": [*range(40)]}
    write_table(folder / "data" / UTKFACE, image=pictures, **groups)
    points = point("everyday"), point("fer2013", "own", SEVEN, labels="fer2013", unsure_below=0.2)
    make_bundle(folder / "bundle", *points, trained_on="FER-2013, split Training")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_DATA", str(folder / "data"))
        measured = ["card", "--model", str(folder / "bundle"), "--measure", "--cache", str(folder / "cache")]
        assert main([*measured, "--pages", str(folder / "pages"), "--results", str(folder / "results")]) == 0
    return folder


def results_of(made: Path) -> Results:
    found = results_file.load(load(made / "bundle" / CARD), made / "results" / "made.json")
    assert found is not None
    return found


def test_what_is_measured_of_a_model_are_the_points_that_it_has(made: Path) -> None:
    scores = results_of(made).scores
    assert [(entry.name, entry.report.point) for entry in scores] == [
        (line.name, line.point(load(made / "bundle" / CARD)))
        for line in MEASURED
        if {"everyday", "fer2013"} & set(line.points)
    ]
    assert {entry.report.point for entry in scores} == {"everyday", "fer2013"}
    assert "expressive" not in {entry.report.point for entry in scores}


def test_a_line_takes_the_first_of_its_points_that_a_card_has(tmp_path: Path) -> None:
    card = load(make_bundle(tmp_path, point("fer2013"), point("expressive")) / CARD)
    acted = next(line for line in MEASURED if line.data == TAIWANESE)
    assert acted.point(card) == "expressive"
    assert next(line for line in MEASURED if line.points[0] == "everyday").point(card) == ""


@pytest.mark.parametrize("line", [*MEASURED, *POPULATIONS, *SHIFTS], ids=lambda line: f"{line.name} {line.points[0]}")
def test_every_command_on_a_page_is_one_that_the_program_takes(line: Measurement) -> None:
    card = load(BUNDLE / CARD)
    program, *arguments = line.command(card).split()
    assert program == "mien-models"
    if line.point(card):
        options = parser().parse_args(arguments)
        assert (options.data, options.labels) == (line.data, line.labels)


def test_what_was_measured_is_on_the_card(made: Path) -> None:
    card, results = load(made / "bundle" / CARD), results_of(made)
    assert [score.command for score in card.scores] == [entry.command for entry in results.scores]
    assert [score.accuracy for score in card.scores] == [entry.report.accuracy for entry in results.scores]
    assert list(card.scores[0].coverage) == ["100", "95", "90", "80"]


def test_a_note_says_whether_pictures_of_the_collection_were_trained_on(made: Path) -> None:
    notes = {entry.name: entry.note for entry in results_of(made).scores}
    assert notes["FER-2013 valid"] == "other pictures of it were trained on"
    assert notes["CK+48"].endswith("not trained on")


def test_populations_and_shifts_are_measured_by_each_column(made: Path) -> None:
    results = results_of(made)
    assert [(each.column, list(each.groups)) for each in results.populations] == [("performer", ["0", "1", "2"])]
    (shifts,) = results.shifts
    assert {column: list(groups) for column, groups in shifts.report.by.items()} == {
        "group": ["x", "y"],
        "sex": ["f", "m"],
        "age": ["0-9", "10-19", "20-29", "30-39"],
    }


def test_the_page_shows_every_plot_that_is_there_and_no_other(made: Path) -> None:
    text = (made / "pages" / "made.md").read_text(encoding="utf-8")
    shown = re.findall(r"\]\((made/[^)]+\.svg)\)", text)
    there = sorted(str(path.relative_to(made / "pages")) for path in (made / "pages" / "made").iterdir())
    assert sorted(shown) == there
    for name in there:
        assert ElementTree.parse(made / "pages" / name).getroot().tag.endswith("svg")


def test_the_page_says_each_number_with_its_command(made: Path) -> None:
    text = (made / "pages" / "made.md").read_text(encoding="utf-8")
    for entry in results_of(made).scores:
        assert f"`{entry.command}`" in text
        assert f"{entry.report.accuracy:.1%}" in text


def test_a_class_that_is_mostly_missed_is_named_as_weak(made: Path) -> None:
    card = load(made / "bundle" / CARD)
    recall = {"happiness": 0.9, "fear": 0.4, "disgust": 0.0}
    labelled = {"happiness": 50, "fear": 50, "disgust": 9}
    score = msgspec.structs.replace(card.scores[0], data="Some", point="p", recall=recall, labelled=labelled)
    assert "- Some, p: fear.\n" in page(msgspec.structs.replace(card, scores=(score,)))


def test_the_quality_gate_is_on_the_page_once_it_was_measured(made: Path) -> None:
    card, results = load(made / "bundle" / CARD), results_of(made)
    assert "quality gate" not in page(card, results)
    measured = msgspec.structs.replace(results, quality=(CURVE,), quality_command="mien-models quality")
    text = page(card, measured)
    assert "made/quality.svg" in text
    assert list(plots(msgspec.structs.replace(measured, scores=(), populations=(), shifts=()))) == ["quality.svg"]
    assert "| `too_small` | height of the box, pixels | under 40 | 60.0% | 70.0% | 40 | 0.0% |" in text


def test_a_new_measurement_keeps_the_quality_of_the_same_weights_alone(made: Path) -> None:
    card, path = load(made / "bundle" / CARD), made / "kept.json"
    results_file.save(msgspec.structs.replace(results_of(made), quality=(CURVE,)), path)
    found = results_file.load(card, path)
    assert found is not None
    assert found.quality == (CURVE,)
    assert results_file.load(msgspec.structs.replace(card, sha256="0" * 64), path) is None


def test_broken_results_say_what_to_run(made: Path, tmp_path: Path) -> None:
    (tmp_path / "made.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CardError, match=r"not results of this version: .*; run `mien-models card --measure`"):
        results_file.load(load(made / "bundle" / CARD), tmp_path / "made.json")


def test_the_pages_are_made_again_byte_by_byte_without_what_is_no_longer_measured(made: Path) -> None:
    folder = made / "pages" / "made"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "confusion-old.svg").write_text("<svg/>", encoding="utf-8")
    again = ["card", "--model", str(made / "bundle"), "--pages", str(made / "pages")]
    assert main([*again, "--results", str(made / "results")]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
