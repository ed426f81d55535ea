"""Errors of the convert room.

ConvertError
├── SourceError     what a conversion starts from is missing or is not what it should be
├── RangeError      a weight is too large for half precision
├── LimitError      half precision changes more of a network's answers than it may
├── EngineError     an engine cannot be built or kept on this machine
├── LicenceError    parts that do not allow the same use are put together, and nobody accepted that
├── OutputError     a result cannot be written
└── ManifestError   a bundle is not what its manifest says, or not signed by who is trusted
"""

from __future__ import annotations


class ConvertError(Exception):
    """Anything a conversion refuses; its text is one line that says what was wrong, where, and what to do."""


class SourceError(ConvertError):
    """A weight file, a card, a key or a package that is needed is missing, unreadable or not the one it should be."""


class RangeError(ConvertError):
    """A weight or a constant does not fit into float16, so the network cannot be had in half precision."""


class LimitError(ConvertError):
    """A network in half precision answers further away from the one in float32 than is allowed."""


class EngineError(ConvertError):
    """An engine cannot be built here, says something else than ONNX Runtime, or cannot be kept."""


class LicenceError(ConvertError):
    """A bundle mixes licences that do not allow the same use, and they were not accepted by name."""


class OutputError(ConvertError):
    """A result cannot be written: something is in the way, no permission, or no room on the disk."""


class ManifestError(ConvertError):
    """A folder has no manifest, holds something else than its manifest says, or is not signed by who is trusted."""
