"""People in one part only."""

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.prepared import Prepared, Source
from models.sources.people import FOLDS, folds_of, split

from .drawn import drawn


def of_people(people: list[str]) -> Prepared:
    count = len(people)
    return Prepared(
        np.stack([drawn(seed) for seed in range(count)]),
        np.zeros((count, len(EXPRESSIONS)), np.float32),
        np.arange(count, dtype=np.int64) % len(EXPRESSIONS),
        np.array(people, np.str_),
        np.array(["one" if who else "two" for who in people]),
        (Source("one", "drawn", "ours", people.count(""), 12), Source("two", "drawn", "ours", count)),
    )


PEOPLE = [f"one/{number % 12:02d}" for number in range(60)] + [""] * 40


@pytest.mark.parametrize("held", range(FOLDS))
def test_no_person_is_in_two_parts(held: int) -> None:
    rest, part = split(of_people(PEOPLE), frozenset({held}))
    assert not (set(rest.people) & set(part.people)) - {""}


def test_the_parts_together_are_the_whole() -> None:
    whole = of_people(PEOPLE)
    rest, part = split(whole, frozenset({0, 3}))
    assert len(rest) > 0
    assert len(part) > 0
    assert sorted(image.tobytes() for each in (rest, part) for image in each.images) == sorted(
        image.tobytes() for image in whole.images
    )


def test_pictures_without_a_person_are_split_by_picture_in_whatever_order_they_come() -> None:
    whole = of_people([""] * 50)
    assert len(set(folds_of(whole).tolist())) == FOLDS
    backwards = np.arange(50)[::-1]
    assert (folds_of(whole[backwards]) == folds_of(whole)[backwards]).all()


def test_the_manifest_of_a_part_counts_what_is_in_it() -> None:
    for part in split(of_people(PEOPLE), frozenset({1})):
        named = part.people[part.sources == "one"]
        one, two = part.manifest
        assert (one.pictures, one.people) == (len(named), len(set(named)))
        assert (two.pictures, two.people) == (int((part.sources == "two").sum()), 0)
