"""The expression network: shares that add up, averaged over the mirror, calibrated."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from edge import bundle
from edge.detect import Detector
from edge.errors import ModelError
from edge.recognise import Recogniser, softmax
from edge.runtime.onnx import OnnxBackend
from tests.edge.pictures import Pixels, portrait


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
    output = msgspec.structs.replace(loaded.expression.output, classes=("neutral", "happiness"))
    card = msgspec.structs.replace(loaded.expression, output=output)
    with pytest.raises(ModelError, match="8 values for the 2 classes"):
        Recogniser(OnnxBackend(loaded.expression_file()), card)


def test_a_network_for_crops_of_another_size_is_refused() -> None:
    loaded = bundle.load()
    taken = msgspec.structs.replace(loaded.expression.input, size=24)
    card = msgspec.structs.replace(loaded.expression, input=taken)
    with pytest.raises(ModelError, match="24"):
        Recogniser(OnnxBackend(loaded.expression_file()), card)
