"""`mien-convert export` on the command line, and the options that say where a network comes from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from convert import subcommand
from convert.errors import SourceError
from models.datasets import VALID

if TYPE_CHECKING:
    from convert.export import Origin

EXPORT_EXAMPLES = """examples:
  mien-convert export runs/student --teacher vgg-face --out mine
  mien-convert export runs/face-asia --as face-asia --start mien-face-3.0.0 --out ./face-asia
  mien-convert export runs/vgg16-av --start runs/vgg-face --start runs/vgg-face-wide
                                        into the packaged vgg-face; how its starts were trained stands on the card
  mien-convert export runs/st-attention --out mine --clip clip.onnx
                                        a network over time, and the same for whoever has whole clips
  mien-convert export runs/student --out mine --float32 whole.onnx
                                        and the network as it was before it was rounded, for `verify`
"""
EXPORT_TEXT = """Writes the network of a finished training run as ONNX (opset 17, batch-norm folded, logits alone, any
batch) in half precision, and the card beside it, with operating points fitted on labelled faces. What the card says of
labels, input, normalization, temperatures and licence is in the file's own metadata too."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The subcommand; what it needs is imported when it runs, so that --help is quick."""
    export = subcommand.add(
        commands,
        "export",
        "write the network of a training run, in half precision, and its card",
        text=EXPORT_TEXT,
        examples=EXPORT_EXAMPLES,
    )
    export.add_argument("network_run", type=Path, metavar="RUN", help="the folder of a finished training run")
    add_origin(export)
    export.add_argument(
        "--out", type=Path, metavar="DIR", help="the folder to write to (default: the model's own under edge/bundles/)"
    )
    export.add_argument("--float32", type=Path, metavar="FILE", help="write the network before it was rounded here too")
    export.add_argument(
        "--clip", type=Path, metavar="FILE", help="of a network over time: write the one that takes whole clips here"
    )
    export.set_defaults(run=_export)


VOICE_EXAMPLES = """examples:
  mien-convert voice runs/voice                  into the packaged voice
  mien-convert voice runs/voice --out ./voice    a folder of your own, for voice.bundle
"""
VOICE_TEXT = """Writes the networks of a finished run of the voice as ONNX in half precision, with their card, beside
the network that finds speech, which is Silero's and comes with Mien."""


def add_voice(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The subcommand for voices."""
    voice = subcommand.add(
        commands,
        "voice",
        "write the networks of a run of the voice, and their card",
        text=VOICE_TEXT,
        examples=VOICE_EXAMPLES,
    )
    voice.add_argument("voice_run", type=Path, metavar="RUN", help="the folder of `mien-models voice train`")
    voice.add_argument("--out", type=Path, metavar="DIR", help="the folder to write to (default: the packaged voice)")
    voice.set_defaults(run=_voice)


def _voice(arguments: argparse.Namespace) -> int:
    from convert import export_voice, output
    from models.registry import BUNDLES

    packaged = BUNDLES / "voice"
    folder = arguments.out or packaged
    output.check_folder(folder)
    with subcommand.told_as_source_error():
        made = export_voice.export(arguments.voice_run, packaged / export_voice.SPEECH)
    if folder != packaged:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (export_voice.SPEECH, "NOTICE"):
            output.write(folder / name, (packaged / name).read_bytes())
    export_voice.write(made, folder)
    sizes = ", ".join(f"{name} {network.ByteSize() / 1e6:.2f} MB" for name, network in made.networks.items())
    print(f"{folder}: {made.card['name']}-{made.card['version']}: {sizes}; temperature {made.card['temperature']}")
    return 0


def add_origin(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """The options that say of a run what it does not say itself."""
    parser.add_argument("--as", dest="name", default="", metavar="NAME", help="which model (default: its network's)")
    parser.add_argument(
        "--teacher", action="append", default=[], metavar="NAME", help="what taught it, in words or a run; repeatable"
    )
    parser.add_argument(
        "--start",
        action="append",
        default=[],
        metavar="NAME",
        help="what it began with: a model, or its run; the first first",
    )
    parser.add_argument(
        "--valid-data",
        type=Path,
        default=VALID,
        metavar="FILE",
        help="labelled faces whose even rows fit the operating points (default: %(default)s)",
    )


def origin_of(run: Path, arguments: argparse.Namespace) -> Origin:
    """The run with what those options say of it."""
    from convert.export import Origin

    return Origin(run, arguments.name, tuple(Path(each).name for each in arguments.teacher), tuple(arguments.start))


def _export(arguments: argparse.Namespace) -> int:
    from convert import export, export_over_time, output

    origin = origin_of(arguments.network_run, arguments)
    with subcommand.told_as_source_error():
        over_time = export_over_time.is_over_time(origin.run)
        folder = arguments.out or (export_over_time if over_time else export).bundle_of(origin)
        output.check_folder(folder)
        if arguments.clip and not over_time:
            raise SourceError(f"{origin.run}: --clip is for networks over time; leave it away")
        made = (export_over_time if over_time else export).export(origin, arguments.valid_data)
    export.write(made, folder)
    if arguments.float32:
        output.write(arguments.float32, made.float32.SerializeToString())
    if arguments.clip and made.clip is not None:
        output.write(arguments.clip, made.clip.SerializeToString())
    print(f"{folder}: {made.card.name}-{made.card.version}\n{made.told()}")
    return 0
