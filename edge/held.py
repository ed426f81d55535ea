"""What was read of a followed face last, which it keeps for the frames that come before it is worth reading again.

A film or a fast camera has more frames than an expression has moments: a desk reads fifteen a second, and more tell
nothing new. A face is followed through every frame, and read as often as a desk would.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.reading import Reason

Result = NDArray[np.float32] | Reason

KEPT_S: Final = 0.055  # under the time between frames at 18 a second, and over that at 19


class Held:
    """The last results of all faces that are followed, by their tracks."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, Result]] = {}

    def result(self, track: int, at_s: float) -> Result | None:
        """What was read of the face that `track` follows, where that was so shortly before `at_s` that it holds."""
        if track not in self._last:
            return None
        read_s, result = self._last[track]
        return result if 0 <= at_s - read_s < KEPT_S else None

    def keep(self, track: int, at_s: float, result: Result) -> None:
        """`result` was read of a face at `at_s`; faces that were not read shortly before are forgotten."""
        self._last = {each: last for each, last in self._last.items() if 0 <= at_s - last[0] < KEPT_S}
        self._last[track] = (at_s, result)
