"""A course over time with all that belongs to it: both plots, what they say in words, and the table beside them."""

from __future__ import annotations

from collections.abc import Sequence

from edge.analyze.report import plots, tables, words
from edge.analyze.report.columns import Column, Look, columns, length_of, stacked, step_of
from edge.analyze.report.markup import Html, Piece, Text, el, join
from edge.analyze.report.pieces import keys
from edge.analyze.report.plots import Axis, Film, Limits
from edge.analyze.results import Counted, Kind, Recording
from look import STACK

Numbered = tuple[int, Recording]


def has_course(recording: Recording) -> bool:
    """Whether there is a course to draw: pictures stand for themselves, and of a broken file nothing is known."""
    return recording.kind is not Kind.PICTURES and length_of(recording) > 0


def axis_of(files: Sequence[Numbered], scale: Limits, most: int) -> tuple[Axis, float]:
    """Recordings end to end in at most about `most` columns, and how long those are; a new file begins a new one."""
    lengths = [length_of(recording) for _, recording in files]
    step_s = step_of(sum(lengths), max((recording.bin_s for _, recording in files), default=1.0), most)
    films, start_s = [], 0.0
    for (number, recording), length_s in zip(files, lengths, strict=True):
        name = recording.file.replace("\\", "/").rstrip("/").rpartition("/")[2] or recording.file
        films.append(Film(number, name, start_s, length_s, _columns(recording, step_s)))
        start_s += length_s
    return Axis(tuple(films), scale), step_s


def course(key: str, title: Text, counted: Counted, axis: Axis, step_s: float, *, drawn: str | None = None) -> Html:
    """Composition and valence over one axis, each with a name and what it shows in words for who does not see it."""
    mean = words.listed(
        [words.t("said_part", a=words.t(name), p=words.share(part)) for name, part in _largest(counted)]
    )
    d, seen = words.duration(step_s), words.share(counted.coverage)
    says = words.t("course_says", d=d, mean=mean, seen=seen) if counted.by_seconds else words.t("course_says_none", d=d)
    low, high = (words.valence(value) for value in axis.scale)
    line = words.t("valence_says", a=low, b=high, v=words.valence(counted.valence))
    return join(
        el("h3", el("b", title, id=f"{key}-h"), el("span", words.t("course_note"))),
        el("p", says, id=f"{key}-d", class_="sr"),
        plots.composition(axis, drawn or key, _labels(key), drawn),
        el("h3", el("b", words.t("valence"), id=f"{key}-v-h"), el("span", words.t("valence_note", d=_three(step_s)))),
        el("p", line, id=f"{key}-v-d", class_="sr"),
        plots.valence(axis, _labels(f"{key}-v")),
    )


def legend(axes: Sequence[Axis]) -> Html:
    """The marks that any of these axes has."""
    looks = {column.look for axis in axes for _, column in axis.placed()}
    parted = any(plots.parts_films(len(axis.films)) for axis in axes)
    return keys(Look.LITTLE in looks, Look.NOTHING in looks, parted)


def table(key: str, files: Sequence[Numbered], most: int) -> Html:
    """The figures behind a course, in at most about `most` rows, or one for each of more files than that."""
    whole = sum(length_of(recording) for _, recording in files)
    step_s = step_of(whole, max(recording.bin_s for _, recording in files), most)
    rows: list[tuple[Piece, Column]] = []
    for number, recording in files:
        for column in _columns(recording, step_s):
            begin, end = (
                plots.clock(at, length_of(recording)) for at in (column.start_s, column.start_s + column.length_s)
            )
            rows.append((f"{begin}–{end}" if len(files) == 1 else f"{number}: {begin}–{end}", column))
    return tables.folded(words.t("table_course", d=words.duration(step_s)), f"{key}-t", tables.course(rows))


def _columns(recording: Recording, step_s: float) -> tuple[Column, ...]:
    """Of files with longer bins than the step, in whole bins."""
    bins = -int(-step_s // recording.bin_s)
    fits = abs(step_s / recording.bin_s - round(step_s / recording.bin_s)) < 1e-6
    return columns(recording, step_s if fits else bins * recording.bin_s)


def _three(step_s: float) -> Text:
    return words.duration(3 * step_s)


def _largest(counted: Counted) -> list[tuple[str, float]]:
    ranked = sorted(zip(STACK, stacked(counted.by_seconds), strict=True), key=lambda pair: -pair[1])
    return [(name, part) for name, part in ranked if part >= 0.005]


def _labels(key: str) -> dict[str, str]:
    return {"aria_labelledby": f"{key}-h", "aria_describedby": f"{key}-d"}
