"""What holds the documents to the code: pages made from it, and a reader that finds the names they use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.docs import commands, contract, metrics

_DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final[dict[Path, Callable[[], str]]] = {
    _DOCS / "commands.md": commands.page,
    _DOCS / "contract.md": contract.page,
    _DOCS / "metrics.md": metrics.page,
}
"""The pages that are made from the code, and what makes each."""
