"""Results as a bench would have left them, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.benches import Bench
from bench.figures import Found, Given, Measured
from bench.results import result_of


def result(bench: Bench, factor: float = 1.0, *, count: int = 1) -> dict[str, Any]:
    """A result whose values are all `factor` times 100, beside peers of 100."""
    given = Given(rounds=1, count=count, folder=Path("unused"), peer_python="python")
    values = {figure.name: Measured(100.0 * factor, 100.0 if figure.beside else None) for figure in bench.figures}
    return result_of(bench, Found(values=values), given, seconds=1.0, load=0.1)
