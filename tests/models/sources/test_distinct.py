"""Near copies within a set: one stays, and people's own pictures are not taken for copies."""

import numpy as np

from contract.expressions import EXPRESSIONS
from models.data import Bytes
from models.prepared import Prepared, Source
from models.sources.distinct import groups_of_copies, without_copies

from .drawn import drawn


def like(image: Bytes, of_other: float) -> Bytes:
    """A picture with so much of another one mixed in."""
    return (image * (1 - of_other) + drawn(99) * of_other).astype(np.uint8)


def made(*rows: tuple[Bytes, str, str, str]) -> Prepared:
    """Of pictures with their expression, person and source."""
    images, labels, people, sources = zip(*rows, strict=True)
    names = sorted(set(sources))
    return Prepared(
        np.stack(images),
        np.zeros((len(rows), len(EXPRESSIONS)), np.float32),
        np.array([EXPRESSIONS.index(name) for name in labels], np.int64),
        np.array(people, np.str_),
        np.array(sources, np.str_),
        tuple(Source(name, "drawn", "ours", sources.count(name)) for name in names),
    )


def test_a_mirror_image_and_a_dim_one_are_of_one_group() -> None:
    images = np.stack([drawn(1), drawn(2), drawn(1)[:, ::-1], drawn(1) // 2])
    assert groups_of_copies(images).tolist() == [0, 1, 0, 0]


def test_a_person_s_own_pictures_are_copies_only_where_they_are_nearly_equal() -> None:
    images = np.stack([drawn(1), like(drawn(1), 0.15), drawn(1)])
    assert groups_of_copies(images, 0.95).tolist() == [0, 0, 0]
    assert groups_of_copies(images, 0.95, np.array(["a", "a", "a"])).tolist() == [0, 1, 0]
    assert groups_of_copies(images, 0.95, np.array(["", "", ""])).tolist() == [0, 0, 0]


def test_of_copies_in_two_sources_the_first_stays_and_the_other_is_counted() -> None:
    found = without_copies(
        made((drawn(1), "fear", "one/a", "one"), (drawn(1), "fear", "", "two"), (drawn(2), "fear", "", "two"))
    )
    assert found.people.tolist() == ["one/a", ""]
    one, two = found.manifest
    assert (one.pictures, one.left_out) == (1, {})
    assert (two.pictures, two.left_out) == (1, {"near copy of another picture of the set": 1})


def test_copies_with_different_labels_are_left_out_all_of_them() -> None:
    found = without_copies(
        made((drawn(1), "fear", "", "one"), (drawn(1), "anger", "", "two"), (drawn(2), "fear", "", "two"))
    )
    assert len(found) == 1
    assert [each.left_out for each in found.manifest] == [{"near copies with different labels": 1}] * 2
