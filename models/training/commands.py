"""`mien-models train`: what its options are, and what it does with them."""

import argparse
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from models import prepared
from models.data import Bytes, Floats, read_faces
from models.datasets import VALID, data_file
from models.errors import TrainingError
from models.heads import LOGITS
from models.prepared import Prepared
from models.training import loop
from models.training.folds import crossvalidated
from models.training.folds import table as folds_table
from models.training.machine import Machine, bfloat16_helps
from models.training.recipe import RECIPES, Recipe
from models.training.targets import TrainingSet, asked, of_views, taken, training_set
from models.training.teach import agreed
from models.training.views import views

EXAMPLES = """examples:
  mien-models train vgg-face --data runs/data/fer.parquet --threads 2
  mien-models train student --data runs/data/fer.parquet --data runs/data/muxspace.parquet --teacher runs/vgg-face
  mien-models train face-asia --data runs/data/fer.parquet --data runs/data/asian.parquet --start runs/student --folds 5
  mien-models train vgg16-av --data runs/data/fer.parquet --start runs/vgg-face --start runs/vgg-face-wide
  mien-models train student ... --resume       go on after an interruption, or after --until

A recipe says which network, for how long, and how pictures are varied; models/training/recipe.py has them all. With a
GPU it is used (--device cpu does without)."""


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the parser of `mien-models`."""
    train = sub.add_parser(
        "train",
        help="train a network by a recipe",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.add_argument("recipe", choices=sorted(RECIPES), help="which network, and how")
    train.add_argument("--data", type=Path, action="append", required=True, help="a prepared set; repeatable")
    train.add_argument("--out", type=Path, help="folder of the run (default: runs/RECIPE)")
    train.add_argument("--valid-data", type=Path, default=VALID, help="only reported on; default MIEN_DATA/%(default)s")
    train.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        help="a finished run, or a bundle; repeatable; its answers are kept beside --out",
    )
    train.add_argument(
        "--start",
        type=Path,
        action="append",
        default=[],
        help="a finished run, or a .onnx that was exported, to begin with its weights; another head does not matter; "
        "repeatable: the mean of several",
    )
    train.add_argument("--folds", type=int, help="first train and score so many times, each time without other people")
    train.add_argument("--epochs", type=int, help="passes over the pictures (default: the recipe's)")
    train.add_argument("--batch", type=int, help="pictures a step (default: the recipe's)")
    train.add_argument("--seed", type=int, default=1, help="another seed, another run (default %(default)s)")
    train.add_argument("--until", type=int, help="stop after this epoch, to go on later with --resume")
    train.add_argument("--threads", type=int, default=1, help="cores to use (default %(default)s)")
    train.add_argument("--device", default="", help="cpu, cuda, ... (default: a GPU where there is one)")
    train.add_argument("--plain", action="store_true", help="float32 and no compilation: slower, needs no compiler")
    train.add_argument("--resume", action="store_true", help="go on with the run that lies in --out")
    train.set_defaults(run_command=run)


def run(options: Namespace) -> None:
    """Trains, or goes on with a training, and says where the result is."""
    recipe = RECIPES[options.recipe]
    changed = {name: getattr(options, name) for name in ("epochs", "batch") if getattr(options, name)}
    recipe = replace(recipe, seed=options.seed, **changed)
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(options.threads)
    sets = [prepared.read(path) for path in options.data]
    out = options.out or Path("runs") / options.recipe
    bfloat16 = not options.plain and bfloat16_helps(device)
    machine = Machine(options.threads, device, compile=not options.plain, bfloat16=bfloat16)
    valid = read_faces(data_file(options.valid_data))
    if options.folds:
        *others, last = sets
        scores = crossvalidated(others, last, options.folds, valid, out, recipe, machine, options.start)
        print(folds_table(scores))
    pictures = prepared.joined([taken(each, recipe.each, recipe.seed) for each in sets])
    learned = _learned(pictures, options.teacher, recipe, out.parent, device)
    checkpoint = loop.train(
        learned, valid, out, recipe, machine, resume=options.resume, epochs=options.until, start=options.start
    )
    print(f"{checkpoint}: done; export it with `mien-convert export {out}`")


def _learned(pictures: Prepared, teachers: list[Path], recipe: Recipe, kept_in: Path, device: str) -> TrainingSet:
    """What is learned from; a teacher is asked about no picture for which its answer is not used."""
    if not teachers:
        if recipe.views:
            raise TrainingError("the recipe is of a student whose teachers see what it sees; name one by --teacher")
        return training_set(pictures, recipe.smoothing)

    def teacher(images: Bytes) -> Floats:
        return agreed(teachers, images, kept_in, device)

    if recipe.views:
        seen = views(pictures.images, recipe.views, recipe.seed)
        return of_views(pictures, seen, recipe.smoothing, recipe.taught, teacher)
    answers: Floats = np.zeros((len(pictures), LOGITS), np.float32)
    rows = asked(pictures, recipe.taught)
    if len(rows):
        answers[rows] = teacher(pictures.images[rows])
    return training_set(pictures, recipe.smoothing, recipe.taught, answers)
