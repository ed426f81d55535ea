"""`mien-convert fp16` and `mien-convert verify` on the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from convert import subcommand
from convert.errors import LimitError, OutputError, SourceError

if TYPE_CHECKING:
    from onnx import ModelProto

FP16_EXAMPLES = """examples:
  mien-convert fp16 network.onnx --out expression.onnx
"""
VERIFY_EXAMPLES = """examples:
  mien-convert verify default --data fer2013plus/valid.parquet --labels ferplus
                                        the network of a bundle, as it is and in half
  mien-convert verify ./desk-bundle --float32 network.onnx --data faces.parquet
                                        a bundle that is in half already, beside what it was made from
"""
FP16_TEXT = """Puts a network into half precision: the graph itself computes in float16, its inputs and outputs stay as
they are. Refuses a network with a weight that float16 does not hold."""
VERIFY_TEXT = """Runs the labelled faces of a file through a bundle's network in float32 and in float16, node by node as
a GPU would, and prints how far apart the two are at each operating point. Exit status 1 past a limit."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The two subcommands; what they need is imported when they run, so that --help is quick."""
    fp16 = subcommand.add(commands, "fp16", "put a network into half precision", text=FP16_TEXT, examples=FP16_EXAMPLES)
    fp16.add_argument("network", type=Path, metavar="FILE", help="an ONNX network in float32")
    fp16.add_argument("--out", type=Path, required=True, metavar="FILE", help="the file to write")
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
    verify.add_argument("--float32", type=Path, metavar="FILE", help="the network in float32, if the bundle's is not")
    verify.add_argument("--json", action="store_true", help="print JSON")
    verify.set_defaults(run=_verify)


def _fp16(arguments: argparse.Namespace) -> int:
    from convert import half

    before = half.single(half.read(arguments.network))
    made = half.half(before, str(arguments.network))
    _write(arguments.out, made.SerializeToString())
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
    from models.errors import ModelsError
    from models.model import CARD

    folder = parts.find("expression", arguments.bundle, parts.PACKAGED).folder
    try:
        own = half.read(folder / load(folder / CARD).file)
        float32, float16 = _both(own, arguments.float32, folder)
        faces = verify.faces_of(folder, data_file(arguments.data), arguments.labels)
        rows = list(verify.compared(folder, float32, float16, faces))
    except ModelsError as error:
        raise SourceError(str(error)) from error
    print(msgspec.json.encode(rows).decode() if arguments.json else verify.table(rows))
    past = [f"{row.point}: {text}" for row in rows for text in row.past()]
    if past:
        raise LimitError(f"{folder}: {'; '.join(past)}; do not ship this file: find the layer, or ship float32")
    return 0


def _both(own: ModelProto, float32: Path | None, folder: Path) -> tuple[bytes, bytes]:
    """A bundle's network in float32 and in float16, of which it has one."""
    from convert import half

    in_half = half.weights_of(own).half > 0
    if in_half and float32 is None:
        raise SourceError(f"{folder}: its network is in half already; name what it was made from with --float32")
    whole = half.single(half.read(float32) if float32 else own)
    return whole.SerializeToString(), (own if in_half else half.half(whole, str(folder))).SerializeToString()


def _write(path: Path, data: bytes) -> None:
    """The file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}; name another place, or make room") from error
