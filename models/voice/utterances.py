"""Labelled speech: what each piece of sound shows by whom, and the data sets in which people have it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from edge.errors import CaptureError
from edge.sound.samples import RATE, Samples, read_sound
from models.errors import DataError
from models.voice.heads import RAVDESS

FILES = (".flac", ".wav", ".mp4", ".avi", ".mp3", ".m4a", ".mkv", ".mov")
SHORTEST_S = 0.3


@dataclass(frozen=True)
class Utterance:
    """A piece of sound, what it shows by its data set's own labels, who speaks, and in which data set."""

    sound: Samples
    label: str
    speaker: str
    corpus: str


@dataclass(frozen=True)
class Corpus:
    """A data set of speech: `parse` gives (label, speaker) from a file's path below the set's folder, or why not."""

    key: str
    title: str
    layout: str
    licence: str
    parse: Callable[[Path], tuple[str, str] | str]


@dataclass(frozen=True)
class Read:
    """What was read of a folder, and how many files were left out for which reason."""

    utterances: list[Utterance]
    left_out: dict[str, int]


def _ravdess(path: Path) -> tuple[str, str] | str:
    named = re.fullmatch(r"(\d\d)-(\d\d)-(\d\d)-\d\d-\d\d-\d\d-(\d\d)", path.stem)
    if named is None or not 1 <= int(named[3]) <= len(RAVDESS.classes):
        return "not named as RAVDESS names its files"
    if named[1] == "02":
        return "without sound"
    if named[2] != "01":
        return "sung"
    return _RAVDESS[int(named[3]) - 1], f"actor {named[4]}"


_RAVDESS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")  # 01 to 08


def _emodb(path: Path) -> tuple[str, str] | str:
    named = re.fullmatch(r"(\d\d)[ab]\d\d([WLEAFTN])[a-z]", path.stem)
    return (_EMODB[named[2]], f"speaker {named[1]}") if named else "not named as EMO-DB names its files"


_EMODB = dict(zip("WLEAFTN", ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral"), strict=True))


def _savee(path: Path) -> tuple[str, str] | str:
    """`DC/a01.wav`, or `DC_a01.wav` where all lie in one folder."""
    named = re.fullmatch(r"(?:([A-Z]{2})_)?(sa|su|[adfhn])\d\d", path.stem)
    speaker = (named[1] or path.parent.name) if named else ""
    if named is None or not re.fullmatch(r"[A-Z]{2}", speaker):
        return "not named as SAVEE names its files"
    return _SAVEE[named[2]], f"speaker {speaker}"


_SAVEE = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}


def _enterface(path: Path) -> tuple[str, str] | str:
    """`subject 1/anger/sentence 1/s1_an_1.avi`."""
    subject = next((found[1] for each in path.parts[:-1] if (found := _SUBJECT.fullmatch(each))), None)
    label = next((each.lower() for each in path.parts[:-1] if each.lower() in _ENTERFACE), None)
    if subject is None or label is None:
        return "in no folder of a subject and an expression"
    return _ENTERFACE[label], f"subject {int(subject)}"


_SUBJECT = re.compile(r"subject[\s_]*(\d+)", re.IGNORECASE)
_ENTERFACE = {each: each for each in ("anger", "disgust", "fear", "happiness", "sadness", "surprise")}

CORPORA = {
    each.key: each
    for each in (
        Corpus("ravdess", "RAVDESS", "03-01-05-01-02-01-12.flac, or its videos", "CC BY-NC-SA 4.0", _ravdess),
        Corpus("emodb", "EMO-DB", "03a01Wa.flac", "free for research (check with the owner)", _emodb),
        Corpus("savee", "SAVEE", "DC/a01.wav or DC_a01.wav, or its videos", "research only, by registration", _savee),
        Corpus(
            "enterface",
            "eNTERFACE'05",
            "subject 1/anger/sentence 1/s1_an_1.avi",
            "research only (check with the owner)",
            _enterface,
        ),
    )
}


def read(corpus: Corpus, root: Path) -> Read:
    """All speech of a data set that lies in a folder. Raises DataError where nothing of it is there, or a file broken.

    A take that is there as a sound and as a video is taken once.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give one with {corpus.title}: {corpus.layout}")
    left_out, found = Counter[str](), []
    for path in tqdm(list(_once(_files(root))), desc=corpus.title, mininterval=2):
        told = corpus.parse(path.relative_to(root))
        if isinstance(told, str):
            left_out[told] += 1
            continue
        sound = _sound(path)
        if len(sound) < SHORTEST_S * RATE:
            left_out["shorter than a word"] += 1
            continue
        found.append(Utterance(sound, told[0], f"{corpus.title} {told[1]}", corpus.key))
    if not found:
        why = "; ".join(f"{count} {reason}" for reason, count in left_out.items())
        raise DataError(f"{root}: holds no speech of {corpus.title}{f' ({why})' if why else ''}; {corpus.layout}")
    return Read(found, dict(left_out))


def _files(root: Path) -> Iterator[Path]:
    return (each for each in sorted(root.rglob("*")) if each.suffix.lower() in FILES)


def _once(paths: Iterable[Path]) -> Iterator[Path]:
    """Each take once: RAVDESS gives 01- (video with sound) and 03- (sound alone) of the same."""
    taken = set[tuple[Path, str]]()
    for path in paths:
        take = re.sub(r"^0[13](?=-\d\d-\d\d-)", "", path.stem)
        if (path.parent, take) not in taken:
            taken.add((path.parent, take))
            yield path


def _sound(path: Path) -> Samples:
    try:
        return read_sound(path)
    except CaptureError as error:
        raise DataError(str(error)) from None


def read_noises(folder: Path) -> dict[str, Samples]:
    """Every sound in a folder by its file's name without the ending. Raises DataError where there is none."""
    found = {path.stem: _sound(path) for path in _files(folder)}
    if not found:
        raise DataError(f"{folder}: holds no sound; give a folder of noises, or set MIEN_DATA")
    return found


def labels_of(utterances: list[Utterance], classes: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The place of each label (N,) among `classes`, -1 where it is none of them."""
    return np.array([classes.index(each.label) if each.label in classes else -1 for each in utterances], np.int64)
