"""What cards say of the crop is what the desk's detector measures on training pictures."""

from pathlib import Path

import pytest

from models.data import read_faces
from models.datasets import TRAIN
from models.describe import CROP_OF_BOX_HEIGHT, CROP_REASON
from models.geometry import measure
from models.samples import PICTURE_OF_BOX_HEIGHT

PICTURES, SEED = 1500, 1  # as the command has them by default


@pytest.mark.system
def test_the_crop_on_the_cards_is_the_one_that_was_measured(data: Path) -> None:
    found = measure(read_faces(data / TRAIN), PICTURES, SEED)
    assert f"On {PICTURES:,} of FER-2013's" in CROP_REASON
    assert f"median height of {found.box_height:.2f} pictures" in " ".join(CROP_REASON.split())
    assert round(found.crop_of_box_height, 3) == CROP_OF_BOX_HEIGHT
    assert round(found.whole_of_box_height, 3) == PICTURE_OF_BOX_HEIGHT
