"""The arrows between the rooms: which room may import which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("contract", "look", "edge", "models", "convert", "central", "demo", "bench")

ALLOWED: dict[str, tuple[str, ...]] = {
    "contract": (),
    "look": (),
    "edge": ("contract", "look"),
    "central": ("contract", "look"),
    "models": (
        *("contract", "edge.align", "edge.detect", "edge.optical_flow", "edge.quality", "edge.merge", "edge.sound"),
        *("edge.errors", "edge.runtime.backend"),
    ),
    "convert": ("contract", "models", "edge.errors", "edge.runtime", "edge.sound"),
    "demo": ("contract",),
    "bench": ("contract", "edge", "models", "convert", "central", "tests.fakes"),
}
"""What a room may import beside itself. `demo` starts the commands a person would; `bench` may measure anything,
also over the fakes of a GPU."""


def _modules(room: str) -> Iterator[Path]:
    return (path for path in sorted((ROOT / room).rglob("*.py")) if "vendor" not in path.parts)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; name the room"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_allowed(name: str, room: str) -> bool:
    return any(name == allowed or name.startswith(allowed + ".") for allowed in (room, *ALLOWED[room]))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_its_arrows_allow(room: str) -> None:
    modules = list(_modules(room))
    assert modules, f"no modules in {room}/"
    strays = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules
        for name in _imports(path)
        if name.split(".")[0] in (*ROOMS, "tests") and not _is_allowed(name, room)
    ]
    assert not strays


def test_only_the_store_speaks_sql_on_the_desk() -> None:
    speakers = {
        path.parent.name
        for path in _modules("edge")
        if any(name.split(".")[0] in ("sqlite3", "sqlite_utils") for name in _imports(path))
    }
    assert speakers == {"store"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in _modules(room)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not silent
