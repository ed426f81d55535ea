"""Data sets of speech in the layouts of their owners, on tiny made files: labels, speakers, what is left out."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from edge.sound.samples import RATE, Samples
from models.errors import DataError
from models.voice.utterances import CORPORA, read, read_noises
from tests.edge.sound.sounds import noise, tone, write


def film(path: Path, sound: Samples) -> Path:
    """A video of one colour with that sound."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        audio = container.add_stream("pcm_s16le" if path.suffix == ".avi" else "aac", rate=RATE, layout="mono")
        for _ in range(round(10 * len(sound) / RATE)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for begin in range(0, len(sound), 1024):
            piece = np.ascontiguousarray(sound[None, begin : begin + 1024])
            heard = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            heard.sample_rate = RATE
            container.mux(audio.encode(heard))
        container.mux(audio.encode(None))
    return path


def told(key: str, root: Path) -> list[tuple[str, str]]:
    """Label and speaker of each utterance."""
    return [(each.label, each.speaker) for each in read(CORPORA[key], root).utterances]


def placed(root: Path, *names: str, seconds: float = 0.5) -> Path:
    """Short sounds under these names."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        write(root / name, noise(seconds))
    return root


def test_ravdess_by_the_numbers_of_its_names(tmp_path: Path) -> None:
    placed(tmp_path, "Actor_12/03-01-05-01-02-01-12.wav", "Actor_12/03-02-05-01-02-01-12.wav", "notes.wav")
    assert told("ravdess", tmp_path) == [("anger", "RAVDESS actor 12")]
    assert read(CORPORA["ravdess"], tmp_path).left_out == {"sung": 1, "not named as RAVDESS names its files": 1}


def test_a_video_of_ravdess_is_the_same_take_as_its_sound(tmp_path: Path) -> None:
    placed(tmp_path, "Actor_01/03-01-02-01-01-01-01.wav")
    film(tmp_path / "Actor_01/01-01-02-01-01-01-01.mp4", tone(0.6, 300))
    film(tmp_path / "Actor_01/02-01-02-01-01-01-01.mp4", tone(0.6, 300))
    film(tmp_path / "Actor_01/01-01-03-01-01-01-01.mp4", tone(0.6, 300))
    found = read(CORPORA["ravdess"], tmp_path)
    assert sorted(each.label for each in found.utterances) == ["calm", "happiness"]
    assert found.left_out == {"without sound": 1}


def test_emodb_by_the_letter_of_its_names(tmp_path: Path) -> None:
    placed(tmp_path, "03a01Wa.wav", "16b10Lb.wav")
    assert told("emodb", tmp_path) == [("anger", "EMO-DB speaker 03"), ("boredom", "EMO-DB speaker 16")]


def test_savee_in_folders_or_in_one(tmp_path: Path) -> None:
    placed(tmp_path / "a", "DC/sa01.wav", "JE/n12.wav")
    assert told("savee", tmp_path / "a") == [("sadness", "SAVEE speaker DC"), ("neutral", "SAVEE speaker JE")]
    film(tmp_path / "b" / "KL_su03.avi", tone(0.6, 200))
    assert told("savee", tmp_path / "b") == [("surprise", "SAVEE speaker KL")]


def test_enterface_by_its_folders(tmp_path: Path) -> None:
    film(tmp_path / "subject 4/disgust/sentence 2/s4_di_2.avi", tone(0.6, 200))
    film(tmp_path / "subject 4/other/s4.avi", tone(0.6, 200))
    found = read(CORPORA["enterface"], tmp_path)
    assert [(each.label, each.speaker) for each in found.utterances] == [("disgust", "eNTERFACE'05 subject 4")]
    assert found.left_out == {"in no folder of a subject and an expression": 1}


def test_nothing_of_a_data_set_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such folder; give one with EMO-DB: 03a01Wa\.flac"):
        read(CORPORA["emodb"], tmp_path / "nowhere")
    placed(tmp_path, "03a01Wa.wav", seconds=0.1)
    with pytest.raises(DataError, match=r"holds no speech of EMO-DB \(1 shorter than a word\)"):
        read(CORPORA["emodb"], tmp_path)
    (tmp_path / "03a01Wb.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(DataError, match=r"03a01Wb\.wav: its sound cannot be read"):
        read(CORPORA["emodb"], tmp_path)


def test_noises_are_known_by_their_files(tmp_path: Path) -> None:
    placed(tmp_path, "n1.wav", "street.wav")
    assert sorted(read_noises(tmp_path)) == ["n1", "street"]
