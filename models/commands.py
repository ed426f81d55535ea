"""What each command of `mien-models` does with its parsed options."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models import describe, registry
from models import geometry as crop
from models.calibrate import Plan, fitted_point
from models.card import OperatingPoint, Output, load, save
from models.compare import figures, plots
from models.compare import page as compare_page
from models.compare import results as compare_results
from models.compare import run as compare_run
from models.data import CLASSES, Floats, read_faces
from models.datasets import data_file
from models.errors import CheckpointError
from models.export import inscribe, write_onnx
from models.model import CARD, Model
from models.samples import read_samples
from models.training.checkpoint import CHECKPOINT, averaged_network, recipe_of
from models.training.checkpoint import load as checkpoint_state

DOCS = registry.ROOT / "docs"


def export(options: Namespace) -> None:
    """Writes weights and card of a run into a bundle, its operating points fitted; scores come by `card --measure`."""
    checkpoint = options.run / CHECKPOINT
    recipe, network, state = recipe_of(checkpoint), averaged_network(checkpoint), checkpoint_state(checkpoint)
    shipped = _shipped(options.name, recipe.network, checkpoint)
    bundle = options.bundle or registry.BUNDLES / shipped.folder
    weights = bundle / describe.WEIGHTS
    write_onnx(network, weights, recipe.last_side, shipped.heads)
    teachers = [teacher.name for teacher in options.teacher]
    text = describe.training_text(recipe, state["faces"], teachers, options.start)
    unfitted = tuple(
        OperatingPoint(plan.name, plan.head.name, Output(plan.head.name, plan.head.classes), 1.0)
        for plan in shipped.plans
    )
    save(describe.card_of(shipped, network, weights, recipe, unfitted, text), bundle / CARD)
    prior = np.array(state["prior"], np.float32)
    valid = data_file(options.valid_data)
    points = tuple(_fitted(plan, bundle, valid, prior) for plan in shipped.plans)
    inscribe(weights, describe.card_of(shipped, network, weights, recipe, points, text))
    save(describe.card_of(shipped, network, weights, recipe, points, text), bundle / CARD)
    print(f"{weights}: {weights.stat().st_size / 1e6:.2f} MB")
    for point in points:
        print(f"  {point.name}: temperature {point.temperature}, unsure below {point.unsure_below}")


def _shipped(name: str, network: str, checkpoint: Path) -> describe.Shipped:
    """What a run becomes: of that name, or the first of its network. Raises CheckpointError where that is nothing."""
    fitting = [each for each in describe.SHIPPED if each.network == network]
    found = next((each for each in fitting if name in ("", each.name)), None)
    if found is None:
        known = ", ".join(each.name for each in fitting)
        what = f"ships as {known}" if known else "is no network that ships"
        raise CheckpointError(f"{checkpoint}: a {network} {what}; name another run, or another --as")
    return found


def _fitted(plan: Plan, bundle: Path, valid: Path, prior: Floats) -> OperatingPoint:
    model = Model(bundle, plan.name)
    taken = model.card.input
    even = read_samples(valid, taken.crop_of_box_height, taken.size, plan.head.name)[::2]
    places = [plan.head.classes.index(CLASSES[label]) for label in even.labels]
    return fitted_point(plan, model.logits(even.crops), np.array(places, np.int64), prior[plan.head.columns])


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
