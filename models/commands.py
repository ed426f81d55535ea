"""What each command of `mien-models` does with its parsed options."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from models import geometry as crop
from models import registry
from models.card import load
from models.compare import figures, plots
from models.compare import page as compare_page
from models.compare import results as compare_results
from models.compare import run as compare_run
from models.data import read_faces
from models.datasets import data_file
from models.model import CARD

DOCS = registry.ROOT / "docs"


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
