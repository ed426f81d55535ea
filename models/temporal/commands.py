"""`mien-models clips train`, `evaluate`, `folds` and `mien-models leakage`: networks over time, put to the test."""

import argparse
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from contract.expressions import EXPRESSIONS
from models import prepared
from models.clips import clips as clip_files
from models.clips.batch import Batch, plain
from models.clips.sources.ck48 import folds
from models.data import NOT_A_CLASS, Floats
from models.errors import CheckpointError, DataError
from models.heads import FERPLUS
from models.networks.preprocess import normalise
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention
from models.prepared import Prepared
from models.registry import DEFAULT
from models.scores import fitted, score, softmax
from models.sources.ck48 import NAME as CK_PLUS
from models.temporal import results
from models.temporal.attended import attended
from models.temporal.fit import TimeRecipe
from models.temporal.folds import Trial, over_time
from models.temporal.folds import table as folds_table
from models.temporal.identity import Blind
from models.temporal.kept import kept_of
from models.temporal.leakage import leakage
from models.temporal.leakage import table as leakage_table
from models.temporal.student import SEEN, student_from
from models.temporal.train import train, trained
from models.temporal.variants import BY_NAME, VARIANTS, stills
from models.training.augment import Field, framed
from models.training.folds import dealt

_RAW = argparse.RawDescriptionHelpFormatter
_TOLD = "\n".join(f"  {each.name:<24} {each.told}" for each in VARIANTS)

TRAIN = f"""examples:
  mien-models clips train st-attention --stills runs/data/fer.parquet --people runs/data/muxspace.parquet
  mien-models clips train two-stream --stills runs/data/fer.parquet --clips runs/clips/ck48.parquet

variants:
{_TOLD}

Clips are made of stills by known motion; --clips adds real ones. The student's features stay as they are."""

FOLDS = f"""variants:
{_TOLD}

Each is trained on all folds of people but one and answers to that one. CK+ has its folds in a file; other people are
dealt into --folds. A variant of which --begin holds a run begins with that. What is done is not done again: an
interrupted run goes on."""

LEAKAGE = """examples:
  mien-models leakage edge/bundles/st-attention --people runs/data/muxspace-others.parquet
  mien-models leakage runs/st-attention --people runs/data/muxspace-others.parquet

The people must be others than those it was trained on: `mien-models data build muxspace --folds 3 4`. An attacker
learns on half of them to tell whether two embeddings are one person's, and is scored on the other half, five times.
The area under its curve is printed, 50 being chance: of the student's features, of what the identity-aware layer makes
of them, and of two controls, which must come out above 95 and near 50 or the check is blind."""


