"""A bundle is written whole or not at all, of files that are what their cards say."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.manifest import Ground
from convert.bundle import commands, manifest, write
from convert.errors import OutputError, SourceError
from edge import bundle
from edge.bundle import DEFAULT
from edge.detect import Detector
from edge.recognise import Recogniser
from tests.convert.bundle.made import change, copy, expression, three, tree
from tests.edge.pictures import portrait

ROOT = Path(__file__).parents[3]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return expression(tmp_path / "source")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder in which a bundle is to be written."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def test_a_desk_loads_what_was_written_and_reads_a_face_with_it(source: Path, place: Path) -> None:
    write.write(three(source), (), place / "desk")
    loaded = bundle.load(place / "desk")
    [face] = Detector.from_bundle(place / "desk").detect(portrait())
    recogniser = Recogniser.from_bundle(loaded)
    shares = recogniser.shares(recogniser.crop(portrait(), face))
    assert (loaded.model, loaded.cover_folder, bundle.detector_folder(place / "desk")) == (
        "made-1",
        place / "desk",
        place / "desk",
    )
    assert shares.argmax() == 1  # happiness, which is all that the made network ever sees


def test_each_file_is_the_source_s_byte_for_byte(source: Path, place: Path) -> None:
    write.write(three(source), (), place / "desk")
    written = tree(place / "desk")
    own = {"expression.json", "expression.onnx", "NOTICE"}
    wanted = {name: data for name, data in tree(DEFAULT).items() if name not in own} | tree(source)
    assert {name: data for name, data in written.items() if name not in ("NOTICE", "manifest.json")} == wanted


def test_the_manifest_names_every_other_file_with_its_model_its_licence_and_what_that_rests_on(
    source: Path, place: Path
) -> None:
    made = write.write(three(source), (), place / "desk")
    assert manifest.load(place / "desk") == made
    assert {file.file for file, _ in made.files()} == set(tree(place / "desk")) - {"manifest.json"}
    assert all((place / "desk" / file.file).stat().st_size == file.size for file, _ in made.files())
    assert [(model.part, model.model, model.licence) for model in made.models] == [
        ("expression", "made-1", "Apache-2.0"),
        ("detector", "mtcnn-1.0.0", "MIT"),
        ("cover", "mien-cover-1.0.0", "Apache-2.0"),
    ]
    assert made.models[0].rests_on == (Ground("webfaces", "MIT"),)
    assert all(model.rests_on for model in made.models)


def test_the_notice_of_the_detector_goes_along_once(source: Path, place: Path) -> None:
    write.write([*three(source)[:2], three(DEFAULT)[2]], (), place / "desk")
    text = (place / "desk" / "NOTICE").read_text()
    assert text.count((DEFAULT / "NOTICE").read_text().strip()) == 1
    assert "expression: made-1 (expression.json, made.onnx)\n  licence: Apache-2.0" in text


def test_a_detector_without_its_notice_is_refused(source: Path, place: Path, tmp_path: Path) -> None:
    bare = copy(tmp_path / "bare")
    (bare / "NOTICE").unlink()
    with pytest.raises(SourceError, match=r"bare/NOTICE: is not there, but the MIT licence of mtcnn-1\.0\.0"):
        write.write(three(source, detector=bare), (), place / "desk")
    assert tree(place) == {}


def test_the_same_parts_give_the_same_bytes(source: Path, place: Path) -> None:
    for name in ("one", "two"):
        write.write(three(source), (), place / name)
    assert tree(place / "one") == tree(place / "two")


@pytest.mark.parametrize("name", ["rnet.onnx", "cover.onnx"])
def test_a_changed_byte_is_named_and_nothing_is_written(source: Path, place: Path, tmp_path: Path, name: str) -> None:
    changed = copy(tmp_path / "changed")
    data = bytearray((changed / name).read_bytes())
    data[len(data) // 2] ^= 1
    (changed / name).write_bytes(data)
    with pytest.raises(SourceError, match=rf"changed/{name}: sha256 \w+ differs from its card") as caught:
        write.write(three(source, changed, changed), (), place / "desk")
    assert "\n" not in str(caught.value)
    assert tree(place) == {}
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("name", ["onet.onnx", "NOTICE"])
def test_a_symbolic_link_in_the_source_is_refused(source: Path, place: Path, tmp_path: Path, name: str) -> None:
    linked = copy(tmp_path / "linked")
    (linked / name).unlink()
    (linked / name).symlink_to(DEFAULT / name)
    with pytest.raises(SourceError, match=rf"linked/{name}: is a symbolic link"):
        write.write(three(source, detector=linked), (), place / "desk")
    assert list(place.iterdir()) == []


def test_a_pipe_in_the_source_is_refused_and_not_waited_for(source: Path, place: Path, tmp_path: Path) -> None:
    piped = copy(tmp_path / "piped")
    (piped / "pnet.onnx").unlink()
    os.mkfifo(piped / "pnet.onnx")
    with pytest.raises(SourceError, match=r"piped/pnet\.onnx: is no plain file"):
        write.write(three(source, detector=piped), (), place / "desk")


def test_what_the_disk_holds_is_read_back(source: Path, place: Path) -> None:
    def damage(name: str, done: int, size: int) -> None:
        if name == "cover.onnx":
            [partial] = place.iterdir()
            (partial / "made.onnx").write_bytes(b"damaged")

    with pytest.raises(OutputError, match=r"made\.onnx: was written, but reads differently"):
        write.write(three(source), (), place / "desk", report=damage)
    assert list(place.iterdir()) == []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C raises, as on a terminal: a background job of a shell is started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("when", ["expression.json", "onet.onnx", "NOTICE"])
def test_an_interrupt_leaves_no_half_folder(source: Path, place: Path, when: str) -> None:
    def interrupt(name: str, done: int, size: int) -> None:
        if name == when:
            assert len(list(place.iterdir())) == 1
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        write.write(three(source), (), place / "desk", report=interrupt)
    assert list(place.iterdir()) == []


def test_a_termination_leaves_no_half_folder(source: Path, place: Path) -> None:
    def terminate(name: str, done: int, size: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit) as caught, commands.terminated_like_an_exit():
        write.write(three(source), (), place / "desk", report=terminate)
    assert caught.value.code == 128 + signal.SIGTERM
    assert list(place.iterdir()) == []


def test_a_disk_that_takes_no_more_is_told_in_one_line_and_leaves_nothing(source: Path, place: Path) -> None:
    limit = 100_000  # bytes a file; rnet.onnx and onet.onnx are larger
    done = subprocess.run(
        [sys.executable, "-m", "convert.main", "bundle", "--expression", str(source), "--out", str(place / "desk")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"{place / 'desk'}: cannot write it: File too large" in done.stderr
    assert list(place.iterdir()) == []


def test_an_empty_folder_is_written_to(source: Path, place: Path) -> None:
    write.check_place(place, replace=False)
    write.write(three(source), (), place)
    assert bundle.load(place).model == "made-1"


@pytest.mark.parametrize(
    ("name", "said"),
    [("full", "is not empty"), ("file", "is no folder"), ("link", "is no folder"), ("no/desk", "there is no folder")],
)
def test_what_is_there_is_not_overwritten(place: Path, name: str, said: str) -> None:
    (place / "full").mkdir()
    (place / "full" / "mine").touch()
    (place / "file").touch()
    (place / "link").symlink_to(place / "full")
    with pytest.raises(OutputError, match=said):
        write.check_place(place / name, replace=False)


def test_a_bundle_is_replaced_where_that_is_asked_for(source: Path, place: Path) -> None:
    write.write(three(DEFAULT), (), place / "desk")
    write.check_place(place / "desk", replace=True)
    write.write(three(source), (), place / "desk", replace=True)
    assert bundle.load(place / "desk").model == "made-1"
    assert not (place / "desk" / "expression.onnx").exists()
    assert [path.name for path in place.iterdir()] == ["desk"]


def test_a_bundle_that_cannot_be_replaced_stays_as_it_is(source: Path, place: Path, tmp_path: Path) -> None:
    write.write(three(DEFAULT), (), place / "desk")
    before = tree(place)
    wrong = copy(tmp_path / "wrong")
    change(wrong / "cover.json", sha256="0" * 64)
    with pytest.raises(SourceError, match="differs from its card"):
        write.write(three(source, cover=wrong), (), place / "desk", replace=True)
    assert tree(place) == before


def test_nothing_but_a_bundle_is_replaced(source: Path, place: Path) -> None:
    (place / "home").mkdir()
    (place / "home" / "letter").touch()
    with pytest.raises(OutputError, match="--replace is for bundles alone"):
        write.check_place(place / "home", replace=True)
    write.write(three(source), (), place / "desk")
    (place / "desk" / "letter").touch()
    with pytest.raises(OutputError, match="--replace would delete letter"):
        write.check_place(place / "desk", replace=True)


def test_a_folder_that_filled_meanwhile_is_left_alone(source: Path, place: Path) -> None:
    (place / "desk").mkdir()
    (place / "desk" / "mine").write_text("mine")
    with pytest.raises(OutputError, match="cannot write it: Directory not empty"):
        write.write(three(source), (), place / "desk")
    assert tree(place) == {"desk/mine": b"mine"}
