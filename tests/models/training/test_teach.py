"""Teachers: a bundle that ships or a run that was trained, asked once."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.card import load
from models.data import Faces
from models.errors import CardError, CheckpointError
from models.heads import FERPLUS
from models.model import CARD, Model
from models.networks.preprocess import normalise
from models.registry import DEFAULT
from models.scores import softmax
from models.training import teach
from models.training.augment import Field, framed
from models.training.teach import agreed, answers

BUNDLE = DEFAULT


def test_a_bundle_teaches_what_it_answers(faces: Faces, tmp_path: Path) -> None:
    found = answers(BUNDLE, faces.images, tmp_path)[:, FERPLUS.columns]
    point = load(BUNDLE / CARD).point("ferplus")
    model = Model(BUNDLE, point.name)
    whole = softmax(model.logits(_seen(faces), flip=True), 1.0).mean(axis=0)
    assert np.abs(found - whole).max() < 0.05
    assert whole.std(axis=0).max() > 0.05  # it does not say the same of all


def _seen(faces: Faces) -> np.ndarray:
    card = load(BUNDLE / CARD)
    view = framed(normalise(torch.from_numpy(faces.images)[:, None]), Field(card.input.size, 11 / 12))
    return (view[:, 0] * 64 + 128).round().clamp(0, 255).to(torch.uint8).numpy()


def test_what_was_answered_is_not_asked_again(faces: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = answers(BUNDLE, faces.images, tmp_path)
    monkeypatch.setattr(teach, "_asked", lambda *_: pytest.fail("asked again"))
    assert np.array_equal(answers(BUNDLE, faces.images, tmp_path), first)


def test_teachers_who_agree_are_believed_and_who_differ_meet_half_way(
    faces: Faces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = answers(BUNDLE, faces.images, tmp_path)
    assert np.allclose(agreed([BUNDLE, BUNDLE], faces.images, tmp_path), alone, atol=1e-3)
    said = {"sure": (0.96, 0.04), "doubtful": (0.5, 0.5)}

    def told(teacher: Path, *_: object) -> np.ndarray:
        found = np.full((1, 15), 1e-7, np.float32)
        found[0, :2] = said[teacher.name]
        return found

    monkeypatch.setattr(teach, "answers", told)
    [[first, second, *_]] = agreed([Path("sure"), Path("doubtful")], faces.images, tmp_path)
    assert first / second == pytest.approx((0.96 / 0.04) ** 0.5, rel=1e-3)


def test_a_bundle_whose_network_is_made_of_others_teaches_nothing(faces: Faces, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="st-attention: its network is none that is trained here"):
        answers(BUNDLE.parent / "st-attention", faces.images, tmp_path)


def test_what_is_neither_a_run_nor_a_bundle_teaches_nothing(faces: Faces, tmp_path: Path) -> None:
    with pytest.raises((CheckpointError, CardError), match="nothing"):
        answers(tmp_path / "nothing", faces.images, tmp_path)
