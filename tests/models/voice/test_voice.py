"""Training and folds of the voice on made speakers; what is varied; what answers are worth; pairs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from contract.expressions import EXPRESSIONS
from edge.sound import bands
from edge.sound.samples import RATE
from models.data import Floats
from models.errors import CheckpointError, DataError
from models.networks.measure import parameters_of
from models.networks.noise_net import NoiseNet
from models.networks.voice_net import VoiceNet, twofold
from models.training.machine import Machine
from models.voice import calibration, page
from models.voice.calibrate import calibrated, looks_of, reliability_of, unheard
from models.voice.denoise import NoiseRecipe
from models.voice.folds import FOLDS, Trial, fold_of, noise_scores, read_answers, table, whole_scores
from models.voice.heads import EMODB, LOGITS, RAVDESS, SHARED, as_expressions
from models.voice.pairs import PairScores, drawn, scored, ways
from models.voice.reduction import gated, plain
from models.voice.results import VoiceResults, with_pairs
from models.voice.train import SEMITONES, VoiceRecipe, alike, looks_at, of_throat, paced, shifted, spliced, targets_of
from models.voice.vary import LEAD_S, Variation, after_lead, heard, views_of, with_noise
from tests.edge.sound.sounds import noise, tone
from tests.models.voice import made

QUICK = VoiceRecipe(
    epochs=6,
    batch=16,
    learning_rate=5e-3,
    again={},
    variation=Variation(views=2, noise_share=0.3),
    noise=NoiseRecipe(pairs=2, epochs=2, batch=8),
)


def test_the_networks_are_as_large_as_promised() -> None:
    assert 0.3e6 < parameters_of(VoiceNet()) < 1.0e6
    assert VoiceNet().eval()(torch.zeros(2, 1, bands.ROWS, bands.FRAMES)).shape == (2, LOGITS)
    given = torch.randn(2, 1, bands.BANDS, bands.NOISE_FRAMES)
    assert NoiseNet().eval()(given).shape == given.shape


def test_how_loud_somebody_is_changes_nothing() -> None:
    network, x = VoiceNet().eval(), torch.randn(1, 1, bands.ROWS, bands.FRAMES)
    louder = x.clone()
    louder[:, :, : bands.BANDS] += 3.0
    with torch.no_grad():
        assert torch.allclose(network(x), network(louder), atol=1e-4)


def test_some_listeners_hear_the_pitch_and_others_the_colour() -> None:
    torch.manual_seed(1)
    network, x = VoiceNet().eval(), torch.randn(1, 1, bands.ROWS, bands.FRAMES)
    higher, duller = x.clone(), x.clone()
    higher[:, :, bands.BANDS :] = x[:, :, bands.BANDS :].roll(3, dims=2)
    duller[:, :, : bands.BANDS] -= torch.linspace(0, 2, bands.BANDS)[:, None]
    with torch.no_grad():
        said = network.each(x)
        moved = [(network.each(other) - said).abs().amax(dim=(1, 2)) > 1e-4 for other in (higher, duller)]
        assert [each.tolist() for each in moved] == [[False, False, True, True], [True, True, False, False]]
        told = network(x)
    colour, pitch = said[:2].sum(dim=0), said[2:].sum(dim=0)
    assert torch.allclose(told[:, RAVDESS.columns], ((colour + pitch / 2) / 3)[:, RAVDESS.columns], atol=1e-6)
    assert torch.allclose(told[:, EMODB.columns], ((colour + pitch) / 4)[:, EMODB.columns], atol=1e-6)


def test_the_colour_of_a_voice_is_told_beside_what_moves_in_it() -> None:
    x = torch.randn(2, 1, bands.ROWS, bands.FRAMES)
    duller = x.clone()
    duller[:, :, : bands.BANDS] -= torch.linspace(0, 2, bands.BANDS)[:, None]
    assert torch.equal(twofold(x)[:, :, bands.BANDS :], x[:, :, bands.BANDS :].expand(-1, 2, -1, -1))
    (moving, colour), (same, other) = (twofold(each)[:, :, : bands.BANDS].unbind(1) for each in (x, duller))
    assert torch.allclose(moving, same, atol=1e-5)
    assert torch.allclose(twofold(twofold(x)), twofold(x), atol=0.02)  # told anew: the same
    found, wanted = (other - colour).mean(dim=2), 1.0 - torch.linspace(0, 2, bands.BANDS)
    assert torch.allclose(found, wanted.expand(2, -1), atol=0.1)


def test_calm_counts_as_neutral_and_boredom_as_nothing() -> None:
    shares = np.eye(len(RAVDESS.classes), dtype=np.float32)[[RAVDESS.classes.index("calm")]]
    assert as_expressions(shares, RAVDESS)[0, EXPRESSIONS.index("neutral")] == 1.0
    bored = np.full((1, len(EMODB.classes)), 1 / 7, np.float32)
    assert as_expressions(bored, EMODB).sum() == pytest.approx(1.0)
    assert "contempt" not in SHARED


def test_noise_is_as_loud_as_it_is_said_to_be() -> None:
    sound = after_lead(tone(1.0, 300))
    mixed = with_noise(sound, noise(3.0), 6.0, np.random.default_rng(1))
    of_noise = np.square(mixed - sound).mean()
    assert 10 * np.log10(np.square(tone(1.0, 300)).mean() / of_noise) == pytest.approx(6.0, abs=0.3)


def test_the_same_seed_gives_the_same_views_and_another_others() -> None:
    sounds = [tone(1.0, 300), tone(1.2, 500)]
    one, again, other = (views_of(sounds, [noise(2.0)], gated, Variation(views=3), seed) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one[0] + one[1], again[0] + again[1], strict=True))
    assert not np.array_equal(one[0][0], other[0][0])
    assert {view.shape[1] for view in one[0]} != {one[0][0].shape[1]}  # played faster and slower


def test_gating_turns_the_room_down_and_leaves_the_voice() -> None:
    sound = np.concatenate([noise(0.8, 0.01), tone(1.0, 1000) + noise(1.0, 0.01, 2)])
    before, after = (heard(sound, way)[: bands.BANDS] for way in (plain, gated))
    assert before.shape[1] == bands.frames_in(len(sound)) - bands.frames_in(round(LEAD_S * RATE))
    loudest = int(before.mean(axis=1).argmax())
    assert after[loudest].mean() > before[loudest].mean() - 0.5
    assert np.delete(after, loudest, axis=0).mean() < np.delete(before, loudest, axis=0).mean() - 0.5


def test_an_utterance_is_looked_at_from_its_beginning_to_its_end() -> None:
    long = np.arange(bands.ROWS * 300, dtype=np.float32).reshape(bands.ROWS, 300)
    looks = looks_at(long)
    assert np.array_equal(looks[0, 0], long[:, : bands.FRAMES])
    assert np.array_equal(looks[-1, 0], long[:, -bands.FRAMES :])
    [[short]] = looks_at(long[:, :50])
    lead = (bands.FRAMES - 50) // 2
    assert np.array_equal(short[:, lead : lead + 50], long[:, :50])
    assert not short[bands.BANDS :, lead + 50 :].any()


def test_a_shifted_pitch_is_the_same_melody_some_semitones_away() -> None:
    melody = np.zeros((bands.PITCHES, bands.FRAMES), np.float32)
    rows = 10 + np.arange(bands.FRAMES) % 7
    melody[rows, np.arange(bands.FRAMES)] = 1.0
    draw = np.random.default_rng(1)
    by = {tuple((shifted(melody, draw).argmax(axis=0) - rows).tolist()) for _ in range(100)}
    assert all(len(set(each)) == 1 for each in by)
    assert {each[0] for each in by} == set(range(-SEMITONES, SEMITONES + 1))
    assert shifted(np.ones_like(melody), draw).sum() < melody.size  # what comes in from outside has no pitch


def test_another_pace_is_the_same_melody_in_more_or_less_time() -> None:
    rising = np.linspace(0, 1, 200, dtype=np.float32) * np.ones((bands.ROWS, 1), np.float32)
    draw = np.random.default_rng(1)
    found = [paced(rising, 0.35, draw) for _ in range(100)]
    lengths = [each.shape[1] for each in found]
    assert 138 <= min(lengths) < 160
    assert 250 < max(lengths) <= 284
    assert all((np.diff(each) > 0).all() and each[0, -1] > 0.98 for each in found)


def test_a_spliced_piece_begins_as_one_and_ends_as_another() -> None:
    one, other = np.zeros((bands.ROWS, bands.FRAMES), np.float32), np.ones((bands.ROWS, bands.FRAMES), np.float32)
    draw = np.random.default_rng(1)
    for _ in range(50):
        found = spliced(one, other, draw)
        at = int(found[0].argmax())
        assert bands.FRAMES // 5 <= at < bands.FRAMES * 4 // 5
        assert not found[:, :at].any()
        assert found[:, at:].all()


def test_a_piece_ends_in_nothing_that_another_said_or_that_was_said_otherwise() -> None:
    spoken = (("anger", "1"), ("sadness", "1"), ("anger", "2"))
    said = [made.utterance(label, speaker, "emodb", 1) for label, speaker in spoken]
    assert alike([*said, said[0]]) == [[0, 3], [1], [2], [0, 3]]


def test_another_throat_moves_a_voice_along_the_bands_and_keeps_it_whole() -> None:
    voice = np.zeros((bands.BANDS, bands.FRAMES), np.float32)
    voice[40] = 1.0
    draw = np.random.default_rng(1)
    places = {int(of_throat(voice, 0.15, draw).argmax(axis=0)[0]) for _ in range(200)}
    assert min(places) < 37
    assert max(places) > 43
    flat = np.full_like(voice, 2.5)
    assert np.allclose(of_throat(flat, 0.15, draw), flat)


def test_a_label_teaches_its_own_head_alone() -> None:
    targets = targets_of([made.utterance("anger", "1", "emodb", 1)], smoothing=0.0).numpy()
    assert targets[0, EMODB.begin + EMODB.classes.index("anger")] == 1.0
    assert targets[0, RAVDESS.columns].sum() == 0.0


def test_nobody_is_in_two_folds_and_too_few_people_are_refused() -> None:
    said = made.sounds().utterances
    folds = fold_of(said)
    where: dict[str, set[int]] = {each.speaker: set() for each in said}
    for each, fold in zip(said, folds, strict=True):
        where[each.speaker].add(int(fold))
    assert all(len(found) == 1 for found in where.values())
    assert set(folds) == set(range(FOLDS))
    with pytest.raises(DataError, match="4 speakers are too few for 5 folds"):
        fold_of(made.sounds(speakers=4).utterances)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Quick folds over made speakers, done once."""
    torch.set_num_threads(1)
    found = Trial(made.sounds(), QUICK, Machine(), tmp_path_factory.mktemp("voice"))
    list(found.answers())
    return found


