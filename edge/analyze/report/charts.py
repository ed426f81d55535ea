"""A course over time with all that belongs to it: both plots, what they say in words, and the table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge.analyze.report import plots, tables, words
from edge.analyze.report.axis import NARROW, Axis, Film, Limits, clock
from edge.analyze.report.columns import Column, Look, columns, length_of, step_of
from edge.analyze.report.markup import Html, Piece, Text, el, join
from edge.analyze.report.pieces import keys
from edge.analyze.results import Kind, Recording
from look import STACK

_TOLD: Final = 3  # expressions that a chart names in words

Numbered = tuple[int, Recording]


def has_course(recording: Recording) -> bool:
    """Whether there is a course to draw: pictures stand for themselves, and of a broken file nothing is known."""
    return recording.kind is not Kind.PICTURES and length_of(recording) > 0


def axis_of(files: Sequence[Numbered], most: int, scale: Limits = NARROW) -> Axis:
    """Recordings end to end in at most about `most` columns; a new file begins a new one."""
    lengths = [length_of(recording) for _, recording in files]
    step_s = step_of(sum(lengths), max((recording.bin_s for _, recording in files), default=1.0), most)
    films, start_s = [], 0.0
    for (number, recording), length_s in zip(files, lengths, strict=True):
        name = recording.file.replace("\\", "/").rstrip("/").rpartition("/")[2] or recording.file
        films.append(Film(number, name, start_s, length_s, _columns(recording, step_s)))
        start_s += length_s
    return Axis(tuple(films), step_s, scale)


def course(key: str, title: Text, axis: Axis) -> Html:
    """Composition and valence over one axis, each with a name and what it shows in words for who does not see it."""
    notes = words.t("course_note"), words.t("valence_note", d=words.duration(3 * axis.step_s))
    return _course(key, title, axis, notes, None, None)


def course_of(key: str, title: Text, axis: Axis, drawn: str, name: str) -> Html:
    """The same of one recording among several: its stack is drawn elsewhere, and its name has the id `name`."""
    return _course(key, title, axis, (None, None), drawn, name)


def _course(key: str, title: Text, axis: Axis, notes: tuple[Piece, Piece], drawn: str | None, name: str | None) -> Html:
    of_what, of_valence = (el("span", note) if note else None for note in notes)
    said, said_valence = _said(axis)
    return join(
        el("h3", el("b", title, id=f"{key}-h"), of_what),
        el("p", said, id=f"{key}-d", class_="sr"),
        plots.composition(axis, key, _labels(key, name), drawn),
        el("h3", el("b", words.t("valence"), id=f"{key}-v-h"), of_valence),
        el("p", said_valence, id=f"{key}-v-d", class_="sr"),
        plots.valence(axis, _labels(f"{key}-v", name)),
    )


def _said(axis: Axis) -> tuple[Text, Text]:
    """What both plots show, in a sentence each: means over what is drawn."""
    drawn = [column for _, column in axis.placed() if column.shares is not None]
    weight = sum(column.seconds_read for column in drawn)
    d, low, high = words.duration(axis.step_s), *(words.valence(value) for value in axis.scale)
    if not drawn:
        return words.t("course_says_none", d=d), words.t("valence_says_none", a=low, b=high)
    seen = sum(column.seconds_read for _, column in axis.placed()) / axis.length_s
    means = [sum(c.seconds_read * c.shares[i] for c in drawn if c.shares) / weight for i in range(len(STACK))]
    largest = sorted(zip(means, STACK, strict=True), reverse=True)[:_TOLD]
    mean = words.listed([words.t("said_part", a=words.t(name), p=words.share(part)) for part, name in largest])
    level = sum(column.seconds_read * (column.valence or 0.0) for column in drawn) / weight
    return (
        words.t("course_says", d=d, mean=mean, seen=words.share(seen)),
        words.t("valence_says", a=low, b=high, v=words.valence(level)),
    )


def legend(axes: Sequence[Axis]) -> Html:
    """The marks that any of these axes has."""
    looks = {column.look for axis in axes for _, column in axis.placed()}
    parted = any(axis.is_parted for axis in axes)
    return keys(Look.LITTLE in looks, Look.NOTHING in looks, parted)


def table(key: str, files: Sequence[Numbered], most: int) -> Html:
    """The figures behind a course, in at most about `most` rows, or one for each of more files than that."""
    whole = sum(length_of(recording) for _, recording in files)
    step_s = step_of(whole, max(recording.bin_s for _, recording in files), most)
    rows: list[tuple[Piece, Column]] = []
    for number, recording in files:
        for column in _columns(recording, step_s):
            begin, end = (clock(at, length_of(recording)) for at in (column.start_s, column.start_s + column.length_s))
            rows.append((f"{begin}–{end}" if len(files) == 1 else f"{number}: {begin}–{end}", column))
    return tables.folded(words.t("table_course", d=words.duration(step_s)), f"{key}-t", tables.course(rows))


def _columns(recording: Recording, step_s: float) -> tuple[Column, ...]:
    """Of files with longer bins than the step, in whole bins."""
    bins = -int(-step_s // recording.bin_s)
    fits = abs(step_s / recording.bin_s - round(step_s / recording.bin_s)) < 1e-6
    return columns(recording, step_s if fits else bins * recording.bin_s)


def _labels(key: str, name: str | None) -> dict[str, str]:
    return {"aria_labelledby": f"{key}-h {name}" if name else f"{key}-h", "aria_describedby": f"{key}-d"}
