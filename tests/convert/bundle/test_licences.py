"""What licences allow together, and who is asked before they are mixed."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from contract.manifest import Accepted
from convert.bundle import licences
from convert.bundle.parts import Part
from convert.errors import LicenceError
from edge.bundle import DEFAULT
from tests.convert.bundle.made import BOUND, bound, expression, three


class Person:
    """Who answers questions, one after the other, and remembers what was said."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.questions, self.said = list(answers), list[str](), list[str]()

    def ask(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)

    def settle(self, parts: list[Part], *named: str) -> tuple[Accepted, ...]:
        return licences.settle(parts, named, self.said.append, self.ask)


@pytest.fixture
def mixed(tmp_path: Path) -> list[Part]:
    return three(bound(tmp_path / "asia"))


def nobody(parts: list[Part], *named: str) -> tuple[Accepted, ...]:
    return licences.settle(parts, named, lambda text: None, None)


@pytest.mark.parametrize(
    ("given", "narrow"),
    [
        (("Apache-2.0", "MIT", "Apache-2.0"), ()),
        (("research-only", "research-only"), ()),
        (("MIT", "research-only"), ("research-only",)),
        (("non-commercial", "research-only"), ("research-only",)),
        (("non-commercial", "MIT", "research-only"), ("non-commercial", "research-only")),
        (("CC-BY-NC-4.0", "non-commercial"), ()),
        (("MIT", "house rules"), ("house rules",)),
        (("house rules", "house rules"), ()),
        (("house rules", "other rules"), ("house rules", "other rules")),
    ],
)
def test_a_licence_is_to_be_accepted_where_it_allows_less_than_another(
    given: tuple[str, ...], narrow: tuple[str, ...]
) -> None:
    assert licences.narrowing(given) == narrow


def test_the_whole_is_for_what_the_narrowest_allows() -> None:
    assert licences.whole_use(["MIT", "Apache-2.0"]) == "commercial use and any other"
    assert licences.whole_use(["MIT", "research-only", "non-commercial"]) == "research and teaching alone"
    assert '"house rules"' in licences.whole_use(["research-only", "house rules"])


def test_nobody_is_asked_where_nothing_is_mixed(tmp_path: Path) -> None:
    person = Person()
    assert person.settle(three(DEFAULT)) == person.settle(three(expression(tmp_path / "mine"))) == ()
    assert nobody(three(DEFAULT)) == ()
    assert (person.questions, person.said) == ([], [])


def test_a_person_is_told_what_mixing_means_part_by_part_and_asked(mixed: list[Part]) -> None:
    person = Person("yes\n")
    assert person.settle(mixed) == (Accepted("research-only", datetime.now(timezone.utc).date()),)
    assert person.questions == ['Accept "research-only" for the whole bundle? Type yes: ']
    [said] = person.said
    assert "the whole may only be used as the narrowest of them allows: research and teaching alone" in said
    assert [" ".join(line.split()) for line in said.splitlines()[1:4]] == [
        "expression made-1 research-only research and teaching alone",
        "detector mtcnn-1.0.0 MIT commercial use and any other",
        "cover mien-cover-1.0.0 Apache-2.0 commercial use and any other",
    ]
    assert "research-only of made-1 rests on: labfaces (research only, by agreement)" in said


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "y\n", "Yes, why not\n"])
def test_any_other_answer_than_yes_is_a_refusal(mixed: list[Part], answer: str) -> None:
    with pytest.raises(LicenceError, match='"research-only" was not accepted: nothing was written'):
        Person(answer).settle(mixed)


def test_where_nobody_can_be_asked_one_line_names_the_option(mixed: list[Part]) -> None:
    with pytest.raises(
        LicenceError, match=r"expression made-1 is research-only, .* add --accept-licence research-only$"
    ) as e:
        nobody(mixed)
    assert "\n" not in str(e.value)


def test_a_licence_that_was_named_is_not_asked_for(mixed: list[Part]) -> None:
    person = Person()
    assert [each.licence for each in person.settle(mixed, "research-only")] == ["research-only"]
    assert person.questions == []
    assert "narrowest" in person.said[0]
    assert nobody(mixed, "research-only") == person.settle(mixed, "research-only")


def test_each_licence_is_accepted_by_its_own_name(tmp_path: Path, mixed: list[Part]) -> None:
    other = three(expression(tmp_path / "other", licence="house rules"))[0]
    parts = [mixed[0], mixed[1], other]
    with pytest.raises(LicenceError, match=r"add --accept-licence 'house rules'$"):
        nobody(parts, "research-only")
    person = Person("yes")
    assert [each.licence for each in person.settle(parts, "research-only")] == ["research-only", "house rules"]
    assert person.questions == ['Accept "house rules" for the whole bundle? Type yes: ']


def test_a_licence_that_nothing_needs_is_said_to_be_and_not_recorded() -> None:
    person = Person()
    assert person.settle(three(DEFAULT), "research-only") == ()
    assert person.said == [
        '--accept-licence "research-only": not needed: no part of this bundle narrows the others by it'
    ]


def test_a_licence_that_all_parts_have_is_accepted_where_it_is_named(mixed: list[Part]) -> None:
    alike = [mixed[0], mixed[0]]
    assert nobody(alike) == ()
    assert [each.licence for each in nobody(alike, "research-only", "MIT")] == ["research-only"]


def test_a_card_cannot_allow_more_than_what_it_rests_on(tmp_path: Path) -> None:
    parts = three(expression(tmp_path / "mine", trained_on=BOUND))
    with pytest.raises(LicenceError, match=r'says Apache-2\.0, but rests on labfaces, of which it says "research only'):
        nobody(parts, "Apache-2.0", "research-only")
