"""What a network over time keeps of each frame, of a run as it was trained or of a bundle as a desk has it."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from edge.runtime.backend import unpacked
from models.card import load
from models.data import Floats
from models.errors import CheckpointError
from models.model import CARD
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import STAttention
from models.temporal.forms import KEPT
from models.temporal.train import trained

AT_ONCE = 256  # faces


def kept_of(place: Path, faces: Tensor, maps: Tensor, student: SEResNet) -> Floats:
    """The numbers (N, width) of faces (N, 1, side, side), of which `maps` (N, C, H, W) are the student's.

    `place` is the folder of a finished run or of a bundle. Raises CheckpointError where nothing is kept there, and
    CardError where the bundle's card cannot be read.
    """
    if (place / CARD).exists():
        return _by_bundle(place, faces.numpy())
    _, network = trained(place, student)
    if not isinstance(network, STAttention):
        raise CheckpointError(f"{place}: is no run of st-attention, which alone keeps embeddings")
    with torch.no_grad():
        return np.asarray(network.frames(maps).numpy(), np.float32)


def _by_bundle(bundle: Path, faces: Floats) -> Floats:
    card = load(bundle / CARD)
    if card.over_time is None:
        raise CheckpointError(f"{bundle}: keeps nothing of a face, so nothing can leak; name a bundle of st-attention")
    weights = bundle / card.file
    session = onnxruntime.InferenceSession(unpacked(weights, weights.read_bytes()), providers=["CPUExecutionProvider"])
    parts = [
        session.run([KEPT], {card.input.name: faces[at : at + AT_ONCE]})[0] for at in range(0, len(faces), AT_ONCE)
    ]
    return np.concatenate(parts).astype(np.float32, copy=False)
