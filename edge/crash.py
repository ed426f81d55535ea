"""How `vision` ends where nobody foresaw it: the log gets the place in the code, and nothing of what it held.

The text of an error may quote any value, and one here may be a picture, a landmark or an embedding.
"""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType


def tell_only_where() -> None:
    """From now on, in this process and each of its threads."""
    sys.excepthook = _tell
    threading.excepthook = lambda ended: _tell(ended.exc_type, ended.exc_value, ended.exc_traceback)


def _tell(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    if issubclass(kind, SystemExit | KeyboardInterrupt):
        return
    lines: list[str] = []
    told: traceback.TracebackException | None = traceback.TracebackException(kind, error or kind(), where)
    while told is not None:
        lines[:0] = [*told.stack.format(), f"{told.exc_type.__name__ if told.exc_type else 'an error'}\n"]
        told = told.__cause__ or told.__context__
    print("ended by a fault of Mien's own; report these lines:\n", *lines, sep="", end="", file=sys.stderr, flush=True)
