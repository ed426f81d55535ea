"""`mien-models data`: builds prepared sets from data sets, and says what is in one."""

import argparse
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models import prepared
from models.data import read_columns
from models.datasets import CK48, MUXSPACE, TAIWANESE, TRAIN, VALID, data_file
from models.sources.asian import LAYOUTS, asian
from models.sources.ck48 import ck48
from models.sources.fer import fer
from models.sources.folder import UNSTATED, folder
from models.sources.kaggle import TRAINING, kaggle
from models.sources.muxspace import muxspace
from models.sources.people import FOLDS
from models.sources.taiwanese import taiwanese

EXAMPLES = """examples:
  mien-models data build fer
  mien-models data build csv fer2013.csv --votes fer2013new.csv
  mien-models data build folder CK+48 --person '^S[0-9]+' --licence "research only"
  mien-models data build asian taiwanese/ jaffe/ RAF-DB/basic oulu=NIR-VIS/
  mien-models data show runs/data/asian.parquet

docs/data.md says how each set is to lie, and what its owner allows."""

ASIAN = f"""Recognised in a folder, or one or two levels inside it:
{chr(10).join(f"  {layout.key:<10} {layout.title}: {layout.looks}" for layout in LAYOUTS)}

A folder that is not there is passed over. All of these sets are for research or academic use alone: take weights
trained on them as bound by that too."""

_Kinds = Callable[..., argparse.ArgumentParser]


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the parser of `mien-models`."""
    raw = argparse.RawDescriptionHelpFormatter
    data = sub.add_parser(
        "data", help="build a set to train on, or say what is in one", epilog=EXAMPLES, formatter_class=raw
    )
    steps = data.add_subparsers(required=True, metavar="STEP")
    build = steps.add_parser("build", help="read a data set and write a prepared set")
    kinds = build.add_subparsers(required=True, metavar="SET")
    _collected(kinds.add_parser)
    _posed(kinds.add_parser)
    of_asian = kinds.add_parser(
        "asian", help="Taiwanese, JAFFE, Oulu-CASIA, CASME, RAF-DB, DFEW", epilog=ASIAN, formatter_class=raw
    )
    of_asian.add_argument("places", nargs="+", metavar="[KEY=]DIR", help="where they lie; a KEY reads it as that alone")
    _out(of_asian, "asian", lambda options: asian(options.places))
    show = steps.add_parser("show", help="say where the pictures of a prepared set come from, and what they show")
    show.add_argument("file", type=Path, help="a prepared set")
    show.set_defaults(run_command=lambda options: _show(options.file))


def _collected(kind: _Kinds) -> None:
    """The sets whose pictures were collected, and those of one's own."""
    of_fer = kind("fer", help="FER-2013 with the FER+ votes, from parquet files")
    of_fer.add_argument("--data", type=Path, default=TRAIN, help="a split (default: MIEN_DATA/%(default)s)")
    of_fer.add_argument("--without-copies-of", type=Path, default=VALID, help="what is scored on (%(default)s)")
    _out(of_fer, "fer", lambda options: fer(data_file(options.data), data_file(options.without_copies_of)))
    of_csv = kind("csv", help="FER-2013 as Kaggle has it, with or without the FER+ votes")
    of_csv.add_argument("file", type=Path, help="fer2013.csv or icml_face_data.csv")
    of_csv.add_argument("--usage", default=TRAINING, help="the part to take; default %(default)s")
    of_csv.add_argument("--votes", type=Path, help="fer2013new.csv of FER+")
    _out(of_csv, "csv", lambda options: kaggle(options.file, options.usage, options.votes))
    of_folder = kind("folder", help="a folder with one folder of pictures for each expression")
    of_folder.add_argument("folder", type=Path, help="holds anger, happy, 0_neutral, ...")
    of_folder.add_argument("--person", default="", metavar="REGEX", help="finds the person in a picture's name")
    of_folder.add_argument("--name", default="", help="of the source (default: the folder's)")
    of_folder.add_argument("--licence", default=UNSTATED, help="what the owner allows (default: %(default)s)")
    _out(of_folder, "folder", lambda options: folder(options.folder, options.name, options.person, options.licence))
    of_muxspace = kind("muxspace", help="news photos without labels, for a teacher to answer")
    of_muxspace.add_argument("--data", type=Path, default=MUXSPACE, help="default: MIEN_DATA/%(default)s")
    of_muxspace.add_argument(
        "--folds", type=int, nargs="+", choices=range(FOLDS), default=[0, 1, 2], help="fifths of the people (0 1 2)"
    )
    _out(of_muxspace, "muxspace", lambda options: muxspace(data_file(options.data), frozenset(options.folds)))


def _posed(kind: _Kinds) -> None:
    """The sets of people who posed, from parquet files."""
    of_ck48 = kind("ck48", help="CK+ peak frames, 48x48")
    of_ck48.add_argument("--data", type=Path, default=CK48, help="default: MIEN_DATA/%(default)s")
    _out(of_ck48, "ck48", lambda options: ck48(data_file(options.data)))
    of_taiwanese = kind("taiwanese", help="Taiwanese performers, as most raters named them")
    of_taiwanese.add_argument("--data", type=Path, default=TAIWANESE, help="default: MIEN_DATA/%(default)s")
    _out(of_taiwanese, "taiwanese", lambda options: taiwanese(data_file(options.data)))


def _out(parser: argparse.ArgumentParser, name: str, build: Callable[[Namespace], prepared.Prepared]) -> None:
    """Lets the parser's command build a set and write it."""
    parser.add_argument("--out", type=Path, default=Path(f"runs/data/{name}.parquet"), help="default %(default)s")
    parser.set_defaults(run_command=lambda options: _written(build(options), options.out))


def _written(found: prepared.Prepared, out: Path) -> None:
    prepared.write(found, out)
    _show(out)


def _show(file: Path) -> None:
    for source in prepared.manifest(file):
        people = f" of {source.people} people" if source.people else ""
        print(f"{file}: {source.pictures} pictures{people} from {source.name} ({source.origin})")
        print(f"  licence: {source.licence}")
        for why, count in source.left_out.items():
            print(f"  left out, {why}: {count}")
    shown = Counter(read_columns(file, ("emotion",))["emotion"])
    named = [f"{name} {shown[name]}" for name in EXPRESSIONS if shown[name]]
    print(f"{file}: {', '.join(named) or 'no single labels'}" + (f"; without one {shown[None]}" if shown[None] else ""))
