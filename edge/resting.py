"""An agent's own neutral on a second's way: learned, kept by the writer now and then, and taken out of readings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from contract.reading import Role
from edge.neutral import Learned
from edge.settings import Settings
from edge.store import KeptNeutral
from edge.window import FrameView, summarise
from edge.writer import Writer

KEEP_EVERY: Final = 30  # seconds that are learned between two writes

log: Final = logging.getLogger("mien.vision")


class Resting:
    """What is done with one shift's own neutral; nothing where the policy does not ask for it. For one thread."""

    def __init__(self, writer: Writer, usual: tuple[float, ...] = (), kept: KeptNeutral | None = None) -> None:
        """`usual` is what the model reads of resting faces; `kept` what was learned of this one, None to do nothing."""
        self._writer, self._usual, self._kept = writer, usual, kept
        self._unwritten = 0

    @classmethod
    def of(cls, settings: Settings, writer: Writer, shift: str, model: str, usual: tuple[float, ...]) -> Resting:
        """As the policy has it. What was learned under another policy, in another shift or by another model goes.

        Raises StoreError.
        """
        asked = settings.policy.own_neutral and settings.box.role is Role.AGENT
        if asked and not usual:
            log.warning("policy.own_neutral: the card of %s does not say how it reads resting faces; left out", model)
        there, learns = writer.own_neutral(), asked and bool(usual)
        same = learns and (there.shift, there.model) == (shift, model)
        kept = KeptNeutral(there.generation, shift, model, there.learned if same else Learned())
        if there.learned.seconds and not same:
            writer.keep_neutral(kept)
        return cls(writer, usual, kept if learns else None)

    def taken_out(self, views: Sequence[FrameView]) -> Sequence[FrameView]:
        """The frames of a second, with the own neutral taken out; what is learned of them is learned before."""
        if self._kept is None:
            return views
        if self._writer.neutral_forgotten():
            generation = self._kept.generation + 1
            self._kept, self._unwritten = self._kept._replace(generation=generation, learned=Learned()), 0
        shift = self._kept.learned.shift(self._usual)
        self._learn(summarise(views).shares)
        return [moved(view, shift) for view in views]

    def _learn(self, shares: tuple[float, ...] | None) -> None:
        assert self._kept is not None
        if shares is None or (learned := self._kept.learned.also(shares)) is self._kept.learned:
            return
        self._kept = self._kept._replace(learned=learned)
        self._unwritten += 1
        if self._unwritten >= KEEP_EVERY:
            self._writer.keep_neutral(self._kept)
            self._unwritten = 0


def moved(view: FrameView, shift: Sequence[float] | None) -> FrameView:
    """A frame with its log probabilities moved; as it is where it has none, or nothing is to be moved."""
    if shift is None or view.shares is None:
        return view
    shares = view.shares * np.exp(np.asarray(shift, np.float32))
    shares = np.asarray(shares / shares.sum(), np.float32)
    return replace(view, shares=shares, confidence=float(shares.max()))
