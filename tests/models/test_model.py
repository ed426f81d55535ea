"""A model used as its card says: fewer classes, other sizes, and operating points."""

from pathlib import Path

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.card import OperatingPoint, load, page
from models.errors import CardError
from models.model import CARD, Model
from models.scores import softmax

from .bundles import SEVEN, make_bundle, output
from .conftest import crops


def test_an_expression_that_the_network_does_not_know_has_no_share(tmp_path: Path) -> None:
    shares = Model(make_bundle(tmp_path, given=output(classes=SEVEN))).shares(crops(5))
    assert shares.shape == (5, 8)
    assert not shares[:, EXPRESSIONS.index("contempt")].any()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_a_point_takes_its_own_output_and_temperature(tmp_path: Path) -> None:
    point = OperatingPoint("posed", output("posed_logits", SEVEN, temperature=2.0))
    bundle = make_bundle(tmp_path, points=(point,))
    model, faces = Model(bundle, "posed"), crops(5)
    assert not np.allclose(model.shares(faces), Model(bundle).shares(faces), atol=0.01)
    np.testing.assert_allclose(model.shares(faces)[:, :7], softmax(model.logits(faces), 2.0).mean(axis=0), atol=1e-5)


def test_a_shift_of_log_probability_multiplies_the_odds(tmp_path: Path) -> None:
    shift = (0.0, float(np.log(3.0)), *(0.0,) * 6)
    bundle = make_bundle(
        tmp_path, given=output(temperature=2.0), points=(OperatingPoint("p", output(temperature=2.0), shift),)
    )
    plain, shifted = (Model(bundle, point).shares(crops(4), flip=False) for point in ("", "p"))
    np.testing.assert_allclose(shifted[:, 1] / shifted[:, 0], 3 * plain[:, 1] / plain[:, 0], rtol=1e-4)


def test_an_unknown_point_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="has no operating point 'posed'; its card names none"):
        Model(make_bundle(tmp_path), "posed")


def test_a_shift_of_too_few_classes_is_refused(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, points=(OperatingPoint("posed", output(), (0.5,)),))
    with pytest.raises(CardError, match="posed shifts 1 of 8 classes; give one each"):
        load(bundle / CARD)


def test_a_cards_page_names_its_operating_points(tmp_path: Path) -> None:
    point = OperatingPoint("posed", output("posed_logits", SEVEN, temperature=2.0), (0.5,) * 7, "For acted faces.")
    text = page(load(make_bundle(tmp_path, points=(point,)) / CARD))
    assert "- posed: `posed_logits` of neutral," in text
    assert "temperature 2.0; shifted by +0.50," in text
    assert "Operating points" not in page(load(make_bundle(tmp_path / "plain") / CARD))
