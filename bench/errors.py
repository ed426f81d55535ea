"""The errors of the measurements.

BenchError
└── CannotMeasure   something that the bench needs is not on this machine
"""


class BenchError(Exception):
    """A measurement failed; says what, and what to do, in one line."""


class CannotMeasure(BenchError):
    """Something that the bench needs is not on this machine; the others go on."""
