"""A reading to a row and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from contract.expressions import EXPRESSIONS
from contract.reading import Reading

Value = str | int | float | None

PLAIN: Final = tuple(f.name for f in msgspec.structs.fields(Reading) if f.name not in ("seq", "shares"))
COLUMNS: Final = (*PLAIN, *EXPRESSIONS)
COLUMN_LIST: Final = ", ".join(COLUMNS)
PLACES: Final = ", ".join("?" * len(COLUMNS))
_FLAGS: Final = ("clock_ok", "simulated", "recorded")


def to_row(reading: Reading) -> tuple[Value, ...]:
    """The values of `COLUMNS`; `seq` is left to the table."""
    plain = msgspec.to_builtins(reading)
    defaults = {"clock_ok": True, "simulated": False, "recorded": False, "faces": 0}
    return (*(plain.get(name, defaults.get(name)) for name in PLAIN), *(reading.shares or (None,) * len(EXPRESSIONS)))


def from_row(row: Sequence[Value]) -> Reading:
    """The reading of `seq` and the values of `COLUMNS`. Raises msgspec.ValidationError where the row is none."""
    seq, *values = row
    plain = dict(zip(PLAIN, values, strict=False))
    shares = values[len(PLAIN) :]
    for flag in _FLAGS:
        plain[flag] = bool(plain[flag])
    return msgspec.convert({**plain, "seq": seq, "shares": None if shares[0] is None else shares}, Reading)
