"""`mien-models voice`: the voice network's training and scores, on people whom it never heard."""

import argparse
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import torch

from edge.runtime.backend import ModelFile
from edge.sound.speech import Speech
from models.card import sha256_of
from models.datasets import FER_PLUS, VALID, data_file
from models.errors import DataError
from models.model import Model
from models.registry import BUNDLES, DEFAULT, bundle_named
from models.samples import read_samples
from models.training.machine import Machine, bfloat16_helps
from models.voice import calibration, page, results
from models.voice.calibrate import calibrated, looks_of, reliability_of, unheard
from models.voice.calibration import worth
from models.voice.folds import ASIDE, Sounds, Trial, noise_scores, read_answers, table, whole_scores
from models.voice.heads import RAVDESS, as_expressions
from models.voice.pairs import scored
from models.voice.pairs import table as pairs_table
from models.voice.train import VoiceRecipe
from models.voice.utterances import CORPORA, Utterance, read, read_noises
from models.voice.vary import spoken_part

EXAMPLES = """examples:
  mien-models voice folds --threads 2            scores on speakers kept apart, in noise, and on a set untouched
  mien-models voice train --threads 2            the network that ships, of all speakers
  mien-models voice pairs                        face and voice together, of different people
  mien-models voice pairs --model vgg-face --point vgg16-av    the same with another model's faces
  mien-models voice card                         the page of its card, from the card and the results
  mien-models voice show savee SAVEE/            what is in a folder of a data set's layout

A training that is done is not done again: an interrupted run goes on."""

TALKER_FILE = "one_male_english"
SPEECH = BUNDLES / "voice" / "speech.onnx"
PAGES = Path(__file__).resolve().parent.parent / "cards"


