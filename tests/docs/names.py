"""The names that a document uses: commands, options, settings, topics, files, environment variables.

Each check takes the text of a document and returns what is wrong in it, a line each. Names are looked for in code
alone: in fenced blocks, and between backquotes.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from central.settings import Settings as CentreSettings
from contract.errors import ContractError
from contract.topics import CENTRE, Channel, parse_box_topic
from edge.metrics import METRICS, PREFIX
from edge.settings import Settings as DeskSettings
from tests.docs.commands import PARSERS, ROOT, options, subcommands

ROOMS: Final = ("contract", "edge", "models", "convert", "central", "demo", "bench", "look")
DOCUMENTS: Final = tuple(
    sorted(path for name in ("*.md", "docs/*.md", "models/cards/*.md", "bench/*.md") for path in ROOT.glob(name))
)
_FENCED: Final = re.compile(r"^```[^\n]*\n(.*?)^```", re.M | re.S)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_OPTION: Final = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
_VARIABLE: Final = re.compile(r"\b(?:(?:MIEN|DEMO)_[A-Z_]+|DATABASE_URL)\b|(?<![\w-])[A-Z][A-Z_]{3,}(?==)")
_READ: Final = ("os.environ.get", "os.getenv")
_STANDARD: Final = ("PATH", "CPATH", "LIBRARY_PATH")  # what every program reads, and every C compiler
_SHELL: Final = ("OMP_NUM_THREADS",)  # read by libraries, set for them
_SYSTEMD: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC")  # set by it for what it starts


def code_of(text: str) -> list[str]:
    """The pieces of code in a document: the lines of its fenced blocks, and what stands between backquotes."""
    lines = [line for block in _FENCED.findall(text) for line in block.splitlines()]
    return [*lines, *_SPAN.findall(_FENCED.sub("", text))]


# ---- commands and options -----------------------------------------------------------------------------------------


def wrong_commands(text: str) -> list[str]:
    """Subcommands and options of ours that are none, and modules that are not there to be run."""
    return [fault for piece in code_of(text) for fault in (*_wrong_call(piece), *_wrong_module(piece))]


def _wrong_call(piece: str) -> Iterator[str]:
    known = {name for parser in PARSERS.values() for sub in subcommands(parser).values() for name in options(sub)}
    called = list(re.finditer(r"(?:(?<=^)|(?<=[\s/]))(mien-[a-z]+)(?:[ \t]+([^\s`]+))?", piece))
    for i, call in enumerate(called):
        end = called[i + 1].start() if i + 1 < len(called) else len(piece)
        command, word, rest = call[1], call[2] or "", piece[call.start() : end].split("  ")[0]
        if command not in PARSERS:
            if word or piece == command:
                yield from _unknown_command(command, piece)
            continue
        name, subs = _subcommand(command, rest.split()[1:])
        if not subs and re.fullmatch(r"[a-z][a-z-]*", word):
            yield f"{command} {word}: no such subcommand"
        taken = {option for sub in subs or [PARSERS[command]] for option in options(sub)}
        yield from (f"{name or call[0]}: no option {each}" for each in _OPTION.findall(rest) if each not in taken)
    if not called and piece.startswith("--"):
        yield from (f"{name}: no command has this option" for name in _OPTION.findall(piece) if name not in known)


def _subcommand(command: str, words: list[str]) -> tuple[str, list[argparse.ArgumentParser]]:
    """The subcommand that the words begin with, and its parser; of `data` alone those of all that begin with it."""
    there = subcommands(PARSERS[command])
    for count in range(len(words), 0, -1):
        name = " ".join(words[:count])
        found = [sub for each, sub in there.items() if each == name or each.startswith(f"{name} ")]
        if found:
            return f"{command} {name}", found
    return "", []


def _laid_on_a_box() -> set[str]:
    """The units and users of a box, which are called much as commands are."""
    users = (ROOT / "firmware_config/sysusers.d/mien.conf").read_text(encoding="utf-8")
    units = {path.stem.removesuffix("@") for path in (ROOT / "firmware_config/systemd").iterdir()}
    return units | set(re.findall(r"^u (\S+)", users, re.M))


def _unknown_command(command: str, piece: str) -> Iterator[str]:
    if command in _laid_on_a_box():
        return
    if command not in _settings_defaults() and not list((ROOT / "models" / "cards").glob(f"{command}.md")):
        yield f"{piece}: no command {command}"


def _wrong_module(piece: str) -> Iterator[str]:
    for module in re.findall(r"python -m ([\w.]+)", piece):
        path = ROOT / Path(*module.split("."))
        file = next((at for at in (path.with_suffix(".py"), path / "__main__.py") if at.exists()), None)
        if file is None and module.split(".")[0] in (*ROOMS, "tests"):
            yield f"python -m {module}: no such module"
        elif file is not None:
            source = file.read_text(encoding="utf-8")
            asked = _OPTION.findall(piece.split(module, 1)[1])
            yield from (f"python -m {module}: no option {name}" for name in asked if f'"{name}"' not in source)


def make_targets(makefile: str) -> set[str]:
    """The targets of a Makefile that are no files."""
    return set(re.findall(r"^\.PHONY: (.+)$", makefile, re.M)[0].split())


def wrong_targets(text: str, targets: set[str]) -> list[str]:
    """Targets of make that a document names and the Makefile does not have."""
    named = [name for piece in code_of(text) for name in re.findall(r"^(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", piece)]
    return [f"make {name}: no such target" for name in named if name not in targets]


# ---- settings -----------------------------------------------------------------------------------------------------


def settings(root: type[msgspec.Struct]) -> dict[str, Any]:
    """The keys of a settings file as `table.key`, and their defaults."""
    tables = msgspec.structs.fields(root)
    return {f"{table.name}.{key.name}": key.default for table in tables for key in msgspec.structs.fields(table.type)}


def shown_default(default: Any) -> str:
    """A default as the documents write it."""
    if default is msgspec.NODEFAULT:
        return "required"
    return "none" if default is None else msgspec.json.encode(default).decode()


def _settings_defaults() -> set[Any]:
    return {value for root in (CentreSettings, DeskSettings) for value in settings(root).values() if value is not None}


def wrong_settings(text: str) -> list[str]:
    """Names of the form `table.key`, of a table that there is, whose key there is not."""
    known = {**settings(CentreSettings), **settings(DeskSettings)}
    tables = {key.split(".")[0] for key in known}
    pieces = (re.sub(r'"[^"]*"', '""', piece) for piece in code_of(text))  # what is quoted is a value
    named = (re.findall(r"(?<![\w./-])([a-z]+\.[a-z][a-z0-9_]*)\b(?![./(])", piece) for piece in pieces)
    return [
        f"{name}: no such setting"
        for names in named
        for name in names
        if name.split(".")[0] in tables
        and name not in known
        and not name.endswith((".db", ".toml", ".py", ".onnx", ".json"))
    ]


def listed_settings(text: str) -> list[tuple[str, str]]:
    """The keys that the tables of a document list, each with its default; a line may have several of both."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        keys = re.findall(r"`([a-z]+\.[a-z0-9_]+)`", cells[1]) if line.startswith("| `") else []
        values = [value.strip().strip("`") for value in re.split(r",(?= )", cells[2])] if keys else []
        found += list(zip(keys, values if len(values) == len(keys) else values * len(keys), strict=False))
    return found


