"""The attacker who looks for people in what is kept of a face: that it finds what is there, and only that."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.data import Floats, Ints
from models.errors import DataError
from models.networks.st_attention import CHANNELS, STAttention
from models.temporal.identity import Adversary, Blind, Blinding, Stills, contrast, reversed_gradient
from models.temporal.leakage import Attack, area, leakage, table, without_means

PEOPLE, EACH, WIDTH = 60, 5, 16


def faces(code: float) -> tuple[Floats, Ints, Ints]:
    """Embeddings of noise, an expression's mean, and a code of the person `code` deviations large.

    As in a network's, most of what varies lies in a few directions.
    """
    draw = np.random.default_rng(1)
    people = np.repeat(np.arange(PEOPLE), EACH)
    labels = draw.integers(0, 4, len(people))
    means, codes = draw.normal(size=(4, WIDTH)) * 3, draw.normal(size=(PEOPLE, WIDTH))
    noise = draw.normal(size=(len(people), 4)) @ draw.normal(size=(4, WIDTH)) + 0.1 * draw.normal(
        size=(len(people), WIDTH)
    )
    values = noise + means[labels] + code * codes[people]
    return values.astype(np.float32), people, labels


def test_the_attacker_finds_a_person_who_is_there_and_none_who_is_not() -> None:
    there, people, labels = faces(0.5)
    found = leakage({"there": there, "not there": faces(0.0)[0]}, people, labels, Attack(steps=60))
    areas = {each.embedding: each.auc for each in found.attacked}
    assert areas["there"] > 0.85
    assert areas["not there"] < 0.6
    assert areas["with a code of the person"] > 0.9
    assert 0.4 < areas["noise"] < 0.6
    assert "300 faces of 60 people" in table(found)


def test_a_person_of_one_expression_is_not_found_by_the_expression() -> None:
    values, people, _ = faces(0.0)
    labels = people % 4  # each person always shows the same
    means = np.random.default_rng(3).normal(size=(4, WIDTH)) * 3
    values = values + means[labels].astype(np.float32)
    found = leakage({"expressions": values}, people, labels, Attack(steps=60))
    assert found.attacked[0].auc < 0.6


def test_the_means_of_expressions_are_gone() -> None:
    values, _, labels = faces(1.0)
    left = without_means(values, labels)
    for label in range(4):
        assert np.allclose(left[labels == label].mean(axis=0), 0, atol=1e-5)


def test_too_few_people_for_an_attacker_are_refused() -> None:
    values, _, labels = faces(1.0)
    with pytest.raises(DataError, match="needs 8 people with two pictures or more; there are 0"):
        leakage({"faces": values}, np.arange(len(values)), labels)


def test_the_area_is_one_where_pairs_of_a_person_are_more_alike_than_all_others() -> None:
    people = np.array([0, 0, 1, 1])
    alike = (people[:, None] == people[None]).astype(np.float32)
    assert area(alike, people) == 1.0
    assert area(-alike, people) == 0.0


def test_the_gradient_comes_back_the_other_way_round() -> None:
    x = torch.ones(3, requires_grad=True)
    y = reversed_gradient(x, 0.3)
    assert torch.equal(y, x)
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert torch.allclose(x.grad, torch.full((3,), -0.3))


def test_faces_of_one_expression_and_different_people_are_drawn_together() -> None:
    labels, people = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 2, 3])
    near = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    far = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1], [0.1, 1.0]])
    partners = (labels[:, None] == labels) & (people[:, None] != people)
    assert contrast(near, partners) < contrast(far, partners)
    assert contrast(near, torch.zeros_like(partners)) == 0  # nobody has one


def test_blinding_takes_a_person_out_of_what_the_layer_gives() -> None:
    torch.manual_seed(1)
    people = torch.arange(8).repeat_interleave(16)
    maps = 0.25 * torch.randn(8, CHANNELS, 1, 1)[people] + torch.randn(len(people), CHANNELS, 2, 2)
    network = STAttention()
    blinding = Blinding(Stills(maps, people, torch.full((len(people),), -1)), 64, 1, Blind(reversal=1.0, batch=128))
    assert isinstance(blinding.adversary, Adversary)
    optimiser = torch.optim.Adam([*network.parameters(), *blinding.parameters()], lr=3e-3)

    def told() -> float:
        """How much more alike two pictures of one person are than two of others."""
        with torch.no_grad():
            unit = torch.nn.functional.normalize(network.frames(maps) - network.frames(maps).mean(dim=0), dim=1)
        return area((unit @ unit.T).numpy(), people.numpy())

    before = told()
    for _ in range(200):
        optimiser.zero_grad()
        blinding(network).backward()
        optimiser.step()
    after = told()
    assert before > 0.7
    assert after < before - 0.1
