"""Clips in memory and in a file."""

from pathlib import Path

import numpy as np
import pytest

from models.clips import clips as clip_files
from models.clips.clips import LONGEST, Clip, clips_of, joined
from models.errors import DataError
from models.prepared import Source
from tests.models.conftest import made_faces, write_faces
from tests.models.sources.drawn import drawn

SOURCE = Source("made", "somewhere", "none", 0)


def clip(frames: int, label: int = 3, person: str = "a") -> Clip:
    times = np.arange(frames, dtype=np.float32) / np.float32(4)
    return Clip(np.stack([drawn(at) for at in range(frames)]), times, label, person)


def test_a_shorter_clip_is_filled_before_its_first_frame() -> None:
    clips = clips_of([clip(2), clip(4)], SOURCE)
    assert clips.frames.shape == (2, 4, 48, 48)
    assert clips.mask.tolist() == [[False, False, True, True], [True] * 4]
    assert clips.ages.tolist() == [[0, 0, 0.25, 0], [0.75, 0.5, 0.25, 0]]
    assert np.array_equal(clips.frames[0, -1], drawn(1))
    assert clips.manifest[0].pictures == 6
    assert clips.people.tolist() == ["made/a", "made/a"]


def test_of_a_long_clip_the_newest_frames_are_kept() -> None:
    clips = clips_of([clip(LONGEST + 5)], SOURCE)
    assert clips.frames.shape[1] == LONGEST
    assert np.array_equal(clips.frames[0, 0], drawn(5))


def test_no_clip_at_all_says_why() -> None:
    with pytest.raises(DataError, match=r"no clip of made can be used \(no face found: 2\)"):
        clips_of([], Source("made", "somewhere", "none", 0, 0, {"no face found": 2}))


def test_sets_of_different_lengths_are_joined_at_the_newest_frame() -> None:
    both = joined([clips_of([clip(2)], SOURCE), clips_of([clip(3, person="b")], SOURCE)])
    assert both.mask.tolist() == [[False, True, True], [True, True, True]]
    assert both.ages[0].tolist() == [0, 0.25, 0]
    assert len(both.manifest) == 2


def test_joining_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="no clips are named"):
        joined([])


def test_a_file_holds_the_clips_as_they_were(tmp_path: Path) -> None:
    before = clips_of([clip(2), clip(3, label=-1, person="")], SOURCE)
    clip_files.write(before, tmp_path / "clips.parquet")
    after = clip_files.read(tmp_path / "clips.parquet")
    for name in ("frames", "mask", "labels", "people", "sources"):
        assert np.array_equal(getattr(after, name), getattr(before, name)), name
    assert np.allclose(after.ages, before.ages)
    assert after.manifest == before.manifest


def test_another_file_is_no_set_of_clips(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a prepared set"):
        clip_files.read(write_faces(tmp_path / "faces.parquet", made_faces(4, 1)))