def test_other_people_are_read_better_than_by_chance(trial: Trial) -> None:
    scores = whole_scores(trial.sounds.utterances, list(trial.answers()))
    assert [(each.data, each.scores.n, each.speakers) for each in scores] == [
        ("RAVDESS, speakers apart", 45, 5),
        ("EMO-DB, speakers apart", 45, 5),
    ]
    assert all(each.scores.accuracy > 0.6 for each in scores)
    assert "RAVDESS, speakers apart: 45 utterances" in table(scores, [])


def test_what_is_done_is_not_done_again(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.voice.folds.train", lambda *_: pytest.fail("trained again"))
    assert len(list(trial.answers())) == FOLDS
    with pytest.raises(DataError, match=r"answers-0.msgpack: is not there; run `mien-models voice folds"):
        read_answers(Path("nowhere"))


def test_a_folder_of_other_networks_is_refused_and_kept(trial: Trial, tmp_path: Path) -> None:
    weights = (trial.folder / "fold-0.pt").read_bytes()
    for otherwise in (replace(QUICK, seed=2), replace(QUICK, throat=0.0)):
        with pytest.raises(CheckpointError, match="another recipe or other sounds; give the same"):
            Trial(trial.sounds, otherwise, Machine(), trial.folder)
    with pytest.raises(CheckpointError, match="another recipe or other sounds"):
        Trial(made.sounds(each=2), QUICK, Machine(), trial.folder)
    assert (trial.folder / "fold-0.pt").read_bytes() == weights
    (tmp_path / "noise.pt").write_bytes(b"of before")
    with pytest.raises(CheckpointError, match="of an earlier version; choose a new --out"):
        Trial(trial.sounds, QUICK, Machine(), tmp_path)


def test_broken_weights_are_said_to_be_broken(trial: Trial, tmp_path: Path) -> None:
    shutil.copytree(trial.folder, tmp_path / "run")
    (tmp_path / "run" / "fold-0.pt").write_bytes(b"half of it")
    again = Trial(trial.sounds, QUICK, Machine(), tmp_path / "run")
    with pytest.raises(CheckpointError, match=r"fold-0.pt: not a readable checkpoint"):
        again.network("fold-0", np.array([]))
    shutil.copy(tmp_path / "run" / "noise.pt", tmp_path / "run" / "fold-0.pt")
    with pytest.raises(CheckpointError, match=r"fold-0.pt: weights of another network"):
        again.network("fold-0", np.array([]))


def test_each_listener_learned_by_chance_of_its_own(trial: Trial) -> None:
    weights = trial.network("fold-0", np.array([])).state_dict()
    colour, other, pitch, another = (weights[f"listeners.{place}.head.weight"] for place in range(4))
    assert not torch.allclose(colour, other, atol=0.01)
    assert not torch.allclose(pitch, another, atol=0.01)


def test_across_data_sets_chance_is_shown(trial: Trial) -> None:
    found = trial.untouched()
    assert [each.data for each in found] == [f"RAVDESS to EMO-DB, training {k} of 3" for k in (1, 2, 3)]
    assert all((each.scores.n, each.speakers) == (45, 5) for each in found)
    first, second = (trial.network(f"ravdess-alone-{k}", np.array([])).state_dict() for k in (1, 2))
    assert not torch.allclose(first["listeners.0.head.weight"], second["listeners.0.head.weight"], atol=0.01)
    said = "\n".join(page.scores_of(tuple(found)))
    right = [100 * each.scores.accuracy for each in found]
    assert f"read from {min(right):.1f} to {max(right):.1f} on the data set that they never heard" in said
    assert f"in the mean {sum(right) / 3:.1f}." in said


def test_noise_scores_have_every_way_at_every_level(trial: Trial) -> None:
    noisy = noise_scores(trial.sounds.utterances, list(trial.answers()))
    assert [each.level_db for each in noisy] == [None, -5, 0, 5, 10, 20]
    assert all(list(each.accuracy) == ["none", "gating", "learned", "none and learned"] for each in noisy)
    assert all({pair.peer for pair in each.beside_none} == {"none"} for each in noisy)


def test_beside_a_talker_is_told_apart_from_noise(trial: Trial) -> None:
    assert trial.beside_a_talker() is None
    other = replace(trial.sounds, talker=tone(2.0, 250.0))
    second = Trial(other, QUICK, Machine(), trial.folder)
    found = second.beside_a_talker()
    assert found is not None
    assert {pair.data for pair in found.beside_none} == {"another talker at 0 dB"}
    assert "another talker at 0 dB: none" in table([], [found])


def test_a_calibration_is_written_and_read(trial: Trial, tmp_path: Path) -> None:
    answers = list(trial.answers())
    logits, labels, speakers = looks_of(trial.sounds.utterances, answers)
    found = calibrated(logits, labels)
    assert found.reliability[EXPRESSIONS.index("contempt")] == 0.0
    shares, reliability = unheard(logits, labels, speakers)
    assert shares.shape == reliability.shape == (len(labels), 8)
    noisy = noise_scores(trial.sounds.utterances, answers)
    worth = calibration.worth(found, noisy, {"face-1": (0.5,) * 8}, utterances=90, speakers=10, epochs=6, seed=1)
    calibration.save(worth, tmp_path)
    assert calibration.read(tmp_path) == worth
    assert worth.too_noisy_below_db in (-5, 0, 5, 10, 20)
    with pytest.raises(CheckpointError, match="mien-models voice train"):
        calibration.read(tmp_path / "nowhere")


def test_what_is_as_right_as_it_is_sure_is_believed() -> None:
    shares = np.full((4, 8), 0.05, np.float32)
    shares[[0, 1, 2, 3], [0, 0, 1, 1]] = 0.65
    assert reliability_of(shares, np.array([0, 1, 1, 1])) == (pytest.approx(0.5 / 0.65, abs=1e-3), 1.0, *[0.0] * 6)


def test_pairs_are_of_one_expression_or_of_two() -> None:
    faces, voices = np.array([0, 1, 2, 7] * 5), np.array([0, 1, 2, 3] * 5)
    for same in (True, False):
        left, right = drawn(faces, voices, same=same)
        assert ((faces[left] == voices[right]) == same).all()
        assert set(voices[right]) == {0, 1, 2}


def test_merging_two_that_err_apart_beats_either() -> None:
    draw = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 200)

    def branch() -> Floats:
        right = draw.random(len(labels)) < 0.6
        said = np.where(right, labels, draw.integers(0, 4, len(labels)))
        shares = np.full((len(labels), 8), 0.02, np.float32)
        shares[:, :4] += 0.06
        shares[np.arange(len(labels)), said] += np.where(right, 0.8, 0.2)  # surer where it is right
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)

    people = [str(place % 10) for place in range(len(labels))]
    found = scored(
        ("faces", "voices"),
        (branch(), labels),
        (branch(), labels),
        people,
        (np.full(8, 0.7, np.float32), np.full((len(labels), 8), 0.7, np.float32)),
    )
    accuracy = {each.way: each.accuracy for each in found.ways}
    assert accuracy["merged"] >= max(accuracy["face alone"], accuracy["voice alone"])
    sure = {each.way: (each.confidence, each.conflicting) for each in found.ways}
    assert sure["merged"][0] > sure["merged"][1]
    assert set(ways(np.ones(8, np.float32), np.ones(8, np.float32))) == set(accuracy)


def test_the_pairs_of_one_models_faces_take_the_place_of_those_before() -> None:
    def of(faces: str, n: int) -> PairScores:
        return PairScores(faces, "voices", n, [], [], f"command {n}")

    found = VoiceResults()
    for each in (of("first", 1), of("other", 2), of("first", 3)):
        found = with_pairs(found, each)
    assert [(each.faces, each.n) for each in found.pairs] == [("other", 2), ("first", 3)]
