"""Waits between attempts that grow, with some chance in them so that a site's boxes do not all return at once."""

from __future__ import annotations

import random


class Backoff:
    """`first_s`, then twice as long each time up to `longest_s`; each made up to a fifth shorter by chance."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        """Nothing was attempted yet."""
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def next(self) -> float:
        """Seconds to wait now."""
        wait = self._next_s
        self._next_s = min(wait * 2, self._longest_s)
        return wait * random.uniform(0.8, 1.0)

    def reset(self) -> None:
        """It went well: begin again with the shortest wait."""
        self._next_s = self._first_s
