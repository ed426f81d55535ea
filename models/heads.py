"""The two label sets that an expression network learns side by side, each with a head of its own.

FER-2013 has two sets of labels for the same pictures, which agree on two thirds of them. A network that is to be good
at both has two heads on one backbone: its last layer gives the logits of all heads side by side, `LOGITS` of them.
"""

from dataclasses import dataclass

from contract.expressions import EXPRESSIONS
from models.datasets import WITHOUT_CONTEMPT


@dataclass(frozen=True)
class Head:
    """A label set: its name, its classes in the contract's order, and where its logits lie among those of all heads."""

    name: str
    classes: tuple[str, ...]
    begin: int

    @property
    def columns(self) -> slice:
        """The head's columns of an array (..., LOGITS)."""
        return slice(self.begin, self.begin + len(self.classes))


FERPLUS = Head("ferplus", EXPRESSIONS, 0)
FER2013 = Head("fer2013", WITHOUT_CONTEMPT, len(EXPRESSIONS))
HEADS = (FERPLUS, FER2013)
LOGITS = sum(len(head.classes) for head in HEADS)
