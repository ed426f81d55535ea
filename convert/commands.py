"""`mien-convert fp16` and `mien-convert verify` on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from convert import subcommand

if TYPE_CHECKING:
    from onnx import ModelProto

FP16_EXAMPLES = """examples:
  mien-convert fp16 network.onnx --out half.onnx
  mien-convert fp16 mine/cover.onnx --out mine/cover.onnx --card mine/cover.json
                                        in place, and its card follows
"""
VERIFY_EXAMPLES = """examples:
  mien-convert verify default --data fer2013plus/valid.parquet --labels ferplus
                                        the network of a bundle: its weights, in both arithmetics
  mien-convert verify ./mine --float32 network.onnx --data faces.parquet
                                        and beside the weights from which it was rounded
"""
FP16_TEXT = """Puts a network into half precision: the graph itself computes in float16, its inputs and outputs stay as
they are. Refuses a network with a weight that float16 does not hold. With --card, a card that names the file is given
the new hash; a network of faces has then written into it what its card says of how to use it."""
VERIFY_TEXT = """Runs the labelled faces of a file through a bundle's network in float32 and in float16, node by node as
a GPU would, and prints how far apart the two are at each operating point. Exit status 1 past a limit. A network that is
in half already is compared with its own weights in float32, unless --float32 names those from which it was rounded."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The two subcommands; what they need is imported when they run, so that --help is quick."""
    fp16 = subcommand.add(commands, "fp16", "put a network into half precision", text=FP16_TEXT, examples=FP16_EXAMPLES)
    fp16.add_argument("network", type=Path, metavar="FILE", help="an ONNX network in float32")
    fp16.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write")
    fp16.add_argument("--card", type=Path, metavar="FILE", help="the card that names the file, beside it")
    fp16.set_defaults(run=_fp16)
    verify = subcommand.add(
        commands,
        "verify",
        "compare a bundle's network in float32 and in float16 on real faces",
        text=VERIFY_TEXT,
        examples=VERIFY_EXAMPLES,
    )
    verify.add_argument("bundle", metavar="BUNDLE", help="the name of a packaged bundle, or a bundle's folder")
    verify.add_argument("--data", type=Path, required=True, metavar="FILE", help="labelled faces (parquet)")
    verify.add_argument("--labels", default="", metavar="KIND", help="ferplus, fer2013 or emotion, if it has several")
    verify.add_argument("--float32", type=Path, metavar="FILE", help="what the bundle's network was made from")
    verify.add_argument("--json", action="store_true", help="print JSON")
    verify.set_defaults(run=_verify)


def _fp16(arguments: argparse.Namespace) -> int:
    from convert import cards, half, output, pack

    network = half.read(arguments.network)
    before = half.single(network, str(arguments.network))
    made = half.half(network, str(arguments.network))
    if arguments.card:
        cards.write_with(arguments.card, arguments.out, made)
    else:
        output.write(arguments.out, pack.file_of(arguments.out.name, made))
    weights = half.weights_of(made)
    print(
        f"{arguments.out}: {made.ByteSize() / 1e6:.2f} MB, {made.ByteSize() / before.ByteSize():.2f} of float32; "
        f"{weights.half} of {weights.count} weights of convolutions and matrix products in half"
    )
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    import msgspec

    from convert import half, verify
    from convert.bundle import parts
    from models.card import load
    from models.datasets import data_file
    from models.model import CARD

    folder = parts.find("expression", arguments.bundle, parts.PACKAGED).folder
    with subcommand.told_as_source_error():
        own = half.read(folder / load(folder / CARD).file)
        float32, float16 = _both(own, arguments.float32, folder)
        faces = verify.faces_of(folder, data_file(arguments.data), arguments.labels)
        compared = verify.compared(folder, float32, float16, faces)
        rows = list(compared) if arguments.json else verify.told(compared, subcommand.say)
        if not arguments.json and half.weights_of(own).half and not arguments.float32:
            print("Of its own weights, in half as they are; what it was rounded from is compared with --float32.")
    if arguments.json:
        print(msgspec.json.encode(rows).decode())
    verify.hold(rows, str(folder))
    return 0


def _both(own: ModelProto, float32: Path | None, folder: Path) -> tuple[ModelProto, ModelProto]:
    """A bundle's network in float32, or what it was made from, and in float16."""
    from convert import half

    in_half = half.weights_of(own).half > 0
    whole = half.single(half.read(float32) if float32 else own, str(float32 or folder))
    return whole, own if in_half else half.half(whole, str(folder))
