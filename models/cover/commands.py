"""The commands of `mien-models` for the cover network: `train-cover` and `evaluate-cover`."""

import argparse
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnx
import torch

from edge.detect import Detector
from models.card import sha256_of
from models.cover import describe
from models.cover.card import CARD, WEIGHTS, CoverScore, load, page, save
from models.cover.cloth import Repertoire
from models.cover.data import Views, drawn_crops, joined, read_views
from models.cover.evaluate import CoverModel, evaluate, score, table
from models.cover.train import CoverRecipe, false_alarm_threshold, probabilities, to_onnx, train
from models.data import copies_of, read_faces
from models.datasets import CK48, MUXSPACE, TAIWANESE, TRAIN, VALID, data_file
from models.describe import CROP_OF_BOX_HEIGHT
from models.sources.people import FOLDS

UTKFACE = Path("utkface/utkface.parquet")
ASIDE, REPORTED = 0, 1  # folds: what chooses the threshold, and of muxspace what is only reported on
COUNT = 120

# What goes into the card: the data set, its file, the fold of it, and what to say of it.
MEASURED: tuple[tuple[str, Path, int | None, str], ...] = (
    ("Taiwanese performers", TAIWANESE, None, "not trained on"),
    ("utkface", UTKFACE, None, "not trained on"),
    ("CK+48", CK48, None, "not trained on"),
    ("FER-2013 PublicTest", VALID, None, "another split of what was trained on"),
    ("muxspace, a fifth of the people", MUXSPACE, REPORTED, "people who were not trained on"),
)

TRAIN_EXAMPLES = """examples:
  mien-models train-cover                          cover.onnx and cover.json anew into the desk's own bundle
  mien-models train-cover --bundle DIR             the same into another bundle
  mien-convert fp16 DIR/cover.onnx --out DIR/cover.onnx --card DIR/cover.json
                                                   then into half precision, as it ships
  mien-models train-cover --bundle DIR --without prints --without wraps
                                                   without patterns and scarves, to see how it does on what it never saw

About ten minutes on one free core; the same seed gives the same weights on the same machine."""

EVALUATE_EXAMPLES = """examples:
  mien-models evaluate-cover --data taiwanese/taiwanese.parquet
  mien-models evaluate-cover --data muxspace/muxspace.parquet --fold 1    people who were not trained on
  mien-models evaluate-cover --card                                       all sets into the card, then its page

The masks that are drawn here are other ones than in training. Data files are looked for as given, then under the folder
in MIEN_DATA."""


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]", bundle: Path, pages: Path) -> None:
    """Adds both commands; `bundle` and `pages` are the defaults of their options."""
    raw = argparse.RawDescriptionHelpFormatter
    recipe = CoverRecipe()
    made = sub.add_parser(
        "train-cover", help="train the network that sees masks", epilog=TRAIN_EXAMPLES, formatter_class=raw
    )
    made.add_argument("--bundle", type=Path, default=bundle, help="bundle folder (default: the desk's own)")
    made.add_argument("--train-data", type=Path, default=TRAIN, help="default: MIEN_DATA/%(default)s")
    made.add_argument("--more-data", type=Path, default=MUXSPACE, help="three fifths train; default %(default)s")
    made.add_argument("--valid-data", type=Path, default=VALID, help="near copies of it are left out; %(default)s")
    made.add_argument("--every", type=int, default=3, help="of FER-2013 take each n-th picture (default %(default)s)")
    made.add_argument("--epochs", type=int, default=recipe.epochs, help="passes over the pictures")
    made.add_argument("--seed", type=int, default=recipe.seed, help="another seed, another run")
    made.add_argument("--threads", type=int, default=1, help="cores to use")
    made.add_argument("--without", action="append", default=[], choices=("prints", "wraps"), help="repeatable")
    made.set_defaults(run_command=train_cover)
    scored = sub.add_parser(
        "evaluate-cover", help="score it on faces and on masks", epilog=EVALUATE_EXAMPLES, formatter_class=raw
    )
    scored.add_argument("--bundle", type=Path, default=bundle, help="bundle folder (default: the desk's own)")
    scored.add_argument("--data", type=Path, default=TAIWANESE, help="parquet file (MIEN_DATA/%(default)s)")
    scored.add_argument("--count", type=int, default=COUNT, help="pictures, evenly drawn (default %(default)s)")
    scored.add_argument("--fold", type=int, choices=range(FOLDS), help="one fifth of the people of the file")
    scored.add_argument("--json", action="store_true", help="print JSON in place of the table")
    scored.add_argument("--card", action="store_true", help="score all data sets into the card, and write its page")
    scored.add_argument("--pages", type=Path, default=pages, help="folder of the pages")
    scored.set_defaults(run_command=evaluate_cover)


