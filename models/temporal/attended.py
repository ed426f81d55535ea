"""Where `st-attention` looks: its attention over the faces of each expression, and the mean of those faces.

A mean of hundreds of faces is nobody's.
"""

import numpy as np
import torch

from contract.expressions import EXPRESSIONS
from models.data import Floats
from models.errors import CheckpointError, DataError
from models.networks.preprocess import MEAN, SCALE, normalise
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention
from models.prepared import Prepared
from models.temporal.results import Attended
from models.temporal.variants import stills
from models.training.augment import Field, framed

LEAST = 100  # faces of an expression; of fewer the mean still resembles some of them
MOST = 1500


def attended(network: STAttention, student: SEResNet, pictures: Prepared, field: Field) -> tuple[Attended, ...]:
    """For each expression with LEAST pictures or more that most people called that. CheckpointError without attention,
    DataError without such pictures.
    """
    if network.frames.look is None:
        raise CheckpointError("the run has no spatial attention to be shown; name one of st-attention as a whole")
    named = np.where(pictures.votes.max(axis=1) > 0.5, pictures.votes.argmax(axis=1), -1)
    found = [
        _attended(network, student, pictures[np.flatnonzero(named == place)[:MOST]], name, field)
        for place, name in enumerate(EXPRESSIONS)
        if (named == place).sum() >= LEAST
    ]
    if not found:
        raise DataError(f"no expression has {LEAST} pictures that most people called that")
    return tuple(found)


def _attended(network: STAttention, student: SEResNet, pictures: Prepared, name: str, field: Field) -> Attended:
    look = network.frames.look
    assert look is not None
    faces = framed(normalise(torch.from_numpy(pictures.images)[:, None]), field)
    maps = stills(faces, student)
    with torch.no_grad():
        weights: Floats = look.weights(maps).mean(dim=0).reshape(look.places, *maps.shape[2:]).numpy()
    mean = (faces.mean(dim=0)[0] / SCALE + MEAN).clamp(0, 255).byte()
    return Attended(name, len(pictures), mean.tolist(), weights.tolist())
