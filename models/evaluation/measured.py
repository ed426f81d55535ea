"""What is measured of every model for its card: which data, at which operating points, spoilt how, by which columns."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.card import Card, Score
from models.datasets import (
    CK48,
    DATA_SETS,
    EMOTION,
    FER_2013,
    FER_PLUS,
    MUXSPACE,
    TAIWANESE,
    UTKFACE,
    VALID,
    data_file,
)
from models.evaluation.evaluate import Choice, Report, Scorer, report
from models.evaluation.populations import by_column, unlabelled
from models.evaluation.results import Entry, Population, Results, Shifts, empty, rounded


@dataclass(frozen=True)
class Measurement:
    """A line of the tables below. The first of `points` that a card has is used; where it has none it is passed over.

    `labels` is empty for a file without labels.
    """

    name: str
    data: Path
    points: tuple[str, ...]
    labels: str = ""
    rows: str = "all"
    degrade: str = ""
    people_folds: tuple[int, ...] = ()
    by: tuple[str, ...] = ()
    note: str = ""

    def point(self, card: Card) -> str:
        """The operating point at which a card's model is measured; "" where it is not."""
        there = {point.name for point in card.points}
        return next((name for name in self.points if name in there), "")

    def choice(self, point: str) -> Choice:
        """The line as `evaluate` takes it."""
        return Choice(self.labels, point, self.rows, degrade=self.degrade, people_folds=self.people_folds, by=self.by)

    def command(self, card: Card) -> str:
        """The command that prints the same."""
        parts = [f"mien-models evaluate --model {card.name} --data {self.data}"]
        parts += [f"--labels {self.labels}"] if self.labels else ["--unlabelled"]
        parts += [f"--point {self.point(card)}"]
        parts += [f"--rows {self.rows}"] if self.rows != "all" else []
        parts += [f"--degrade {self.degrade}"] if self.degrade else []
        parts += [f"--people-folds {' '.join(map(str, self.people_folds))}"] if self.people_folds else []
        parts += [f"--by {column}" for column in self.by]
        return " ".join(parts)


ACTED = ("expressive", "fer2013", "ferplus")
EVERYDAY = ("everyday", "vgg16-av")
DESK = (*EVERYDAY, "ferplus")
UNFITTED = "nothing was fitted on these"
AGREED = "posed; half of the raters agree"

MEASURED: tuple[Measurement, ...] = (
    Measurement("FER+ valid", VALID, ("ferplus",), FER_PLUS),
    Measurement("FER+ valid, odd rows", VALID, ("ferplus",), FER_PLUS, rows="odd", note=UNFITTED),
    Measurement("FER+ valid", VALID, EVERYDAY, FER_PLUS),
    Measurement("FER+ valid, odd rows", VALID, EVERYDAY, FER_PLUS, rows="odd", note=UNFITTED),
    Measurement("FER-2013 valid", VALID, ("fer2013",), FER_2013),
    Measurement("FER-2013 valid, odd rows", VALID, ("fer2013",), FER_2013, rows="odd", note=UNFITTED),
    Measurement("Taiwanese performers", TAIWANESE, ACTED, EMOTION, note=AGREED),
    Measurement("Taiwanese performers", TAIWANESE, EVERYDAY, EMOTION, note=AGREED),
    Measurement("CK+48", CK48, ACTED, EMOTION, note="posed; three frames of each sequence"),
    Measurement("CK+48", CK48, EVERYDAY, EMOTION, note="posed; three frames of each sequence"),
    Measurement(
        "muxspace, two fifths of the people",
        MUXSPACE,
        DESK,
        EMOTION,
        people_folds=(3, 4),
        note="news photos, one labeller; people kept out of training",
    ),
    Measurement("Taiwanese, with noise", TAIWANESE, ACTED, EMOTION, degrade="noise", note=AGREED),
    Measurement("Taiwanese, face 20 pixels wide", TAIWANESE, ACTED, EMOTION, degrade="small", note=AGREED),
    Measurement("Taiwanese, lower face masked", TAIWANESE, ACTED, EMOTION, degrade="masked", note=AGREED),
)
POPULATIONS = (Measurement("Taiwanese performers", TAIWANESE, ACTED, EMOTION, by=("performer",)),)
SHIFTS = (Measurement("utkface", UTKFACE, (*DESK, "fer2013"), by=("group", "sex", "age")),)


def measure(scorer: Scorer, said: Callable[[str, Report], None]) -> Results:
    """Measures all that the card's points allow; `said` is told each score. Raises DataError and CardError."""
    card = scorer.card
    scores, populations, shifts = [], [], []
    for line in MEASURED:
        if point := line.point(card):
            data, choice = data_file(line.data), line.choice(point)
            made = report(scorer.answer(data, choice), line.data, choice)
            said(line.name, made)
            scores.append(rounded(Entry(line.name, line.command(card), _note(line, card), made)))
    for line in POPULATIONS:
        if point := line.point(card):
            answer = scorer.answer(data_file(line.data), line.choice(point))
            for column in line.by:
                groups = by_column(answer, column)
                populations.append(rounded(Population(line.name, line.command(card), point, column, groups)))
    for line in SHIFTS:
        if point := line.point(card):
            found = unlabelled(scorer, data_file(line.data), line.choice(point))
            shifts.append(rounded(Shifts(line.name, line.command(card), found)))
    parts = {"scores": tuple(scores), "populations": tuple(populations), "shifts": tuple(shifts)}
    return msgspec.structs.replace(empty(card), **parts)


def _note(line: Measurement, card: Card) -> str:
    """What a card says of the line: whether its model was trained on these pictures or others of their collection."""
    data_set = next(each for each in DATA_SETS if each.file == line.data)
    seen = any(data.name.startswith(data_set.collections) for data in card.trained_on)
    trained = "these very pictures" if data_set.whole else "other pictures of it"
    return "; ".join(filter(None, [line.note, f"{trained} were trained on" if seen else "not trained on"]))


def score_of(entry: Entry) -> Score:
    """A measured line as the card keeps it."""
    made = entry.report
    return Score(
        data=entry.name,
        command=entry.command,
        n=made.n,
        accuracy=made.accuracy,
        standard_error=made.standard_error,
        macro_f1=made.macro_f1,
        calibration_error=made.ece,
        recall=made.recall,
        labelled=made.labelled,
        note=entry.note,
        point=made.point,
        coverage=made.accuracy_at_coverage,
    )
