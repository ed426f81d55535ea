"""Cuts in a film, and folders that are clips or albums."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.analyze.inspecting import judge
from edge.analyze.scene import Cuts, Order
from tests.edge.analyze.films import synthetic, times
from tests.edge.pictures import Pixels, frames, portrait, table_images


def judged(folder: Path, images: Iterable[Pixels], side: int = 160) -> Order:
    names = []
    for i, image in enumerate(images):
        names.append(f"{i:04d}.jpg")
        height = side * image.shape[0] // image.shape[1]
        cv2.imwrite(str(folder / names[-1]), cv2.resize(image, (side, height), interpolation=cv2.INTER_AREA))
    order = judge(folder, tuple(names))
    assert order is not None
    return order


@pytest.mark.parametrize("every", [1, 10])
def test_a_synthetic_clip_s_frames_are_a_clip(tmp_path: Path, every: int) -> None:
    order = judged(tmp_path, synthetic(times(0, 16)[::every]))
    assert order.is_clip
    assert order.in_order > 0.8


def test_frames_in_which_nothing_moves_are_a_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noisy = [np.clip(portrait() + rng.normal(0, 4, (512, 512, 3)), 0, 255).astype(np.uint8) for _ in range(12)]
    assert judged(tmp_path, noisy).is_clip


def test_unlike_pictures_are_no_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    blocks = [cv2.resize(rng.integers(0, 256, (6, 6, 3), np.uint8), (96, 96)) for _ in range(60)]
    order = judged(tmp_path, blocks)
    assert not order.is_clip
    assert order.in_order < 0.5


def test_images_that_differ_in_size_are_no_clip(tmp_path: Path) -> None:
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"{i}.png"), portrait()[: 300 + i])
    assert judge(tmp_path, tuple(f"{i}.png" for i in range(4))) is None


@pytest.mark.parametrize("every", [1, 10])
def test_the_woman_s_frames_are_a_clip(tmp_path: Path, every: int) -> None:
    order = judged(
        tmp_path, (image for i, (_, image) in enumerate(frames("WolfgangLanger_Pexels.mp4")) if not i % every)
    )
    assert order.is_clip
    assert order.in_order > 0.7


@pytest.mark.parametrize(("table", "count"), [("taiwanese/taiwanese", 881), ("muxspace/muxspace", 300)])
def test_portraits_are_no_clip_even_if_one_performer_follows_on_another_s_heels(
    tmp_path: Path, table: str, count: int
) -> None:
    order = judged(tmp_path, islice(table_images(table), count), side=96)
    assert not order.is_clip
    assert order.in_order < 0.5
    assert order.differs > 0.15


def cuts(images: Iterable[Pixels]) -> list[int]:
    found = Cuts()
    return [i for i, image in enumerate(images) if found.is_cut(image)]


def test_a_cut_is_found_where_it_is_and_nowhere_else() -> None:
    other = cv2.resize(portrait()[100:400, 50:450], (320, 240))
    assert cuts([*synthetic(times(0, 4)), *([other] * 50), *synthetic(times(8, 10))]) == [100, 150]


def test_swaying_and_darkening_are_no_cuts() -> None:
    assert cuts(synthetic(times(0, 24.5))) == []


def test_one_frame_in_ten_of_a_clip_that_moves_is_no_row_of_cuts() -> None:
    assert len(cuts(synthetic(times(0, 24.5)[::10]))) <= 1
