"""An analysis as a whole: the same of any form of a clip, what it writes, and what it does with bad files."""

from __future__ import annotations

import os
import shutil
import socket
from datetime import datetime, timezone
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from contract.reading import Reason, Role
from edge.analyze.results import Kind, Recording, Summary
from edge.errors import ModelError, OutputError, SettingsError
from edge.window import LEAST_SURE
from tests.edge.analyze.films import ffmpeg, lines, needs_ffmpeg, readings, run, synthetic, times, write
from tests.edge.analyze.test_film import huge_png
from tests.edge.bundles import make_bundle, point
from tests.edge.pictures import data_folder, portrait, side_by_side


def alike(one: Recording, other: Recording, points: float) -> None:
    """Shares by faces and by seconds, and the part of the faces that is unsure, differ by less than so many points."""
    assert other.by_faces == pytest.approx(one.by_faces, abs=points / 100)
    assert other.by_seconds == pytest.approx(one.by_seconds, abs=points / 100)
    assert unsure(other) == pytest.approx(unsure(one), abs=points / 100)


def unsure(found: Recording) -> float:
    """The part of the faces that is unsure."""
    return found.face_reasons.get(Reason.UNSURE, 0) / found.faces


def frames_of(video: Path, folder: Path) -> Path:
    folder.mkdir()
    ffmpeg("-i", video, folder / "frame%d.png")
    return folder


@needs_ffmpeg
@pytest.mark.timeout(300)
def test_a_clip_as_video_as_gif_and_as_images_shows_the_same(tmp_path: Path) -> None:
    video = write(tmp_path / "clip.mp4", synthetic(times(0, 60, 2.5), whole=True), 2.5)
    # With a palette of the clip's own: in the 256 fixed colours that are ffmpeg's default, faces are lost.
    ffmpeg("-i", video, "-vf", "split[a][b];[a]palettegen[palette];[b][palette]paletteuse", tmp_path / "clip.gif")
    frames = frames_of(video, tmp_path / "frames")
    film, gif, images = run(tmp_path / "out", video, tmp_path / "clip.gif", frames, fps=2.5).summary.files
    assert (film.kind, gif.kind, images.kind) == (Kind.VIDEO, Kind.VIDEO, Kind.FRAMES)
    assert (film.frames, gif.frames, images.frames) == (150, 150, 150)
    assert gif.seconds == pytest.approx(film.seconds, abs=0.4)
    assert film.by_faces["happiness"] > 0.1  # there is something to tell
    assert 0 < unsure(film) < 0.9
    alike(film, images, 1)
    alike(film, gif, 2)


@needs_ffmpeg
@pytest.mark.system
@pytest.mark.timeout(300)
def test_the_woman_s_clip_as_video_as_gif_and_as_images_shows_the_same(tmp_path: Path) -> None:
    video = data_folder() / "video/WolfgangLanger_Pexels.mp4"
    ffmpeg("-i", video, "-r", "12.5", tmp_path / "woman.gif")
    frames = frames_of(video, tmp_path / "frames")
    film, gif, images = run(tmp_path / "out", video, tmp_path / "woman.gif", frames, fps=24000 / 1001).summary.files
    assert images.kind is Kind.FRAMES
    alike(film, images, 1)
    alike(film, gif, 2)
    for found in (film, gif, images):
        assert found.label_changes_per_second is not None
        assert found.label_changes_per_second <= 0.16  # three in her twenty seconds


