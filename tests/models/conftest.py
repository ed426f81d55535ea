"""Made faces for the tests of training, the folder of data sets, and a network with its own batch-norm statistics."""

import os
from pathlib import Path

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch

from models.data import CLASSES, NOT_A_CLASS, Bytes, Faces, soft_labels
from models.networks.se_resnet import SEResNet
from models.prepared import Prepared, Source

VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of data sets; skips where the machine has none."""
    folder = os.environ.get("MIEN_DATA")
    if not folder:
        pytest.skip("MIEN_DATA is not set: the data sets are not on this machine")
    return Path(folder)


def made_faces(count: int, seed: int) -> Faces:
    """Noise pictures, brighter above for even rows and below for odd ones, all ten votes on class 0 or 1."""
    draw = np.random.default_rng(seed)
    images = draw.integers(0, 128, (count, 48, 48), dtype=np.uint8)
    images[::2, :24] += 100
    images[1::2, 24:] += 100
    votes = np.zeros((count, 10), np.uint8)
    votes[np.arange(count), np.arange(count) % 2] = 10
    return Faces(images, votes, np.arange(count) % 2)


def write_faces(path: Path, faces: Faces) -> Path:
    """Writes faces in the format of FER+ splits, pictures as PNG."""
    columns: dict[str, list[object]] = {"image": [cv2.imencode(".png", image)[1].tobytes() for image in faces.images]}
    columns.update({name: faces.votes[:, i].tolist() for i, name in enumerate(VOTES)})
    columns["fer2013"] = [CLASSES[label] if label != NOT_A_CLASS else None for label in faces.labels]
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def as_prepared(faces: Faces, name: str = "made") -> Prepared:
    """Made faces as a prepared set of one source, everybody on it unnamed."""
    count = len(faces)
    source = Source(name, "made", "none", count)
    votes = soft_labels(faces.votes)[0]
    return Prepared(faces.images, votes, faces.labels, np.full(count, "", np.str_), np.full(count, name), (source,))


@pytest.fixture
def faces() -> Faces:
    return made_faces(64, seed=1)


@pytest.fixture
def others() -> Faces:
    return made_faces(16, seed=2)


@pytest.fixture(scope="session")
def network() -> SEResNet:
    """A network whose batch-norm statistics are no longer those it was born with."""
    torch.manual_seed(7)
    made = SEResNet().train()
    with torch.no_grad():
        for _ in range(3):
            made(torch.randn(8, 1, 40, 40) * 1.5 + 0.2)
    return made.eval()


def crops(count: int, seed: int = 3) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, (count, 40, 40), dtype=np.uint8)
