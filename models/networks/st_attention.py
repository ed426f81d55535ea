"""Spatiotemporal attention with an identity-aware layer, after the thesis on monitoring customer service.

What is at hand of the thesis is its abstract: a model that finds the salient places of a face and the frames of a video
that matter, and a layer that keeps the expression and takes out who somebody is. It gives no shapes; those are ours.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.networks.attention import AttentionBlock

RING = 32  # embeddings of a face that are kept
CHANNELS = 128  # of the default student's last feature maps
VALUES = 8  # among which each code of the identity-aware layer chooses
SHARPNESS = 4.0  # of that choice
FADES_S = (0.1, 0.3, 1.0, 3.0)  # an age in seconds is told as how much of a trace that fades so fast is left


@dataclass(frozen=True)
class STAttentionShape:
    """What fixes an :class:`STAttention`; each part can be taken away, to see what it is worth.

    `codes` is how many choices the identity-aware layer tells a frame in; without that layer it is CHANNELS numbers.
    """

    classes: int = 8
    spatial: bool = True
    temporal: bool = True
    identity: bool = True
    codes: int = 8
    places: int = 4
    heads: int = 4
    layers: int = 2
    dropout: float = 0.2

    @property
    def embedding(self) -> int:
        """Numbers that a frame is told in."""
        return self.codes * VALUES if self.identity else CHANNELS


class SpatialAttention(nn.Module):
    """Where on the face to look: feature maps (B, C, H, W) to (B, C).

    `places` attention maps, each a softmax over all H * W places, weigh a part of the channels each; the plain average
    is added, so that attention only has to say what it does not.
    """

    def __init__(self, channels: int, places: int, hidden: int = 32) -> None:
        super().__init__()
        self.places = places
        self.score = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.Tanh(), nn.Conv2d(hidden, places, 1))

    def weights(self, maps: Tensor) -> Tensor:
        """The attention (B, places, H * W) to each place; sums to 1 over the last."""
        return torch.softmax(self.score(maps).flatten(2), dim=2)

    def forward(self, maps: Tensor) -> Tensor:
        count, channels, height, width = maps.shape
        parts = maps.reshape(count, self.places, channels // self.places, height * width)
        attended = (parts * self.weights(maps)[:, :, None]).sum(dim=3)
        return attended.reshape(count, channels) + maps.mean(dim=(2, 3))


class IdentityAware(nn.Module):
    """The identity-aware layer: (B, channels) to (B, codes * VALUES), too coarse for who somebody is beside how they
    look.

    Each code is a choice among VALUES, told as shares of which most are near 0 or 1. How a face looks decides the
    choice; how far it lies from the border of it, in which people differ, hardly shows any more. What else it leaves
    out is decided in training (models/temporal/identity.py): faces of different people with one expression are drawn
    together, and whoever tries to tell people apart by it is worked against.
    """

    def __init__(self, channels: int, codes: int) -> None:
        super().__init__()
        self.width = codes * VALUES
        self.layer = nn.Linear(channels, self.width)
        self.norm = nn.LayerNorm(self.width)

    def forward(self, x: Tensor) -> Tensor:
        choices = self.norm(self.layer(x)).reshape(-1, self.width // VALUES, VALUES)
        return torch.softmax(SHARPNESS * choices, dim=2).reshape(-1, self.width)


class FrameEncoder(nn.Module):
    """What of one frame is kept: feature maps (B, CHANNELS, H, W) of the student to an embedding (B, D)."""

    def __init__(self, shape: STAttentionShape) -> None:
        super().__init__()
        self.look = SpatialAttention(CHANNELS, shape.places) if shape.spatial else None
        self.norm = nn.LayerNorm(CHANNELS)
        self.identity = IdentityAware(CHANNELS, shape.codes) if shape.identity else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        pooled = maps.mean(dim=(2, 3)) if self.look is None else self.look(maps)
        return cast(Tensor, self.identity(self.norm(pooled)))


class TemporalAttention(nn.Module):
    """The ring of a face's embeddings to the logits of now.

    Takes embeddings (B, T, D), the newest last; their ages (B, T) in seconds before the newest, whatever the rate; and
    a mask (B, T), 1 where there is one, 0 where the ring is not yet full. Gives logits (B, classes). In each layer but
    the last all frames attend to all; in the last only the newest asks. What it finds is added to the newest.
    """

    def __init__(self, shape: STAttentionShape) -> None:
        super().__init__()
        width = shape.embedding
        self.age = nn.Linear(len(FADES_S), width)
        layers = shape.layers if shape.temporal else 0
        self.layers = nn.ModuleList(AttentionBlock(width, shape.heads, shape.dropout) for _ in range(layers))
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Dropout(shape.dropout), nn.Linear(width, shape.classes))
        self.register_buffer("fades", torch.tensor(FADES_S))

    def forward(self, embeddings: Tensor, ages: Tensor, mask: Tensor) -> Tensor:
        x = embeddings
        if len(self.layers):
            x = x + self.age(torch.exp(-ages[:, :, None] / cast(Tensor, self.fades)))
        for layer in self.layers[:-1]:
            x = layer(x, x, mask)
        newest = x[:, -1:]
        for layer in self.layers[-1:]:
            newest = layer(newest, x, mask)
        return cast(Tensor, self.head(newest[:, 0]))


class STAttention(nn.Module):
    """The whole model but the student: feature maps (B, T, CHANNELS, H, W), ages (B, T) and mask (B, T) to logits
    (B, classes).

    The maps are the default student's last (`SEResNet.maps`); spatial attention over each, the identity-aware layer,
    and temporal attention over the frames. A desk runs it in two parts: `frames` once for each frame, and `over_time`
    over the ring.
    """

    def __init__(self, shape: STAttentionShape | None = None) -> None:
        super().__init__()
        self.shape = shape or STAttentionShape()
        self.frames = FrameEncoder(self.shape)
        self.over_time = TemporalAttention(self.shape)

    def forward(self, maps: Tensor, ages: Tensor, mask: Tensor) -> Tensor:
        count, length = maps.shape[:2]
        embeddings = self.frames(maps.flatten(0, 1)).reshape(count, length, -1)
        return cast(Tensor, self.over_time(embeddings, ages, mask))
