"""From a finished run of `st-attention` to what ships: networks of a frame and of a ring of frames, and their card."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import nn

from convert import half
from convert.export import Exported, Origin, fitted_card, inscribed
from convert.inscribed import inscribe_over_time
from models import describe
from models.card import Network, OverTime, load
from models.clips.batch import Batch
from models.data import read_faces
from models.datasets import data_file
from models.heads import FERPLUS, LOGITS
from models.model import CARD
from models.networks.measure import multiply_adds
from models.networks.preprocess import normalise
from models.networks.st_attention import RING, STAttention
from models.registry import BUNDLES, DEFAULT
from models.temporal.forms import FrameForm, clip_to_onnx, frame_to_onnx, ring_to_onnx
from models.temporal.student import FACES, SEEN, student_from
from models.temporal.train import NETWORK, told_of, trained
from models.training.augment import Field, framed


def is_over_time(run: Path) -> bool:
    """Whether a folder holds a run of a network over time."""
    return (run / NETWORK).is_file()


def bundle_of(origin: Origin) -> Path:
    """The packaged bundle that a run ships in. Raises CheckpointError."""
    return BUNDLES / _shipped(origin).folder


def export(origin: Origin, valid: Path, bundle: Path = DEFAULT) -> Exported:
    """The networks of a finished run, which began with the student of `bundle`.

    The even rows of the labelled faces of `valid` fit its operating points, a picture at a time. Raises RangeError,
    CheckpointError, DataError.
    """
    faces, sees = data_file(valid), SEEN
    shipped, told = _shipped(origin), told_of(origin.run)
    student = student_from(bundle / describe.WEIGHTS, _some(faces, sees))
    _, network = trained(origin.run, student)
    assert isinstance(network, STAttention)
    frame = frame_to_onnx(student, network, sees.side, FERPLUS.name)
    made, ring = half.half(frame, str(origin.run)), half.half(ring_to_onnx(network, FERPLUS.name), str(origin.run))
    used = nn.ModuleList([student.stem, student.blocks, network])
    cost = Network(
        shipped.family,
        sum(weights.numel() for weights in used.parameters()),
        multiply_adds(FrameForm(student, network), sees.side),
    )
    begun = load(bundle / CARD)
    text = describe.training_over_time(told["clips"], told["epochs"], f"{begun.name}-{begun.version}")
    prior = np.full(LOGITS, 1 / LOGITS, np.float32)
    prior[FERPLUS.columns] = told["prior"]
    card = inscribed(fitted_card(shipped, cost, made, sees, text, faces, prior), made)
    inscribe_over_time(ring, msgspec.to_builtins(card), card.licence)
    sha256 = hashlib.sha256(ring.SerializeToString()).hexdigest()
    over_time = OverTime(describe.OVER_TIME, sha256, RING, network.shape.embedding)
    card = msgspec.structs.replace(card, over_time=over_time)
    return Exported(card, made, frame, ring, clip_to_onnx(student, network, sees.side, FERPLUS.name))


def _shipped(origin: Origin) -> describe.Shipped:
    return describe.shipped_as(origin.name, str(told_of(origin.run)["variant"]), origin.run)


def _some(valid: Path, sees: Field) -> Batch:
    """Faces from which the student gets its batch-norms back; it then answers as its file does."""
    pictures = read_faces(valid).images[:FACES]
    seen = framed(normalise(torch.from_numpy(pictures)[:, None]), sees)[:, None]
    return Batch(seen, torch.zeros(len(seen), 1), torch.ones(len(seen), 1))
