"""`mien-models clips`: builds sets of clips and says what is in one; what else is done with them is added to it."""

import argparse
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contract.expressions import EXPRESSIONS
from models.clips import clips as clip_files
from models.clips.clips import Clips
from models.clips.sources.ck48 import ck48
from models.clips.sources.dfew import dfew
from models.clips.sources.enterface import enterface
from models.clips.sources.folder import afew, folder
from models.clips.sources.oulu import oulu
from models.clips.sources.ravdess import ravdess
from models.clips.sources.taiwanese import pairs
from models.data import NOT_A_CLASS
from models.datasets import CK48, TAIWANESE, data_file
from models.sources.folder import UNSTATED
from models.temporal import commands as time_commands

# What each set is, where it lies by default, and what reads it.
SOURCES: dict[str, tuple[str, Path | None, Callable[[Path], Clips]]] = {
    "ck48": ("CK+ peak sequences, three frames of 48x48 each", CK48, ck48),
    "taiwanese": ("Taiwanese performers, a neutral still and then another", TAIWANESE, pairs),
    "ravdess": ("RAVDESS video: Actor_01/01-01-03-01-01-01-01.mp4", None, ravdess),
    "enterface": ("eNTERFACE'05: subject 1/anger/sentence 1/s1_an_1.avi", None, enterface),
    "oulu": ("Oulu-CASIA: VL/Strong/P001/Anger with 000.jpeg and on", None, oulu),
    "dfew": ("DFEW: EmoLabel_DataSplit or Annotation, and Clip/clip_224x224 with 00001/ of frames", None, dfew),
    "afew": ("AFEW: Train_AFEW/Angry/000123.avi", None, afew),
}

EXAMPLES = """examples:
  mien-models clips build ck48
  mien-models clips build ravdess RAVDESS/
  mien-models clips build folder clips/ --person '^[^/]+/([A-Z]+)'
  mien-models clips show runs/clips/ck48.parquet
  mien-models clips folds runs/clips/ck48.parquet --variant single-frame --variant st-attention
  mien-models clips train st-attention --stills runs/data/fer.parquet --people runs/data/muxspace.parquet"""


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the parser of `mien-models`."""
    raw = argparse.RawDescriptionHelpFormatter
    clips = sub.add_parser(
        "clips", help="build sets of clips, and score networks over time", epilog=EXAMPLES, formatter_class=raw
    )
    steps = clips.add_subparsers(required=True, metavar="STEP")
    build = steps.add_parser("build", help="read a data set and write a set of clips")
    kinds = build.add_subparsers(required=True, metavar="SET")
    for key, (help_text, default, read) in SOURCES.items():
        kind = kinds.add_parser(key, help=help_text)
        if default is None:
            kind.add_argument("place", type=Path, help="where it lies")
        else:
            kind.add_argument("--data", dest="place", type=Path, default=default, help="default: MIEN_DATA/%(default)s")
        kind.add_argument("--out", type=Path, default=Path(f"runs/clips/{key}.parquet"), help="default %(default)s")
        kind.set_defaults(run_command=partial(_build, read))
    _add_folder(kinds)
    show = steps.add_parser("show", help="say where the clips of a set come from, and what they show")
    show.add_argument("file", type=Path, help="a set of clips")
    show.set_defaults(run_command=lambda options: _show(options.file))
    time_commands.add(steps)


def _add_folder(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    own = kinds.add_parser("folder", help="a folder of videos for each expression")
    own.add_argument("place", type=Path, help="holds anger, happy, 0_neutral, ..., at any depth")
    own.add_argument("--person", default="", metavar="REGEX", help="finds the person in a video's path")
    own.add_argument("--name", default="", help="of the source (default: the folder's)")
    own.add_argument("--licence", default=UNSTATED, help="what the owner allows (default: %(default)s)")
    own.add_argument("--out", type=Path, default=Path("runs/clips/folder.parquet"), help="default %(default)s")
    own.set_defaults(run_command=_build_folder)


def _build(read: Callable[[Path], Clips], options: Namespace) -> None:
    clip_files.write(read(data_file(options.place)), options.out)
    _show(options.out)


def _build_folder(options: Namespace) -> None:
    clip_files.write(folder(options.place, options.name, options.person, options.licence), options.out)
    _show(options.out)


def _show(file: Path) -> None:
    clips = clip_files.read(file)
    for source in clips.manifest:
        own = clips.sources == source.name
        people = f" of {source.people} people" if source.people else ""
        print(f"{file}: {own.sum()} clips{people} from {source.name} ({source.origin}), {source.pictures} frames")
        print(f"  licence: {source.licence}")
        for why, count in source.left_out.items():
            print(f"  left out, {why}: {count}")
    shown = Counter(clips.labels.tolist())
    named = [f"{name} {shown[place]}" for place, name in enumerate(EXPRESSIONS) if shown[place]]
    print(
        f"{file}: {', '.join(named) or 'no labels'}"
        + (f"; without one {shown[NOT_A_CLASS]}" if shown[NOT_A_CLASS] else "")
    )
