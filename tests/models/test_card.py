"""The card: in step with the weights that ship, with its page, and with what the code does."""

from pathlib import Path

import msgspec
import pytest

from contract.expressions import EXPRESSIONS
from models.card import load, page, save, sha256_of
from models.commands import MEASURED, measuring_command
from models.describe import CROP_OF_BOX_HEIGHT
from models.errors import CardError
from models.main import BUNDLE, PAGES
from models.networks.preprocess import INPUT_SIDE, MEAN, SCALE

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


def test_the_cards_page_is_in_step() -> None:
    card = load(CARD)
    assert (PAGES / f"{card.name}.md").read_text(encoding="utf-8") == page(card), "run `mien-models card`"


def test_the_card_states_the_input_that_training_used() -> None:
    card = load(CARD)
    assert (card.input.size, card.input.mean, card.input.scale) == (INPUT_SIDE, MEAN, SCALE)
    assert card.input.crop_of_box_height == CROP_OF_BOX_HEIGHT
    assert card.output.classes == EXPRESSIONS


def test_every_score_on_the_card_names_the_command_that_prints_it() -> None:
    assert [score.command for score in load(CARD).scores] == [measuring_command(entry) for entry in MEASURED]


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
    save(msgspec.structs.replace(card, output=msgspec.structs.replace(card.output, classes=EXPRESSIONS[::-1])), copy)
    with pytest.raises(CardError, match="not the contract's"):
        load(copy)


def test_a_card_with_an_unknown_key_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes().replace(b'"version"', b'"vresion"', 1))
    with pytest.raises(CardError, match="vresion"):
        load(copy)
