"""`mien-convert engine` on the command line: TensorRT's engines of a bundle, built on the box that will run them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from convert import subcommand
from convert.errors import EngineError
from convert.progress import Line
from edge.errors import MienDeskError

if TYPE_CHECKING:
    from edge.runtime.backend import ModelFile

FOLDER: Final = Path("/var/lib/mien/engines")
EXAMPLES: Final = """examples:
  mien-convert engine                               the default bundle's, where a desk looks for them
  mien-convert engine ./desk-bundle --engines /var/lib/mien/engines
"""
TEXT: Final = """Builds with TensorRT an engine for each network of a bundle, compares it with ONNX Runtime, and keeps
it in a folder of engines. Those that this box has built already for the same network, TensorRT and GPU are compared and
kept. `mien-desk` does the same as it starts; run this to have it done before."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The subcommand."""
    engine = subcommand.add(
        commands, "engine", "build TensorRT's engines of a bundle on this box", text=TEXT, examples=EXAMPLES
    )
    engine.add_argument(
        "bundle", nargs="?", default="default", metavar="BUNDLE", help="the name of a packaged bundle, or a folder"
    )
    engine.add_argument("--engines", type=Path, default=FOLDER, metavar="DIR", help="default: %(default)s")
    engine.set_defaults(run=_engine)


def _engine(arguments: argparse.Namespace) -> int:
    from edge.runtime.engines.build import build_here  # here, so that --help needs neither NumPy nor ONNX Runtime
    from edge.runtime.engines.folder import Folder

    networks = _networks(arguments.bundle)
    folder = Folder(arguments.engines)
    teller = _Teller()
    try:
        folder.make_ready()
        folder.forget_refusals()
        built = build_here(folder, networks, teller.say)
    except MienDeskError as error:
        raise EngineError(str(error)) from error
    finally:
        teller.clear()
    for one in built:
        print(one)
    print(f"{folder.path}: {len(built)} engines; a desk whose model.engines names this folder takes them as it starts")
    return 0


def _networks(name: str) -> list[ModelFile]:
    """The files of a bundle's networks; of parts that it does not have, the default bundle's."""
    from convert.bundle import parts
    from edge.runtime.backend import ModelFile

    whole = [parts.find("expression", name, parts.PACKAGED)]
    for part in ("cover", "detector"):
        own = (whole[0].folder / f"{part}.json").is_file()
        whole.append(parts.read(part, whole[0].folder if own else parts.PACKAGED / "default"))
    return [ModelFile(taken.path, taken.sha256) for part in whole for taken in part.files[1:]]


class _Teller:
    """How far the build is: a line that changes on a terminal, one for each network elsewhere."""

    def __init__(self) -> None:
        self._line, self._network = Line(), ""

    def say(self, step: str, share: float) -> None:
        network = step.partition(":")[0]
        if self._line.terminal or network != self._network:
            self._line.show(f"building engines: {100 * share:3.0f} %, {step}")
        self._network = network

    def clear(self) -> None:
        """Take the changing line away."""
        self._line.clear()
