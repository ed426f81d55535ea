"""Masks of many makes before faces: never read with confidence, and bare faces left alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.reading import Reason, Role
from edge import bundle
from edge.align import face_crop
from edge.bundle import Bundle, ExpressionInput
from edge.cover import Cover
from edge.detect import Detector, Face
from edge.errors import ModelError
from edge.reader import FaceReader
from edge.runtime.onnx import OnnxBackend
from edge.window import LEAST_SURE
from models.cover.styles import STYLES, masked
from tests.edge.pictures import Pixels, portrait, table_images

DETECTOR = Detector.from_bundle()


@cache
def default_reader() -> FaceReader:
    """The default bundle's networks, loaded once."""
    return FaceReader.from_bundle(bundle.load(), role=Role.CUSTOMER)


def outcome(image: Pixels, loaded: Bundle | None = None) -> str:
    """What a desk says of a picture alone: `read`, or why not."""
    path = FaceReader.from_bundle(loaded, role=Role.CUSTOMER) if loaded else default_reader()
    path.begin_anew()
    view = path.read(image)
    if view.reason is not None:
        return view.reason.value
    return "read" if view.confidence >= LEAST_SURE else Reason.UNSURE.value


def framed(table: str, every: int, border: int = 0) -> Iterator[Pixels]:
    """Each `every`-th picture of a table, with grey around it."""
    for image in table_images(table, every):
        if image.shape[0] < 96:
            image = cv2.resize(image, (96, 96), interpolation=cv2.INTER_LINEAR)
        yield cv2.copyMakeBorder(image, *(border,) * 4, cv2.BORDER_CONSTANT, value=(128, 128, 128))


def faces(table: str, every: int, border: int = 0) -> Iterator[tuple[Pixels, Face]]:
    """The same, each with its largest face."""
    for image in framed(table, every, border):
        if found := DETECTOR.detect(image):
            yield image, max(found, key=lambda face: face.area)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default bundle."""
    return Path(shutil.copytree(bundle.DEFAULT, tmp_path / "bundle"))


@pytest.mark.parametrize("style", STYLES)
def test_the_portrait_behind_a_mask_is_not_read(style: str) -> None:
    image = portrait()
    assert outcome(masked(image, DETECTOR.detect(image)[0].landmarks, style)) != "read"


@pytest.mark.parametrize("table", ["taiwanese/taiwanese", "ck48/ck48", "muxspace/muxspace"])
def test_masked_faces_of_a_data_set_are_hardly_ever_read(table: str) -> None:
    every = {"taiwanese/taiwanese": 40, "ck48/ck48": 40, "muxspace/muxspace": 500}[table]
    border = 0 if table.startswith("taiwanese") else 48
    outcomes = Counter(
        outcome(masked(image, face.landmarks, style, seed=i))
        for i, (image, face) in enumerate(faces(table, every, border))
        for style in STYLES
    )
    assert outcomes.total() > 200
    assert outcomes["read"] <= 0.03 * outcomes.total(), outcomes


@pytest.mark.parametrize("table", ["taiwanese/taiwanese", "utkface/utkface", "muxspace/muxspace"])
def test_bare_faces_of_a_data_set_are_hardly_ever_called_covered(table: str) -> None:
    every = {"taiwanese/taiwanese": 3, "utkface/utkface": 3, "muxspace/muxspace": 40}[table]
    border = 0 if table.startswith("taiwanese") else 50
    outcomes = Counter(outcome(image) for image in framed(table, every, border))
    assert outcomes.total() - outcomes[Reason.NO_FACE.value] > 200
    assert outcomes[Reason.COVERED.value] <= 0.02 * outcomes.total(), outcomes


def test_a_bundle_without_a_cover_network_takes_the_default_s(folder: Path) -> None:
    (folder / "cover.json").unlink()
    image = portrait()
    drawn = masked(image, DETECTOR.detect(image)[0].landmarks, "surgical")
    assert outcome(image, bundle.load(folder)) == "read"
    assert outcome(drawn, bundle.load(folder)) == Reason.COVERED.value


def test_a_cover_network_that_differs_from_its_card_is_refused(folder: Path) -> None:
    (folder / "cover.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"cover\.onnx: sha256"):
        Cover.from_bundle(bundle.load(folder))


def test_a_cover_card_that_cannot_be_read_is_refused(folder: Path) -> None:
    card = json.loads((folder / "cover.json").read_text())
    (folder / "cover.json").write_text(json.dumps({**card, "threshold": 2}))
    with pytest.raises(ModelError, match=r"cover\.json: not a card"):
        bundle.load(folder)


def test_it_sees_its_own_crop_where_the_expression_network_sees_another() -> None:
    loaded = bundle.load()
    assert loaded.cover is not None
    seen = loaded.cover.input
    backend = OnnxBackend(loaded.cover_file())
    other = ExpressionInput(size=48, scale=1.0, mean=0.0, crop_of_box_height=1.2)
    image = portrait()
    face = DETECTOR.detect(image)[0]
    own = face_crop(image, face.box, face.landmarks, seen.size, of_box_height=seen.crop_of_box_height)
    wide = face_crop(image, face.box, face.landmarks, 48, of_box_height=1.2)
    beside = Cover(backend, loaded.cover, other).probability(image, face, wide)
    same = Cover(backend, loaded.cover, loaded.expression.input).probability(image, face, own)
    assert beside == pytest.approx(same)


def test_light_and_contrast_hardly_change_what_it_says() -> None:
    cover = Cover.from_bundle(bundle.load())
    assert cover is not None
    image = portrait()
    face = DETECTOR.detect(image)[0]
    dim = np.rint(40 + 0.4 * image.astype(np.float32)).astype(np.uint8)
    crops = [face_crop(each, face.box, face.landmarks, 40, of_box_height=0.793) for each in (image, dim)]
    bright, dark = (cover.probability(image, face, crop) for crop in crops)
    assert bright == pytest.approx(dark, abs=0.05)
