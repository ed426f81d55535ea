"""For all tests: Hypothesis sets no time limit to an example, for no test here asserts how fast something is; and those
that say themselves that they take long begin first, so that the others run beside them.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("mien", deadline=None)
settings.load_profile("mien")

pytest_plugins = ["tests.fakes.fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: -max((mark.args[0] for mark in item.iter_markers("timeout") if mark.args), default=0))