@pytest.mark.system
@pytest.mark.timeout(300)
def test_accuracy_on_pictures_is_that_of_the_models_evaluation(tmp_path: Path) -> None:
    model_of = pytest.importorskip("models.model")
    parquet = pytest.importorskip("pyarrow.parquet")
    from edge import bundle
    from models.samples import read_samples

    table, pictures = data_folder() / "taiwanese/taiwanese.parquet", tmp_path / "pictures"
    pictures.mkdir()
    for row, image in enumerate(parquet.read_table(table, columns=["image"])["image"].to_pylist()):
        (pictures / f"{row}.jpg").write_bytes(image)
    summary = run(tmp_path / "out", pictures).summary
    assert summary.files[0].kind is Kind.PICTURES

    model = model_of.Model(bundle.DEFAULT)
    samples = read_samples(table, model.card.input.crop_of_box_height)
    shares = model.shares(samples.crops)
    sure = shares.max(axis=1) >= (model.point.unsure_below or LEAST_SURE)
    evaluated = float(np.mean((shares.argmax(axis=1) == samples.labels)[sure]))
    found = {int(Path(line["file"]).stem): line.get("label") for line in lines(tmp_path / "out")}
    right = [found[row] == EXPRESSIONS[label] for row, label in zip(samples.rows, samples.labels, strict=True)]
    read = [found[row] is not None for row in samples.rows]
    assert np.mean(read) == pytest.approx(np.mean(sure), abs=0.02)  # a few have another reason than `unsure`
    assert sum(right) / sum(read) == pytest.approx(evaluated, abs=0.005)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two short videos and three pictures, one of them of two faces."""
    folder = tmp_path_factory.mktemp("mixed")
    write(folder / "a.mp4", synthetic(times(2, 4.4)))
    write(folder / "b.avi", synthetic(times(10, 12)))
    (folder / "album").mkdir()
    wall = np.full((300, 400, 3), np.linspace(60, 200, 400)[None, :, None], np.uint8)
    for name, image in (("2.jpg", side_by_side()), ("10.jpg", portrait()), ("1.png", wall)):
        cv2.imwrite(str(folder / "album" / name), image)
    (folder / "notes.txt").write_text("not to be read")
    return folder


@pytest.fixture(scope="module")
def analyzed(mixed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Summary, Path]:
    """That folder, analyzed."""
    out = tmp_path_factory.mktemp("out")
    return run(out, mixed).summary, out


def test_the_recordings_of_a_folder_are_its_videos_and_its_folders_of_images(
    mixed: Path, analyzed: tuple[Summary, Path]
) -> None:
    files = analyzed[0].files
    assert [file.file for file in files] == [str(mixed / name) for name in ("a.mp4", "b.avi", "album")]
    assert [file.kind for file in files] == [Kind.VIDEO, Kind.VIDEO, Kind.PICTURES]
    assert [file.seconds for file in files] == pytest.approx([2.4, 2.0, 3.0])
    assert (files[0].width, files[0].height, files[0].frames_per_second) == (320, 240, 25.0)
    assert all(file.complete and file.fault is None for file in files)


def test_all_is_the_sum_of_the_files(analyzed: tuple[Summary, Path]) -> None:
    whole, files = analyzed[0].all, analyzed[0].files
    for name in ("frames", "faces", "faces_read", "seconds", "seconds_read"):
        assert getattr(whole, name) == pytest.approx(sum(getattr(file, name) for file in files))
    read = sum(file.by_seconds.get("happiness", 0) * file.seconds_read for file in files)
    assert whole.by_seconds["happiness"] == pytest.approx(read / whole.seconds_read, abs=1e-3)


def test_each_picture_is_a_reading_of_its_own_named_by_its_file_in_the_order_of_their_numbers(
    mixed: Path, analyzed: tuple[Summary, Path]
) -> None:
    album = lines(analyzed[1])[-3:]
    assert [line["file"] for line in album] == [str(mixed / "album" / name) for name in ("1.png", "2.jpg", "10.jpg")]
    assert [line.get("reason") for line in album] == [Reason.NO_FACE, Reason.MANY_FACES, None]
    assert [line["duration_s"] for line in album] == [1.0] * 3
    assert album[2]["label"] == "happiness"
    assert analyzed[0].files[2].faces == 3
    assert analyzed[0].files[2].label_changes_per_second is None


def test_the_summary_and_the_readings_are_files_that_are_what_they_say(analyzed: tuple[Summary, Path]) -> None:
    summary, out = analyzed
    assert msgspec.json.decode((out / "summary.json").read_bytes(), type=Summary) == summary
    made = readings(out)
    assert len(made) == 8
    assert all(reading.recorded for reading in made)
    assert len({(reading.source, reading.boot, reading.started_ns) for reading in made}) == 8
    labels = [line["label"] for line in lines(out) if "label" in line]
    shares = [reading.shares for reading in made if reading.shares is not None]
    assert labels == [EXPRESSIONS[share.index(max(share))] for share in shares]


def test_nothing_of_a_picture_is_written(analyzed: tuple[Summary, Path]) -> None:
    assert sorted(path.name for path in analyzed[1].iterdir()) == ["readings.jsonl", "report.html", "summary.json"]
    assert b"data:image" not in (analyzed[1] / "report.html").read_bytes()


def test_two_workers_find_what_one_finds(mixed: Path, analyzed: tuple[Summary, Path], tmp_path: Path) -> None:
    summary = run(tmp_path, mixed, workers=2).summary
    assert summary.files == analyzed[0].files
    assert (tmp_path / "readings.jsonl").read_bytes() == (analyzed[1] / "readings.jsonl").read_bytes()


def test_another_role_is_another_reading_of_the_same_recording(
    mixed: Path, analyzed: tuple[Summary, Path], tmp_path: Path
) -> None:
    summary = run(tmp_path, mixed / "album", role=Role.CUSTOMER).summary
    assert summary.files[0].second_reasons == {Reason.NO_FACE: 1.0}
    assert summary.files[0].faces == 3
    assert not {reading.boot for reading in readings(tmp_path)} & {reading.boot for reading in readings(analyzed[1])}


def test_readings_begin_when_the_recording_did(mixed: Path, tmp_path: Path) -> None:
    began = datetime(2026, 11, 20, 9, 0, tzinfo=timezone.utc)
    run(tmp_path / "told", mixed / "a.mp4", began=began)
    assert readings(tmp_path / "told")[2].wall_ms == round(began.timestamp() * 1000) + 2000
    copy = Path(shutil.copy(mixed / "a.mp4", tmp_path))
    os.utime(copy, (1_700_000_000, 1_700_000_000))
    run(tmp_path / "guessed", copy)
    assert readings(tmp_path / "guessed")[0].wall_ms == 1_700_000_000_000 - 2400
    with pytest.raises(SettingsError, match="--began says when one recording began, but these are 2"):
        run(tmp_path / "both", mixed / "a.mp4", copy, began=began)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    """Everything that can be wrong with a recording, and a good one, in one analysis."""
    folder, out = tmp_path_factory.mktemp("bad"), tmp_path_factory.mktemp("out")
    good = write(folder / "good.mp4", synthetic(times(2, 3)))
    (folder / "words.mp4").write_text("words, no video\n" * 50)
    (folder / "empty.mp4").touch()
    (folder / "half.mp4").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    write(folder / "tiny.avi", (image[:2, :2] for image in synthetic(times(0, 1))))
    (folder / "album").mkdir()
    huge_png(folder / "album" / "huge.png", 20_000, 10_000)
    (folder / "album" / "words.jpg").write_text("words")
    cv2.imwrite(str(folder / "album" / "portrait.png"), portrait())
    whole = cv2.imencode(".jpg", portrait())[1].tobytes()
    (folder / "torn.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / os.fsdecode(b"caf\xe9.mp4")).write_bytes(good.read_bytes())
    (folder / "nothing").mkdir()
    os.mkfifo(folder / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "socket.mp4"))
    names = ["gone.mp4", "pipe.mp4", "socket.mp4", "words.mp4", "empty.mp4", "half.mp4", "tiny.avi", "album", "nothing"]
    names += ["torn.jpg", os.fsdecode(b"caf\xe9.mp4")]
    if shutil.which("ffmpeg"):
        ffmpeg("-i", good, "-c", "copy", "-movflags", "faststart", folder / "whole.mp4")
        ffmpeg("-f", "lavfi", "-i", "sine=d=1", folder / "sound.mp4")
        long = write(folder / "long.mp4", synthetic(times(0, 8)))
        ffmpeg("-i", long, "-c", "copy", "-movflags", "faststart", folder / "first.mp4")
        data = (folder / "first.mp4").read_bytes()
        (folder / "cut.mp4").write_bytes(data[: len(data) // 2])
        third = len(data) // 3
        (folder / "holes.mp4").write_bytes(data[:third] + os.urandom(third) + data[2 * third :])
        ffmpeg("-i", long, "-vf", "fps=10", folder / "long.gif")
        gif = (folder / "long.gif").read_bytes()
        (folder / "torn.gif").write_bytes(gif[: len(gif) // 2])
        ffmpeg("-ss", "4", "-i", long, "-c", "copy", folder / "trimmed.mp4")
        ffmpeg("-i", good, "-vf", "setpts=75*PTS", "-r", "1/3", folder / "slow.mp4")
        names += ["sound.mp4", "cut.mp4", "holes.mp4", "torn.gif", "trimmed.mp4", "slow.mp4"]
    outcome = run(out, *(folder / name for name in [*names, "good.mp4"]))
    assert (out / "report.html").stat().st_size > 0
    return {Path(file.file).name: file for file in outcome.summary.files}


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("gone.mp4", "there is no such file or folder"),
        ("pipe.mp4", "is neither a file nor a folder"),
        ("socket.mp4", "is neither a file nor a folder"),
        ("words.mp4", "is no video that can be read"),
        ("empty.mp4", "is empty"),
        ("half.mp4", "is no video that can be read"),
        ("nothing", "has no video and no image in it"),
        ("torn.jpg", "ends before its picture does"),
        ("caf\ufffd.mp4", "its name is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_fault(faulty: dict[str, Recording], name: str, fault: str) -> None:
    found = faulty[name]
    assert found.fault is not None
    assert name in found.fault
    assert fault in found.fault
    assert "\n" not in found.fault
    assert (found.complete, found.frames, found.seconds, found.course) == (False, 0, 0.0, ())


@needs_ffmpeg
def test_a_video_of_sound_alone_is_named(faulty: dict[str, Recording]) -> None:
    assert faulty["sound.mp4"].fault is not None


def test_the_others_are_read(faulty: dict[str, Recording]) -> None:
    assert (faulty["good.mp4"].frames, faulty["good.mp4"].complete, faulty["good.mp4"].fault) == (25, True, None)
    assert faulty["good.mp4"].by_faces["happiness"] > 0.5


def test_a_picture_of_a_few_pixels_has_no_face_and_no_fault(faulty: dict[str, Recording]) -> None:
    assert (faulty["tiny.avi"].fault, faulty["tiny.avi"].faces, faulty["tiny.avi"].coverage) == (None, 0, 0.0)


def test_a_folder_s_bad_images_are_named_and_its_good_ones_read(faulty: dict[str, Recording]) -> None:
    album = faulty["album"]
    assert (album.frames, album.faces, album.complete) == (1, 1, False)
    assert album.fault is not None
    assert "huge.png: 20000 x 10000 are more than 100 megapixels" in album.fault
    assert "(2 like this)" in album.fault


@needs_ffmpeg
def test_of_a_file_that_ends_early_what_there_is_is_kept(faulty: dict[str, Recording]) -> None:
    cut = faulty["cut.mp4"]
    assert 50 < cut.frames < 150
    assert not cut.complete
    assert cut.fault is not None
    assert "of the 8.0 s that it states" in cut.fault


@needs_ffmpeg
def test_a_gif_whose_end_is_missing_is_named_and_what_there_is_kept(faulty: dict[str, Recording]) -> None:
    torn = faulty["torn.gif"]
    assert torn.frames > 10
    assert "its end is missing, after" in (torn.fault or "")


@needs_ffmpeg
def test_a_film_that_was_trimmed_without_cutting_anything_out_is_whole(faulty: dict[str, Recording]) -> None:
    trimmed = faulty["trimmed.mp4"]
    assert (trimmed.complete, trimmed.fault) == (True, None)
    assert trimmed.seconds == pytest.approx(4.0, abs=0.5)


@needs_ffmpeg
def test_a_film_of_a_picture_every_few_seconds_has_no_second_without_one(faulty: dict[str, Recording]) -> None:
    slow = faulty["slow.mp4"]
    assert slow.frames_per_second == pytest.approx(1 / 3, rel=0.01)
    assert Reason.STALE not in slow.second_reasons


@needs_ffmpeg
def test_of_a_file_that_is_damaged_in_its_middle_the_rest_is_read(faulty: dict[str, Recording]) -> None:
    holes = faulty["holes.mp4"]
    assert not holes.complete
    assert holes.fault is not None
    assert holes.frames > 50


def test_where_nothing_can_be_read_the_summary_says_so(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", tmp_path / "gone.mp4")
    assert outcome.summary.all.frames == 0
    assert (tmp_path / "out" / "summary.json").exists()
    assert (tmp_path / "out" / "report.html").exists()


def test_results_are_no_recordings(mixed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    shutil.copy(mixed / "b.avi", folder)
    for _ in range(2):
        outcome = run(folder / "out", folder, annotated=folder / "copies", every=5)
        assert [Path(file.file).name for file in outcome.summary.files] == ["b.avi"]


def test_a_copy_with_what_was_read_is_made_on_request_alone(mixed: Path, tmp_path: Path) -> None:
    run(tmp_path / "out", mixed, annotated=tmp_path / "copies")
    film = cv2.VideoCapture(str(tmp_path / "copies" / "a.mp4-annotated.mp4"))
    assert round(film.get(cv2.CAP_PROP_FRAME_COUNT)) == 60
    pictures = sorted(path.name for path in (tmp_path / "copies" / "album").iterdir())
    assert pictures == ["1.png-annotated.jpg", "10.jpg-annotated.jpg", "2.jpg-annotated.jpg"]
    drawn = cv2.imread(str(tmp_path / "copies" / "album" / "10.jpg-annotated.jpg"))
    assert drawn is not None
    assert drawn.shape == portrait().shape
    changed = cv2.absdiff(drawn, portrait()).max(axis=2) > 60
    assert changed[60:180, 165:285].sum() > 300  # the box, the landmarks and the label
    assert changed[300:].sum() < 10


def test_readings_of_a_film_that_was_copied_are_others_since_it_was_read_without_a_seam(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mp4", synthetic(times(2, 3)))
    run(tmp_path / "plain", film)
    run(tmp_path / "copied", film, annotated=tmp_path / "copies")
    (plain,), (copied,) = readings(tmp_path / "plain"), readings(tmp_path / "copied")
    assert plain.boot != copied.boot


def test_a_picture_of_one_row_is_copied_like_any_other(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "row.png"), np.full((1, 4000, 3), 90, np.uint8))
    (row,) = run(tmp_path / "out", tmp_path / "row.png", annotated=tmp_path / "copies").summary.files
    assert (row.complete, row.faces) == (True, 0)
    (copy,) = (tmp_path / "copies").rglob("row.png-annotated.jpg")
    assert cv2.imread(str(copy)) is not None


def test_a_face_under_the_limit_of_the_operating_point_is_unsure_and_counts_under_no_expression(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "portrait.png"), portrait())
    points = (point("open", unsure_below=0.5), point("strict", unsure_below=0.53))
    folder = str(make_bundle(tmp_path / "made", *points))
    read = run(tmp_path / "a", tmp_path / "portrait.png", model=folder).summary.all
    assert (read.faces_by_expression["happiness"], read.face_reasons, read.coverage) == (1, {}, 1.0)
    unsure = run(tmp_path / "b", tmp_path / "portrait.png", model=folder, point="strict").summary.all
    assert sum(unsure.faces_by_expression.values()) == 0
    assert (unsure.face_reasons, unsure.second_reasons) == ({Reason.UNSURE: 1}, {Reason.UNSURE: 1.0})
    first, second = readings(tmp_path / "a")[0], readings(tmp_path / "b")[0]
    assert first.boot != second.boot  # one identity never has two contents


def test_an_unknown_operating_point_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "made", point("everyday"), point("expressive"))
    with pytest.raises(ModelError, match=r'point "loud": .* there are everyday \(the default\), expressive$'):
        run(tmp_path / "out", tmp_path, model=str(folder), point="loud")


def test_an_unknown_model_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there are default"):
        run(tmp_path / "out", tmp_path, model="gone")


def test_results_that_cannot_be_written_are_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written") as caught:
        run(tmp_path / "file" / "out", tmp_path)
    assert "\n" not in str(caught.value)
