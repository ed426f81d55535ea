"""Pictures for the tests of the desk: the portrait that ships with scikit-image, and the labelled data of MIEN_DATA."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PORTRAIT_FACE = (170.0, 60.0, 275.0, 178.0)
"""The one face of the portrait, by eye: x1, y1, x2, y2."""


def data_folder() -> Path:
    """The folder of labelled data; skips the test where MIEN_DATA does not name one."""
    folder = os.environ.get("MIEN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("MIEN_DATA names no folder of labelled data")
    return Path(folder)


@lru_cache(maxsize=1)
def _portrait() -> Pixels:
    skimage_data = pytest.importorskip("skimage.data")
    image: Pixels = np.array(skimage_data.astronaut(), np.uint8)[..., ::-1].copy()
    return image


def portrait() -> Pixels:
    """The portrait (512, 512, 3) BGR with one face at PORTRAIT_FACE; a copy, to draw on."""
    image: Pixels = _portrait().copy()
    return image


def side_by_side() -> Pixels:
    """Two faces of one size in one picture (512, 1024, 3)."""
    return np.hstack([portrait(), portrait()[:, ::-1]])


def frames(name: str) -> Iterator[tuple[float, Pixels]]:
    """Seconds and picture of each frame of a clip in MIEN_DATA's video folder."""
    clip = cv2.VideoCapture(str(data_folder() / "video" / name))
    rate = clip.get(cv2.CAP_PROP_FPS)
    index = 0
    while True:
        ok, image = clip.read()
        if not ok:
            return
        yield index / rate, image
        index += 1


def group_photos() -> Iterator[tuple[Pixels, Floats]]:
    """The photos of faces/training.xml, each with its boxes (n, 4)."""
    folder = data_folder() / "faces"
    for entry in ET.parse(folder / "training.xml").getroot().iter("image"):
        boxes = []
        for box in entry.iter("box"):
            left, top, width, height = (float(box.get(key, "")) for key in ("left", "top", "width", "height"))
            boxes.append([left, top, left + width, top + height])
        image = cv2.imread(str(folder / entry.get("file", "")))
        assert image is not None
        yield image, np.array(boxes, np.float32)


def table_images(table: str, every: int = 1) -> Iterator[Pixels]:
    """Every picture, or each `every`-th, of a table in MIEN_DATA, such as `utkface/utkface`."""
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(data_folder() / f"{table}.parquet", columns=["image"])["image"]
    for row in rows.take(list(range(0, len(rows), every))).to_pylist():
        image = cv2.imdecode(np.frombuffer(row, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        yield image
