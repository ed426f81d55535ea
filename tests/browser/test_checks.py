"""The checks that every page passes can fail: each finds what is put wrong on purpose."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.browser import checks
from tests.browser.conftest import PHONE, Look, Served, Watched, until


@pytest.fixture
def watched(floor: Served, look: Look) -> Any:
    """The page of the boxes on a phone, with nothing wrong so far."""
    opened = look(floor, "/boxes", size=PHONE)
    until(opened.page, "Mien.linkKind === 'stream'")
    assert opened.wrong == []
    return opened


def _found(watched: Watched) -> list[str]:
    """What was recorded by now; the test has it in hand, so it is no failure of the page."""
    watched.page.wait_for_timeout(100)
    found = list(watched.wrong)
    watched.wrong.clear()
    return found


ADD = "html => document.querySelector('main').insertAdjacentHTML('afterbegin', html)"
EDIT = "([selector, name, value]) => { document.querySelector(selector).style.setProperty(name, value); }"


@pytest.mark.skipif(not os.environ.get("MIEN_AXE"), reason="MIEN_AXE does not name axe.min.js (npm pack axe-core)")
def test_axe_finds_a_picture_without_words_and_a_text_too_pale(watched: Watched) -> None:
    watched.page.evaluate(ADD, '<img src="/static/icon.svg"><p id="pale">pale</p>')
    watched.page.evaluate(EDIT, ["#pale", "color", "#bbb"])
    found = checks.axe(watched.page)
    assert any("image-alt" in line for line in found)
    assert any("color-contrast" in line for line in found)


def test_a_page_that_scrolls_sideways_is_found(watched: Watched) -> None:
    assert checks.sideways(watched.page) == []
    watched.page.evaluate(EDIT, ["footer", "width", "500px"])
    assert checks.sideways(watched.page) == ["the page is 516 px wide in a window of 390"]
    assert any(line.startswith("outside footer.foot") for line in checks.cut(watched.page))


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("overflow: hidden; white-space: nowrap; width: 4em", "cut p#wrong: these words are"),
        ("overflow: hidden; height: 1em; width: 4em", "cut p#wrong: these words are"),
        ("overflow-x: auto; white-space: nowrap; width: 4em", "scrolls p#wrong: these words are"),
        ("margin-left: -5em", "outside p#wrong: these words are"),
    ],
)
def test_words_that_are_cut_are_found(watched: Watched, style: str, found: str) -> None:
    watched.page.evaluate(ADD, '<p id="wrong">these words are not all to be seen</p>')
    assert checks.cut(watched.page) == []
    watched.page.evaluate("style => { document.getElementById('wrong').style.cssText = style; }", style)
    assert any(line.startswith(found) for line in checks.cut(watched.page))


@pytest.mark.parametrize("word", ["k_few", "undefined", "NaN", "{n}", "[object Object]"])
def test_a_key_in_place_of_a_word_is_found(watched: Watched, word: str) -> None:
    assert checks.keys(watched.page) == []
    watched.page.evaluate(ADD, f"<p>{word}</p>")
    assert checks.keys(watched.page) == [word]


def test_a_request_to_elsewhere_is_found_and_refused_by_the_policy(watched: Watched) -> None:
    watched.page.evaluate(ADD, '<img alt="" src="http://127.0.0.2:9/x.png">')
    found = " ".join(_found(watched))
    assert "http://127.0.0.2:9/x.png" in found
    assert "Content Security Policy" in found


def test_a_script_that_stands_in_the_page_is_refused_by_the_policy(watched: Watched) -> None:
    watched.page.evaluate(
        "() => { const e = document.createElement('script'); e.text = 'window.ran = 1'; document.body.append(e); }"
    )
    assert "Content Security Policy" in " ".join(_found(watched))
    assert watched.page.evaluate("window.ran") is None


@pytest.mark.parametrize(
    "wrong", ["console.error('lost')", "console.warn('lost')", "setTimeout(() => { throw Error('lost') })"]
)
def test_what_goes_wrong_in_a_script_is_found(watched: Watched, wrong: str) -> None:
    watched.page.evaluate(f"() => {{ {wrong} }}")
    assert any("lost" in line for line in _found(watched))
