"""`mien-convert key` and `mien-convert sign` on the command line, and how a passphrase is asked for."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from convert import subcommand

SIGNS: Final = ("bundle", "policy", "release")
"""What a key can be for, as contract.signing.Signed has it; here too, so that --help needs none of it."""
KEY_EXAMPLES = """examples:
  mien-convert key ours --out keys                     keys/ours.key, and keys/ours.pub.json for those who trust it
  mien-convert key council --out keys --signs policy --passphrase
"""
SIGN_EXAMPLES = """examples:
  mien-convert sign desk-bundle --key keys/second.key
"""
KEY_TEXT = """Makes a key pair. NAME.key is the private half, which its owner alone can read and which stays where it
is used; NAME.pub.json is a trust file of the public half, for boxes and for all who check."""
SIGN_TEXT = """Checks every file of a bundle against its manifest and signs it, beside those who signed it before."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The two subcommands; what they need is imported when they run, so that --help is quick."""
    key = subcommand.add(commands, "key", "make a key pair to sign with", text=KEY_TEXT, examples=KEY_EXAMPLES)
    key.add_argument("name", metavar="NAME", help="its name, for people and for its two files")
    key.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder for the two files")
    key.add_argument(
        "--signs", action="append", choices=SIGNS, help="what it may sign; repeatable (where not given: bundle)"
    )
    key.add_argument("--passphrase", action="store_true", help="ask for a passphrase that protects the private half")
    key.set_defaults(run=_key)
    sign = subcommand.add(
        commands, "sign", "sign a bundle, beside those who signed it before", text=SIGN_TEXT, examples=SIGN_EXAMPLES
    )
    sign.add_argument("folder", type=Path, metavar="DIR", help="a folder that `mien-convert bundle` wrote")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key to sign with")
    sign.set_defaults(run=_sign)


def asker() -> Callable[[str], str] | None:
    """What asks for a passphrase, which is not shown; None without a terminal."""
    return _ask if os.isatty(0) else None


def _ask(question: str) -> str:
    try:
        return getpass.getpass(question)
    except EOFError:
        return ""


def _key(arguments: argparse.Namespace) -> int:
    from contract.signing import Signed
    from convert import keys

    passphrase = _new_passphrase() if arguments.passphrase else ""
    signs = tuple(Signed(each) for each in arguments.signs or ["bundle"])
    made = keys.make(arguments.name, arguments.out, signs, passphrase)
    print(f"{arguments.out / made.name}.key: the private key; keep it where whoever signs can read it, and nobody else")
    print(f"{arguments.out / made.name}.pub.json: a trust file of it, for {' and '.join(each.value for each in signs)}")
    print(f"key id {made.id}")
    return 0


def _new_passphrase() -> str:
    from convert.errors import SourceError
    from convert.keys import MAX_PASSPHRASE

    ask = asker()
    if ask is None:
        raise SourceError("--passphrase: is asked for on a terminal, and here is none; run this on one")
    passphrase = ask("Passphrase: ")
    if not 0 < len(passphrase) <= MAX_PASSPHRASE or passphrase != ask("The same again: "):
        raise SourceError("--passphrase: empty, too long, or not the same twice; no key was made: run this again")
    return passphrase


def _sign(arguments: argparse.Namespace) -> int:
    from convert import keys
    from convert.bundle import sign
    from convert.bundle.commands import terminated_like_an_exit
    from convert.progress import Progress

    key = keys.read(arguments.key, asker())
    progress = Progress()
    with terminated_like_an_exit():
        try:
            signatures = sign.add(arguments.folder, key, progress.at)
        finally:
            progress.clear()
    print(f"{arguments.folder}: signed by the keys {', '.join(each.key for each in signatures.signatures)}")
    return 0
