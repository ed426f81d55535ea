"""A conversation by who is there: it begins after five seconds with a face and ends after ten without."""

from __future__ import annotations

from edge.conversation import Presence


def names(presence: Presence, seconds: str) -> list[str | None]:
    """The names of seconds with a face (`x`) and without."""
    return [presence.named(int(each == "x"), 1.0) for each in seconds]


def test_it_begins_with_the_fifth_second_of_a_face() -> None:
    found = names(Presence(), "xxxxxx")
    assert found[:4] == [None] * 4
    assert found[4] == found[5] is not None


def test_a_passer_by_is_none() -> None:
    assert names(Presence(), "xxxx.xxxx.xxxx") == [None] * 14


def test_it_goes_on_through_a_short_absence_and_ends_after_a_long_one() -> None:
    presence = Presence()
    [*_, name] = names(presence, "xxxxx")
    assert names(presence, ".........x.........") == [name] * 19
    assert names(presence, ".") == [None]


def test_the_next_one_has_another_name_that_says_nothing() -> None:
    presence = Presence()
    first = names(presence, "xxxxx")[-1]
    second = names(presence, ".......... xxxxx".replace(" ", ""))[-1]
    assert first is not None
    assert second is not None
    assert first != second
    assert len(first) == len("c-") + 12
