"""The `mien-models` command: trains, scores, exports and describes the networks."""

import argparse
import sys
from pathlib import Path

from models import commands
from models.checkpoint import Recipe
from models.errors import ModelsError

BUNDLE = Path(__file__).resolve().parent.parent / "edge" / "bundles" / "default"
PAGES = Path(__file__).resolve().parent / "cards"

EXAMPLES = """examples:
  mien-models train --out runs/mien-face --threads 2     train; about half an hour on two cores
  mien-models train --out runs/mien-face --resume        go on after an interruption
  mien-models train --out runs/second --second-stage-of runs/mien-face --epochs 22
  mien-models export runs/second --first-stage runs/mien-face
  mien-models evaluate --data fer2013plus/valid.parquet  score the weights that ship
  mien-models evaluate --data test.parquet --json        the same for another split, as JSON
  mien-models geometry                                   the crop, measured with the desk's detector
  mien-models card --measure                             all scores into the card, then its page
  mien-models card                                       the page alone, from the card

Data files are looked for as given, then under the folder in MIEN_DATA."""


def parser() -> argparse.ArgumentParser:
    """The command line of `mien-models`."""
    top = argparse.ArgumentParser(
        prog="mien-models",
        description="Trains, scores, exports and describes Mien's networks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub = top.add_subparsers(required=True, metavar="COMMAND")
    _train_options(sub.add_parser("train", help="train the default network on FER-2013 with FER+ votes"))
    _evaluate_options(sub.add_parser("evaluate", help="score the weights of a bundle on a labelled file"))
    export = sub.add_parser("export", help="write weights (ONNX) and card of a training run into a bundle")
    export.add_argument("run", type=Path, help="folder of the training run")
    export.add_argument("--first-stage", type=Path, help="for a second stage: the run that it began from")
    export.add_argument("--bundle", type=Path, default=BUNDLE, help="bundle folder (default: the desk's own)")
    export.add_argument("--train-data", type=Path, default=commands.TRAIN, help="what was trained on")
    export.add_argument("--valid-data", type=Path, default=commands.VALID, help="its even rows fit the temperature")
    export.set_defaults(run_command=commands.export)
    card = sub.add_parser("card", help="write the card's page, and with --measure its scores first")
    card.add_argument("--bundle", type=Path, default=BUNDLE, help="bundle folder (default: the desk's own)")
    card.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages")
    card.add_argument("--measure", action="store_true", help="score on all data sets first, and put it in the card")
    card.set_defaults(run_command=commands.card)
    geometry = sub.add_parser("geometry", help="measure the crop beside the detector's box on training pictures")
    geometry.add_argument("--data", type=Path, default=commands.TRAIN)
    geometry.add_argument("--count", type=int, default=1500, help="pictures to draw (default %(default)s)")
    geometry.add_argument("--seed", type=int, default=1)
    geometry.set_defaults(run_command=commands.geometry)
    return top


def _train_options(command: argparse.ArgumentParser) -> None:
    recipe = Recipe()
    command.add_argument("--out", type=Path, default=Path("runs/mien-face"), help="folder of the run (%(default)s)")
    command.add_argument("--train-data", type=Path, default=commands.TRAIN, help="default: MIEN_DATA/%(default)s")
    command.add_argument("--valid-data", type=Path, default=commands.VALID, help="only reported on; %(default)s")
    command.add_argument("--epochs", type=int, default=recipe.epochs)
    command.add_argument("--batch", type=int, default=recipe.batch)
    command.add_argument("--seed", type=int, default=recipe.seed)
    command.add_argument("--threads", type=int, default=1)
    command.add_argument("--resume", action="store_true", help="go on with the run that lies in --out")
    command.add_argument("--second-stage-of", type=Path, help="run whose weights to begin with, by gentler rules")
    command.add_argument("--plain", action="store_true", help="float32 and no compilation: slower, needs no compiler")
    command.set_defaults(run_command=commands.train)


def _evaluate_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, default=commands.VALID, help="parquet file (MIEN_DATA/%(default)s)")
    command.add_argument("--bundle", type=Path, default=BUNDLE, help="bundle folder (default: the desk's own)")
    command.add_argument("--rows", choices=("all", "even", "odd"), default="all", help="which labelled rows to score")
    command.add_argument("--no-flip", action="store_true", help="without averaging over the mirror image")
    command.add_argument("--crop", type=float, help="another crop, in parts of the box's height (default: the card's)")
    command.add_argument("--without-copies-of", type=Path, help="FER+ file whose near copies are not scored")
    command.add_argument("--json", action="store_true", help="print JSON in place of the table")
    command.set_defaults(run_command=commands.evaluate_file)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0 where it worked, 1 with one line on stderr where it did not."""
    options = parser().parse_args(arguments)
    try:
        options.run_command(options)
    except ModelsError as error:
        print(f"mien-models: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mien-models: interrupted; finished epochs are kept, go on with --resume", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
