"""What the licences of a bundle's parts allow, and the question before such are mixed that do not allow the same.

A part that may be used for research alone makes that of everything it is bundled with. Nobody is to find that out
later, so it is said in plain words, and each licence that narrows the others is accepted by its name or not at all.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Final

from contract.licences import ANY, UNKNOWN, use_of
from contract.manifest import Accepted
from convert.bundle.parts import Part
from convert.errors import LicenceError

OPTION: Final = "--accept-licence"

# How the owners of data sets word it; see docs/data.md.
_RESTRICTED: Final = re.compile(r"research[- ]only|academic use|non-?commercial", re.IGNORECASE)


def whole_use(licences: Sequence[str]) -> str:
    """What parts of these licences may be used for together: what the narrowest allows, in words."""
    uses = sorted({use_of(licence) for licence in licences}, key=lambda use: (-use.narrowness, use.words))
    narrowest = [use.words for use in uses if use.narrowness == uses[0].narrowness]
    return ", and ".join(narrowest)


def narrowing(licences: Sequence[str]) -> tuple[str, ...]:
    """The licences that allow less than another of them does, which are to be accepted; none where all allow the same.

    Of two that are not known, it cannot be said which allows less: both are to be accepted.
    """
    uses = {licence: use_of(licence) for licence in licences}
    if len(set(uses.values())) < 2:
        return ()
    broadest = min(use.narrowness for use in uses.values())
    return tuple(licence for licence, use in uses.items() if use.narrowness > broadest or use.narrowness == UNKNOWN)


def explanation(parts: Sequence[Part]) -> str:
    """What mixing these parts means, in plain words, part by part."""
    licences = [part.licence for part in parts]
    rows = [(part.name, part.model, part.licence, use_of(part.licence).words) for part in parts]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        [
            "The parts of this bundle have licences that do not allow the same use:",
            *(
                "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, [*widths, 0], strict=True))
                for row in rows
            ),
            f"Bundled, the whole may only be used as the narrowest of them allows: {whole_use(licences)}.",
            *(f"{part.licence} of {part.model} rests on: {_grounds(part)}" for part in _narrow(parts)),
        ]
    )


def settle(
    parts: Sequence[Part], named: Sequence[str], say: Callable[[str], None], ask: Callable[[str], str] | None
) -> tuple[Accepted, ...]:
    """The licences that are accepted for a bundle of these parts; none, and no question, where nothing is mixed.

    `named` are those accepted on the command line, `ask` puts a question to a person, or is None where nobody is there.
    Raises LicenceError where one that narrows the others is not accepted, or where a part's own is none that it can
    have.
    """
    for part in parts:
        _check_grounds(part)
    licences = [part.licence for part in parts]
    needed = narrowing(licences)
    # Where all parts are alike nothing is mixed, but a box with a trust file takes no licence that nobody accepted.
    besides = [each for each in dict.fromkeys(named) if each in licences and use_of(each) != ANY and each not in needed]
    for licence in dict.fromkeys(named):
        if licence not in (*needed, *besides):
            say(f'{OPTION} "{licence}": not needed: no part of this bundle narrows the others by it')
    open_ones = [licence for licence in needed if licence not in named]
    if open_ones and ask is None:
        raise LicenceError(_refusal(parts, open_ones))
    if needed:
        say(explanation(parts))
    for licence in open_ones:
        if ask is not None and ask(f'Accept "{licence}" for the whole bundle? Type yes: ').strip() != "yes":
            raise LicenceError(f'"{licence}" was not accepted: nothing was written; take another part in its place')
    today = datetime.now(timezone.utc).date()
    return tuple(Accepted(licence, today) for licence in (*needed, *besides))


def _check_grounds(part: Part) -> None:
    """Raises LicenceError where a part is for any use by its own licence, but not by one that this rests on."""
    if use_of(part.licence) != ANY:
        return
    for ground in part.rests_on:
        if _RESTRICTED.search(ground.licence):
            raise LicenceError(
                f"{part.files[0].path}: says {part.licence}, but rests on {ground.name}, of which it says "
                f'"{ground.licence}"; put the licence that follows from that into the card, such as research-only'
            )


def _refusal(parts: Sequence[Part], open_ones: Sequence[str]) -> str:
    mixed = ", ".join(f"{part.name} {part.model} is {part.licence}" for part in parts)
    use = whole_use([part.licence for part in parts])
    options = " ".join(f"{OPTION} {shlex.quote(licence)}" for licence in open_ones)
    return (
        f"licences that do not allow the same use would be mixed ({mixed}), and the whole could only be used as the "
        f"narrowest allows: {use}; if that is what you want, add {options}"
    )


def _narrow(parts: Sequence[Part]) -> list[Part]:
    needed = narrowing([part.licence for part in parts])
    return [part for part in parts if part.licence in needed]


def _grounds(part: Part) -> str:
    return "; ".join(f"{ground.name} ({ground.licence})" for ground in part.rests_on) or "nothing that its card names"