# ---- topics, files, variables, identifiers ------------------------------------------------------------------------


def wrong_topics(text: str) -> list[str]:
    """Topics under mien/ that the contract has not; `%u`, `+` and `<box>` stand for any box, `#` for all below."""
    return [
        f"{topic}: no such topic"
        for piece in code_of(text)
        for topic in re.findall(r"(?<![\w/])mien/[\w/%+<>#-]+", piece)
        if not _is_topic(topic)
    ]


def _is_topic(topic: str) -> bool:
    below = [CENTRE, *(f"mien/v1/boxes/box/{channel.value}" for channel in Channel)]
    if topic.endswith(("/#", "/")):
        return any(name.startswith(topic.rstrip("#").replace("<box>", "box")) for name in below)
    try:
        return topic == CENTRE or bool(parse_box_topic(re.sub(r"/(%u|\+|<\w+>)/", "/box/", topic)))
    except ContractError:
        return False


def wrong_paths(text: str, document: Path) -> list[str]:
    """Links to files that are not there, and paths that begin in one of our folders and lead nowhere."""
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]
    found = [f"{link}: no such file" for link in links if link and not (document.parent / link).exists()]
    folders = "|".join((*ROOMS, "docs", "tests"))
    for piece in code_of(text):
        for path in re.findall(rf"(?<![\w./-])(?:{folders})/[\w./-]*", piece):
            if not (ROOT / path.rstrip(".")).exists():
                found.append(f"{path}: no such file")
    return found


def wrong_anchors(text: str, document: Path) -> list[str]:
    """Links to headings that are not there."""
    found = []
    for file, anchor in re.findall(r"\]\(([\w./-]*)#([\w-]+)\)", text):
        target = document.parent / file if file else document
        heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M) if target.exists() else []
        if anchor not in {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}:
            found.append(f"{file}#{anchor}: no such heading")
    return found


def variables_named(text: str) -> set[str]:
    """The environment variables that a document names."""
    return {name for piece in code_of(text) for name in _VARIABLE.findall(piece)} - {*_STANDARD, *_SHELL, *_SYSTEMD}


def variables_of_make(makefile: str) -> set[str]:
    """The variables that a Makefile lets one set: those with a default, and those that it asks for."""
    pairs = re.findall(r"^([A-Z]+) \?=|\$\(if \$\(([A-Z]+)\)", makefile, re.M)
    return {name for pair in pairs for name in pair if name}


@cache
def variables_read() -> set[str]:
    """The environment variables that our code reads."""
    files = [path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py")]
    return {name for path in files for name in _read_in(path.read_text(encoding="utf-8"))} - {
        *_STANDARD,
        *_SHELL,
        *_SYSTEMD,
    }


def _read_in(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    named = {
        node.target.id: node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _READ:
            key: ast.expr = node.args[0]
        elif isinstance(node, ast.Subscript) and ast.unparse(node) == f"os.environ[{ast.unparse(node.slice)}]":
            if isinstance(node.ctx, ast.Store):
                continue
            key = node.slice
        else:
            continue
        if isinstance(key, ast.Constant):
            yield str(key.value)
        elif isinstance(key, ast.Name) and key.id in named:
            yield str(named[key.id])


@cache
def identifiers() -> set[str]:
    """Every word of our sources that has an underscore in it, and the whole names of our metrics."""
    kinds = ("*.py", "*.js", "*.json", "*.toml", "*.html")
    files = [path for room in ROOMS for kind in kinds for path in (ROOT / room).rglob(kind)]
    texts = (path.read_text(encoding="utf-8") for path in [*files, ROOT / "pyproject.toml", ROOT / "Makefile"])
    words = {word for text in texts for word in re.findall(r"[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+", text)}
    return words | {f"{PREFIX}{metric.name}" for metric in METRICS}


def unknown_identifiers(text: str, known: set[str]) -> list[str]:
    """Names with an underscore, alone between backquotes, that our sources do not have: fields, metrics."""
    named = (piece for piece in code_of(text) if re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", piece))
    return [f"{name}: nothing of ours has this name" for name in named if name not in known]
