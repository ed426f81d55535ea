"""docs/contract.md, made from contract/: topics, messages with their fields, readings, reasons."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect as types

from contract import messages, reading, topics
from contract.expressions import EXPRESSIONS, valence
from contract.schema import MESSAGES
from contract.topics import Channel

NESTED: Final = (reading.Reading, messages.Gap, messages.Refusal, messages.Building)
ENUMS: Final[tuple[type[Enum], ...]] = (reading.Source, reading.Role, messages.GapCause)
_HEAD: Final = """# The contract

What box and centre say to each other, as JSON over MQTT 5. Made from `contract/` by `make docs`; change that, not this
page. `contract/schema.json` is the same as a JSON Schema. How messages are used, and what is promised of them, says
[architecture.md](architecture.md).
"""


def page() -> str:
    """The text of docs/contract.md."""
    parts = [_HEAD, *_topics(), *_expressions(), *_structs(), *_reasons(), *_enums()]
    return "\n".join(parts).rstrip() + "\n"


def structs_of(name: str) -> tuple[type[msgspec.Struct], ...]:
    """The messages that are published where the last level of the topic is `name`."""
    message: Any = MESSAGES[name]
    return get_args(message) or (message,)


def comments(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What stands behind each field of a struct in its source."""
    lines = inspect.getsource(struct).splitlines()
    found = (re.match(r"\s{4}(\w+): .*?  # (.+)$", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def all_structs() -> tuple[type[msgspec.Struct], ...]:
    """Every struct of the wire: the messages, then what they are made of."""
    return (*(struct for name in MESSAGES for struct in structs_of(name)), *NESTED)


def _topics() -> Iterator[str]:
    yield "## Topics\n"
    yield "| topic | from | retained | message |\n| --- | --- | --- | --- |"
    for channel in Channel:
        side = "box" if channel in topics.FROM_BOX else "centre"
        retained = "yes, and the will" if channel is Channel.STATUS else "no"
        yield f"| `{topics.ROOT}/boxes/<box>/{channel.value}` | {side} | {retained} | {_links(channel.value)} |"
    yield f"| `{topics.CENTRE}` | centre | yes, and the will | {_links('centre')} |\n"
    yield f"`<box>` is the id of a box: `{topics.BOX_ID.pattern}`, the CN of its certificate.\n"


def _expressions() -> Iterator[str]:
    yield "## Expressions\n"
    yield f"Shares travel in one order: {', '.join(EXPRESSIONS)}. Valence is a sum over them, with these weights:\n"
    yield "| expression | weight in valence |\n| --- | --- |"
    for i, name in enumerate(EXPRESSIONS):
        weight = valence([float(k == i) for k in range(len(EXPRESSIONS))])
        yield f"| {name} | {weight:+.0f} |" if weight else f"| {name} | 0 |"
    yield ""


def _structs() -> Iterator[str]:
    yield "## Messages\n"
    yield f"Every message says its `version`, now {messages.VERSION}; a field that is not listed here is refused.\n"
    for struct in all_structs():
        yield f"### {struct.__name__}\n"
        yield f"{inspect.getdoc(struct)}\n"
        yield "| field | what it holds | default | meaning |\n| --- | --- | --- | --- |"
        info: Any = types.type_info(struct)
        if info.tag is not None:
            yield f"| `{info.tag_field}` | `{info.tag}` | required | which of the messages of its topic this is |"
        said = comments(struct)
        for field in info.fields:
            meaning = said.get(field.name, "the version of the contract" if field.name == "version" else "")
            yield f"| `{field.name}` | {_shown(field.type)} | {_default(field)} | {meaning} |".replace("|  |", "| |")
        yield ""


def _reasons() -> Iterator[str]:
    yield "## Reason\n"
    yield f"{inspect.getdoc(reading.Reason)}\n"
    yield "| reason | rows | leaves the box as |\n| --- | --- | --- |"
    for reason in reading.Reason:
        rows = "one a minute" if reason in reading.LASTING else "one a second"
        out = reading.Reason.NOT_OBSERVED if reason in reading.PRIVATE else reason
        yield f"| `{reason.value}` | {rows} | `{out.value}` |"
    yield ""


def _enums() -> Iterator[str]:
    for enum in ENUMS:
        yield f"## {enum.__name__}\n"
        yield f"{inspect.getdoc(enum)}\n"
        yield f"{', '.join(f'`{item.value}`' for item in enum)}\n"


def _links(name: str) -> str:
    return ", ".join(f"[{struct.__name__}](#{struct.__name__.lower()})" for struct in structs_of(name))


def _shown(kind: Any) -> str:
    """A type as a reader of JSON needs it."""
    if isinstance(kind, types.UnionType):
        inner = [part for part in kind.types if not isinstance(part, types.NoneType)]
        return f"{' or '.join(_shown(part) for part in inner)}, or null"
    if isinstance(kind, types.StructType | types.EnumType):
        return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
    if isinstance(kind, types.VarTupleType):
        return f"list of {_lengths(kind.min_length, kind.max_length)}: {_shown(kind.item_type)}"
    if isinstance(kind, types.TupleType):
        return f"[{', '.join(_shown(item) for item in kind.item_types)}]"
    if isinstance(kind, types.StrType):
        form = f" of the form `{kind.pattern}`" if kind.pattern else ""
        return f"text of {_lengths(kind.min_length, kind.max_length)} letters{form}".replace("|", "\\|")
    if isinstance(kind, types.IntType | types.FloatType):
        return _number(kind)
    if isinstance(kind, types.LiteralType):
        return " or ".join(f"`{value}`" for value in kind.values)
    assert isinstance(kind, types.BoolType), kind
    return "true or false"


def _number(kind: types.IntType | types.FloatType) -> str:
    name = "integer" if isinstance(kind, types.IntType) else "number"
    low = f"over {kind.gt:g}" if kind.gt is not None else f"from {kind.ge or 0:g}"
    return f"{name} {low}" + ("" if kind.le is None or kind.le == reading.MAX_INT else f" to {kind.le:g}")


def _lengths(least: int | None, most: int | None) -> str:
    return f"{least}" if least == most else f"{least or 0} to {most}"


def _default(field: Any) -> str:
    if field.required:
        return "required"
    if field.default is msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(field.default_factory()).decode()}`"
    return f"`{msgspec.json.encode(field.default).decode()}`"
