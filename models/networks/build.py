"""Which network a recipe's name means. A new one joins by a line in NETWORKS."""

from collections.abc import Callable

from torch import nn

from models.heads import FERPLUS, LOGITS
from models.networks.se_resnet import SEResNet, SEResNetShape
from models.networks.vgg import VGG16, VGG16Shape, VGG16Transferred

Builder = Callable[[float, int, int], nn.Module]

TRANSFERRED = "vgg16-av"

# Each takes the dropout, the side of its input and what part of its width it has (1, or one half: 2, ...), and gives
# the logits of all heads (B, LOGITS).
NETWORKS: dict[str, Builder] = {
    "student": lambda dropout, side, part: SEResNet(
        SEResNetShape(LOGITS, 16 // part, (32 // part, 64 // part, 128 // part), dropout=dropout)
    ),
    "vgg16": lambda dropout, side, part: VGG16(VGG16Shape(LOGITS, dropout=dropout, width=64 // part)),
    "vgg16-paper": lambda dropout, side, part: VGG16(
        VGG16Shape(LOGITS, "paper", side, 4096 // part, 64 // part, dropout, still=True)
    ),
    TRANSFERRED: lambda dropout, side, part: VGG16Transferred(
        VGG16Shape(LOGITS, dropout=dropout, width=64 // part), len(FERPLUS.classes)
    ),
}


def build(name: str, dropout: float, side: int, part: int = 1) -> nn.Module:
    """A network with new weights, drawn from torch's present seed; `part` is what its width is divided by."""
    return NETWORKS[name](dropout, side, part)
