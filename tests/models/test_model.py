"""A model used as its card says: fewer classes, other sizes, and operating points."""

from pathlib import Path

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.card import load
from models.errors import CardError
from models.model import CARD, Model
from models.scores import softmax

from .bundles import SEVEN, make_bundle, point
from .conftest import crops


def test_an_expression_that_the_network_does_not_know_has_no_share(tmp_path: Path) -> None:
    shares = Model(make_bundle(tmp_path, point(classes=SEVEN))).shares(crops(5))
    assert shares.shape == (5, 8)
    assert not shares[:, EXPRESSIONS.index("contempt")].any()
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_a_point_takes_its_own_output_and_temperature(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, point(), point("posed", "posed_logits", SEVEN, temperature=2.0))
    model, faces = Model(bundle, "posed"), crops(5)
    assert not np.allclose(model.shares(faces), Model(bundle).shares(faces), atol=0.01)
    np.testing.assert_allclose(model.shares(faces)[:, :7], softmax(model.logits(faces), 2.0).mean(axis=0), atol=1e-5)


def test_a_shift_of_log_probability_multiplies_the_odds(tmp_path: Path) -> None:
    shift = (0.0, float(np.log(3.0)), *(0.0,) * 6)
    bundle = make_bundle(tmp_path, point(temperature=2.0), point("p", temperature=2.0, shift=shift))
    plain, shifted = (Model(bundle, name).shares(crops(4), flip=False) for name in ("", "p"))
    np.testing.assert_allclose(shifted[:, 1] / shifted[:, 0], 3 * plain[:, 1] / plain[:, 0], rtol=1e-4)


def test_the_first_point_is_the_default(tmp_path: Path) -> None:
    assert Model(make_bundle(tmp_path, point("everyday"), point("posed"))).point.name == "everyday"


def test_labels_are_scored_at_the_point_of_their_name_else_at_the_default(tmp_path: Path) -> None:
    card = load(make_bundle(tmp_path, point("everyday"), point("fer2013", labels="fer2013")) / CARD)
    assert card.point_for("fer2013").name == "fer2013"
    assert card.point_for("emotion").name == "everyday"


def test_an_unknown_point_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="has no operating point 'posed'; its card names everyday, plain"):
        Model(make_bundle(tmp_path, point("everyday"), point()), "posed")


def test_a_shift_of_too_few_classes_is_refused(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, point("posed", shift=(0.5,)))
    with pytest.raises(CardError, match="posed shifts 1 of 8 classes; give one each"):
        load(bundle / CARD)
