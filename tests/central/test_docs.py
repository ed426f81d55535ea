"""docs/centre.md says what the code does."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from central.main import _parser
from central.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "centre.md").read_text(encoding="utf-8")
KEYS = [
    (f"{table.name}.{key.name}", key.default)
    for table in msgspec.structs.fields(Settings)
    for key in msgspec.structs.fields(table.type)
]


@pytest.mark.parametrize(("key", "default"), KEYS)
def test_every_setting_is_listed_with_its_default(key: str, default: object) -> None:
    [line] = [line for line in TEXT.splitlines() if line.startswith("|") and f"`{key}`" in line.split("|")[1]]
    shown = "none" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
    assert shown in line.split("|")[2]


def test_every_command_in_the_text_is_one() -> None:
    named = {part.split()[0].strip("`,") for part in TEXT.split("mien-central ")[1:]}
    known = set(_parser().format_help().replace("\n", " ").split())
    assert named <= known
