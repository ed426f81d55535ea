"""Log-mel bands: where a tone lies, how loud it is, and what a network is given."""

from __future__ import annotations

import numpy as np
import pytest

from edge.sound import bands
from edge.sound.samples import RATE
from tests.edge.sound.sounds import noise, tone


def test_frames_are_as_many_as_fit() -> None:
    assert bands.frames_in(bands.WINDOW - 1) == 0
    assert bands.frames_in(bands.WINDOW + 3 * bands.HOP) == 4
    assert bands.power(noise(1.0)).shape == (bands.frames_in(RATE), bands.BINS)


def test_sound_a_piece_at_a_time_has_the_frames_of_the_whole() -> None:
    sound = noise(1.0)
    whole = bands.power(sound)
    first = bands.power(sound[:5000])
    rest = bands.power(sound[len(first) * bands.HOP :])
    assert np.allclose(np.concatenate([first, rest]), whole)


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 4000.0])
def test_a_higher_tone_lies_in_a_higher_band(hertz: float) -> None:
    found = bands.log_mel(bands.power(tone(0.5, hertz))).mean(axis=1)
    mel = 2595 * np.log10(1 + np.array([hertz, bands.LOW_HZ, bands.HIGH_HZ]) / 700)
    expected = (mel[0] - mel[1]) / (mel[2] - mel[1]) * (bands.BANDS + 1) - 1
    assert abs(int(found.argmax()) - expected) < 1.5


def test_twice_as_loud_is_the_same_picture_a_step_higher() -> None:
    sound = noise(0.5)
    low, high = (bands.log_mel(bands.power(level * sound)) for level in (1.0, 2.0))
    assert np.allclose(high - low, np.log(4), atol=1e-3)


@pytest.mark.parametrize("hertz", [110.0, 220.0, 400.0])
def test_a_voice_repeats_itself_at_its_pitch_and_noise_at_none(hertz: float) -> None:
    harmonics = sum(tone(0.5, hertz * count) / count for count in range(1, 12))
    voiced = bands.pitches(bands.power(np.asarray(harmonics, np.float32))).mean(axis=1)
    heights = np.geomspace(bands.LOWEST_PITCH_HZ, bands.HIGHEST_PITCH_HZ, bands.PITCHES)
    found = heights[voiced[heights > hertz * 0.7].argmax() + (heights <= hertz * 0.7).sum()]
    assert found == pytest.approx(hertz, rel=0.06)
    assert voiced.max() > 3 * bands.pitches(bands.power(noise(0.5))).mean(axis=1).max()
    assert not bands.pitches(np.zeros((3, bands.BINS), np.float32)).any()


def test_a_pitch_is_heard_through_noise_that_was_taken_out() -> None:
    voice = np.asarray(sum(tone(0.5, 200.0 * count) / count for count in range(1, 4)), np.float32)
    spectra = bands.power(voice + 1.5 * noise(0.5))
    clean = bands.log_mel(bands.power(voice + 0.02 * noise(0.5)))
    heard = bands.log_mel(spectra)
    before, after = bands.rows(spectra, heard), bands.cleared(spectra, heard, clean)
    assert np.array_equal(after[: bands.BANDS], clean)
    assert np.allclose(bands.cleared(spectra, heard, heard), before, atol=1e-4)
    at = bands.BANDS + np.abs(np.geomspace(75, 450, bands.PITCHES) - 200.0).argmin()
    assert after[at].mean() > before[at].mean() + 0.1


def test_what_a_network_gets_ends_with_the_newest_and_begins_in_quiet() -> None:
    found = bands.log_mel(bands.power(noise(0.5)))
    given = bands.newest(found, bands.FRAMES)
    count = found.shape[1]
    assert given.shape == (1, 1, bands.BANDS, bands.FRAMES)
    rows = bands.newest(bands.rows(bands.power(noise(0.5)), found), bands.FRAMES)
    assert (rows[0, 0, bands.BANDS :, :-count] == 0).all()
    assert (rows[0, 0, : bands.BANDS] == given).all()
    assert np.array_equal(given[0, 0, :, -count:], found)
    assert (given[0, 0, :, :-count] == found.min()).all()
