"""When a conversation with a customer begins and ends, for a box that looks at customers: by who is there.

It begins with a face that was there for some seconds and ends when none was there for longer. Who it was is neither
asked nor known. The seconds before it began are told already, and carry no name: the centre has a conversation from
the first reading that names it.
"""

from __future__ import annotations

import secrets
from typing import Final

BEGINS_S: Final = 5.0
ENDS_S: Final = 10.0


class Presence:
    """Names the conversation that a second falls in. For one thread; seconds come in their order."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._there_s = self._gone_s = 0.0

    def named(self, faces: int, duration_s: float) -> str | None:
        """The conversation of a second in which so many faces were seen; None where there is none."""
        if faces:
            self._there_s, self._gone_s = self._there_s + duration_s, 0.0
        else:
            self._there_s, self._gone_s = 0.0, self._gone_s + duration_s
        if self._name is None and self._there_s >= BEGINS_S:
            self._name = f"c-{secrets.token_hex(6)}"
        elif self._name is not None and self._gone_s >= ENDS_S:
            self._name = None
        return self._name