def add(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the steps to the parser of `mien-models clips`."""
    _add_train(steps)
    of_run = steps.add_parser("evaluate", help="score a run's network on a set of clips")
    of_run.add_argument("run", type=Path, help="folder of a finished run")
    of_run.add_argument("file", type=Path, help="a set of clips")
    _student(of_run)
    of_run.set_defaults(run_command=run_evaluate)
    _add_folds(steps)
    look = steps.add_parser("attention", help="say where a run's network looks on the faces of each expression")
    look.add_argument("run", type=Path, help="folder of a finished run of st-attention")
    look.add_argument("--stills", type=Path, required=True, help="a prepared set with votes")
    _student(look)
    _keep(look)
    look.set_defaults(run_command=run_attention)


def add_leakage(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `leakage` to the parser of `mien-models`."""
    found = sub.add_parser(
        "leakage", help="how much of who somebody is a learned attacker finds", epilog=LEAKAGE, formatter_class=_RAW
    )
    found.add_argument("run", type=Path, help="folder of a finished run of st-attention, or of its bundle")
    found.add_argument("--people", type=Path, required=True, help="a prepared set of other people, who are named")
    _student(found)
    _keep(found)
    found.set_defaults(run_command=run_leakage)


def _keep(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--keep", action="store_true", help=f"write it into models/results/{results.FILE}, of which cards are made"
    )


def _student(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--start", type=Path, default=DEFAULT / "expression.onnx", help="the student (default: the one that ships)"
    )
    command.add_argument("--threads", type=int, default=1, help="cores to use (default %(default)s)")


def _add_train(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = steps.add_parser("train", help="train a network over time", epilog=TRAIN, formatter_class=_RAW)
    found.add_argument("variant", choices=[each.name for each in VARIANTS], metavar="VARIANT", help="which")
    found.add_argument("--stills", type=Path, required=True, help="a prepared set with votes, to make clips of")
    found.add_argument("--people", type=Path, help="a prepared set of named people, for the identity-aware layer")
    found.add_argument("--clips", type=Path, help="a set of real clips")
    found.add_argument("--count", type=int, default=2000, help="clips to make (default %(default)s)")
    found.add_argument("--epochs", type=int, default=TimeRecipe.epochs, help="default %(default)s")
    found.add_argument("--seed", type=int, default=1, help="another seed, another run (default %(default)s)")
    found.add_argument(
        "--reversal",
        type=float,
        default=Blind.reversal,
        help="how hard who tells people apart is worked against; 0: not at all (default %(default)s)",
    )
    found.add_argument("--out", type=Path, help="folder of the run (default: runs/VARIANT)")
    _student(found)
    found.set_defaults(run_command=run_train)


def _add_folds(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    found = steps.add_parser(
        "folds", help="score networks over time, each without a fold of the people", epilog=FOLDS, formatter_class=_RAW
    )
    found.add_argument("file", type=Path, help="a set of clips in which everybody is named")
    names = [each.name for each in VARIANTS]
    found.add_argument("--variant", action="append", choices=names, metavar="NAME", help="repeatable (default: all)")
    found.add_argument("--folds", type=int, default=10, help="of people that no file deals (default %(default)s)")
    found.add_argument("--epochs", type=int, default=TimeRecipe.epochs, help="default %(default)s")
    found.add_argument("--views", type=int, default=TimeRecipe.views, help="ways to vary a clip (default %(default)s)")
    found.add_argument("--seeds", type=int, default=1, help="times each is trained; answers are averaged (%(default)s)")
    found.add_argument("--begin", type=Path, metavar="RUNS", help="folder of runs of `clips train`, each by its name")
    found.add_argument("--out", type=Path, default=Path("runs/folds"), help="what is done; default %(default)s")
    _student(found)
    _keep(found)
    found.set_defaults(run_command=run_folds)


def run_train(options: Namespace) -> None:
    """Trains a variant, and says where the result is."""
    torch.set_num_threads(options.threads)
    pictures = prepared.read(options.stills)
    people = prepared.read(options.people) if options.people else None
    real = clip_files.read(options.clips) if options.clips else None
    recipe = replace(MADE, epochs=options.epochs, seed=options.seed)
    out = options.out or Path("runs") / options.variant
    student = _student_for(options.start, pictures)
    blind = replace(Blind(), reversal=options.reversal)
    train(BY_NAME[options.variant], pictures, people, student, options.count, out, recipe, blind, clips=real)
    print(f"{out}: done; score it with `mien-models clips evaluate {out} CLIPS`")


def run_evaluate(options: Namespace) -> None:
    """Scores a run on all labelled clips of a set, among the expressions that they show."""
    torch.set_num_threads(options.threads)
    clips = clip_files.read(options.file)
    clips = clips[clips.labels != NOT_A_CLASS]
    if not len(clips):
        raise DataError(f"{options.file}: holds no labelled clip")
    seen = plain(clips, MADE.field)
    student = student_from(options.start, seen)
    shares = _shares(options.run, student, seen)
    offered = tuple(EXPRESSIONS[place] for place in np.unique(clips.labels))
    found = score(fitted(shares, EXPRESSIONS, offered), clips.labels, EXPRESSIONS)
    print(
        f"{options.file}: {found.n} clips, accuracy {100 * found.accuracy:.1f} ± {100 * found.standard_error:.1f}, "
        f"macro-F1 {100 * found.macro_f1:.1f}"
    )
    for name, recall in found.recall.items():
        print(f"  {name:<10} {100 * recall:5.1f} % of {found.labelled[name]}")


def run_folds(options: Namespace) -> None:
    """Scores the variants on the people of a set, and prints a line each."""
    torch.set_num_threads(options.threads)
    clips = clip_files.read(options.file)
    if not clips.people.all() or (clips.labels == NOT_A_CLASS).any():
        raise DataError(f"{options.file}: folds need clips that are all labelled, of people who are all named")
    is_ck = {source.name for source in clips.manifest} == {CK_PLUS}
    fold_of = folds(clips) if is_ck else dealt(clips.people.tolist(), options.folds)
    recipe = TimeRecipe(epochs=options.epochs, views=options.views)
    student = student_from(options.start, plain(clips, recipe.field))
    names = options.variant or [each.name for each in VARIANTS]
    trial = Trial(clips, fold_of, student, recipe, options.out, options.seeds, options.begin)
    found = over_time(trial, names)
    print(folds_table(found))
    if options.keep:
        variants = "".join(f" --variant {name}" for name in names)
        variants += f" --begin {options.begin.name}" if options.begin else ""
        print(results.keep_folds(found, f"mien-models clips folds {options.file.name}{variants}"))


def run_leakage(options: Namespace) -> None:
    """Attacks what the identity-aware layer of a run or a bundle gives."""
    torch.set_num_threads(options.threads)
    people = prepared.read(options.people)
    named = people[people.people != ""]
    student = _student_for(options.start, named)
    _, who = np.unique(named.people, return_inverse=True)
    faces = _faces(named, MADE.field)
    maps = stills(faces, student)
    with torch.no_grad():
        features = maps.mean(dim=(2, 3))
        shown = student.head(features)[:, FERPLUS.columns].argmax(dim=1).numpy()
    kinds: dict[str, Floats] = {
        "the student's features": features.numpy(),
        "what the layer gives": kept_of(options.run, faces, maps, student),
    }
    found = leakage(kinds, who.astype(np.int64), shown.astype(np.int64))
    print(leakage_table(found))
    if options.keep:
        print(results.keep_leakage(found, f"mien-models leakage {options.run.name} --people {options.people.name}"))


def run_attention(options: Namespace) -> None:
    """Says where a run's network looks."""
    torch.set_num_threads(options.threads)
    pictures = prepared.read(options.stills)
    student = _student_for(options.start, pictures)
    _, network = trained(options.run, student)
    if not isinstance(network, STAttention):
        raise CheckpointError(f"{options.run}: is no run of st-attention, which alone looks at places")
    found = attended(network, student, pictures, MADE.field)
    for each in found:
        peaks = [np.unravel_index(int(np.argmax(places)), np.shape(places)) for places in each.maps]
        told = ", ".join(f"row {row + 1} column {column + 1}" for row, column in peaks)
        print(f"{each.expression:<10} {each.n:>5} faces; most at {told} of {len(each.maps[0])}")
    if options.keep:
        command = f"mien-models clips attention {options.run.name} --stills {options.stills.name}"
        print(results.keep_attended(found, command))


# Made clips are many and never alike: trained for longer than a few posed ones, and moved by their own motion.
MADE = TimeRecipe(epochs=20, batch=32, learning_rate=2e-3, smoothing=0.0, average=0.995, field=SEEN)


def _faces(pictures: Prepared, field: Field) -> torch.Tensor:
    return framed(normalise(torch.from_numpy(pictures.images)[:, None]), field)


def _student_for(start: Path, pictures: Prepared) -> SEResNet:
    faces = _faces(pictures[:512], MADE.field)[:, None]
    return student_from(start, Batch(faces, torch.zeros(len(faces), 1), torch.ones(len(faces), 1)))


def _shares(run: Path, student: SEResNet, seen: Batch) -> Floats:
    """What a run's network answers (N, 8), over the clips and their mirror images."""
    variant, network = trained(run, student)
    with torch.no_grad():
        logits = torch.stack([network(*variant.inputs(each, student)) for each in (seen, seen.mirrored())])
    return np.asarray(softmax(logits.numpy(), 1.0).mean(axis=0), np.float32)