def add(sub: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the parser of `mien-models`."""
    raw = argparse.RawDescriptionHelpFormatter
    voice = sub.add_parser("voice", help="train and score the voice network", epilog=EXAMPLES, formatter_class=raw)
    steps = voice.add_subparsers(required=True, metavar="STEP")
    folds = steps.add_parser("folds", help="score it on speakers whom it never heard")
    folds.set_defaults(run_command=run_folds)
    train = steps.add_parser("train", help="train it on all speakers")
    train.set_defaults(run_command=run_train)
    _add_faces(train)
    for command in (folds, train):
        _add_run(command)
        command.add_argument("--epochs", type=int, default=VoiceRecipe.epochs, help="default %(default)s")
        command.add_argument("--seed", type=int, default=1, help="another seed, another run (default %(default)s)")
        command.add_argument("--threads", type=int, default=1, help="cores to use (default %(default)s)")
        command.add_argument("--plain", action="store_true", help="without compilation and bfloat16: slower")
    pairs = steps.add_parser("pairs", help="score it together with a face, on pairs of different people")
    _add_run(pairs)
    _add_faces(pairs)
    pairs.add_argument("--model", default="default", help="what reads the faces (default %(default)s)")
    pairs.add_argument("--point", default="", help="at which operating point (default: the model's first)")
    pairs.set_defaults(run_command=run_pairs)
    for command in (folds, pairs):
        command.add_argument("--keep", action="store_true", help=f"write it into models/results/{results.FILE}")
    card = steps.add_parser("card", help="write the page of its card")
    card.add_argument("--pages", type=Path, default=PAGES, help="folder (default: models/cards)")
    card.set_defaults(run_command=run_card)
    show = steps.add_parser("show", help="say what is in a folder of a data set's layout")
    show.add_argument("corpus", choices=sorted(CORPORA), metavar="SET", help=", ".join(sorted(CORPORA)))
    show.add_argument("place", type=Path, help="where it lies")
    show.set_defaults(run_command=run_show)


def _add_run(command: argparse.ArgumentParser) -> None:
    for name in ("ravdess", "emodb", "noise"):
        command.add_argument(f"--{name}", type=Path, default=Path(name), help="folder (default: MIEN_DATA/%(default)s)")
    command.add_argument("--out", type=Path, default=Path("runs/voice"), help="what is done; default %(default)s")


def _add_faces(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--faces",
        type=Path,
        default=VALID,
        help="labelled faces, whose even rows say how far a face is believed (default: MIEN_DATA/%(default)s)",
    )


def run_show(options: Namespace) -> None:
    """Says what is in a folder."""
    corpus = CORPORA[options.corpus]
    found = read(corpus, options.place)
    speakers = {each.speaker for each in found.utterances}
    print(f"{options.place}: {len(found.utterances)} utterances of {len(speakers)} speakers, {corpus.licence}")
    for label, count in Counter(each.label for each in found.utterances).most_common():
        print(f"  {label:<10} {count}")
    for why, count in found.left_out.items():
        print(f"  left out, {why}: {count}")


def run_folds(options: Namespace) -> None:
    """Scores the network on each fold of speakers, trained on the others."""
    trial = _trial(options)
    answers = list(trial.answers())
    scores = [*whole_scores(trial.sounds.utterances, answers), *trial.untouched()]
    noise = noise_scores(trial.sounds.utterances, answers)
    talker = trial.beside_a_talker()
    print(table(scores, [*noise, *([talker] if talker is not None else [])]))
    if options.keep:
        kept = msgspec.structs.replace(
            results.load(),
            scores=tuple(scores),
            noise=tuple(noise),
            talker=talker,
            folds_command="mien-models voice folds",
        )
        print(results.save(kept))


def run_train(options: Namespace) -> None:
    """Trains the network on all speakers, and writes what its answers are worth."""
    trial = _trial(options)
    utterances = trial.sounds.utterances
    trial.network("all", np.arange(len(utterances)))
    answers = list(trial.answers())
    logits, labels, _ = looks_of(utterances, answers)
    speakers = len({each.speaker for each in utterances})
    found = worth(
        calibrated(logits, labels),
        noise_scores(utterances, answers),
        calibration.faces(data_file(options.faces)),
        len(utterances),
        speakers,
        options.epochs,
        options.seed,
    )
    calibration.save(found, options.out)
    print(f"{options.out}: done; export it with `mien-convert voice {options.out}`")


def run_pairs(options: Namespace) -> None:
    """Scores ways to read a face and a voice together."""
    utterances = sounds_of(options.ravdess, options.emodb, options.noise).utterances
    logits, labels, speakers = looks_of(utterances, read_answers(options.out))
    voices, reliability = unheard(logits, labels, speakers)
    true = as_expressions(np.eye(len(RAVDESS.classes), dtype=np.float32)[labels], RAVDESS).argmax(axis=1)
    model = Model(bundle_named(options.model), options.point)
    faces = read_samples(data_file(options.faces), model.card.input.crop_of_box_height, model.card.input.size, FER_PLUS)
    even, odd = faces[::2], faces[1::2]
    found = scored(
        (
            f"{options.faces.name}, odd rows, {model.card.name} at {model.point.name}",
            "RAVDESS, two seconds each, speakers apart",
        ),
        (model.shares(odd.crops), odd.labels),
        (voices, true),
        speakers,
        (np.array(reliability_of(model.shares(even.crops), even.labels), np.float32), reliability),
    )
    print(pairs_table(found))
    if options.keep:
        asked = f" --model {options.model}" if options.model != DEFAULT.name else ""
        asked += f" --point {options.point}" if options.point else ""
        found = msgspec.structs.replace(found, command=f"mien-models voice pairs{asked}")
        print(results.save(results.with_pairs(results.load(), found)))


def run_card(options: Namespace) -> None:
    """Writes the page of the packaged voice."""
    path = options.pages / page.FILE
    path.write_text(page.page(page.read_card(SPEECH.with_name("voice.json")), results.load()), encoding="utf-8")
    print(path)


def _trial(options: Namespace) -> Trial:
    torch.set_num_threads(options.threads)
    recipe = replace(VoiceRecipe(), epochs=options.epochs, seed=options.seed)
    sounds = sounds_of(options.ravdess, options.emodb, options.noise)
    machine = Machine(options.threads, compile=not options.plain, bfloat16=not options.plain and bfloat16_helps("cpu"))
    return Trial(sounds, recipe, machine, options.out)


def sounds_of(ravdess: Path, emodb: Path, noise: Path) -> Sounds:
    """What there is to train on: utterances cut to what is spoken, and noises, some kept aside."""
    speech = Speech(ModelFile(SPEECH, sha256_of(SPEECH)))
    utterances = []
    for key, place in (("ravdess", ravdess), ("emodb", emodb)):
        utterances += [
            Utterance(spoken_part(each.sound, speech), each.label, each.speaker, each.corpus)
            for each in read(CORPORA[key], data_file(place)).utterances
        ]
    # n1 ... n100 are noises; beside them lie a street and a talker, who is no noise to be learned.
    there = read_noises(data_file(noise))
    noises = [sound for name, sound in sorted(there.items()) if name[1:].isdecimal()]
    if len(noises) < 2:
        raise DataError(f"{noise}: holds fewer than two noises named n1, n2, ...; give a folder of them")
    heard = round(len(noises) * (1 - ASIDE))
    return Sounds(utterances, noises[:heard], noises[heard:], there.get(TALKER_FILE))
