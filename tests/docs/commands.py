"""docs/commands.md, made from the parsers of the four commands and the errors that they exit with."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import central.web.errors  # noqa: F401  # an error joins its tree when its module is imported
from central.errors import CentreError
from central.main import _parser as central_parser
from convert.main import _parser as convert_parser
from edge.errors import MienDeskError
from edge.main import _parser as desk_parser
from models.main import parser as models_parser

ROOT: Final = Path(__file__).parents[2]
PARSERS: Final[dict[str, argparse.ArgumentParser]] = {
    parser.prog: parser for parser in (desk_parser(), central_parser(), models_parser(), convert_parser())
}
ERRORS: Final[dict[str, type[Exception]]] = {"mien-desk": MienDeskError, "mien-central": CentreError}
_HEAD: Final = """# Commands

Made from the commands themselves by `make docs`; change their help, not this page. Each also says it under `--help`.
"""


def page() -> str:
    """The text of docs/commands.md."""
    return "\n".join([_HEAD, *(line for parser in PARSERS.values() for line in _command(parser))]).rstrip() + "\n"


def subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The subcommands of a parser by name, those below others as `data show`; empty where it has none."""
    found = {}
    for name, sub in _choices(parser).items():
        below = subcommands(sub)
        found.update({f"{name} {word}": each for word, each in below.items()} if below else {name: sub})
    return found


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


def options(parser: argparse.ArgumentParser) -> set[str]:
    """Every option of a parser: `--name` and `-n`."""
    return {name for action in parser._actions for name in action.option_strings}


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `{parser.prog}`\n"
    if parser.description:
        yield f"{' '.join(parser.description.split())}\n"
    if parser.epilog:
        yield f"```\n{parser.epilog.strip()}\n```\n"
    for name, sub in subcommands(parser).items():
        yield f"### `{parser.prog} {name}`\n"
        yield f"{_sentence(sub.description or _help_of(parser, name))}\n"
        yield from _arguments(sub)
        if " " in name and sub.epilog:
            yield f"```\n{sub.epilog.strip()}\n```\n"
    error = ERRORS.get(parser.prog)
    if error is not None:
        yield f"### Exit codes of `{parser.prog}`\n"
        yield "0 where all went well, 2 where the command line is wrong, 130 after Ctrl-C, else:\n"
        yield "| code | what was wrong |\n| --- | --- |"
        for code, text in sorted(_exit_codes(error)):
            yield f"| {code} | {_cell(text)} |"
        yield ""


def _help_of(parser: argparse.ArgumentParser, name: str) -> str:
    *above, name = name.split()
    for word in above:
        parser = _choices(parser)[word]
    [action] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return next(choice.help or "" for choice in action._choices_actions if choice.dest == name)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    if not actions:
        return
    yield "| argument | default | what it does |\n| --- | --- | --- |"
    for action in actions:
        text = (action.help or "") % {**vars(action), "prog": parser.prog, "default": _shown(action.default)}
        yield f"| {_cell(f'`{_form(action)}`')} | {_default(action)} | {_cell(text)} |"
    yield ""


def _form(action: argparse.Action) -> str:
    value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    value = value if isinstance(value, str) else " ".join(value)
    many = {"*": f"[{value} ...]", "+": f"{value} ...", "?": f"[{value}]"}
    value = "" if action.nargs == 0 else many.get(str(action.nargs), value)
    return " ".join(filter(None, [", ".join(action.option_strings), value]))


def _default(action: argparse.Action) -> str:
    if action.required and action.nargs not in ("*", "?"):
        return "required"
    if action.default is None or action.default in (False, [], "") or action.default == argparse.SUPPRESS:
        return ""
    return f"`{_shown(action.default)}`"


def _shown(default: Any) -> Any:
    """A default as a reader types it: a path of this checkout from its root."""
    if isinstance(default, Path) and default.is_absolute() and default.is_relative_to(ROOT):
        return default.relative_to(ROOT)
    return default


def _exit_codes(error: type[Exception]) -> set[tuple[int, str]]:
    found = {(int(vars(error)["exit_code"]), inspect.getdoc(error) or "")} if "exit_code" in vars(error) else set()
    return found.union(*(_exit_codes(below) for below in error.__subclasses__()))


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
