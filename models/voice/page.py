"""The page of the voice's card, from the card beside the networks and the results file."""

from pathlib import Path
from typing import Any

import msgspec

from contract.expressions import EXPRESSIONS
from models.errors import CardError
from models.voice.folds import ACROSS, NoiseScore, VoiceScores
from models.voice.pairs import PairScores
from models.voice.results import VoiceResults

FILE = "mien-voice.md"


def read_card(path: Path) -> dict[str, Any]:
    """The card at `path`, decoded. Raises CardError."""
    try:
        card: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise CardError(f"{path}: cannot read the card: {error.strerror}; write it with `mien-convert voice`") from None
    except msgspec.DecodeError as error:
        raise CardError(f"{path}: not a card: {error}; write it with `mien-convert voice`") from None
    return card


def page(card: dict[str, Any], results: VoiceResults) -> str:
    """The card as Markdown."""
    taken, network, merging = card["input"], card["network"], card["merging"]
    lines = [
        f"# {card['name']} {card['version']}",
        "",
        f"`{card['file']}`, sha256 `{card['sha256']}`. This page is made from the JSON card beside the networks and "
        "the results file by `mien-models voice card`. How a desk listens: [docs/voice.md](../../docs/voice.md).",
        "",
        f"Licence: {card['licence']}. {network['parameters'] / 1e6:.2f} M parameters; the network that takes noise out "
        f"has {network['noise_parameters'] / 1e6:.2f} M.",
        "",
        "## Use it for",
        "",
        *(f"- {each}" for each in card["intended_use"]),
        "",
        "## It must not be used for",
        "",
        *(f"- {each}" for each in card["must_not_be_used_for"]),
        "",
        "## Limits",
        "",
        *(f"- {each}" for each in card["limits"]),
        "",
        "## Input and output",
        "",
        f"- `rows` (batch, 1, {taken['bands'] + taken['pitches']}, {taken['frames']}) float32: {taken['bands']} "
        f"log-mel bands of two seconds at {taken['rate']} Hz, and under them how much each frame repeats itself at "
        f"{taken['pitches']} pitches (`edge/sound/bands.py`)",
        f"- `{card['output']['name']}` (batch, {len(card['output']['classes'])}) float32: logits of "
        f"{', '.join(card['output']['classes'])}; calm is added to neutral in a reading",
        f"- Probabilities are softmax(logits / {card['temperature']}); unsure below {card['unsure_below']}; not read "
        f"where speech is less than {card['too_noisy_below_db']:g} dB louder than the room.",
        "",
        "## Trained on",
        "",
        *(f"- {each['name']}: {each['source']} Licence: {each['licence']}" for each in card["trained_on"]),
        "",
        card["training"],
        "",
        card["calibration"],
        *scores_of(results.scores),
        *_noise((*results.noise, *([results.talker] if results.talker is not None else []))),
        *([f"Printed by `{results.folds_command}`."] if results.folds_command else []),
        *_believed(merging),
        *_pairs(results.pairs),
    ]
    return "\n".join(lines) + "\n"


def scores_of(scores: tuple[VoiceScores, ...]) -> list[str]:
    """The lines on scores, and on how much of those across data sets is chance."""
    lines = [
        "",
        "## Scores",
        "",
        "Of whole utterances, each answered by a network that had heard nothing of its speaker; where two data sets "
        "are named, it heard the first alone. In percent, with the standard error over utterances.",
        "",
        "| data | utterances | speakers | accuracy | macro-F1 | least and best speaker |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in scores:
        own, by = each.scores, sorted(share for _, share in each.by_speaker.values())
        lines.append(
            f"| {each.data} | {own.n} | {each.speakers} | {100 * own.accuracy:.1f} ± {100 * own.standard_error:.1f} | "
            f"{100 * own.macro_f1:.1f} | {100 * by[0]:.0f}, {100 * by[-1]:.0f} |"
        )
    across = [each.scores.accuracy for each in scores if ACROSS in each.data]
    if across:
        lines += [
            "",
            f"{len(across)} trainings that differ by chance alone are read from {100 * min(across):.1f} to "
            f"{100 * max(across):.1f} on the data set that they never heard, in the mean "
            f"{100 * sum(across) / len(across):.1f}.",
        ]
    for each in scores:
        said = ", ".join(
            f"{name} {100 * share:.0f} of {each.scores.labelled[name]}" for name, share in each.scores.recall.items()
        )
        lines += ["", f"{each.data}, recalled in percent: {said}."]
    return [*lines, ""]


def _noise(noise: tuple[NoiseScore, ...]) -> list[str]:
    if not noise:
        return []
    names = list(noise[0].accuracy)
    lines = [
        "## Noise",
        "",
        "RAVDESS's utterances in noises that no training heard, at a level of the speech over the noise, and beside "
        "somebody else who talks; after each way of taking noise out, and in brackets how far that differs from none, "
        "with a 95 % interval by speaker.",
        "",
        f"| level | {' | '.join(names)} |",
        f"|{' --- |' * (len(names) + 1)}",
    ]
    for each in noise:
        beside = {pair.model: pair for pair in each.beside_none}
        cells = []
        for name, share in each.accuracy.items():
            pair = beside.get(name)
            told = f" ({100 * pair.difference:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}])" if pair else ""
            cells.append(f"{100 * share:.1f}{told}")
        lines.append(f"| {each.beside_none[0].data} | {' | '.join(cells)} |")
    return [*lines, ""]


def _believed(merging: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "## How far each branch is believed",
        "",
        "How often an expression is right where it is said, as a part of how sure that is: by this a face and a voice "
        "are merged.",
        "",
        f"| | {' | '.join(EXPRESSIONS)} |",
        f"|{' --- |' * (len(EXPRESSIONS) + 1)}",
    ]
    rows = {"voice": merging["voice"], **merging["faces"], "any other face": merging["other_faces"]}
    lines += [f"| {name} | {' | '.join(f'{value:.2f}' for value in values)} |" for name, values in rows.items()]
    levels = ", ".join(f"{level:g} dB: {part:.2f}" for level, part in merging["by_noise"])
    return [*lines, "", f"Of the voice's belief so much is left where speech is louder than the room by: {levels}."]


def _pairs(pairs: tuple[PairScores, ...]) -> list[str]:
    if not pairs:
        return []
    lines = [
        "",
        "## Face and voice, on pairs",
        "",
        "Pairs of different people. They are not one person's: two branches that err apart are helped more by each "
        "other than those of one person.",
    ]
    return lines + [line for each in pairs for line in _of_faces(each)]


def _of_faces(pairs: PairScores) -> list[str]:
    lines = [
        "",
        f"{pairs.n} pairs, faces of {pairs.faces}, voices of {pairs.voices}:",
        "",
        "| way | accuracy | calibration error | confidence | where the two differ |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each.way} | {100 * each.accuracy:.1f} | {100 * each.calibration_error:.1f} | {each.confidence:.2f} | "
        f"{each.conflicting:.2f} |"
        for each in pairs.ways
    ]
    lines += [""]
    lines += [
        f"- merged less {pair.peer}: {100 * pair.difference:+.1f} [{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
        for pair in pairs.beside
    ]
    return [*lines, "", f"Printed by `{pairs.command}`."]
