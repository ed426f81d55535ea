"""The words of the three languages, and how each writes numbers and times."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

import central.web
from central.web.frame import SHARED
from central.web.gaps import _KINDS
from central.web.language import Language, language
from contract.expressions import EXPRESSIONS
from contract.messages import GapCause
from contract.reading import LASTING, Reason
from look.language import CODES

FOLDER = Path(central.web.__file__).parent
ENGLISH, CHINESE, VIETNAMESE = (language(code) for code in CODES)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _asked(pattern: str, *globs: str) -> set[str]:
    """The keys that sources ask for by a plain string."""
    files = [path for glob in globs for path in FOLDER.rglob(glob) if "vendor" not in path.parts]
    assert files
    return {key for path in files for key in re.findall(pattern, path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("other", [CHINESE, VIETNAMESE], ids=lambda words: words.code)
def test_every_language_has_every_word_with_the_same_places(other: Language) -> None:
    for ours, theirs in ((ENGLISH.words, other.words), (ENGLISH.script, other.script)):
        assert set(ours) == set(theirs)
        singular = {key for key in ours if key.endswith("_one")}
        for key in set(ours) - singular:
            assert _places(ours[key]) == _places(theirs[key]), key


def test_every_word_that_a_template_or_module_asks_for_is_there() -> None:
    asked = _asked(r'\bt\("([a-z0-9_]+)"[,)]', "*.html", "*.py")
    assert len(asked) > 60
    assert asked <= set(ENGLISH.words)


def test_every_word_that_the_script_asks_for_is_sent_to_it() -> None:
    asked = _asked(r'\bM\.t\("([a-z0-9_]+)"', "*.js")
    assert len(asked) > 10
    assert asked <= set(ENGLISH.script) | set(SHARED)
    assert set(SHARED) <= set(ENGLISH.words)


def test_every_reason_cause_and_kind_of_gap_has_its_words() -> None:
    passing = {f"r_{reason.value}" for reason in Reason if reason not in LASTING}
    assert {key for key in ENGLISH.words if key.startswith("r_")} == passing | {"r_not_observed"}
    assert {f"c_{cause.value}" for cause in GapCause} <= set(ENGLISH.words)
    assert {f"total_{look.value}" for look in _KINDS} <= set(ENGLISH.words)
    assert set(EXPRESSIONS) <= set(ENGLISH.words)


def test_pages_speak_of_faces_and_never_of_feelings() -> None:
    said = " ".join([*ENGLISH.words.values(), *ENGLISH.script.values()]).lower()
    assert not re.findall(r"\b(emotions?|mood|stress\w*|score|best desk|worst desk|is happy|bad)\b", said)


@pytest.mark.parametrize(
    ("part", "text"), [(None, "–"), (0.0, "0%"), (0.004, "<1%"), (0.005, "1%"), (0.255, "26%"), (0.996, "100%")]
)
def test_shares_are_whole_percent_and_never_nothing_for_something(part: float | None, text: str) -> None:
    assert ENGLISH.share(part) == text


@pytest.mark.parametrize(
    ("value", "english", "vietnamese"),
    [(0.16, "+0.16", "+0,16"), (-0.041, "\u22120.04", "\u22120,04"), (0.004, "\u00b10.00", "\u00b10,00")],
)
def test_valence_has_its_sign_always(value: float, english: str, vietnamese: str) -> None:
    assert ENGLISH.valence(value) == english
    assert VIETNAMESE.valence(value) == vietnamese


def test_thousands_are_parted_as_the_language_does() -> None:
    assert [words.integer(1234567) for words in (ENGLISH, CHINESE, VIETNAMESE)] == [
        "1,234,567",
        "1,234,567",
        "1.234.567",
    ]


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (45_900, "45 s"),
        (20 * 60_000, "20 min"),
        (125 * 60_000, "2 h 05"),
        (3 * 3_600_000, "3 h"),
        (86_400_000, "1 day"),
    ],
)
def test_durations_are_short(ms: int, text: str) -> None:
    assert ENGLISH.duration(ms) == text


def test_dates_stand_as_the_language_writes_them() -> None:
    now, zone = 1_795_164_129_000, ZoneInfo("Asia/Ho_Chi_Minh")
    assert [words.date_time(now, zone) for words in (ENGLISH, CHINESE, VIETNAMESE)] == [
        "Friday 20 November 2026, 15:42",
        "2026年11月20日 星期五 15:42",
        "Thứ Sáu 20/11/2026, 15:42",
    ]


def test_a_moment_of_another_day_says_which() -> None:
    now, zone = 1_795_164_129_000, ZoneInfo("Asia/Ho_Chi_Minh")
    assert ENGLISH.moment(now - 3_600_000, zone, now) == "14:42"
    assert ENGLISH.moment(now - 86_400_000, zone, now) == "19 November 15:42"


def test_one_has_words_of_its_own() -> None:
    assert ENGLISH.t("uncounted", n=1) == "1 simulated desk is not counted"
    assert ENGLISH.t("uncounted", n=11) == "11 simulated desks are not counted"


def test_a_name_with_braces_stays_as_typed() -> None:
    assert ENGLISH.t("look_few", desk="{0} {box}").startswith("{0} {box} too little")
