"""`mien-convert`: from trained networks to the files that a desk box loads."""

from __future__ import annotations

import argparse
import os
import select
import sys
from pathlib import Path

from convert import commands as precision_commands
from convert import engine, export_commands, subcommand
from convert.bundle import commands as bundle_commands
from convert.bundle import sign_commands
from convert.errors import ConvertError

MTCNN_EXAMPLES = """examples:
  mien-convert mtcnn --out edge/bundles/default     rebuild the detector of the default bundle
  mien-convert mtcnn --out /tmp/detector            write it elsewhere, to compare
"""
EXAMPLES = f"""{MTCNN_EXAMPLES}\
  mien-convert bundle --run runs/student --key keys/ours.key --out desk-bundle
                                                    from a training run to a signed bundle
  mien-convert export runs/student --out mine       write a run's network, in half precision, and its card
  mien-convert voice runs/voice                     write the networks of a voice, in half precision, and their card
  mien-convert fp16 network.onnx --out half.onnx    put a network into half precision
  mien-convert verify default --data fer2013plus/valid.parquet --labels ferplus
                                                    how far that is from float32 on real faces
  mien-convert engine ./desk-bundle                 build TensorRT's engines of a bundle, on the box that runs them
  mien-convert bundle --expression default --out desk-bundle
                                                    put networks together for a desk
  mien-convert key ours --out keys                  make a key to sign with
  mien-convert sign desk-bundle --key keys/ours.key
                                                    sign a bundle that is there
  mien-convert inspect desk-bundle                  what is in there, and is it whole
"""


def _mtcnn(arguments: argparse.Namespace) -> int:
    from convert import mtcnn  # here, so that --help needs neither onnx nor joblib

    mtcnn.write(arguments.out)
    for network in mtcnn.NETWORKS:
        path = arguments.out / f"{network}.onnx"
        print(f"{path}: {path.stat().st_size:,} bytes")
    print(arguments.out / "detector.json")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mien-convert", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    mtcnn = subcommand.add(
        commands,
        "mtcnn",
        "build MTCNN's three networks as ONNX from the mtcnn package's weights",
        examples=MTCNN_EXAMPLES,
    )
    mtcnn.add_argument(
        "--out", type=Path, default=Path("edge/bundles/default"), metavar="DIR", help="default: %(default)s"
    )
    mtcnn.set_defaults(run=_mtcnn)
    export_commands.add(commands)
    export_commands.add_voice(commands)
    precision_commands.add(commands)
    engine.add(commands)
    bundle_commands.add(commands)
    sign_commands.add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 where it succeeded, 1 where it refused, with one line on standard error."""
    try:
        try:
            return _main(argv)
        finally:
            sys.stdout.flush()  # here, where a reader that has gone can still be answered for
    except BrokenPipeError:
        if not _reader_has_gone():
            raise
        return 0


def _main(argv: list[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConvertError as error:
        print(f"mien-convert: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mien-convert: interrupted", file=sys.stderr)
        return 130


def _reader_has_gone() -> bool:
    """Whether whoever read our output has seen enough; then what is left of it goes nowhere, without a complaint."""
    output = select.poll()
    output.register(sys.stdout, 0)  # an error is told without being asked for
    if not output.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


if __name__ == "__main__":
    sys.exit(main())
