"""The report of an analysis as a document: what it says, what it must not say, and what it must never do."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest

import edge.analyze.report
import look
from contract.expressions import EXPRESSIONS
from contract.reading import Reason, Role
from edge.analyze.report import report_html
from edge.analyze.report.columns import Look, columns, step_of
from edge.analyze.report.names import parted
from edge.analyze.results import Bin, Kind, Recording
from look import STACK
from look.language import CODES, common
from tests.edge.analyze import made

FOLDER = Path(edge.analyze.report.__file__).parent
HOSTILE = '<script>alert("x")</script> & \u202egpj.exe\x07\n\udcff.mp4'
LIMIT_BYTES = 6_000_000


class Reader(HTMLParser):
    """The elements of a document, and the texts of its tables by the cells' rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.tables[-1][-1][-1] += data


@pytest.fixture(scope="module")
def ten() -> str:
    films = [made.film(f"shop/{i}.mp4", 60 + 20 * i, gaps=i % 3 == 1) for i in range(10)]
    return report_html(made.summary(films))


def _words(code: str) -> dict[str, str]:
    own = json.loads((FOLDER / "words" / f"{code}.json").read_text(encoding="utf-8"))
    return {**common(code), **own}


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_name_is_text_however_it_looks() -> None:
    html = report_html(made.summary([made.film(HOSTILE, 30), made.unreadable(f"2{HOSTILE}", "no <b>picture</b>")]))
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html
    assert "<b>picture" not in html
    assert not set(html) & {"\u202e", "\x07", "\udcff"}
    assert len(html.encode("utf-8")) > 1000  # a half of a character that could not be decoded would not encode
    assert sum(tag == "script" for tag, _ in Reader(html).elements) == 1


def test_a_name_as_long_as_a_path_may_be_is_named_once_in_full_and_shortened_elsewhere() -> None:
    name = "x" * 4000 + ".mp4"
    html = report_html(made.summary([made.film("a.mp4", 30), made.film(name, 30)]))
    assert html.count(name) == 1
    assert html.count("…") > 1


def test_it_loads_nothing_and_names_no_address_elsewhere(ten: str) -> None:
    for tag, attributes in Reader(ten).elements:
        assert not {"src", "srcset", "style", "action", "poster", "data", "xlink:href"} & set(attributes), (
            tag,
            attributes,
        )
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert (attributes.get("href") or "#").startswith("#"), (tag, attributes)
    assert not re.findall(r"https?:|@import|@font-face|data:", ten)
    assert set(re.findall(r"url\((.)", ten)) == {"#"}


