"""The recordings one by one: a list with a strip each, then a part for each with its course and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.analyze.report import charts, plots, tables, words
from edge.analyze.report.axis import Axis, clock, scale_of
from edge.analyze.report.charts import Numbered
from edge.analyze.report.columns import stacked
from edge.analyze.report.markup import Html, Piece, Text, el, join, shortened
from edge.analyze.report.pieces import glyph, little_said, panel
from edge.analyze.results import Kind, Recording
from look import STACK
from look.language import NONE

_COLUMNS, _FEWEST_COLUMNS, _ROWS, _FEWEST_ROWS = 120, 20, 24, 6  # of one recording
_COLUMNS_IN_ALL, _ROWS_IN_ALL = 6000, 2400  # which bound the report's size
FEW: Final = 12  # files; of so many each is printed whole


@dataclass(frozen=True)
class Drawn:
    """A recording with its number and, where it has a course, its axis."""

    number: int
    recording: Recording
    axis: Axis | None

    @property
    def key(self) -> str:
        """What its part is called in the address."""
        return f"f{self.number}"


def drawn(files: Sequence[Recording]) -> list[Drawn]:
    """The recordings with their axes, on one scale: the more there are, the fewer columns each has."""
    most = max(_FEWEST_COLUMNS, min(_COLUMNS, _COLUMNS_IN_ALL // max(1, len(files))))
    axes = [
        charts.axis_of([(number, recording)], most) if charts.has_course(recording) else None
        for number, recording in enumerate(files, 1)
    ]
    scale = scale_of(column for axis in axes if axis is not None for _, column in axis.placed())
    scaled = (replace(axis, scale=scale) if axis is not None else None for axis in axes)
    return [Drawn(number, *pair) for number, pair in enumerate(zip(files, scaled, strict=True), 1)]


def listed(files: Sequence[Drawn], folder: str) -> Html:
    """All recordings in the order in which they were given, and the folder that they share."""
    faulty = any(one.recording.fault for one in files)
    head: list[Piece] = [words.t("file"), words.t("course"), words.t("length"), words.t("faces"), words.t("seen")]
    head += [words.t("valence"), words.t("looks"), *([words.t("fault")] if faulty else [])]
    rows = [[_name(one, len(files) > 1), *_row(one), *([_fault(one.recording)] if faulty else [])] for one in files]
    table = tables.data(head, rows, left=2 if faulty else 1)
    scroll = el("div", table, class_="scroll list", tabindex=0, role="group", aria_labelledby="files-h")
    order = words.t("files_note") if len(files) > 1 else None
    note = join(order, " · ", el("bdi", folder)) if folder else order
    return panel("files-h", words.t("files"), note, scroll)


def parts(files: Sequence[Drawn]) -> Html:
    """A part for each recording, folded."""
    rows = max(_FEWEST_ROWS, min(_ROWS, _ROWS_IN_ALL // max(1, len(files))))
    few = len(files) <= FEW
    note = None if few else el("p", words.t("print_note"), class_="paper small quiet pad")
    content = (_part(one, rows, few) for one in files)
    return panel("parts-h", words.t("by_file"), words.t("by_file_note"), note, *content)


def about(recording: Recording) -> Text:
    """What kind of recording it is, in a line."""
    said = [words.t(f"kind_{recording.kind.value}")]
    if recording.width:
        size = f"{recording.width} × {recording.height}"
        said.append(Text(size, size, size))
    if recording.kind is Kind.PICTURES:
        said.append(words.t("pictures_s"))
    elif recording.frames_per_second > 0:
        places = 0 if abs(recording.frames_per_second - round(recording.frames_per_second)) < 0.05 else 1
        said.append(words.t("rate", n=words.decimal(recording.frames_per_second, places)))
    return words.listed(said)


def _part(one: Drawn, rows: int, printed: bool) -> Html:
    recording = one.recording
    title = el("span", f"{one.number} ", el("bdi", recording.file), class_="title", id=f"{one.key}-n")
    brief = el("span", words.share(recording.coverage), " ", words.t("seen_axis"), class_="quiet small num")
    body: list[Piece] = [el("p", about(recording), class_="quiet small pad")]
    if recording.fault:
        body.append(el("p", _fault(recording), class_="pad"))
    if recording.seconds > 0:
        body.append(_chart(one))
    if one.axis is not None:
        files: list[Numbered] = [(one.number, recording)]
        body.append(charts.table(one.key, files, rows))
    summary = el("summary", title, brief)
    return el("details", summary, *body, id=one.key, class_="part", data_print=printed)


def _chart(one: Drawn) -> Html:
    recording = one.recording
    if one.axis is not None:
        title = words.t("course")
        plot = charts.course_of(f"{one.key}-c", title, one.axis, f"s{one.number}", f"{one.key}-n")
    else:
        plot = el("p", words.t("course_pictures"), class_="quiet")
    why = tables.reasons_said(recording)
    missing = el("p", el("b", words.t("not_read")), " ", el("span", why), class_="small missing") if why else None
    little = el("p", little_said(recording), class_="small missing") if tables.too_little(recording) else None
    beside = el("div", tables.distribution(recording), little, missing, class_="dist-box")
    return el("div", el("div", plot, class_="plots"), beside, class_="chart")


def _name(one: Drawn, linked: bool) -> Html:
    said = el("bdi", shortened(one.recording.file, tables.NAME))
    number = el("span", str(one.number), class_="quiet num number")
    return el("span", number, el("a", said, href=f"#{one.key}") if linked else said)


def _row(one: Drawn) -> list[Piece]:
    recording = one.recording
    strip = plots.strip(one.axis, f"s{one.number}") if one.axis is not None else None
    if recording.seconds <= 0:
        return [strip, NONE, NONE, NONE, NONE, NONE]
    little = tables.too_little(recording)
    looks: Piece = el("span", glyph("few", "warn"), " ", words.t("little")) if little else _looks(recording)
    valence = words.valence(None if little else recording.valence)
    length, faces = clock(recording.seconds, recording.seconds), words.integer(recording.faces)
    return [strip, length, faces, words.share(recording.coverage), valence, looks]


def _looks(recording: Recording) -> Piece:
    """The two largest expressions."""
    ranked = sorted(zip(stacked(recording.by_seconds), STACK, strict=True), key=lambda pair: -pair[0])
    return words.listed([words.t("said_part", a=words.t(name), p=words.share(part)) for part, name in ranked[:2]])


def _fault(recording: Recording) -> Piece:
    if not recording.fault:
        return None
    return el("span", glyph("cross", "bad"), " ", el("span", recording.fault, lang="en"), class_="wrap")
