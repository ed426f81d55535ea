"""Accuracy against the qualities of a face, and where it has fallen."""

from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from edge.quality import Limits
from models.card import load
from models.evaluation import results
from models.evaluation.quality import QUALITIES, STEPS, Bin, accuracy_at, fallen
from models.main import BUNDLE, main
from models.model import CARD


def bins(*accuracies: float) -> list[Bin]:
    """Bins at 0, 1, 2, ..."""
    return [Bin(float(i), 100, accuracy, 0, 1) for i, accuracy in enumerate(accuracies)]


def test_the_fall_lies_between_the_last_good_bin_and_the_first_bad_one() -> None:
    assert fallen(bins(0.9, 0.9, 0.7, 0.5), 0.8) == pytest.approx(1.5)
    assert fallen(bins(0.5, 0.7, 0.9)[::-1], 0.8) == pytest.approx(1.5)


def test_a_bin_that_is_low_by_chance_is_no_fall() -> None:
    assert fallen(bins(0.9, 0.7, 0.9, 0.5), 0.8) == pytest.approx(2.25)
    assert fallen(bins(0.9, 0.7, 0.9), 0.8) is None


def test_nothing_is_said_of_what_was_not_measured() -> None:
    assert accuracy_at(bins(0.9, 0.8), 0.5) == pytest.approx(0.85)
    assert accuracy_at(bins(0.9, 0.8), 1.5) is None
    assert accuracy_at([], 1.5) is None
    assert fallen(bins(0.5, 0.5), 0.8) is None


def test_every_limit_of_a_face_is_looked_at() -> None:
    of_a_scene = {"scene_light", "scene_contrast"}
    assert {quality.field for quality in QUALITIES} == set(Limits.__dataclass_fields__) - of_a_scene
    assert {quality.spoilt for quality in QUALITIES} - {""} == set(STEPS)


def test_the_command_writes_a_curve_of_each_limit_into_the_results(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("models.evaluation.quality.FEWEST", 1)
    for name in ("taiwanese", "muxspace"):
        table = pyarrow.parquet.read_table(data / name / f"{name}.parquet")
        pyarrow.parquet.write_table(
            table.take(list(range(0, len(table), len(table) // 24))), tmp_path / f"{name}.parquet"
        )
    options = ["--posed", str(tmp_path / "taiwanese.parquet"), "--turned", str(tmp_path / "muxspace.parquet")]
    folds = ["--people-folds", "0", "1", "2", "3", "4"]
    out = ["--out", str(tmp_path / "out.json"), "--cache", str(tmp_path / "cache")]
    assert main(["quality", "--every", "1", *options, *folds, *out]) == 0
    assert "too_small (height): refused under 40" in capsys.readouterr().out
    found = results.load(load(BUNDLE / CARD), tmp_path / "out.json")
    assert found is not None
    assert [curve.name for curve in found.quality] == [quality.field for quality in QUALITIES]
    small = found.quality[0]
    assert small.bins[0].measure < 20 < 100 < small.bins[-1].measure
    covered = [sum(each.n for each in curve.bins) for curve in found.quality if curve.reason == "covered"]
    assert covered[0] == covered[1] > len(STEPS["covered"][1])
