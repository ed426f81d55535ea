"""A comparison on made data: made bundles and a made peer, under the rules that the page states."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.compare import run as compare_run
from models.compare.page import page
from models.compare.plots import drawn, lines, plots
from models.compare.protocol import CROPS, HEAVY, crops_of
from models.compare.results import BEST_CROP, CARD_CROP, SAME_CROP, Results, load, save
from models.compare.workers import Worker
from models.data import NOT_A_CLASS, Faces
from models.errors import CompareError, DataError
from models.registry import PEERS, Entrant, bundles, peers

from .bundles import SEVEN, make_bundle, point
from .conftest import crops, made_faces, write_faces

MADE_PEER = Path(__file__).with_name("made_peer.py")


def made_peer(*options: str) -> Entrant:
    return Entrant(
        id="peer",
        command=(sys.executable, str(MADE_PEER), *options),
        classes=("happiness", "anger", "neutral"),
        size=64,
        crop=None,
        mirror=False,
        trained_on=("FER-2013",),
        note="made",
        is_peer=True,
        place="made",
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose `data` holds FER+ valid alone: 40 faces, ten of them labelled contempt."""
    folder = tmp_path_factory.mktemp("compare")
    faces = made_faces(40, seed=9)
    faces.votes[:10] = 0
    faces.votes[:10, EXPRESSIONS.index("contempt")] = 10
    path = folder / "data" / "fer2013plus" / "valid.parquet"
    path.parent.mkdir(parents=True)
    own = [NOT_A_CLASS, *[EXPRESSIONS.index(name) for name in ("happiness", "anger", "sadness")] * 13]
    write_faces(path, Faces(faces.images, faces.votes, np.array(own)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_DATA", str(folder / "data"))
        yield folder


@pytest.fixture(scope="module")
def entrants(folder: Path) -> list[Entrant]:
    """A bundle like the default's, one of other size, crop and classes with a second way to use it, and a peer."""
    first = make_bundle(folder / "first", name="first", trained_on="FER-2013, split Training")
    points = point(classes=SEVEN), point("posed", "posed", SEVEN, shift=(0.5,) * 7)
    other = make_bundle(folder / "other", *points, name="other", size=48, crop=0.941, seed=4)
    return [*bundles((first, other), folder / "none"), made_peer()]


@pytest.fixture(scope="module")
def results(folder: Path, entrants: list[Entrant]) -> Results:
    return compare_run.compare(entrants, folder / "cache", rounds=1, command="mien-models compare")


def test_each_bundle_and_each_of_its_operating_points_is_a_model(entrants: list[Entrant]) -> None:
    assert [entrant.id for entrant in entrants] == ["first-1", "other-1", "other-1@posed", "peer"]
    assert [entrant.name for entrant in entrants] == ["first", "other", "other@posed", "peer"]


def test_the_default_bundle_comes_first_and_a_folder_joins_by_being_there(tmp_path: Path) -> None:
    for name in ("another", "default", "zeal"):
        make_bundle(tmp_path / name, name=name)
    assert [entrant.name for entrant in bundles((), tmp_path)] == ["default", "another", "zeal"]


def test_two_bundles_of_one_name_and_version_are_refused(tmp_path: Path) -> None:
    twice = tuple(make_bundle(tmp_path / name, name="same") for name in ("a", "b"))
    with pytest.raises(CompareError, match="holds same-1, and so does"):
        bundles(twice, tmp_path / "none")


def test_every_model_is_scored_on_every_data_set_at_hand(results: Results) -> None:
    assert [data.name for data in results.data] == ["FER+ valid", "FER-2013 valid"]
    for data in results.data:
        assert [(row.model, row.role) for row in results.of(data.name)] == [
            ("first-1", CARD_CROP),
            ("other-1", CARD_CROP),
            ("other-1@posed", CARD_CROP),
            ("peer", SAME_CROP),
            ("peer", BEST_CROP),
        ]


def test_a_model_without_contempt_misses_every_contemptuous_face(results: Results) -> None:
    rows = {row.model: row for row in results.of("FER+ valid")}
    assert results.data[0].labelled["contempt"] == 10
    for name in ("other-1", "other-1@posed", "peer"):
        assert rows[name].recall["contempt"] == 0
        assert rows[name].accuracy <= 0.75


def test_no_model_says_contempt_where_labellers_could_not(results: Results) -> None:
    place = EXPRESSIONS.index("contempt")
    for row in results.of("FER-2013 valid"):
        assert not any(line[place] for line in row.confusion)


def test_a_peers_best_crop_is_no_worse_than_any_other(results: Results) -> None:
    for data in results.data:
        best = next(row for row in results.of(data.name) if row.role == BEST_CROP)
        tried = [each.accuracy for each in results.crops if (each.model, each.data) == ("peer", data.name)]
        assert len(tried) == len(CROPS)
        assert best.accuracy == max(tried)


def test_each_of_our_models_is_set_against_the_peer_on_the_same_faces(results: Results) -> None:
    assert [(pair.data, pair.model, pair.peer, pair.people) for pair in results.paired] == [
        (data, model, "peer", 0)
        for data in ("FER+ valid", "FER-2013 valid")
        for model in ("first-1", "other-1", "other-1@posed")
    ]
    for pair in results.paired:
        accuracy = {row.model: row.accuracy for row in results.of(pair.data) if row.role in (CARD_CROP, BEST_CROP)}
        assert pair.difference == pytest.approx(accuracy[pair.model] - accuracy["peer"], abs=2e-4)
        assert pair.low <= pair.difference <= pair.high


def test_the_page_shows_each_difference_with_its_interval(results: Results) -> None:
    pair = results.paired[0]
    shown = f"{100 * pair.difference:+.1f}"
    interval = f"[{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
    assert f"| first-1 less peer | {f'**{shown}**' if pair.clear else shown} {interval} |" in page(results)
    assert "paired.svg" in plots(results)


def test_of_operating_points_the_first_is_scored_at_every_crop(results: Results) -> None:
    tried = [each.model for each in results.crops if each.data == "FER+ valid"]
    assert {name: tried.count(name) for name in set(tried)} == {
        "first-1": len(CROPS),
        "other-1": len(CROPS),
        "other-1@posed": 1,
        "peer": len(CROPS),
    }
    assert "| FER+ valid | other-1 |" in page(results)
    assert "| FER+ valid | other-1@posed | |" not in page(results)


def test_data_of_a_collection_that_was_trained_on_is_marked(results: Results) -> None:
    assert {row.model: row.seen for row in results.scores} == {
        "first-1": True,
        "other-1": False,
        "other-1@posed": False,
        "peer": True,
    }
    assert page(results).count("†") > 2


def test_a_model_that_was_trained_on_the_very_pictures_is_nobody_s_best_and_in_no_plot(results: Results) -> None:
    def renamed(each: Any) -> Any:
        return msgspec.structs.replace(each, data="Taiwanese") if each.data == "FER+ valid" else each

    told = msgspec.structs.replace(
        results,
        data=[
            msgspec.structs.replace(data, name=data.name.replace("FER+ valid", "Taiwanese")) for data in results.data
        ],
        scores=[renamed(row) for row in results.scores],
        crops=[renamed(row) for row in results.crops],
        paired=[renamed(pair) for pair in results.paired],
    )
    assert {row.model for row in told.scores if row.learned} == {"first-1", "peer"}
    table = page(told).split("## Accuracy")[1].split("Macro-F1")[0]
    lines = {line.split(" | ")[0].strip("| "): line for line in table.splitlines() if " ± " in line}
    assert "‡" in lines["first-1"]
    assert "**" not in lines["first-1"].split(" | ")[1]
    assert "‡" not in lines["other-1"]
    marks = [plots(each)["recall.svg"].count("<use") for each in (results, told)]
    assert marks[1] < marks[0]


def test_a_network_of_several_points_is_drawn_once_and_keeps_its_marks(results: Results) -> None:
    assert [line.model for line in drawn(results)] == ["first-1", "other-1", "peer", "peer"]
    marks = {line.model: (line.colour, line.mark) for line in lines(results)}
    assert marks["other-1"] == marks["other-1@posed"] != marks["first-1"]


def test_a_second_run_asks_no_model_for_what_it_said_before(
    folder: Path, entrants: list[Entrant], results: Results
) -> None:
    mute = [entrants[0], made_peer("--mute")]
    again = compare_run.compare(mute, folder / "cache", rounds=1, command="")
    assert again.scores == [row for row in results.scores if row.model in ("first-1", "peer")]
    with pytest.raises(CompareError, match="the network is gone"):
        compare_run.compare(mute, folder / "empty", rounds=1, command="")


def test_another_temperature_is_another_answer(folder: Path, results: Results) -> None:
    warmer = make_bundle(folder / "warmer", point(temperature=3.0), name="first")
    found = compare_run.compare(bundles((warmer,), folder / "none"), folder / "cache", rounds=1, command="")
    assert found.models[0].sha256 == results.models[0].sha256
    assert found.scores[0].accuracy == results.scores[0].accuracy
    assert found.scores[0].calibration_error != results.scores[0].calibration_error


def test_speed_and_memory_are_of_every_model(results: Results) -> None:
    assert [speed.model for speed in results.speed] == ["first-1", "other-1", "other-1@posed", "peer"]
    peer = results.speed[-1]
    assert (peer.wall_ms, peer.cpu_ms, peer.resident_mb, peer.peak_mb) == (200 / 40, 100 / 40, 50, 60)
    assert all(0 < speed.lowest_ms <= speed.wall_ms <= speed.highest_ms for speed in results.speed)


def test_results_are_read_as_they_were_written(results: Results, tmp_path: Path) -> None:
    save(results, tmp_path / "compare.json")
    assert load(tmp_path / "compare.json") == results


def test_missing_and_broken_results_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CompareError, match=r"compare\.json: cannot read it: .*; run `mien-models compare`"):
        load(tmp_path / "compare.json")
    (tmp_path / "compare.json").write_text("{}", encoding="utf-8")
    with pytest.raises(CompareError, match="not results of this version"):
        load(tmp_path / "compare.json")


def test_without_any_data_set_nothing_is_compared(
    entrants: list[Entrant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_DATA", str(tmp_path))
    with pytest.raises(DataError, match="no data set is at hand; set MIEN_DATA"):
        compare_run.compare(entrants, tmp_path / "cache", rounds=1, command="")
    assert "Taiwanese is left out" in capsys.readouterr().err


def test_a_peer_that_gives_other_columns_than_registered_is_refused() -> None:
    with Worker(made_peer("--wide")) as worker, pytest.raises(CompareError, match=r"peer: gave \(3, 4\) in place of"):
        worker.shares(crops(3))


def test_a_worker_that_cannot_be_started_is_named() -> None:
    with pytest.raises(CompareError, match="/nowhere/python: cannot run it"):
        Worker(replace(made_peer(), command=("/nowhere/python",)))


def test_an_interpreter_without_a_peer_has_none() -> None:
    assert peers(sys.executable, (replace(PEERS[0], package="no_such_package"),)) == []


def test_the_page_of_a_run_without_a_peer_says_so(folder: Path, entrants: list[Entrant]) -> None:
    found = compare_run.compare(entrants[:1], folder / "cache", rounds=1, command="mien-models compare")
    assert "No peer was measured in this run." in page(found)


def test_the_fer_package_gives_what_it_is_registered_with() -> None:
    python = os.environ.get("MIEN_PEER_PYTHON")
    if not python:
        pytest.skip("MIEN_PEER_PYTHON is not set: it names an interpreter that has the fer package")
    (entrant,) = peers(python)
    faces = np.random.default_rng(1).integers(0, 256, (3, entrant.size, entrant.size), dtype=np.uint8)
    with Worker(entrant) as worker:
        np.testing.assert_allclose(worker.shares(faces).sum(axis=1), 1, atol=1e-3)
        assert worker.about["parameters"] > 10_000
        assert all(seconds > 0 for seconds in worker.time(faces))


def test_a_heavy_network_is_scored_at_its_own_crop_alone() -> None:
    light = bundles()[0]
    assert set(CROPS) <= set(crops_of(light, 0.9))
    assert crops_of(replace(light, multiply_adds=HEAVY), 0.9) == [light.crop]
