"""JAFFE, Oulu-CASIA, CASME, RAF-DB and DFEW, each as its owner lays it out."""

from pathlib import Path

import openpyxl
import pytest

from models.errors import DataError
from models.sources.casme import casme
from models.sources.dfew import dfew
from models.sources.jaffe import jaffe
from models.sources.oulu import oulu
from models.sources.rafdb import rafdb

from .drawn import drawn, left_out, put, put_text, shown


def test_jaffe_is_read_by_its_names(tmp_path: Path) -> None:
    names = ("KA.AN1.39", "KA.NE2.27", "YM.SU3.60", "KM-DI1.20", "contents")
    for seed, name in enumerate(names):
        put(tmp_path / f"{name}.tiff", seed)
    found = jaffe(tmp_path)
    assert shown(found) == {"anger": 1, "neutral": 1, "surprise": 1, "disgust": 1}
    assert sorted(set(found.people)) == ["JAFFE/KA", "JAFFE/KM", "JAFFE/YM"]
    assert left_out(found) == {"not named as JAFFE names its pictures": 1}


def sequence(folder: Path, frames: int, seed: int) -> None:
    for frame in range(frames):
        put(folder / f"{frame:03d}.jpeg", seed + frame)


def test_an_oulu_sequence_begins_neutral_and_ends_with_its_expression(tmp_path: Path) -> None:
    sequence(tmp_path / "VL" / "Strong" / "P001" / "Anger", 12, 0)
    found = oulu(tmp_path)
    assert shown(found) == {"neutral": 1, "anger": 3}
    assert [
        abs(image.astype(int) - drawn(seed)).mean() < 12
        for image, seed in zip(found.images, (0, 9, 10, 11), strict=True)
    ]
    assert set(found.people) == {"Oulu-CASIA/P001"}
    assert left_out(found) == {"between neutral and the peak of a sequence": 8}


def test_oulu_pictures_of_all_lights_are_taken_and_near_infrared_ones_are_not(tmp_path: Path) -> None:
    for seed, place in enumerate(("VL/Strong/P001/Anger", "VL/Dark/P001/Anger", "NI/Strong/P001/Anger")):
        sequence(tmp_path / place, 4, 10 * seed)
    found = oulu(tmp_path)
    assert len(found) == 8
    assert left_out(found) == {"sequences in near-infrared light": 1}


def test_oulu_crops_are_left_where_uncut_pictures_are_there(tmp_path: Path) -> None:
    sequence(tmp_path / "B_OriginalImg" / "VL" / "Strong" / "P002" / "Fear", 4, 0)
    sequence(tmp_path / "C_PreProcessImg" / "VL_Acropped" / "Strong" / "P002" / "Fear", 4, 10)
    found = oulu(tmp_path)
    assert len(found) == 4
    assert left_out(found) == {"sequences cut by the owner": 1}


def test_oulu_crops_alone_are_taken(tmp_path: Path) -> None:
    sequence(tmp_path / "VL_Acropped" / "Strong" / "P002" / "Fear", 4, 0)
    assert len(oulu(tmp_path)) == 4


