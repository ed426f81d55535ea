"""Views that a teacher and its student see alike, and what the student is told of them."""

import numpy as np

from models.data import Bytes, Faces, Floats
from models.heads import FERPLUS, LOGITS
from models.training.targets import of_views
from models.training.views import MIXED, View, views
from tests.models.conftest import as_prepared


def test_the_first_view_is_the_picture_and_the_others_are_moved(faces: Faces) -> None:
    first, *others = views(faces.images, 3, seed=1)
    assert np.array_equal(first.images, faces.images)
    assert not any(np.array_equal(each.images, faces.images) for each in others)
    assert all(each.images.shape == faces.images.shape for each in others)
    assert all(each.images.dtype == np.uint8 for each in others)


def test_the_same_seed_gives_the_same_views(faces: Faces) -> None:
    one, again, other = (list(views(faces.images, 3, seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(a.images, b.images) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[1].images, other[1].images)


def test_one_view_in_three_lays_two_pictures_over_each_other() -> None:
    black, white = np.zeros((8, 48, 48), np.uint8), np.full((8, 48, 48), 255, np.uint8)
    found = list(views(np.concatenate([black, white]), 6, seed=1))
    assert [each.mixed for each in found] == [place % MIXED == MIXED - 1 for place in range(6)]
    for each in found:
        middle = each.images[:, 20:28, 20:28]
        assert ((middle > 40) & (middle < 215)).any() == each.mixed


def test_a_mixture_is_what_its_teacher_says_and_a_picture_partly_its_label(faces: Faces) -> None:
    said: list[Bytes] = []

    def fearful(images: Bytes) -> Floats:
        said.append(images)
        answer: Floats = np.zeros((len(images), LOGITS), np.float32)
        answer[:, FERPLUS.begin + FERPLUS.classes.index("fear")] = 1.0
        return answer

    plain, mixed = View(faces.images, mixed=False), View(faces.images[::-1].copy(), mixed=True)
    made = of_views(as_prepared(faces), [plain, mixed], 0.0, 0.6, fearful)
    assert len(made) == 2 * len(faces)
    assert [np.array_equal(a, b.images) for a, b in zip(said, (plain, mixed), strict=True)] == [True, True]
    of_plain, of_mixed = np.split(made.targets[:, FERPLUS.columns], 2)
    place = FERPLUS.classes.index("fear")
    unafraid = faces.votes[:, place] == 0
    assert np.allclose(of_plain[unafraid, place], 0.6)
    assert np.allclose(of_mixed[:, place], 1.0)
    assert np.array_equal(made.images[len(faces) :], mixed.images)
