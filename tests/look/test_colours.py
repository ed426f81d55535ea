"""The tokens keep their distances: text and marks from their grounds, expressions from each other, for all eyes."""

from __future__ import annotations

import re
from itertools import combinations, pairwise

import pytest

import look
from central.web.assets import FOLDER
from look import STACK, WASHED
from tests.look.colours import EYES, Colour, contrast, difference, linear, seen_by

GROUNDS = ("surface", "bg", "inset")
MARKS = (*(f"x-{name}" for name in STACK), "line-strong", "hatch")
TEXTS = ("text", "text-2", "text-3", "accent", "ok", "warn", "bad")
WEEK = ("v-n2", "v-n1", "v-0", "v-p1", "v-p2")

MARK, TEXT, NEIGHBOURS, ANY_TWO, STEPS = 3.0, 4.5, 14.0, 10.0, 5.0


def _theme(name: str) -> dict[str, Colour]:
    text = (look.FOLDER / "tokens.css").read_text(encoding="utf-8")
    found = re.findall(r"--([\w-]+):\s*light-dark\((#\w{6}), (#\w{6})\)", text)
    return {token: linear(light if name == "light" else dark) for token, light, dark in found}


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> dict[str, Colour]:
    return _theme(request.param)


def test_the_tokens_name_every_expression() -> None:
    assert {f"x-{name}" for name in STACK} <= set(_theme("light"))


@pytest.mark.parametrize("token", MARKS)
def test_marks_stand_out_from_every_ground(theme: dict[str, Colour], token: str) -> None:
    grounds = ("surface",) if token == "hatch" else GROUNDS
    assert min(contrast(theme[token], theme[ground]) for ground in grounds) >= MARK


@pytest.mark.parametrize("token", TEXTS)
def test_text_can_be_read_on_every_ground(theme: dict[str, Colour], token: str) -> None:
    assert min(contrast(theme[token], theme[ground]) for ground in GROUNDS) >= TEXT


def test_text_on_the_accent_can_be_read(theme: dict[str, Colour]) -> None:
    assert contrast(theme["on-accent"], theme["accent"]) >= TEXT


@pytest.mark.parametrize("eyes", EYES)
def test_neighbours_in_the_stack_are_told_apart_by_all_eyes(theme: dict[str, Colour], eyes: str) -> None:
    colours = [seen_by(eyes, theme[f"x-{name}"]) for name in STACK]
    assert min(difference(a, b) for a, b in pairwise(colours)) >= NEIGHBOURS


def test_neighbours_are_told_apart_as_painted_with_their_washes(theme: dict[str, Colour]) -> None:
    painted = [theme[f"x-{name}-wash" if name in WASHED else f"x-{name}"] for name in STACK]
    assert min(difference(a, b) for a, b in pairwise(painted)) >= NEIGHBOURS


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_expressions_are_told_apart_by_all_eyes(theme: dict[str, Colour], eyes: str) -> None:
    colours = [seen_by(eyes, theme[f"x-{name}"]) for name in STACK]
    assert min(difference(a, b) for a, b in combinations(colours, 2)) >= ANY_TWO


def test_numbers_in_the_week_map_can_be_read(theme: dict[str, Colour]) -> None:
    for step in WEEK:
        ink = "v-end-text" if step in ("v-n2", "v-p2") else "text"
        assert contrast(theme[ink], theme[step]) >= TEXT, step


@pytest.mark.parametrize("eyes", EYES)
def test_steps_of_the_week_map_differ_for_all_eyes(theme: dict[str, Colour], eyes: str) -> None:
    colours = [seen_by(eyes, theme[step]) for step in WEEK]
    assert min(difference(a, b) for a, b in pairwise(colours)) >= STEPS


def test_nothing_but_the_tokens_names_a_colour() -> None:
    sheets = [*look.FOLDER.glob("*.css"), *FOLDER.glob("*.css")]
    assert len(sheets) >= 5
    for sheet in sheets:
        if sheet.name != "tokens.css":
            text = sheet.read_text(encoding="utf-8")
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text), sheet.name
