"""For all tests: Hypothesis sets no time limit to an example, for no test here asserts how fast something is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("mien", deadline=None)
settings.load_profile("mien")

pytest_plugins = ["tests.fakes.fixtures"]
