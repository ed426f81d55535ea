"""The `mien-models` command: trains, scores and describes the networks."""

import argparse
import os
import sys
from pathlib import Path

from models import commands
from models.clips import commands as clip_commands
from models.compare import results as compare_results
from models.cover import commands as cover_commands
from models.datasets import TRAIN
from models.errors import ModelsError
from models.evaluation import commands as evaluation_commands
from models.sources import commands as source_commands
from models.temporal import commands as time_commands
from models.training import commands as training_commands
from models.voice import commands as voice_commands

BUNDLE = Path(__file__).resolve().parent.parent / "edge" / "bundles" / "default"
PAGES = Path(__file__).resolve().parent / "cards"

EXAMPLES = """examples:
  mien-models data build fer                             a set to train on, from FER-2013 with FER+ votes
  mien-models train vgg-face --data runs/data/fer.parquet --threads 2
  mien-models train student --data runs/data/fer.parquet --teacher runs/vgg-face
  mien-models evaluate --data fer2013plus/valid.parquet  score the weights that ship
  mien-models evaluate --model vgg-face --data test.parquet --labels fer2013 --json
  mien-models geometry                                   the crop, measured with the desk's detector
  mien-models card --measure                             all scores into the card, then its page
  mien-models card                                       the page alone, from the card and the results
  mien-models quality                                    accuracy against what the desk's gate measures
  mien-models train-cover                                the network that sees masks, into the desk's own bundle
  mien-models evaluate-cover --card                      its scores on all data sets, and its page
  mien-models clips build ck48                           clips, for networks over time
  mien-models clips folds runs/clips/ck48.parquet        those networks on people whom they never saw
  mien-models voice folds                                the voice network on speakers whom it never heard
  mien-models list                                       the models that are there
  mien-models compare --peer-python PYTHON               all of them and the `fer` package, into docs/models.md

Data files are looked for as given, then under the folder in MIEN_DATA."""

COMPARE_EXAMPLES = """examples:
  mien-models compare --peer-python PYTHON   every model and the peer: results, docs/models.md, README's figures
  mien-models compare --bundle DIR           with one more bundle
  mien-models compare --pages-only           the pages again, from the results

What is done is kept in --cache by the hashes of model, data and protocol: an interrupted run goes on where it was.
Speed and memory are measured anew each time, the models by turns on one core."""


def parser() -> argparse.ArgumentParser:
    """The command line of `mien-models`."""
    top = argparse.ArgumentParser(
        prog="mien-models",
        description="Trains, scores and describes Mien's networks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sub = top.add_subparsers(required=True, metavar="COMMAND")
    source_commands.add(sub)
    training_commands.add(sub)
    evaluation_commands.add(sub, PAGES)
    _compare_options(sub)
    cover_commands.add(sub, BUNDLE, PAGES)
    clip_commands.add(sub)
    time_commands.add_leakage(sub)
    voice_commands.add(sub)
    geometry = sub.add_parser("geometry", help="measure the crop beside the detector's box on training pictures")
    geometry.add_argument("--data", type=Path, default=TRAIN, help="what to draw pictures from")
    geometry.add_argument("--count", type=int, default=1500, help="pictures to draw (default %(default)s)")
    geometry.add_argument("--seed", type=int, default=1, help="another seed, other pictures")
    geometry.set_defaults(run_command=commands.geometry)
    return top


def _compare_options(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compare = sub.add_parser(
        "compare",
        help="score, time and weigh every model under one protocol",
        epilog=COMPARE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    compare.add_argument("--peer-python", metavar="PYTHON", help="an interpreter that has the peer (`fer`)")
    compare.add_argument("--rounds", type=int, default=9, help="by turns, for the speed (default %(default)s)")
    compare.add_argument("--cache", type=Path, default=Path("runs/compare"), help="what is done; default %(default)s")
    compare.add_argument("--results", type=Path, default=compare_results.RESULTS, help="the results file")
    compare.add_argument("--pages", type=Path, default=commands.DOCS, help="folder of models.md (default: docs/)")
    compare.add_argument("--pages-only", action="store_true", help="measure nothing: pages and figures of the results")
    compare.set_defaults(run_command=commands.compare)
    found = sub.add_parser("list", help="the models that are there: name, version, expressions, crop, size, where")
    found.set_defaults(run_command=commands.list_models)
    for each in (compare, found):
        each.add_argument("--bundle", type=Path, action="append", default=[], help="another bundle folder; repeatable")


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; 0 where it worked, 1 with one line on stderr where it did not."""
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()  # here, where a reader that has gone can still be answered for
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is left in the buffer goes nowhere, without a complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str] | None) -> int:
    options = parser().parse_args(arguments)
    try:
        options.run_command(options)
    except ModelsError as error:
        print(f"mien-models: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mien-models: interrupted; what is finished is kept (a training goes on with --resume)", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