def test_its_policy_lets_it_run_and_wear_what_is_hashed_alone(ten: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', ten)
    policy = policy.replace("&#x27;", "'")
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", ten, re.S)
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_policy_stands_before_all_that_it_governs(ten: str) -> None:
    assert ten.index("Content-Security-Policy") < ten.index("<style>") < ten.index("<script>")


def test_every_id_stands_once_and_every_reference_has_one(ten: str) -> None:
    elements = Reader(ten).elements
    ids = [attributes["id"] for _, attributes in elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    named = [
        attributes.get(name) or "" for _, attributes in elements for name in ("aria-labelledby", "aria-describedby")
    ]
    asked = {ref for refs in named for ref in refs.split()} | set(re.findall(r"url\(#([\w-]+)\)", ten))
    asked |= {(attributes["href"] or "")[1:] for _, attributes in elements if "href" in attributes}
    assert asked <= set(ids)


def test_nothing_but_the_tokens_names_a_colour(ten: str) -> None:
    sheet = (FOLDER / "report.css").read_text(encoding="utf-8")
    body = ten[ten.index("<body>") : ten.index("<script>")]
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheet)
    assert not re.findall(r'(?:fill|stroke)="(?!url\(#|currentColor|evenodd|var\(--)[^"]*"', body)


def test_the_distribution_says_what_the_summary_says() -> None:
    summary = made.summary([made.film("a.mp4", 90), made.film("b.mp4", 120, looks="anger", gaps=True)])
    table = Reader(report_html(summary)).tables[0]
    assert [row[0] for row in table[1:9]] == [common("en")[name] for name in STACK]
    for name, row in zip(STACK, table[1:9], strict=True):
        by_faces, by_seconds = summary.all.by_faces[name], summary.all.by_seconds[name]
        assert row[2] == ("<1%" if 0 < by_faces < 0.005 else f"{int(100 * by_faces + 0.5)}%")
        assert int(row[3].replace(",", "")) == summary.all.faces_by_expression[name]
        assert row[5] == ("<1%" if 0 < by_seconds < 0.005 else f"{int(100 * by_seconds + 0.5)}%")
    assert table[9][5] == f"{int(100 * summary.all.coverage + 0.5)}%"


def test_the_table_of_faces_has_the_counts_of_every_file_and_their_sum() -> None:
    films = [made.film("a.mp4", 90), made.film("b.mp4", 120, looks="happiness")]
    summary = made.summary(films)
    table = next(t for t in Reader(report_html(summary)).tables if t[0][0] == "File" and t[0][-1] == "Faces")
    for row, counted in zip(table[1:], [*films, summary.all], strict=True):
        counts = [int(text.replace(",", "")) for text in row[1:]]
        assert counts == [*(counted.faces_by_expression[name] for name in STACK), counted.faces_read, counted.faces]


def test_of_a_file_of_which_too_little_was_seen_no_share_and_no_valence_is_said() -> None:
    summary = made.summary([made.film("night.mp4", 200, seen=0.1), made.film("day.mp4", 200)])
    tables = Reader(report_html(summary)).tables
    shares = next(t for t in tables if t[0][0] == "File" and t[0][-1] == "Length")
    listed = next(t for t in tables if t[0][0] == "File" and t[0][-1] == "Looks")
    assert set(shares[1][1:10]) == {"–"}
    assert "–" not in shares[2][1:10]
    assert listed[1][-2:] == ["–", " Too little seen"]


def test_reasons_stand_in_words_with_their_parts_of_faces_and_of_time() -> None:
    summary = made.summary([made.film("a.mp4", 100, gaps=True)])
    table = next(t for t in Reader(report_html(summary)).tables if t[0][0] == "Reason")
    rows = {row[0]: row for row in table[1:]}
    part = summary.all.second_reasons[Reason.NO_FACE] / summary.all.seconds
    assert rows["no face"][5] == f"{int(100 * part + 0.5)}%"
    assert rows["face turned away"][3] == str(summary.all.face_reasons[Reason.TURNED_AWAY])


def test_each_faulty_file_is_named_with_its_fault_and_what_to_do() -> None:
    names = [f"broken {i}.mp4" for i in range(12)]
    summary = made.summary([made.film("a.mp4", 30), *(made.unreadable(n, "cut off; give another copy") for n in names)])
    html = report_html(summary)
    assert "12 of 13 files could not be read in full." in html
    assert all(html.count(f"<bdi>{name}</bdi>") >= 2 for name in names)
    assert html.count("cut off; give another copy") >= 12


def test_an_analysis_that_was_stopped_says_so() -> None:
    films = [made.film("a.mp4", 30)]
    assert "Stopped before the end." in report_html(made.summary(films, complete=False))
    assert "Stopped before the end." not in report_html(made.summary(films))


@pytest.mark.parametrize(
    "files", [[], [made.unreadable("a.mp4", "no video; give another copy")]], ids=["none", "broken"]
)
def test_where_nothing_was_read_nothing_is_drawn(files: list[Recording]) -> None:
    html = report_html(made.summary(files))
    assert 'role="img"' not in html
    assert not re.findall(r">\d+%<|[+−±]\d", html)
    assert "An expression is what a face shows." in html


def test_pictures_have_no_course_and_it_is_said() -> None:
    album = made.film("album", 24, kind=Kind.PICTURES, frames_per_second=0.0)
    html = report_html(made.summary([album]))
    assert 'role="img"' not in html
    assert "Pictures have no course over time." in html
    both = report_html(made.summary([album, made.film("a.mp4", 60)]))
    assert "1 folder of pictures has no course over time and is left out here." in both


@pytest.mark.parametrize(
    ("given", "folder", "named"),
    [
        (["/a/b/c.mp4", "/a/b/d/e.mp4"], "/a/b/", ["c.mp4", "d/e.mp4"]),
        (["a1.mp4", "a2.mp4"], "", ["a1.mp4", "a2.mp4"]),
        (["C:\\x\\1.mp4", "C:\\x\\2.mp4"], "C:\\x\\", ["1.mp4", "2.mp4"]),
        (["/a/alone.mp4"], "", ["/a/alone.mp4"]),
        (["/a/b", "/a/b/c.mp4"], "/a/", ["b", "b/c.mp4"]),
    ],
)
def test_a_folder_that_all_files_share_is_said_once(given: list[str], folder: str, named: list[str]) -> None:
    found, shared = parted(made.summary([made.unreadable(name, "no video") for name in given]))
    assert shared == folder
    assert [recording.file for recording in found.files] == named
    assert {recording.fault for recording in found.files} == {"no video"}


def test_what_was_looked_at_and_how_is_said() -> None:
    html = report_html(
        made.summary([made.film("a.mp4", 60)], every=5, role=Role.AGENT, model="mien-face-9", point="calm")
    )
    for said in (
        "1,500 frames looked at, one in 5",
        "one frame in 5",
        "mien-face-9",
        "calm",
        "the agent: the largest face",
    ):
        assert said in html


def test_three_hundred_files_make_a_report_that_can_be_sent() -> None:
    films = [made.film(f"day/{i:03}.mp4", 40 + i % 50, looks=("neutral", "anger")[i % 2]) for i in range(300)]
    html = report_html(made.summary(films))
    assert len(html.encode("utf-8")) < LIMIT_BYTES
    assert html.count('class="part"') == 300


def test_it_ends_with_what_an_expression_is_and_that_it_holds_no_picture(ten: str) -> None:
    foot = ten[ten.index("<footer") :]
    for key in ("says", "purpose", "no_picture"):
        assert f">{_words('en')[key]}</p>" in foot


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_every_word_with_the_same_places(code: str) -> None:
    english, words = _words("en"), _words(code)
    assert set(words) == set(english)
    assert {key: _places(text) for key, text in words.items()} == {key: _places(text) for key, text in english.items()}


def test_every_word_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py"))
    asked = set(re.findall(r'"([a-z0-9_]+)"', source)) | set(STACK)
    asked |= {f"kind_{kind.value}" for kind in Kind} | {f"theme_{name}" for name in ("light", "dark", "auto")}
    own = set(json.loads((FOLDER / "words" / "en.json").read_text(encoding="utf-8")))
    assert {key.removesuffix("_one") for key in own} <= asked
    called = set(re.findall(r'words\.t\(\s*"([a-z0-9_]+)"', source))
    assert len(called) > 50
    assert called <= set(_words("en"))
    assert not own & set(common("en"))  # each word once


def test_it_speaks_of_faces_and_never_of_feelings() -> None:
    said = " ".join(_words("en").values()).lower()
    assert not re.findall(r"\b(emotions?|mood|stress\w*|best|worst|is happy|bad)\b", said)


def test_a_text_carries_the_other_languages_where_they_differ(ten: str) -> None:
    assert '<h1 data-zh="录像中的表情" data-vi="Biểu cảm trong bản ghi hình">Expressions in recordings</h1>' in ten
    assert re.search(r'data-vi="[+−±]0,\d\d">[+−±]0\.\d\d<', ten)  # only a decimal comma differs


def test_bins_are_pooled_by_what_was_read_of_them() -> None:
    happy, neutral = ([1.0 if name == looks else 0.0 for name in EXPRESSIONS] for looks in ("happiness", "neutral"))
    course = [
        Bin(start_s=0.0, seconds=1.0, seconds_read=1.0, shares=tuple(happy), valence=1.0),
        Bin(start_s=1.0, seconds=1.0, seconds_read=0.5, shares=tuple(neutral), valence=0.0, reason=Reason.DARK),
    ]
    (column,) = columns(made.recording("a.mp4", course), 2.0)
    assert column.shares is not None
    assert column.shares[STACK.index("happiness")] == pytest.approx(2 / 3)
    assert column.valence == pytest.approx(2 / 3)
    assert column.coverage == pytest.approx(0.75)
    assert column.reason is Reason.DARK


def test_a_column_with_too_little_seen_has_no_figure() -> None:
    read = tuple(1.0 if name == "neutral" else 0.0 for name in EXPRESSIONS)
    course = [Bin(start_s=0.0, seconds=1.0, seconds_read=1.0, shares=read, valence=0.0)]
    course += [Bin(start_s=float(s), seconds=1.0, seconds_read=0.0, reason=Reason.NO_FACE) for s in range(1, 10)]
    first, second = columns(made.recording("a.mp4", course), 5.0)
    assert (first.look, first.shares, first.valence) == (Look.LITTLE, None, None)
    assert (second.look, second.reason) == (Look.NOTHING, Reason.NO_FACE)


def test_time_of_which_nothing_is_known_is_a_gap() -> None:
    read = tuple(1.0 if name == "neutral" else 0.0 for name in EXPRESSIONS)
    course = [Bin(start_s=s, seconds=1.0, seconds_read=1.0, shares=read, valence=0.0) for s in (0.0, 9.0)]
    found = columns(made.recording("a.mp4", course), 1.0)
    assert len(found) == 10
    assert [column.look for column in found[1:9]] == [Look.NOTHING] * 8
    assert not found[5].known


@pytest.mark.parametrize(
    ("length_s", "bin_s", "most", "step"),
    [(60, 1, 120, 1), (640, 1, 120, 10), (3600, 4, 120, 60), (3600, 1, 240, 15), (7, 0.4, 120, 0.4), (0, 1, 120, 1)],
)
def test_columns_are_whole_bins_of_a_round_length(length_s: float, bin_s: float, most: int, step: float) -> None:
    assert step_of(length_s, bin_s, most) == pytest.approx(step)


def test_the_styles_are_those_of_the_pages(ten: str) -> None:
    for name in look.STYLES:
        assert (look.FOLDER / name).read_text(encoding="utf-8") in ten
