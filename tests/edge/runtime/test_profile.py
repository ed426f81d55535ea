"""The shapes for which engines are built."""

from __future__ import annotations

import pytest

from edge.runtime.profile import Profile, bucket_of, profile_of


def test_an_open_batch_goes_from_one_to_eight() -> None:
    assert profile_of((-1, 1, 40, 40)) == Profile((1, 1, 40, 40), (2, 1, 40, 40), (8, 1, 40, 40))


def test_a_picture_of_any_size_comes_alone() -> None:
    assert str(profile_of((-1, -1, -1, 3))) == "1x12x12x3 1x192x192x3 1x1152x1152x3"


@pytest.mark.parametrize(("count", "bucket"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (8, 8)])
def test_a_batch_is_filled_up_to_one_that_is_run(count: int, bucket: int) -> None:
    assert bucket_of(count) == bucket
