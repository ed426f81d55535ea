"""The card: in step with the weights that ship, with its page, and with what the code does."""

from pathlib import Path

import msgspec
import pytest

from contract.expressions import EXPRESSIONS
from models.card import load, save, sha256_of
from models.describe import CROP_OF_BOX_HEIGHT
from models.errors import CardError
from models.main import BUNDLE
from models.networks.preprocess import FACE_SIDE, INPUT_SIDE, MEAN, SCALE
from models.training.recipe import RECIPES

CARD = BUNDLE / "expression.json"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The default bundle's card and weights in a folder that a test may spoil."""
    for name in ("expression.json", "expression.onnx"):
        (tmp_path / name).write_bytes((BUNDLE / name).read_bytes())
    return tmp_path / "expression.json"


def test_the_cards_hash_is_that_of_the_weights() -> None:
    card = load(CARD)
    assert sha256_of(BUNDLE / card.file) == card.sha256


def test_the_card_states_the_input_that_training_used() -> None:
    taken = load(CARD).input
    assert (taken.mean, taken.scale) == (MEAN, SCALE)
    # A network that sees more of the 48 px picture sees as much more of the box.
    more = RECIPES["student"].of_picture * FACE_SIDE / INPUT_SIDE
    assert taken.crop_of_box_height == pytest.approx(CROP_OF_BOX_HEIGHT * more, abs=1e-3)


def test_a_card_is_read_as_it_was_written(copy: Path) -> None:
    before = load(copy)
    save(before, copy)
    assert load(copy) == before


def test_weights_that_are_not_the_cards_are_refused(copy: Path) -> None:
    weights = copy.with_name("expression.onnx")
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(CardError, match=r"but it has .*; export both again"):
        load(copy)


def test_missing_weights_are_named(copy: Path) -> None:
    copy.with_name("expression.onnx").unlink()
    with pytest.raises(CardError, match=r"expression\.onnx: cannot read it: No such file"):
        load(copy)


def test_a_card_with_classes_in_another_order_is_refused(copy: Path) -> None:
    card = load(copy)
    point = card.points[0]
    backwards = msgspec.structs.replace(point.output, classes=EXPRESSIONS[::-1])
    save(msgspec.structs.replace(card, points=(msgspec.structs.replace(point, output=backwards),)), copy)
    with pytest.raises(CardError, match="not the contract's"):
        load(copy)


def test_a_card_without_an_operating_point_is_refused(copy: Path) -> None:
    save(msgspec.structs.replace(load(copy), points=()), copy)
    with pytest.raises(CardError, match="has no operating point"):
        load(copy)


def test_a_card_with_an_unknown_key_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes().replace(b'"version"', b'"vresion"', 1))
    with pytest.raises(CardError, match="vresion"):
        load(copy)
