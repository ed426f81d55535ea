"""What was found of networks over time is kept, and stands on the card's page with a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from models.compare.paired import Paired
from models.errors import CardError, DataError
from models.networks.build import build
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention
from models.scores import score
from models.temporal import page
from models.temporal.attended import LEAST, attended
from models.temporal.folds import FoldsOverTime, VariantScores
from models.temporal.leakage import Attacked, Leakage
from models.temporal.results import FILE, OverTimeResults, keep_attended, keep_folds, keep_leakage, load
from models.training.augment import Field
from tests.models.temporal.test_train import stills


def folds() -> FoldsOverTime:
    shares = np.eye(8, dtype=np.float32)[[1, 2, 1]]
    scores = score(shares, np.array([1, 2, 2]), tuple("abcdefgh"))
    found = [VariantScores(name, 80_000, 1, scores, shares.tolist()) for name in ("single-frame", "st-attention")]
    return FoldsOverTime("CK+", 3, 2, 2, found, [Paired("st-attention", "single-frame", "CK+", 3, 2, 0.0, -0.1, 0.1)])


@pytest.fixture(scope="module")
def student() -> SEResNet:
    torch.manual_seed(1)
    found = build("student", 0.0, 40).eval()
    assert isinstance(found, SEResNet)
    return found


def test_where_a_network_looks_is_a_share_of_each_place(student: SEResNet) -> None:
    found = attended(STAttention().eval(), student, stills(2 * LEAST), Field())
    assert [each.expression for each in found] == ["happiness", "surprise"]
    assert found[0].n == LEAST
    assert np.shape(found[0].face) == (40, 40)
    np.testing.assert_allclose(np.sum(found[0].maps, axis=(1, 2)), 1, atol=1e-4)
    with pytest.raises(DataError, match="no expression has 100 pictures"):
        attended(STAttention().eval(), student, stills(10), Field())


def test_what_is_kept_is_on_the_page_with_its_command_and_a_picture(student: SEResNet, tmp_path: Path) -> None:
    keep_folds(folds(), "mien-models clips folds ck48.parquet", tmp_path)
    keep_leakage(Leakage(8, 40, [Attacked("noise", 64, 0.5, 0.01)]), "mien-models leakage run", tmp_path)
    keep_attended(attended(STAttention().eval(), student, stills(2 * LEAST), Field()), "mien-models look", tmp_path)
    results = load(tmp_path)
    assert all(each.shares == [] for each in results.folds["CK+"].variants)
    text = "\n".join(page.sections("st-attention", results, keeps=True))
    assert "| st-attention: spatiotemporal attention" in text
    assert "+0.0 [-10.0, +10.0]" in text
    assert "| noise | 64 | 50.0 ± 1.0 |" in text
    for command in ("mien-models clips folds ck48.parquet", "mien-models leakage run", "mien-models look"):
        assert f"`{command}`" in text
    pictures = page.plots(results)
    assert f"st-attention/{page.ATTENTION_FILE}" in text
    assert ElementTree.fromstring(pictures[page.ATTENTION_FILE]).tag.endswith("svg")
    assert page.plots(results) == pictures


def test_nothing_kept_is_nothing_said_and_a_broken_file_is_told(tmp_path: Path) -> None:
    assert load(tmp_path) == OverTimeResults()
    assert page.sections("st-attention", OverTimeResults(), keeps=True) == []
    assert page.plots(OverTimeResults()) == {}
    (tmp_path / FILE).write_text("{")
    with pytest.raises(CardError, match=r"over-time\.json: not results of this version"):
        load(tmp_path)


def test_a_page_tells_of_its_own_network_and_of_what_that_is_held_against() -> None:
    names = ("single-frame", "st-attention", "res3-att", "res3-att-no-space", "c3d", "two-stream")
    one = folds()
    found = replace(one, variants=[replace(one.variants[0], variant=name, made=12_000) for name in names])
    results = OverTimeResults({"CK+": found}, {"CK+": "mien-models clips folds"}, Leakage(8, 40, []))
    rows = [line for line in page.sections("res3-att", results, keeps=False) if "made clips" in line]
    assert [row.split(":")[0][2:] for row in rows] == ["single-frame", "res3-att", "res3-att-no-space", "c3d"]
    assert page.sections("face-asia", results, keeps=False) == []
