"""Data sets of clips, each as its owner lays it out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from models.clips.clips import LONGEST, Clips
from models.clips.sources.ck48 import FOLDS, ck48, folds
from models.clips.sources.dfew import dfew
from models.clips.sources.enterface import enterface
from models.clips.sources.folder import afew, folder
from models.clips.sources.oulu import oulu
from models.clips.sources.ravdess import ravdess
from models.clips.sources.taiwanese import pairs
from models.errors import DataError
from tests.edge.pictures import PORTRAIT_FACE, portrait
from tests.models.clips.filmed import film
from tests.models.pictures import write_table
from tests.models.sources.drawn import drawn, put, put_text


def shown(clips: Clips) -> Counter[str]:
    return Counter(EXPRESSIONS[label] for label in clips.labels)


def test_a_ravdess_take_is_told_by_its_name_and_calm_is_neutral(tmp_path: Path) -> None:
    names = ("01-01-03-01-01-01-01", "02-01-03-01-01-01-01", "01-02-02-01-01-01-12", "03-01-03-01-01-01-01", "notes")
    for seed, name in enumerate(names):
        film(tmp_path / "Actor_01" / f"{name}.avi", seed)
    clips = ravdess(tmp_path)
    assert shown(clips) == {"happiness": 1, "neutral": 1}
    assert sorted(clips.people) == ["RAVDESS/actor 01", "RAVDESS/actor 12"]
    assert clips.manifest[0].left_out == {
        "not named as RAVDESS names its videos": 2,
        "the same take without sound": 1,
    }


def test_an_enterface_video_is_told_by_the_folders_above_it(tmp_path: Path) -> None:
    film(tmp_path / "subject 1" / "anger" / "sentence 1" / "s1_an_1.avi", 1)
    film(tmp_path / "subject 02" / "surprise" / "s2_su_1.avi", 2)
    film(tmp_path / "trial.avi", 3)
    clips = enterface(tmp_path)
    assert shown(clips) == {"anger": 1, "surprise": 1}
    assert sorted(clips.people) == ["eNTERFACE'05/subject 1", "eNTERFACE'05/subject 2"]
    assert clips.manifest[0].left_out == {"in no folder of a subject and an expression": 1}


def test_an_oulu_sequence_is_a_clip_of_its_frames_at_25_a_second(tmp_path: Path) -> None:
    for frame in range(6):
        put(tmp_path / "VL" / "Strong" / "P001" / "Disgust" / f"{frame:03d}.png", frame)
    clips = oulu(tmp_path)
    assert shown(clips) == {"disgust": 1}
    assert clips.people.tolist() == ["Oulu-CASIA/P001"]
    # Six frames in a fifth of a second, of which a desk would see four.
    assert clips.ages[0] == pytest.approx([0.2, 0.12, 0.08, 0.0], abs=0.01)
    assert np.array_equal(clips.frames[0, -1], drawn(5))


def test_a_dfew_clip_has_the_label_of_its_number(tmp_path: Path) -> None:
    for clip in (1, 2):
        for frame in range(2):
            put(tmp_path / "Clip" / "clip_224x224" / f"{clip:05d}" / f"{frame:05d}.png", 10 * clip + frame)
    put_text(tmp_path / "Annotation" / "annotation.csv", "order,label\n00001,4\n00002,0\n00003,1\n")
    clips = dfew(tmp_path)
    assert shown(clips) == {"anger": 1}
    assert clips.manifest[0].left_out == {"clips without a single label": 1, "clips without frames": 1}


def test_afew_lies_in_folders_of_expressions(tmp_path: Path) -> None:
    film(tmp_path / "Train_AFEW" / "Angry" / "000123.avi", 1)
    film(tmp_path / "Val_AFEW" / "Happy" / "000124.avi", 2)
    clips = afew(tmp_path)
    assert shown(clips) == {"anger": 1, "happiness": 1}
    assert clips.people.tolist() == ["", ""]
    assert clips.manifest[0].name == "AFEW"


def test_people_are_found_in_the_paths_of_ones_own_videos(tmp_path: Path) -> None:
    film(tmp_path / "ann" / "sad" / "1.avi", 1)
    film(tmp_path / "nobody.avi", 2)
    film(tmp_path / "x1" / "sad" / "1.avi", 3)
    clips = folder(tmp_path, person="^([a-z]+)/")
    assert clips.people.tolist() == [f"{tmp_path.name}/ann"]
    assert set(clips.manifest[0].left_out) == {
        "no person found in its name",
        f"in no folder named for one of {' '.join(EXPRESSIONS)}",
    }


def test_a_folder_that_is_not_there_and_an_expression_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        folder(tmp_path / "gone")
    with pytest.raises(DataError, match="not a regular expression"):
        folder(tmp_path, person="(")


def test_a_broken_video_is_left_out_with_its_reason(tmp_path: Path) -> None:
    film(tmp_path / "sad" / "good.avi", 1)
    put_text(tmp_path / "sad" / "broken.avi", "no video")
    clips = folder(tmp_path)
    assert len(clips) == 1
    assert clips.manifest[0].left_out == {"not a readable video": 1}


def test_of_a_long_video_frames_are_taken_evenly_and_the_last_is_among_them(tmp_path: Path) -> None:
    film(tmp_path / "sad" / "long.avi", 1, frames=100, rate=10.0)
    clips = folder(tmp_path)
    assert clips.mask.sum() == LONGEST
    assert clips.ages[0, 0] == pytest.approx(9.9)
    assert clips.ages[0, -1] == 0
    steps = -np.diff(clips.ages[0])
    assert steps.max() - steps.min() <= 0.11


def test_a_face_in_a_larger_video_is_found_and_cut(tmp_path: Path) -> None:
    picture = portrait()
    (tmp_path / "happy").mkdir()
    writer = cv2.VideoWriter(str(tmp_path / "happy" / "1.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (512, 512))
    for _ in range(3):
        writer.write(picture)
    writer.write(np.full_like(picture, 90))  # a frame without the face is passed over
    writer.release()
    clips = folder(tmp_path)
    x1, y1, x2, y2 = (round(side) for side in PORTRAIT_FACE)
    face = cv2.resize(cv2.cvtColor(picture[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY), (48, 48))
    assert clips.mask.sum() == 3
    assert np.corrcoef(clips.frames[0, -1].ravel(), face.ravel())[0, 1] > 0.7


def ck_table(path: Path, subjects: tuple[str, ...] = ("S010", "S010", "S011")) -> Path:
    frames = (8, 7, 3)
    return write_table(
        path,
        subject=list(subjects),
        sequence=["004", "004", "001"],
        frame=list(frames),
        emotion=["anger", "anger", "happy"],
        image=[cv2.imencode(".png", drawn(frame))[1].tobytes() for frame in frames],
    )


def test_a_ck_sequence_is_its_frames_in_their_order_at_thirty_a_second(tmp_path: Path) -> None:
    clips = ck48(ck_table(tmp_path / "ck48.parquet"))
    assert shown(clips) == {"anger": 1, "happiness": 1}
    assert clips.mask.tolist() == [[True, True], [False, True]]
    assert clips.ages[0] == pytest.approx([1 / 30, 0], abs=1e-6)
    assert np.array_equal(clips.frames[0, -1], drawn(8))


def test_a_ck_subject_is_in_one_fold_which_a_file_says(tmp_path: Path) -> None:
    clips = ck48(ck_table(tmp_path / "ck48.parquet"))
    assert folds(clips).shape == (2,)
    assert FOLDS.is_file()
    with pytest.raises(DataError, match="CK\\+ subjects S9999 are in no fold"):
        folds(ck48(ck_table(tmp_path / "other.parquet", ("S010", "S010", "S9999"))))


def test_the_ck_folds_hold_all_subjects_and_about_as_many_sequences(data: Path) -> None:
    clips = ck48(data / "ck48/ck48.parquet")
    counts = np.bincount(folds(clips))
    assert len(clips) == 257
    assert len(counts) == 10
    assert counts.max() - counts.min() <= 1


def test_a_taiwanese_pair_goes_from_a_performers_own_neutral_to_the_expression(data: Path, tmp_path: Path) -> None:
    clips = pairs(data / "taiwanese/taiwanese.parquet")
    neutral = EXPRESSIONS.index("neutral")
    assert shown(clips)["happiness"] > 100
    assert clips.ages[0] == pytest.approx(np.arange(7, -1, -1) / 8)
    row = int(np.flatnonzero(clips.labels != neutral)[0])
    own = clips[(clips.people == clips.people[row]) & (clips.labels == neutral)]
    assert any(np.array_equal(clips.frames[row, 0], still[-1]) for still in own.frames)
    assert not np.array_equal(clips.frames[row, 3], clips.frames[row, 4])
