"""The default student as what networks over time begin with: its features, which stay as they are."""

from pathlib import Path

from torch import nn

from models.clips.batch import Batch
from models.errors import CheckpointError
from models.networks.build import build
from models.networks.se_resnet import SEResNet
from models.training.augment import Field
from models.training.checkpoint import averaged_network
from models.training.recipe import RECIPES
from models.training.shipped import unfold, weights_in

SEEN = Field(of_picture=RECIPES["student"].of_picture)  # what it sees of a picture
EXPORTED = ".onnx"
FACES = 512  # from which an exported file gets its batch-norms back


def student_from(start: Path, seen: Batch) -> SEResNet:
    """The student of an exported .onnx or of a finished run's folder, ready to answer. Raises CheckpointError.

    `seen` is faces like those that it is to see.
    """
    if start.suffix == EXPORTED:
        network: nn.Module = build("student", 0.0, seen.faces.shape[-1])
        if not unfold(network, weights_in(start), seen.faces[:, -1][:FACES]):
            raise CheckpointError(f"{start}: no convolution of it fits a student; name another file")
    else:
        network = averaged_network(start)
    if not isinstance(network, SEResNet):
        raise CheckpointError(f"{start}: is no student; name the run or the .onnx of one")
    return network.eval().requires_grad_(False)
