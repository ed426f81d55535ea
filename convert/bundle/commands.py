"""`mien-convert bundle` and `mien-convert inspect` on the command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import TYPE_CHECKING

from convert import export_commands, subcommand
from convert.bundle import sign_commands
from convert.errors import SourceError
from models.datasets import VALID

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from contract.manifest import Accepted, Manifest
    from contract.signing import Trust
    from convert.bundle.check import Finding
    from convert.bundle.parts import Part

BUNDLE_EXAMPLES = """examples:
  mien-convert bundle --run runs/student --key keys/ours.key --out desk-bundle
                                        from a training run to a signed bundle: export, half precision, verify, sign
  mien-convert bundle --expression default --out desk-bundle
  mien-convert bundle --expression ./runs/mine --out desk-bundle      a network of your own, from its folder
  mien-convert bundle --expression ./face-asia --out asia --accept-licence research-only --key keys/ours.key
"""
INSPECT_EXAMPLES = """examples:
  mien-convert inspect desk-bundle        exit status 1 where a file is not what the manifest says
  mien-convert inspect desk-bundle --trust keys/ours.pub.json
                                          or where nobody signed it who is trusted
"""
BUNDLE_TEXT = """Puts an expression network, a detector and a cover network, and a voice where one is named, together
into the folder that a desk loads, with manifest.json and NOTICE. Each is the name of a packaged bundle, of its network,
or a folder with its card. With --run the expression network comes from a training run: it is exported, put into half
precision and compared with float32 on real faces, and past a limit nothing is written. Where the licences do not allow
the same use, it says what that means and asks; without a terminal it refuses."""
INSPECT_TEXT = """Prints the manifest of a bundle as a table and checks every file against it. Hashes find damage, not
forgery: who can change a file can change the manifest too. With --trust it says who signed that."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The two subcommands; what they need is imported when they run, so that --help is quick."""
    _add_bundle(commands)
    inspect = subcommand.add(
        commands,
        "inspect",
        "print a bundle's manifest and check every file against it",
        text=INSPECT_TEXT,
        examples=INSPECT_EXAMPLES,
    )
    inspect.add_argument("folder", type=Path, metavar="DIR", help="a folder that `mien-convert bundle` wrote")
    inspect.add_argument("--trust", type=Path, metavar="FILE", help="the keys by one of which it has to be signed")
    inspect.set_defaults(run=_inspect)


