"""How every command of `mien-convert` stands on the command line: one line of help, its text, and examples."""

from __future__ import annotations

import argparse


def add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    line: str,
    *,
    text: str | None = None,
    examples: str,
) -> argparse.ArgumentParser:
    """The parser of a new command; `line` is what the whole program's help says of it."""
    raw = argparse.RawDescriptionHelpFormatter
    return commands.add_parser(name, help=line, description=text, epilog=examples, formatter_class=raw)
