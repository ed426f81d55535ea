"""From a finished run of a network over time to what ships: its networks, and their card."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
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
from models.data import Floats, read_faces
from models.datasets import data_file
from models.heads import FERPLUS, LOGITS
from models.model import CARD
from models.networks.graph import as_onnx
from models.networks.measure import multiply_adds, parameters_of
from models.networks.preprocess import normalise
from models.networks.res3_att import Res3Att
from models.networks.se_resnet import SEResNet
from models.networks.st_attention import RING, STAttention
from models.networks.two_stream import TwoStream
from models.registry import BUNDLES, DEFAULT
from models.temporal.forms import FrameForm, clip_to_onnx, faces_form, frame_to_onnx, ring_to_onnx
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
    faces = data_file(valid)
    told, shipped, begun = told_of(origin.run), _shipped(origin), load(bundle / CARD)
    student = student_from(bundle / describe.WEIGHTS, _some(faces, SEEN))
    _, network = trained(origin.run, student)
    text = describe.training_over_time(told["variant"], told["clips"], told["epochs"], f"{begun.name}-{begun.version}")
    prior = np.full(LOGITS, 1 / LOGITS, np.float32)
    prior[FERPLUS.columns] = told["prior"]
    learned = Learned(shipped, text, prior)
    if isinstance(network, STAttention):
        return _of_features(learned, student, network, faces, str(origin.run))
    assert isinstance(network, Res3Att | TwoStream)
    return _of_faces(learned, network, faces, str(origin.run))


@dataclass(frozen=True)
class Learned:
    """What a run becomes, how it was trained in words, and how frequent each logit's class was in that (LOGITS,)."""

    shipped: describe.Shipped
    text: str
    prior: Floats


def _of_features(learned: Learned, student: SEResNet, network: STAttention, faces: Path, run: str) -> Exported:
    """Of what keeps features of each frame: a network of a frame, and one of a ring of them."""
    side = SEEN.side
    frame = frame_to_onnx(student, network, side, FERPLUS.name)
    made, ring = half.half(frame, run), half.half(ring_to_onnx(network, FERPLUS.name), run)
    used = nn.ModuleList([student.stem, student.blocks, network])
    cost = Network(learned.shipped.family, parameters_of(used), multiply_adds(FrameForm(student, network), side))
    card = inscribed(fitted_card(learned.shipped, cost, made, SEEN, learned.text, faces, learned.prior), made)
    inscribe_over_time(ring, msgspec.to_builtins(card), card.licence)
    sha256 = hashlib.sha256(ring.SerializeToString()).hexdigest()
    over_time = OverTime(describe.OVER_TIME, sha256, RING, network.shape.embedding)
    card = msgspec.structs.replace(card, over_time=over_time)
    return Exported(card, made, frame, ring, clip_to_onnx(student, network, side, FERPLUS.name))


def _of_faces(learned: Learned, network: Res3Att | TwoStream, faces: Path, run: str) -> Exported:
    """Of what takes the faces themselves: one network."""
    form, channels, frames = faces_form(network)
    plain = as_onnx(form, SEEN.side, [FERPLUS.name], channels)
    made = half.half(plain, run)
    cost = Network(learned.shipped.family, parameters_of(network), multiply_adds(form, SEEN.side, channels))
    taken = describe.Taken(channels, frames, isinstance(network, TwoStream))
    card = fitted_card(learned.shipped, cost, made, SEEN, learned.text, faces, learned.prior, taken)
    return Exported(inscribed(card, made), made, plain, clip=plain)


def _shipped(origin: Origin) -> describe.Shipped:
    return describe.shipped_as(origin.name, str(told_of(origin.run)["variant"]), origin.run)


def _some(valid: Path, sees: Field) -> Batch:
    """Faces from which the student gets its batch-norms back; it then answers as its file does."""
    pictures = read_faces(valid).images[:FACES]
    seen = framed(normalise(torch.from_numpy(pictures)[:, None]), sees)[:, None]
    return Batch(seen, torch.zeros(len(seen), 1), torch.ones(len(seen), 1))