def _add_bundle(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bundle = subcommand.add(
        commands,
        "bundle",
        "put networks together into a folder that a desk loads",
        text=BUNDLE_TEXT,
        examples=BUNDLE_EXAMPLES,
    )
    what = bundle.add_mutually_exclusive_group(required=True)
    what.add_argument("--expression", metavar="NAME", help="what reads the faces")
    what.add_argument("--run", dest="network_run", type=Path, metavar="RUN", help="or the training run to make it of")
    bundle.add_argument("--detector", default="default", metavar="NAME", help="what finds them (default: %(default)s)")
    bundle.add_argument(
        "--cover", default="default", metavar="NAME", help="what sees a covered mouth (default: %(default)s)"
    )
    bundle.add_argument("--voice", metavar="NAME", help="what reads voices, for desks that listen (default: none)")
    bundle.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write, new or empty")
    bundle.add_argument("--replace", action="store_true", help="replace the bundle that is at DIR")
    bundle.add_argument(
        "--accept-licence",
        action="append",
        default=[],
        metavar="LICENCE",
        help="accept for the whole bundle this licence of one of its parts, by its name; repeatable",
    )
    bundle.add_argument("--key", type=Path, metavar="FILE", help="sign the bundle with this private key")
    of_run = bundle.add_argument_group("with --run")
    export_commands.add_origin(of_run)
    of_run.add_argument(
        "--verify", type=Path, metavar="FILE", help="labelled faces to compare with float32 on (default: --valid-data)"
    )
    of_run.add_argument("--labels", default="", metavar="KIND", help="ferplus, fer2013 or emotion, if it has several")
    bundle.set_defaults(run=_bundle)


def _bundle(arguments: argparse.Namespace) -> int:
    from convert import keys
    from convert.bundle import parts, write

    _check_options(arguments)
    out = arguments.out.absolute()
    write.check_place(out, arguments.replace)
    key = keys.read(arguments.key, sign_commands.asker()) if arguments.key else None
    others = [
        parts.find("detector", arguments.detector, parts.PACKAGED),
        parts.find("cover", arguments.cover, parts.PACKAGED),
    ]
    if arguments.voice:
        others.append(parts.find("voice", arguments.voice, parts.PACKAGED))
    with terminated_like_an_exit():
        if arguments.network_run:
            made = _of_run(arguments, others, out, key)
        else:
            found = [parts.find("expression", arguments.expression, parts.PACKAGED), *others]
            made = _written(arguments, found, _accepted(arguments, found), out, key)
    size = sum(file.size for file, _ in made.files()) / 1e6
    models = ", ".join(model.model for model in made.models)
    signed = ", signed" if key else ""
    print(f"{arguments.out}: {models}; {size:.1f} MB{signed}; the licences allow {made.use}")
    return 0


def _check_options(arguments: argparse.Namespace) -> None:
    """Raises SourceError where something is said of a run, and none is named."""
    said = {
        "--as": arguments.name,
        "--teacher": arguments.teacher,
        "--start": arguments.start,
        "--valid-data": arguments.valid_data != VALID,
        "--verify": arguments.verify,
        "--labels": arguments.labels,
    }
    given = [option for option, value in said.items() if value]
    if given and not arguments.network_run:
        raise SourceError(
            f"{given[0]}: is of a training run, and none is named; name it with --run in place of --expression"
        )


def _of_run(arguments: argparse.Namespace, others: list[Part], out: Path, key: Ed25519PrivateKey | None) -> Manifest:
    """The bundle of a run's network and the other parts; what takes longest comes after what may be asked."""
    from convert.bundle import run

    faces = run.Faces(arguments.valid_data, arguments.verify or arguments.valid_data, arguments.labels)
    origin = export_commands.origin_of(arguments.network_run, arguments)
    with TemporaryDirectory(prefix="mien-") as folder, subcommand.told_as_source_error():
        part, exported = run.exported(origin, faces, Path(folder), subcommand.say)
        found = [part, *others]
        accepted = _accepted(arguments, found)
        run.verified(exported, faces, Path(folder), subcommand.say)
        return _written(arguments, found, accepted, out, key)


def _accepted(arguments: argparse.Namespace, found: list[Part]) -> tuple[Accepted, ...]:
    from convert.bundle import licences, parts

    parts.check_together(found)
    return licences.settle(found, arguments.accept_licence, _say, _ask if os.isatty(0) else None)


def _written(
    arguments: argparse.Namespace,
    found: list[Part],
    accepted: tuple[Accepted, ...],
    out: Path,
    key: Ed25519PrivateKey | None,
) -> Manifest:
    from convert.bundle import write
    from convert.progress import Progress

    progress = Progress()
    try:
        return write.write(found, accepted, out, key=key, replace=arguments.replace, report=progress.at)
    finally:
        progress.clear()


def _inspect(arguments: argparse.Namespace) -> int:
    from convert import keys
    from convert.bundle import check, manifest
    from convert.progress import Progress

    trust = keys.read_trust(arguments.trust) if arguments.trust else None
    data = manifest.read(arguments.folder)
    made = manifest.decode(arguments.folder, data)
    progress = Progress()
    findings = check.examine(arguments.folder, made, progress.at)
    progress.clear()
    for line in _table(made, findings):
        print(line)
    check.hold(arguments.folder, findings)
    print(_signed(arguments.folder, data, trust))
    return 0


def _signed(folder: Path, data: bytes, trust: Trust | None) -> str:
    from convert.bundle import sign

    if trust:
        return f"Signed by {', '.join(sign.signers(folder, data, trust))}."
    ids = [each.key for each in sign.read(folder).signatures]
    if not ids:
        return "Not signed."
    return f"Signatures of the keys {', '.join(ids)}, which were not checked: name the keys to trust with --trust."


def _table(made: Manifest, findings: list[Finding]) -> Iterator[str]:
    rows = [("file", "model", "licence", "bytes", "sha256", "")]
    for each in findings:
        owner = (each.model.model, each.model.licence) if each.model else ("", "")
        facts = (f"{each.file.size:,}", each.file.sha256[:12]) if each.file else ("", "")
        rows.append((each.name, *owner, *facts, each.fault or "fits"))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    for name, model, licence, size, sha256, fault in rows:
        cells = (f"{name:<{widths[0]}}", f"{model:<{widths[1]}}", f"{licence:<{widths[2]}}", f"{size:>{widths[3]}}")
        yield "  ".join([*cells, f"{sha256:<{widths[4]}}", fault]).rstrip()
    yield ""
    for each_model in made.models:
        grounds = "; ".join(f"{ground.name} ({ground.licence})" for ground in each_model.rests_on)
        yield f"{each_model.licence} of {each_model.model} rests on: {grounds or 'nothing that its card names'}"
    yield f"Together, the licences allow {made.use}."
    for accepted in made.accepted:
        yield f'"{accepted.licence}" was accepted for the whole on {accepted.date}.'


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


@contextmanager
def terminated_like_an_exit() -> Iterator[None]:
    """A SIGTERM ends what runs inside as an exception does, so that it cleans up behind itself."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
