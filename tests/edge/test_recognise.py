"""The expression network: shares that add up, averaged over the mirror, calibrated."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from edge import bundle
from edge.detect import Detector
from edge.errors import ModelError
from edge.recognise import Recogniser, softmax
from edge.runtime.onnx import OnnxBackend
from tests.edge.bundles import SEVEN, make_bundle, point
from tests.edge.pictures import Floats, Pixels, portrait

BLANK = np.zeros((40, 40), np.uint8)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser.from_bundle(bundle.load())


@pytest.fixture(scope="module")
def crop(recogniser: Recogniser) -> Pixels:
    return recogniser.crop(portrait(), Detector.from_bundle().detect(portrait())[0])


def test_shares_are_eight_and_add_up_to_one(recogniser: Recogniser, crop: Pixels) -> None:
    shares = recogniser.shares(crop)
    assert shares.shape == (len(EXPRESSIONS),)
    assert float(shares.sum()) == pytest.approx(1.0, abs=1e-5)
    assert (shares >= 0).all()


def test_a_broad_smile_is_happiness(recogniser: Recogniser, crop: Pixels) -> None:
    assert EXPRESSIONS[int(recogniser.shares(crop).argmax())] == "happiness"


def test_a_face_and_its_mirror_image_look_the_same(recogniser: Recogniser, crop: Pixels) -> None:
    mirrored = np.ascontiguousarray(crop[:, ::-1])
    np.testing.assert_allclose(recogniser.shares(crop), recogniser.shares(mirrored), atol=1e-5)


def test_the_crop_has_the_size_on_the_card(recogniser: Recogniser, crop: Pixels) -> None:
    assert crop.shape == (recogniser.card.input.size,) * 2
    assert crop.dtype == np.uint8


def test_a_higher_temperature_makes_softer_shares() -> None:
    logits = np.array([[2.0, 0.0, -1.0]], np.float32)
    assert softmax(logits, 0.5).max() > softmax(logits, 1.0).max() > softmax(logits, 4.0).max()
    np.testing.assert_allclose(softmax(logits + 1000, 1.0), softmax(logits, 1.0), atol=1e-6)


def test_a_network_that_does_not_fit_its_card_is_refused() -> None:
    loaded = bundle.load()
    output = msgspec.structs.replace(loaded.point.output, classes=("neutral", "happiness"))
    point = msgspec.structs.replace(loaded.point, output=output)
    with pytest.raises(ModelError, match="8 values for the 2 classes"):
        Recogniser(OnnxBackend(loaded.expression_file()), loaded.expression, point)


def test_a_network_for_crops_of_another_size_is_refused() -> None:
    loaded = bundle.load()
    taken = msgspec.structs.replace(loaded.expression.input, size=24)
    card = msgspec.structs.replace(loaded.expression, input=taken)
    with pytest.raises(ModelError, match="24"):
        Recogniser(OnnxBackend(loaded.expression_file()), card, loaded.point)


def shares(folder: Path, name: str = "") -> Floats:
    """What a bundle reads at one of its operating points."""
    return Recogniser.from_bundle(bundle.load(folder, name)).shares(BLANK)


def test_an_expression_that_the_network_does_not_know_has_no_share(tmp_path: Path) -> None:
    seven = make_bundle(tmp_path / "made", point(classes=SEVEN), outputs={"logits": [0.0] * 7})
    np.testing.assert_allclose(shares(seven), [1 / 7] * 7 + [0.0], rtol=1e-6)


def test_what_the_network_knows_takes_its_place_in_the_contract_s_order(tmp_path: Path) -> None:
    few = ("happiness", "anger", "contempt")
    made = make_bundle(tmp_path / "made", point(classes=few), outputs={"logits": np.log([0.5, 0.3, 0.2]).tolist()})
    np.testing.assert_allclose(shares(made), [0, 0.5, 0, 0, 0.3, 0, 0, 0.2], rtol=1e-5)


def test_an_operating_point_shifts_log_probabilities_after_the_temperature(tmp_path: Path) -> None:
    logits = np.array([3.0, 1.0, -1.0])
    shift = [-0.5, 0.25, 0.0]
    use = point("shifted", classes=EXPRESSIONS[:3], temperature=2.0, shift=shift)
    made = make_bundle(tmp_path / "made", use, outputs={"logits": logits.tolist()})
    wanted = np.exp(logits / 2.0 + shift)
    np.testing.assert_allclose(shares(made)[:3], wanted / wanted.sum(), rtol=1e-5)


def test_each_operating_point_reads_its_own_output(tmp_path: Path) -> None:
    outputs = {"ferplus": [0.0] * 7 + [9.0], "fer2013": [9.0, *[0.0] * 6]}
    points = (point("everyday", "ferplus"), point("fer2013", "fer2013", SEVEN))
    made = make_bundle(tmp_path / "made", *points, outputs=outputs)
    looks = [EXPRESSIONS[int(shares(made, name).argmax())] for name in ("", "everyday", "fer2013")]
    assert looks == ["contempt", "contempt", "neutral"]


def test_an_output_that_the_network_lacks_is_refused_with_those_that_it_has(tmp_path: Path) -> None:
    outputs = {"ferplus": [0.0] * 8, "fer2013": [0.0] * 8}
    made = make_bundle(tmp_path / "made", point(output="emotions"), outputs=outputs)
    with pytest.raises(ModelError, match=r"made\.onnx: has no output emotions, .* but ferplus, fer2013; ") as caught:
        shares(made)
    assert "\n" not in str(caught.value)