def write_casme2(root: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    rows = [
        (
            "Subject",
            "Filename",
            None,
            "OnsetFrame",
            "ApexFrame",
            "OffsetFrame",
            None,
            "Action Units",
            "Estimated Emotion",
        ),
        (1, "EP02_01f", None, 46, 59, 86, None, "4+L10", "happiness"),
        (1, "EP03_02", None, 131, 161, 231, None, "4", "others"),
        (2, "EP01_11f", None, 46, "/", 126, None, "4", "disgust"),
        (17, "EP13_01", None, 1, 5, 9, None, "15", "repression"),
        (26, "EP18_44", None, 1, 5, 9, None, "1", "surprise"),
    ]
    for row in rows:
        book.active.append(row)
    book.save(root / "CASME2-coding-20140508.xlsx")
    for frame in (46, 59, 86):
        put(root / "Cropped" / "sub01" / "EP02_01f" / f"reg_img{frame}.jpg", frame)
    put(root / "Cropped" / "sub02" / "EP01_11f" / "reg_img46.jpg", 1)


def test_casme_ii_gives_its_apex_frames_and_counts_what_has_no_counterpart(tmp_path: Path) -> None:
    write_casme2(tmp_path)
    found = casme(tmp_path)
    assert shown(found) == {"happiness": 1}
    assert abs(found.images[0].astype(int) - drawn(59)).mean() < 12
    assert found.people.tolist() == ["CASME II/sub01"]
    assert left_out(found) == {
        "labelled others, which has no counterpart": 1,
        "labelled repression, which has no counterpart": 1,
        "its apex is not marked, or that frame is not there": 1,
        "in the table without its frames": 1,
    }


def test_uncut_frames_are_taken_before_the_owner_s_crops(tmp_path: Path) -> None:
    write_casme2(tmp_path)
    put(tmp_path / "CASME2_RAW_selected" / "sub01" / "EP02_01f" / "img59.jpg", 7)
    assert abs(casme(tmp_path).images[0].astype(int) - drawn(7)).mean() < 12


def test_casme_has_other_headings(tmp_path: Path) -> None:
    headings = "Subject,Filename,,OnsetF,ApexF1,ApexF2,OffsetF,AU,Emotion"
    put_text(tmp_path / "CASME-coding.csv", f"{headings}\n3,EP07_5,,1,9,,12,4,tense\n3,EP08_2,,1,8,,12,1,fear\n")
    put(tmp_path / "sub03" / "EP08_2" / "EP08_2-8.jpg", 1)
    found = casme(tmp_path)
    assert (shown(found), found.people.tolist()) == ({"fear": 1}, ["CASME/sub03"])
    assert left_out(found) == {"labelled tense, which has no counterpart": 1}


def write_rafdb(root: Path) -> None:
    lines = [f"train_{number:05d}.jpg {number}" for number in range(1, 8)]
    put_text(root / "EmoLabel" / "list_patition_label.txt", "\n".join([*lines, "test_0001.jpg 4", "test_0002.jpg 4"]))
    for number in range(1, 8):
        put(root / "Image" / "aligned" / f"train_{number:05d}_aligned.jpg", number)
        put(root / "Image" / "original" / f"train_{number:05d}.jpg", 50 + number)
    put(root / "Image" / "original" / "test_0001.jpg", 20)


def test_raf_db_is_read_by_its_list_aligned_before_original(tmp_path: Path) -> None:
    write_rafdb(tmp_path)
    found = rafdb(tmp_path)
    assert shown(found) == {
        "surprise": 1, "fear": 1, "disgust": 1, "happiness": 2, "sadness": 1, "anger": 1, "neutral": 1,
    }  # fmt: skip
    aligned = found.images[found.labels.tolist().index(2)]
    assert abs(aligned.astype(int) - drawn(1)).mean() < 12
    assert set(found.people) == {""}
    assert left_out(found) == {"in the list without a picture": 1}


def test_of_raf_db_those_that_its_annotations_call_asian_are_taken(tmp_path: Path) -> None:
    write_rafdb(tmp_path)
    for number, group in ((1, 2), (2, 0), (3, 1)):
        text = "1\t2\n" * 5 + f"0\n{group}\n3\n"
        put_text(tmp_path / "Annotation" / "manual" / f"train_{number:05d}_manu_attri.txt", text)
    found = rafdb(tmp_path)
    assert shown(found) == {"surprise": 1}
    assert left_out(found)["a face that its annotation does not call Asian"] == 7


def test_raf_db_in_numbered_folders_is_read_too(tmp_path: Path) -> None:
    put(tmp_path / "train" / "1" / "train_00001_aligned.jpg", 1)
    put(tmp_path / "test" / "7" / "test_0001_aligned.jpg", 2)
    assert shown(rafdb(tmp_path)) == {"surprise": 1, "neutral": 1}


def test_a_label_that_raf_db_does_not_know_is_named(tmp_path: Path) -> None:
    put_text(tmp_path / "list_patition_label.txt", "train_00001.jpg 8\n")
    with pytest.raises(DataError, match=r"list_patition_label\.txt, line 1: label is 8; known are 1 to 7, surprise"):
        rafdb(tmp_path)


def write_clips(root: Path, clips: dict[int, int]) -> None:
    for clip, frames in clips.items():
        for frame in range(1, frames + 1):
            put(root / "Clip" / "clip_224x224" / f"{clip:05d}" / f"{frame}.jpg", 100 * clip + frame)


def test_dfew_gives_three_frames_of_each_labelled_clip(tmp_path: Path) -> None:
    write_clips(tmp_path, {1: 16, 2: 1, 3: 4})
    put_text(
        tmp_path / "EmoLabel_DataSplit" / "train(single-labeled)" / "set_1.csv", "video_name,label\n1,7\n2,3\n9,1\n"
    )
    put_text(tmp_path / "EmoLabel_DataSplit" / "test(single-labeled)" / "set_1.csv", "video_name,label\n3,4\n")
    found = dfew(tmp_path)
    assert shown(found) == {"fear": 3, "neutral": 1, "anger": 3}
    assert abs(found.images[1].astype(int) - drawn(109)).mean() < 12
    assert set(found.people) == {"DFEW/clip 00001", "DFEW/clip 00002", "DFEW/clip 00003"}
    assert found.manifest[0].people == 0
    assert left_out(found) == {"clips without frames": 1, "other frames of its clips": 14}


def test_dfew_s_annotation_says_which_clips_have_no_single_label(tmp_path: Path) -> None:
    write_clips(tmp_path, {1: 2, 2: 2})
    headings = "1happy,2sad,3neutral,4angry,5surprise,6disgust,7fear,order,label"
    put_text(tmp_path / "Annotation" / "annotation.csv", f"{headings}\n9,1,0,0,0,0,0,1,1\n3,3,4,0,0,0,0,2,0\n")
    found = dfew(tmp_path)
    assert shown(found) == {"happiness": 2}
    assert left_out(found) == {"clips without a single label": 1}
