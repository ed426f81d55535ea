"""Films with sound: voice, and face and voice together, beside the readings of the face."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.reading import Reason, Source
from edge.analyze.report import report_html
from edge.errors import ModelError
from tests.edge.analyze.films import ffmpeg, readings, run, synthetic, times, write
from tests.edge.sound.sounds import needs_speech, speech
from tests.edge.voices import make_voice


def talking(folder: Path, seconds: float = 6.0) -> Path:
    """A film of the synthetic face with a synthesized voice."""
    silent = write(folder / "silent.mp4", synthetic(times(0, seconds, 5.0)), 5.0)
    sound = speech(folder / "voice.wav")
    film = folder / "call.mp4"
    ffmpeg("-i", silent, "-i", sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac", film)
    return film


@needs_speech
def test_a_film_with_sound_has_three_readings_a_second(tmp_path: Path) -> None:
    voice = make_voice(tmp_path / "voice")
    outcome = run(tmp_path / "out", talking(tmp_path), voice=str(voice))
    found = readings(tmp_path / "out")
    by_source = {source: [each for each in found if each.source is source] for source in Source}
    assert len(by_source[Source.FACE]) == 6
    assert len(by_source[Source.VOICE]) == len(by_source[Source.BOTH]) >= 5
    assert len({(each.source, each.boot, each.started_ns) for each in found}) == len(found)
    assert all(each.recorded for each in found)
    summary = outcome.summary
    assert summary.voice_model == "made-voice-1"
    assert summary.voice is not None
    assert summary.both is not None
    assert summary.voice.by_seconds["happiness"] > 0.5
    assert summary.voice.coverage > 0.5
    assert summary.both.seconds == summary.voice.seconds
    assert summary.files[0].voice == summary.voice
    assert summary.files[0].complete
    html = report_html(summary)
    assert 'id="heard-h"' in html
    assert "made-voice-1" in html


@needs_speech
def test_a_film_is_not_listened_to_unless_that_is_asked(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", talking(tmp_path, 3.0))
    assert {each.source for each in readings(tmp_path / "out")} == {Source.FACE}
    assert outcome.summary.voice is None
    assert "heard-h" not in report_html(outcome.summary)


@needs_speech
def test_a_film_without_sound_is_read_as_before(tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.mp4", synthetic(times(0, 3, 5.0)), 5.0)
    outcome = run(tmp_path / "out", silent, voice=str(make_voice(tmp_path / "voice")))
    assert outcome.summary.files[0].complete
    assert outcome.summary.voice is None


@needs_speech
def test_sound_that_lasts_longer_than_the_pictures_is_read_to_its_end(tmp_path: Path) -> None:
    outcome = run(tmp_path / "out", talking(tmp_path, 2.0), voice=str(make_voice(tmp_path / "voice")))
    assert outcome.summary.voice is not None
    assert outcome.summary.voice.seconds >= 5.0
    last = [each for each in readings(tmp_path / "out") if each.source is Source.BOTH][-1]
    assert last.model == "made-voice-1"
    assert last.shares is not None or last.reason in (Reason.NO_SPEECH, Reason.UNSURE)


def test_a_voice_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    film = write(tmp_path / "silent.mp4", synthetic(times(0, 1, 5.0)), 5.0)
    with pytest.raises(ModelError, match=r"there is no voice.json"):
        run(tmp_path / "out", film, voice="nowhere")