def train_cover(options: Namespace) -> None:
    """Trains, chooses the threshold, and writes weights and card into the bundle."""
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    recipe = replace(CoverRecipe(), epochs=options.epochs, seed=options.seed)
    how = Repertoire(prints="prints" not in options.without, wraps="wraps" not in options.without)
    detector = Detector.from_bundle()
    fer = _without_copies(options, detector)
    more = read_views(data_file(options.more_data), detector)
    used = joined(fer[fer.fold != ASIDE], more[(more.fold != ASIDE) & (more.fold != REPORTED)])
    aside = joined(fer[fer.fold == ASIDE], more[more.fold == ASIDE])
    crops = drawn_crops(used, detector, CROP_OF_BOX_HEIGHT, how, recipe.seed)
    network = train(crops, recipe)
    kept = drawn_crops(aside, detector, CROP_OF_BOX_HEIGHT, how, recipe.seed + 1)
    options.bundle.mkdir(parents=True, exist_ok=True)
    weights = options.bundle / WEIGHTS
    onnx.save(to_onnx(network), weights)
    values = probabilities(weights, kept)
    threshold = false_alarm_threshold(values[~kept.drawn], recipe.false_alarms)
    missed = float((values[kept.labels == 1] <= threshold).mean())
    counts = describe.Counts(len(used), len(crops), len(aside), missed)
    save(describe.card(network, weights, threshold, recipe, how, counts), options.bundle / CARD)
    print(
        f"{weights}: sha256 {sha256_of(weights)}, threshold {threshold}, {counts.missed:.2%} missed on faces kept aside"
    )


def _without_copies(options: Namespace, detector: Detector) -> Views:
    faces, valid = (read_faces(data_file(path)).images for path in (options.train_data, options.valid_data))
    rows = ~copies_of(faces, valid) & (np.arange(len(faces)) % options.every == 0)
    return read_views(data_file(options.train_data), detector, rows)


def evaluate_cover(options: Namespace) -> None:
    """Prints what a bundle's cover network does on one file; with --card on all, into the card and its page."""
    model = CoverModel(options.bundle)
    if not options.card:
        made = _scored(model, (str(options.data), options.data, options.fold, ""), options.count)
        print(msgspec.json.encode(made).decode() if options.json else table(made))
        return
    path = options.bundle / CARD
    scores = []
    for entry in MEASURED:
        scores.append(_scored(model, entry, options.count))
        print(table(scores[-1]), flush=True)
    card = msgspec.structs.replace(load(path), scores=tuple(scores))
    save(card, path)
    target = options.pages / f"{card.name}.md"
    target.write_text(page(card), encoding="utf-8")
    print(target)


def _scored(model: CoverModel, entry: tuple[str, Path, int | None, str], count: int) -> CoverScore:
    name, data, fold, note = entry
    command = f"mien-models evaluate-cover --data {data}"
    command += f" --fold {fold}" if fold is not None else ""
    command += f" --count {count}" if count != COUNT else ""
    return score(name, command, evaluate(model, data_file(data), count, fold), note)
