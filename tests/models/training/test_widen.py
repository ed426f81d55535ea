"""A network made wider answers as it did, and goes on learning with all of its channels."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.data import Faces
from models.networks.build import build
from models.training.checkpoint import averaged_network, load, recipe_of
from models.training.loop import train
from models.training.recipe import RECIPES, Recipe
from models.training.targets import training_set
from models.training.widen import NOISE, widen
from tests.models.conftest import as_prepared

GROWING = Recipe(epochs=2, batch=32, learning_rate=0.02, sides=((1.0, 16),), widths=((0.5, 2), (1.0, 1)))


@pytest.mark.parametrize(("name", "side"), [("student", 16), ("vgg16", 32), ("vgg16-paper", 32)])
def test_a_wider_network_answers_as_the_narrow_one_does(name: str, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.training.widen.NOISE", 0.0)
    narrow, wide = build(name, 0.0, side, 4), build(name, 0.0, side, 2)
    inputs = torch.randn(4, 1, side, side)
    for _ in range(3):
        narrow.train()(inputs)
    widen(narrow, wide, torch.Generator())
    torch.testing.assert_close(wide.eval()(inputs), narrow.eval()(inputs), atol=1e-4, rtol=1e-3)


def test_no_two_channels_stay_the_same() -> None:
    narrow, wide = build("vgg16", 0.0, 32, 16), build("vgg16", 0.0, 32, 8)
    widen(narrow, wide, torch.Generator().manual_seed(1))
    weights = next(module for module in wide.modules() if isinstance(module, torch.nn.Conv2d)).weight
    half = len(weights) // 2
    apart = (weights[:half] - weights[half:]).std() / weights.std()
    assert 0.5 * NOISE < apart < 4 * NOISE


def test_a_training_widens_its_network_to_its_own_width(tmp_path: Path, faces: Faces, others: Faces) -> None:
    pictures = training_set(as_prepared(faces), smoothing=0.1)
    widths = []
    for epoch in (1, 2):
        checkpoint = train(pictures, others, tmp_path, GROWING, resume=epoch > 1, epochs=epoch)
        widths.append(load(checkpoint)["network"]["head.weight"].shape[1])
    assert widths == [64, 128]
    assert averaged_network(checkpoint).state_dict()["head.weight"].shape[1] == 128
    assert replace(recipe_of(checkpoint), pictures="") == GROWING


def test_a_training_that_was_interrupted_widens_as_one_that_was_not(
    tmp_path: Path, faces: Faces, others: Faces
) -> None:
    pictures = training_set(as_prepared(faces), smoothing=0.1)
    whole = train(pictures, others, tmp_path / "whole", GROWING)
    train(pictures, others, tmp_path / "parts", GROWING, epochs=1)
    parts = train(pictures, others, tmp_path / "parts", GROWING, resume=True)
    pairs = zip(load(whole)["averaged"].values(), load(parts)["averaged"].values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_ends_at_the_networks_own_width(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.part(recipe.epochs - 1) == 1
