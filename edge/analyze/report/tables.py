"""The tables of the report: the distribution with its bars, what was not read, and what stands beside each chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from edge.analyze.report import marks, words
from edge.analyze.report.axis import clock
from edge.analyze.report.columns import Column, stacked
from edge.analyze.report.markup import Html, Piece, Text, el, shortened
from edge.analyze.results import Counted, Listened, Recording
from look import LITTLE, STACK
from look.language import NONE

Row = Sequence[Piece]

NAME: Final = 56  # letters of a file's name in a table


def too_little(counted: Counted) -> bool:
    """Whether too little of the time was seen for a figure."""
    return counted.coverage < LITTLE


def lasting(seconds: float, whole_s: float) -> Piece:
    """A part of a film of `whole_s`: minutes and seconds, or seconds alone where the film has no minute."""
    return clock(seconds, whole_s) if whole_s >= 60 else words.duration(seconds)


def distribution(counted: Counted, caption: Piece = None) -> Html:
    """The eight expressions by faces and by seconds, side by side; grey where too little was seen."""
    head = el(
        "tr",
        el("th", words.t("expression"), scope="col"),
        el("th", words.t("by_faces"), scope="colgroup", colspan=3),
        el("th", words.t("by_seconds"), scope="colgroup", colspan=3),
    )
    by_faces, by_seconds = stacked(counted.by_faces), stacked(counted.by_seconds)
    rows = []
    for i, name in enumerate(STACK):
        count: Piece = words.integer(counted.faces_by_expression.get(name, 0)) if counted.faces_read else NONE
        time: Piece = lasting(by_seconds[i] * counted.seconds_read, counted.seconds) if counted.seconds_read else NONE
        faces = _measured(name, by_faces[i] if counted.by_faces else None, count)
        seconds = _measured(name, by_seconds[i] if counted.by_seconds else None, time)
        rows.append(el("tr", el("th", marks.swatch(name), words.t(name), scope="row"), *faces, *seconds, data_x=name))
    read = counted.faces_read / counted.faces if counted.faces else None
    faces = _measured("line", read, words.integer(counted.faces_read) if counted.faces else NONE)
    covered = counted.coverage if counted.seconds else None
    seconds = _measured("line", covered, lasting(counted.seconds_read, counted.seconds) if counted.seconds else NONE)
    rows.append(el("tr", el("th", words.t("seen"), scope="row"), *faces, *seconds, class_="sum", data_x="seen"))
    little = counted.seconds > 0 and too_little(counted)
    title = el("caption", caption) if caption else None
    return el("table", title, el("thead", head), el("tbody", *rows), class_="dist two little" if little else "dist two")


def reasons(counted: Counted) -> Html:
    """What has no expression, by reason, as parts of all faces and of all time."""
    names = list(dict.fromkeys([*counted.second_reasons, *counted.face_reasons]))
    if not names:
        return el("p", words.t("why_none" if counted.seconds else "why_empty"), class_="quiet")
    rows = []
    for name in names:
        faces, seconds = counted.face_reasons.get(name, 0), counted.second_reasons.get(name, 0.0)
        of_faces = _unread(faces / counted.faces if counted.faces else None, words.integer(faces))
        of_time = _unread(seconds / counted.seconds if counted.seconds else None, lasting(seconds, counted.seconds))
        rows.append(el("tr", el("th", words.reason(name), scope="row"), *of_faces, *of_time, data_reason=name.value))
    faces, seconds = counted.faces - counted.faces_read, counted.seconds - counted.seconds_read
    of_faces = _unread(faces / counted.faces if counted.faces else None, words.integer(faces))
    of_time = _unread(seconds / counted.seconds if counted.seconds else None, lasting(seconds, counted.seconds))
    rows.append(el("tr", el("th", words.t("not_read"), scope="row"), *of_faces, *of_time, class_="sum"))
    head = el(
        "tr",
        el("th", words.t("reason"), scope="col"),
        el("th", words.t("of_faces"), scope="colgroup", colspan=3),
        el("th", words.t("of_time"), scope="colgroup", colspan=3),
    )
    return el("table", el("thead", head), el("tbody", *rows), class_="dist two")


def reasons_said(counted: Counted) -> Text | None:
    """The same in a line: the parts of the time, largest first."""
    parts = [(name, s / counted.seconds) for name, s in counted.second_reasons.items() if s and counted.seconds]
    if not parts:
        return None
    return words.listed([words.t("said_part", a=words.reason(name), p=words.share(part)) for name, part in parts])


def faces_by_file(counted: Counted, files: Sequence[Recording]) -> Html:
    """Faces counted under each expression, a file a row: what stands behind the figure."""
    head = [words.t("file"), *map(words.t, STACK), words.t("faces_with"), words.t("faces")]
    return data(head, [*map(_face_row, files), _face_row(counted)], sums=1)


def seconds_by_file(counted: Counted, files: Sequence[Recording]) -> Html:
    """Shares of the seen seconds, a file a row."""
    head = [words.t("file"), *map(words.t, STACK), words.t("valence"), words.t("seen"), words.t("length")]
    return data(head, [*map(_second_row, files), _second_row(counted)], sums=1)


def course(columns: Iterable[tuple[Piece, Column]]) -> Html:
    """The columns of a course, each under its label: shares, valence, what was seen, and why not."""
    head = [words.t("time"), *map(words.t, STACK), words.t("valence"), words.t("seen"), words.t("note")]
    return data(head, [_course_row(label, column) for label, column in columns], left=1)


def heard(rows: Mapping[str, Listened]) -> Html:
    """Shares of the seconds in which a voice was read, and of those of face and voice together; and why of the rest."""
    head = [words.t("source"), *map(words.t, STACK), words.t("valence"), words.t("seen"), words.t("reason")]
    found = []
    for name, listened in rows.items():
        little = listened.coverage < LITTLE
        shares = [NONE if little else words.share(share) for share in stacked(listened.by_seconds)]
        why = [
            words.t("said_part", a=words.reason(reason), p=words.share(seconds / listened.seconds))
            for reason, seconds in listened.second_reasons.items()
        ]
        valence = words.valence(None if little else listened.valence)
        said = words.listed(why) if why else NONE
        found.append((words.t(name), *shares, valence, words.share(listened.coverage), said))
    return data(head, found, left=1)


def data(head: Sequence[Piece], rows: Sequence[Row], *, sums: int = 0, left: int = 0) -> Html:
    """A table of figures. The last `sums` rows are totals; the last `left` columns hold words."""
    side = len(head) - left
    tops = (el("th", piece, scope="col", class_="l" if i >= side else None) for i, piece in enumerate(head))
    body = []
    for n, row in enumerate(rows):
        first, *cells = row
        written = (_cell(piece, i + 1 >= side) for i, piece in enumerate(cells))
        body.append(el("tr", el("th", first, scope="row"), *written, class_="sum" if n >= len(rows) - sums else None))
    return el("table", el("thead", el("tr", *tops)), el("tbody", *body), class_="data")


def folded(title: Text, key: str, *tables: Html) -> Html:
    """Tables that are in the document always, closed on the page and open on paper."""
    scrolls = (el("div", table, class_="scroll", tabindex=0, role="group", aria_labelledby=key) for table in tables)
    return el("details", el("summary", el("span", title, id=key)), *scrolls, class_="table", data_print=True)


def name_of(counted: Counted) -> Piece:
    """A recording's name, apart from the direction of the text around it; or what stands for all of them."""
    return el("bdi", shortened(counted.file, NAME)) if isinstance(counted, Recording) else words.t("all_files")


