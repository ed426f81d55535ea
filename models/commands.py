"""What each command of `mien-models` does with its parsed options."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

from models import compare_page, compare_results, compare_run, describe, figures, plots, registry
from models import geometry as crop
from models import train as training
from models.card import Score, load, page, save, sha256_of
from models.checkpoint import CHECKPOINT, SECOND_STAGE, Recipe, averaged_network, recipe_of
from models.data import read_faces
from models.datasets import CK48, MUXSPACE, TAIWANESE, VALID, data_file
from models.errors import CheckpointError
from models.evaluate import Choice, Report, evaluate, only
from models.evaluate import table as report_table
from models.export import write_onnx
from models.model import CARD, Model
from models.samples import read_samples
from models.scores import fitted_temperature

DOCS = registry.ROOT / "docs"

# What goes into the card: the file, how it is scored, and what to say of it.
Measurement = tuple[str, Path, Choice, str]
MEASURED: tuple[Measurement, ...] = (
    ("FER+ valid", VALID, Choice(), ""),
    ("FER+ valid, without the mirror image", VALID, Choice(flip=False), ""),
    ("FER+ valid, odd rows", VALID, Choice(rows="odd"), "the temperature was not fitted on these"),
    ("Taiwanese performers", TAIWANESE, Choice(), "posed; not trained on; half of the raters agree"),
    ("CK+48", CK48, Choice(), "posed; not trained on"),
    ("muxspace", MUXSPACE, Choice(), "news photos, one labeller; not trained on"),
)


def train(options: Namespace) -> None:
    """Trains, or goes on with a training, and says where the result is."""
    recipe, start = Recipe(epochs=options.epochs, batch=options.batch, seed=options.seed), None
    if options.second_stage_of:
        before = options.second_stage_of / CHECKPOINT
        start = averaged_network(before)
        recipe = replace(recipe, start=sha256_of(before), **SECOND_STAGE)
    machine = training.Machine(options.threads, compile=not options.plain, bfloat16=not options.plain)
    faces, valid = (read_faces(data_file(path)) for path in (options.train_data, options.valid_data))
    checkpoint = training.train(faces, valid, options.out, recipe, machine, resume=options.resume, start=start)
    print(f"{checkpoint}: done; export it with `mien-models export {options.out}`")


def export(options: Namespace) -> None:
    """Writes weights and card of a run into a bundle, the temperature fitted; scores come by `card --measure`."""
    checkpoint = options.run / CHECKPOINT
    network = averaged_network(checkpoint)
    faces, valid = (data_file(path) for path in (options.train_data, options.valid_data))
    weights = options.bundle / describe.WEIGHTS
    write_onnx(network, weights)
    stages = _stages(checkpoint, options.first_stage)
    used = len(training.training_rows(read_faces(faces), read_faces(valid)))
    text = describe.training_text(stages, used)
    first = describe.default_card(network, weights, 1.0, text)
    save(first, options.bundle / CARD)
    even = only(read_samples(valid, first.input.crop_of_box_height), "even")
    temperature = fitted_temperature(Model(options.bundle).logits(even.crops), even.labels)
    save(describe.default_card(network, weights, temperature, text), options.bundle / CARD)
    print(f"{weights}: {weights.stat().st_size / 1e6:.2f} MB, temperature {temperature}")


def _stages(checkpoint: Path, first_stage: Path | None) -> list[Recipe]:
    """The recipes of a run, the one it began from before its own."""
    last = recipe_of(checkpoint)
    if not last.start:
        return [last]
    if first_stage is None:
        raise CheckpointError(f"{checkpoint}: is a second stage; name the run it began from with --first-stage")
    before = first_stage / CHECKPOINT
    if sha256_of(before) != last.start:
        raise CheckpointError(f"{before}: is not what {checkpoint} began from; name that run with --first-stage")
    return [recipe_of(before), last]


def evaluate_file(options: Namespace) -> None:
    """Prints the scores of a bundle on one file."""
    copies = data_file(options.without_copies_of) if options.without_copies_of else None
    choice = Choice(options.rows, not options.no_flip, options.crop, copies)
    report = evaluate(Model(options.bundle), data_file(options.data), choice)
    print(msgspec.json.encode(report).decode() if options.json else report_table(report))


def compare(options: Namespace) -> None:
    """Compares every model that is there, writes the results, and makes the pages of them."""
    if not options.pages_only:
        entrants = registry.bundles(tuple(options.bundle))
        peers = registry.peers(options.peer_python) if options.peer_python else []
        if not peers:
            print("no peer: none of its figures are kept; give --peer-python a Python that has `fer`", file=sys.stderr)
        command = "mien-models compare --peer-python PYTHON" if peers else "mien-models compare"
        found = compare_run.compare(entrants + peers, options.cache, options.rounds, command)
        compare_results.save(found, options.results)
        print(options.results)
    for path in write_pages(compare_results.load(options.results), options.pages):
        print(path)


def write_pages(results: compare_results.Results, pages: Path) -> list[Path]:
    """Writes models.md and its plots into `pages`, and README's figures where that is the project's docs/."""
    texts = {pages / "models.md": compare_page.page(results)}
    texts.update({pages / "models" / name: svg for name, svg in plots.plots(results).items()})
    if pages == DOCS and figures.README.exists():  # an installed package has none
        block = figures.block(results, figures.desk_results())
        texts[figures.README] = figures.with_figures(figures.README.read_text(encoding="utf-8"), block)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def list_models(options: Namespace) -> None:
    """Prints the models that are there."""
    rows = [("NAME", "VERSION", "EXPRESSIONS", "CROP", "SIZE", "WHERE")]
    for each in registry.bundles(tuple(options.bundle)):
        card = load(Path(each.place) / CARD)
        size = (Path(each.place) / card.file).stat().st_size
        crop = f"{each.size} px, {each.crop} of the box"
        rows.append((each.name, card.version, str(len(each.classes)), crop, f"{size / 1e6:.2f} MB", each.place))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def geometry(options: Namespace) -> None:
    """Prints the crop's size beside the detector's box, as JSON."""
    print(json.dumps(asdict(crop.measure(read_faces(data_file(options.data)), options.count, options.seed))))


def card(options: Namespace) -> None:
    """Writes the card's page; with --measure scores all data sets first and puts that into the card."""
    path = options.bundle / CARD
    if options.measure:
        model = Model(options.bundle)
        scores = tuple(_measured(model, entry) for entry in MEASURED)
        save(msgspec.structs.replace(load(path), scores=scores), path)
    shown = load(path)
    target = options.pages / f"{shown.name}.md"
    target.write_text(page(shown), encoding="utf-8")
    print(target)


def _measured(model: Model, entry: Measurement) -> Score:
    name, data, choice, note = entry
    report = evaluate(model, data_file(data), choice)
    print(report_table(report), end="\n\n")
    return score_line(name, measuring_command(entry), report, note)


def score_line(name: str, command: str, report: Report, note: str) -> Score:
    """A report as the card keeps it, rounded to the hundredth of a percent."""
    scores = report.scores
    return Score(
        data=name,
        command=command,
        n=scores.n,
        accuracy=round(scores.accuracy, 4),
        standard_error=round(scores.standard_error, 4),
        macro_f1=round(scores.macro_f1, 4),
        calibration_error=round(scores.calibration_error, 4),
        recall={label: round(value, 4) for label, value in scores.recall.items()},
        labelled=scores.labelled,
        note=note,
    )


def measuring_command(entry: Measurement) -> str:
    """The command that prints what the card says of an entry of MEASURED."""
    _, data, choice, _ = entry
    parts = ["mien-models evaluate --data", str(data)]
    parts += [f"--rows {choice.rows}"] if choice.rows != "all" else []
    parts += ["--no-flip"] if not choice.flip else []
    return " ".join(parts)
