"""Which network a recipe's name means. A new one joins by a line in NETWORKS."""

from collections.abc import Callable

from torch import nn

from models.heads import LOGITS
from models.networks.se_resnet import SEResNet, SEResNetShape
from models.networks.vgg import VGG16, VGG16Shape

Builder = Callable[[float, int], nn.Module]

# Each takes the dropout and the side of its input, and gives the logits of all heads (B, LOGITS).
NETWORKS: dict[str, Builder] = {
    "student": lambda dropout, side: SEResNet(
        SEResNetShape(classes=LOGITS, blocks=(2, 2, 3), reduction=16, dropout=dropout)
    ),
    "vgg16": lambda dropout, side: VGG16(VGG16Shape(classes=LOGITS, dropout=dropout)),
    "vgg16-paper": lambda dropout, side: VGG16(VGG16Shape(LOGITS, "paper", side, dropout=dropout)),
}


def build(name: str, dropout: float, side: int) -> nn.Module:
    """A network with new weights, drawn from torch's present seed."""
    return NETWORKS[name](dropout, side)
