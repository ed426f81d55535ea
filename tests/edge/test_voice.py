"""The process voice: sound to the outbox, beside a face and without one; off unless it is named; how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from contract.reading import Reading, Reason, Source, seen
from edge import ladder, voice, voice_card
from edge.errors import CaptureError
from edge.hearing import Hearing
from edge.settings import Settings, Voice
from edge.sound.listening import Listening
from edge.sound.samples import RATE, read_sound
from edge.store import FaceSeconds, Outbox, prepare
from edge.together import together
from edge.writer import Writer
from tests.edge import made
from tests.edge.sound.sounds import needs_speech, noise, speech, write
from tests.edge.sound.test_listening import Staged
from tests.edge.voices import make_voice


def desk(folder: Path, source: Path | str, **fields: object) -> Settings:
    """A desk that listens, with a prepared outbox and a made voice."""
    base = made.settings(folder)
    prepare(base.store)
    asked = Voice(source=str(source), bundle=str(make_voice(folder / "made-voice")), **fields)  # type: ignore[arg-type]
    return msgspec.structs.replace(base, voice=asked)


def rows(settings: Settings, source: str) -> list[tuple[str | None, float | None]]:
    """Reason and happiness of each reading of a source."""
    sql = f"SELECT reason, happiness FROM outbox WHERE source = '{source}' ORDER BY started_ns"
    return made.look(settings.store, sql)


@needs_speech
def test_speech_becomes_a_reading_a_second_and_one_of_both(tmp_path: Path) -> None:
    sound = read_sound(speech(tmp_path / "voice.wav"))[: 3 * RATE]
    settings = desk(tmp_path, write(tmp_path / "call.wav", np.concatenate([sound, noise(1.05, 1e-3)])))
    assert voice.run(settings, threading.Event()) == 0
    heard = rows(settings, "voice")
    assert len(heard) == 4
    assert sum(happiness is not None and happiness > 0.5 for _, happiness in heard) >= 2
    assert heard[-1][0] == "no_speech"
    assert [happiness for _, happiness in rows(settings, "both")] == [happiness for _, happiness in heard]


def test_nothing_but_the_outbox_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "elsewhere").mkdir()
    sound = write(tmp_path / "room.wav", noise(1.2))
    settings = desk(tmp_path / "desk", sound)
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    voice.run(settings, threading.Event())
    assert list((tmp_path / "elsewhere").iterdir()) == []
    written = {path.name for path in (tmp_path / "desk").iterdir()} - {"made-voice"}
    assert all(name.startswith(Path(settings.store.path).name) for name in written)


def test_it_is_off_unless_the_settings_name_it(tmp_path: Path) -> None:
    config = tmp_path / "desk.toml"
    config.write_text(f'[box]\nid = "{made.BOX}"\n[store]\npath = "{tmp_path}/desk.db"\n')
    done = subprocess.run(
        [sys.executable, "-m", "edge.main", "voice", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0
    assert "voice: off" in done.stderr
    assert not (tmp_path / "desk.db").exists()


def test_a_file_without_sound_is_one_line_and_its_own_code(tmp_path: Path) -> None:
    settings = desk(tmp_path, tmp_path / "missing.wav")
    with pytest.raises(CaptureError, match=r"missing\.wav"):
        voice.run(settings, threading.Event())


def test_a_microphone_that_stays_silent_ends_the_process_after_some_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.sound.listening.WARM_UP_S", 0.1)
    monkeypatch.setattr(ladder, "REOPEN_WAIT_S", 0.05)
    settings = desk(tmp_path, "mic")
    opened: list[Staged] = []

    def open_it() -> Staged:
        opened.append(Staged())
        return opened[-1]

    writer = Writer(settings.store, settings.policy)
    bundle = voice_card.named(settings.voice.bundle)
    listens = voice.Voice(settings, Listening(open_it), Hearing(bundle), writer, bundle.card.model)
    with pytest.raises(CaptureError, match="opened again 3 times in vain"):
        listens.run(threading.Event())
    assert len(opened) == 4
    writer.close()


def _reading(source: Source, shares: tuple[float, ...] | None = None, **fields: object) -> Reading:
    said = seen(shares, confidence=max(shares), quality=0.8, faces=1) if shares else {}
    return made.reading(3, **{"source": source, "shares": None, "valence": None, "confidence": None, **said, **fields})


HAPPY = (0.1, 0.65, *[0.05] * 4, 0.05, 0.0)


@pytest.fixture
def merging(tmp_path: Path) -> voice_card.Merging:
    """A made voice's."""
    return voice_card.named(str(make_voice(tmp_path / "voice"))).card.merging


def test_a_face_and_a_voice_that_agree_make_a_surer_reading(merging: voice_card.Merging) -> None:
    face, heard = _reading(Source.FACE, HAPPY), _reading(Source.VOICE, HAPPY, model="made-voice-1")
    both = together(face, heard, 20.0, merging)
    assert both.source is Source.BOTH
    assert both.shares is not None
    assert both.shares[1] > 0.8
    assert both.model == "test-1+made-voice-1"
    assert both.confidence == pytest.approx(max(both.shares), abs=1e-3)


def test_either_may_be_missing(merging: voice_card.Merging) -> None:
    face, heard = _reading(Source.FACE, HAPPY), _reading(Source.VOICE, reason=Reason.NO_SPEECH)
    assert together(face, heard, 0.0, merging).shares == face.shares
    unseen = _reading(Source.FACE, reason=Reason.NO_FACE)
    assert together(unseen, _reading(Source.VOICE, HAPPY), 20.0, merging).shares == face.shares
    assert together(unseen, heard, 0.0, merging).reason is Reason.NO_FACE
    assert together(None, heard, 0.0, merging).reason is Reason.NO_SPEECH


def test_the_faces_second_is_the_nearest_one(tmp_path: Path) -> None:
    settings = made.settings(tmp_path)
    prepare(settings.store)
    box = Outbox(settings.store, settings.policy)
    for index in (1, 2, 3):
        box.add(made.reading(index))
    box.add(made.reading(2, source=Source.VOICE))
    faces = FaceSeconds(settings.store)
    found = faces.at(made.BOOT, 2_200_000_000, 500_000_000)
    assert found is not None
    assert (found.source, found.started_ns) == (Source.FACE, 2_000_000_000)
    assert faces.at(made.BOOT, 9_000_000_000, 500_000_000) is None
    assert faces.at("ff" * 8, 2_000_000_000, 500_000_000) is None
    faces.close()
    box.close()


@needs_speech
def test_a_face_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    settings = desk(
        tmp_path, write(tmp_path / "call.wav", read_sound(speech(tmp_path / "voice.wav"))[: 2 * RATE + 800])
    )
    stop = threading.Event()
    thread = threading.Thread(target=voice.run, args=(settings, stop))
    thread.start()
    deadline = time.monotonic() + 30
    while not (found := made.look(settings.store, "SELECT boot, started_ns FROM outbox WHERE source = 'voice'")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    boot, started_ns = found[0]
    box = Outbox(settings.store, settings.policy)
    sad = (0.1, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0)
    box.add(
        made.reading(
            0, boot=boot, started_ns=started_ns + 100_000_000, **seen(sad, confidence=0.9, quality=1.0, faces=1)
        )
    )
    box.close()
    thread.join(30)
    (model, sadness), *_ = made.look(
        settings.store, "SELECT model, sadness FROM outbox WHERE source = 'both' ORDER BY started_ns"
    )
    assert model == "test-1+made-voice-1"
    assert sadness > 0.1
