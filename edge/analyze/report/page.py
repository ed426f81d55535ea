"""The report as a whole: its parts in order, and around them a document that may load nothing and run only its own."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import look
from contract.reading import Role
from edge.analyze.report import charts, files, marks, tables, words
from edge.analyze.report.files import Drawn
from edge.analyze.report.markup import Html, Piece, Text, el, join, plain, shortened
from edge.analyze.report.names import parted
from edge.analyze.report.pieces import banner, bullet, facts, figure, little_said, panel
from edge.analyze.results import Kind, Listened, Recording, Summary
from look.language import CODES, common

_FOLDER: Final = Path(__file__).parent
_COLUMNS, _ROWS = 240, 48  # of all films end to end
_NAMED_FAULTS: Final = 8
_TITLE: Final = 80  # letters of a file's name in the heading
_THEMES: Final = ("light", "dark", "auto")


def report_html(summary: Summary) -> str:
    """The report of an analysis as the text of an HTML file in UTF-8, English until its script has chosen otherwise."""
    summary, folder = parted(summary)
    title = _title(summary)
    body = join(
        el("a", words.t("skip"), class_="skip", href="#main"),
        marks.definitions(),
        _bar(),
        el("main", *_main(summary, title, folder), _foot(), id="main"),
    )
    return _document(words.t("page", title=title), body)


def _title(summary: Summary) -> Text:
    if len(summary.files) != 1:
        return words.t("title")
    return words.t("title_one", name=shortened(plain(summary.files[0].file), _TITLE))


def _main(summary: Summary, title: Text, folder: str) -> list[Piece]:
    one = len(summary.files) == 1
    made = el("p", words.moment(summary.made_at), class_="quiet")
    about = el("p", files.about(summary.files[0]), class_="quiet") if one else None
    head = el("div", el("div", el("h1", title), about, made, class_="titles"), class_="head")
    start: list[Piece] = [head, *_banners(summary), _figures(summary)]
    drawn = files.drawn(summary.files)
    if summary.all.seconds <= 0:
        said = (el("p", el("b", words.t("empty"))), el("p", words.t("empty_p"), class_="quiet"))
        empty = el("div", *said, class_="panel empty") if summary.files else None
        return [*start, empty, *([files.listed(drawn, folder)] if summary.files else [])]
    parts = [] if one else [files.listed(drawn, folder), files.parts(drawn)]
    voices = [] if summary.voice is None or summary.both is None else [_heard(summary.voice, summary.both)]
    return [*start, _counted(summary), *voices, _course(summary, drawn), *parts]


def _heard(voice: Listened, both: Listened) -> Html:
    """What was heard, beside what was heard and seen together."""
    table = el("div", tables.heard({"source_voice": voice, "source_both": both}), class_="scroll pad")
    return panel("heard-h", words.t("heard"), words.t("heard_note"), table)


def _banners(summary: Summary) -> list[Html]:
    found = []
    if not summary.complete:
        found.append(banner("warn", "pause", words.t("stopped"), words.t("stopped_p")))
    faulty = [recording for recording in summary.files if recording.fault]
    if faulty:
        items = [_fault(recording) for recording in faulty[:_NAMED_FAULTS]]
        if len(faulty) > _NAMED_FAULTS:
            items.append(el("li", words.t("faulty_more", n=len(faulty) - _NAMED_FAULTS)))
        said = words.t("faulty", n=len(faulty), m=len(summary.files))
        found.append(banner("bad", "cross", said, el("ul", *items)))
    if not summary.files:
        found.append(banner("warn", "cross", words.t("no_files")))
    return found


def _fault(recording: Recording) -> Html:
    said = el("span", recording.fault, lang="en")
    return el("li", el("bdi", shortened(plain(recording.file), _TITLE)), ": ", said)


def _figures(summary: Summary) -> Html:
    counted, count = summary.all, len(summary.files)
    read = sum(1 for recording in summary.files if recording.seconds > 0)
    partial = sum(1 for recording in summary.files if recording.fault)
    whole = words.t("not_whole", n=partial) if partial else words.t("all_whole", n=count) if count else None
    frames = words.integer(counted.frames)
    looked = words.t("frames_all", n=frames) if summary.every == 1 else _every(summary.every, frames)
    none = counted.seconds <= 0
    seen = words.share(None if none else counted.coverage)
    little = not none and tables.too_little(counted)
    valence = None if none or little else counted.valence
    figures = (
        figure(words.t("files_read"), words.integer(read), words.t("of", n=count) if read < count else None, whole),
        figure(words.t("film_time"), words.duration(counted.seconds), None, looked),
        figure(words.t("faces"), words.integer(counted.faces), None, _faces_read(counted.faces_read)),
        figure(words.t("seen"), seen, None, words.t("seen_n"), bullet(None if none else counted.coverage, 0, 1)),
        figure(
            words.t("valence"),
            words.valence(valence),
            None,
            little_said(counted) if little else words.t("valence_n"),
            bullet(valence, -1, 1),
        ),
    )
    return el("dl", *figures, class_="panel figures")


def _every(every: int, frames: Text) -> Text:
    return words.t("frames_every", n=frames, every=every)


def _faces_read(count: int) -> Text:
    return words.t("faces_read", n=words.integer(count))


def _counted(summary: Summary) -> Html:
    """The figure of figures: the expressions counted, what was not read beside it, and how it was made."""
    counted = summary.all
    note = el("p", words.t("dist_note"), class_="quiet small")
    little = el("p", little_said(counted), class_="small") if tables.too_little(counted) else None
    left = el("div", el("h2", words.t("dist"), id="dist-h"), little, tables.distribution(counted), note)
    right = el(
        "div",
        el("h2", words.t("why")),
        tables.reasons(counted),
        el("h2", words.t("how")),
        facts(_how(summary)),
    )
    folded = (
        tables.folded(words.t("table_faces"), "faces-t", tables.faces_by_file(counted, summary.files)),
        tables.folded(words.t("table_seconds"), "seconds-t", tables.seconds_by_file(counted, summary.files)),
    )
    return el("section", el("div", left, right, class_="counted"), *folded, class_="panel", aria_labelledby="dist-h")


def _how(summary: Summary) -> list[tuple[Piece, Piece]]:
    role = words.t("role_agent" if summary.role is Role.AGENT else "role_customer")
    every = words.t("every_all") if summary.every == 1 else words.t("every", n=summary.every)
    pairs: list[tuple[Piece, Piece]] = [
        (words.t("model"), summary.model),
        (words.t("point"), summary.point),
        *([(words.t("voice_model"), summary.voice_model)] if summary.voice_model else []),
        (words.t("role"), role),
        (words.t("frames"), every),
    ]
    changes = summary.all.label_changes_per_second
    if changes is not None:
        pairs.append((words.t("changes"), words.t("changes_n", n=words.decimal(changes, 2))))
    return [*pairs, (words.t("software"), summary.software), (words.t("made_at"), words.moment(summary.made_at))]


def _course(summary: Summary, drawn: Sequence[Drawn]) -> Html:
    numbered = [(one.number, one.recording) for one in drawn if one.axis is not None]
    albums = sum(1 for one in drawn if one.recording.kind is Kind.PICTURES and one.recording.seconds > 0)
    if not numbered:
        return panel("course-h", words.t("course"), None, el("p", words.t("course_pictures"), class_="quiet pad"))
    axis = charts.axis_of(numbered, _COLUMNS, next(one.axis.scale for one in drawn if one.axis))
    title = words.t("course_all" if len(numbered) > 1 else "course")
    left = el("p", words.t("course_left", n=albums), class_="quiet small") if albums else None
    plot = charts.course("all", title, axis)
    inside = el("div", plot, charts.legend([axis]), left, class_="plots pad")
    return el("section", inside, charts.table("all", numbered, _ROWS), class_="panel wide", aria_labelledby="all-h")


def _bar() -> Html:
    """The controls, which are of use with script alone and are shown by it."""
    languages = (
        el("button", common(code)["name"], type="button", data_lang=code, lang=common(code)["tag"]) for code in CODES
    )
    themes = (el("button", words.t(f"theme_{name}"), type="button", data_theme=name) for name in _THEMES)
    groups = (
        el("div", *languages, class_="seg", role="group", aria_labelledby="languages-h"),
        el("div", *themes, class_="seg", role="group", aria_labelledby="theme-h"),
        el("div", el("button", words.t("patterns"), type="button", data_patterns=True), class_="seg"),
    )
    names = (el("span", words.t(key), id=f"{key}-h", class_="sr") for key in ("languages", "theme"))
    end = el("div", *names, *groups, class_="end", id="controls", hidden=True)
    return el("header", el("span", "Mien", class_="brand"), end, class_="bar")


def _foot() -> Html:
    return el("footer", *(el("p", words.t(key)) for key in ("says", "purpose", "no_picture")), class_="foot")


@cache
def _style() -> str:
    sheets = [look.FOLDER / name for name in look.STYLES] + [_FOLDER / "report.css"]
    return "".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


@cache
def _script() -> str:
    return (_FOLDER / "report.js").read_text(encoding="utf-8")


def _document(title: Text, body: Html) -> str:
    """The document. Its policy lets it load nothing, and run and wear what is hashed here alone."""
    own = f"style-src {_hash(_style())}; script-src {_hash(_script())}"
    policy = f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"
    head = join(
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", Html(_style())),
    )
    script = el("script", Html(_script()))
    return f'<!doctype html>\n<html lang="en">\n<head>{head}</head>\n<body>{body}{script}</body>\n</html>\n'


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