def _measured(fill: str, part: float | None, amount: Piece) -> tuple[Html, Html, Html]:
    drawn = marks.bar(fill, part) if part is not None else None
    return el("td", drawn, class_="b"), el("td", words.share(part), class_="n"), el("td", amount, class_="c")


def _unread(part: float | None, amount: Piece) -> tuple[Html, Html, Html]:
    return _measured("hatched", part, amount if part is not None else NONE)


def _face_row(counted: Counted) -> Row:
    counts = [words.integer(counted.faces_by_expression.get(name, 0)) for name in STACK]
    return (name_of(counted), *counts, words.integer(counted.faces_read), words.integer(counted.faces))


def _second_row(counted: Counted) -> Row:
    little = too_little(counted)
    shares = [NONE if little else words.share(share) for share in stacked(counted.by_seconds)]
    seen = words.share(counted.coverage if counted.seconds else None)
    valence = words.valence(None if little else counted.valence)
    length = clock(counted.seconds, counted.seconds) if counted.seconds else NONE
    return (name_of(counted), *shares, valence, seen, length)


def _course_row(label: Piece, column: Column) -> Row:
    shares = [words.share(share) for share in column.shares] if column.shares else [NONE] * len(STACK)
    seen = words.share(column.coverage) if column.known else NONE
    return (label, *shares, words.valence(column.valence), seen, _note(column))


def _note(column: Column) -> Piece:
    if not column.known:
        return words.t("n_unknown")
    why = words.reason(column.reason) if column.reason is not None else None
    if column.shares is not None:
        return why
    if why is None:
        return words.t("little")
    return words.listed([words.t("little"), why]) if column.seconds_read > 0 else why


def _cell(piece: Piece, is_words: bool) -> Html:
    kind = "none" if piece == NONE or (isinstance(piece, Text) and piece.en == NONE) else "l" if is_words else None
    return el("td", piece, class_=kind)
