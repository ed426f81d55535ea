"""How every command of `mien-convert` stands on the command line: one line of help, its text, and examples."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from convert.errors import SourceError
from models.errors import ModelsError


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


@contextmanager
def told_as_source_error() -> Iterator[None]:
    """What the room of models refuses inside, a run, a card or a file of faces, is told as SourceError."""
    try:
        yield
    except ModelsError as error:
        raise SourceError(str(error)) from error


def say(text: str) -> None:
    """A step that is done, or a line of a table, seen at once also where the output is no terminal."""
    print(text, flush=True)
