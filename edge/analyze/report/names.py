"""Files by names that tell them apart: the folder that all of them share is said once."""

from __future__ import annotations

from msgspec.structs import replace

from edge.analyze.results import Summary


def parted(summary: Summary) -> tuple[Summary, str]:
    """The summary with its files named from their common folder on, and that folder; '' where they share none.

    A fault no longer begins with the name that stands beside it.
    """
    folder = _common([recording.file for recording in summary.files])
    files = tuple(
        replace(
            recording,
            file=recording.file[len(folder) :],
            fault=recording.fault.replace(f"{recording.file}: ", "") if recording.fault else None,
        )
        for recording in summary.files
    )
    return replace(summary, files=files), folder


def _common(names: list[str]) -> str:
    """The longest beginning of all names that ends with a slash, forward or backward; of one name alone nothing."""
    if len(names) < 2:
        return ""
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    end = max(first.rfind(slash, 0, same) for slash in "/\\")
    return first[: end + 1]
