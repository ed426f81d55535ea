"""What makes the identity-aware layer leave out who somebody is, while it is trained.

Two pulls: whoever tries to tell people apart by an embedding is worked against (gradient reversal, Ganin & Lempitsky
2015), and faces of different people with one expression are drawn together (supervised contrast, Khosla et al. 2020).
Neither is proof of anything: `models.temporal.leakage` attacks what came of it anew, on other people.
"""

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks.st_attention import STAttention


class _Reversed(torch.autograd.Function):
    """The same value; the gradient comes back the other way round."""

    @staticmethod
    def forward(context: Any, x: Tensor, strength: float) -> Tensor:
        context.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -context.strength * gradients[0], None


def reversed_gradient(x: Tensor, strength: float) -> Tensor:
    """`x`, whose gradient is turned round and multiplied by `strength` on its way back."""
    return cast(Tensor, _Reversed.apply(x, strength))  # type: ignore[no-untyped-call]


def contrast(embeddings: Tensor, partners: Tensor, temperature: float = 0.2) -> Tensor:
    """How far partners among faces (B, D) are from each other, beside all others; a scalar.

    `partners` (B, B) is true for those that are to be near. A face without one does not count; 0 where none has any.
    """
    unit = functional.normalize(embeddings, dim=1)
    oneself = torch.eye(len(unit), dtype=torch.bool)
    logits = (unit @ unit.T / temperature).masked_fill(oneself, -1e4)
    log = logits - logits.logsumexp(dim=1, keepdim=True)
    each = (log * partners).sum(dim=1) / partners.sum(dim=1).clamp(min=1)
    has = partners.any(dim=1)
    return -(each * has).sum() / has.sum().clamp(min=1)


@dataclass(frozen=True)
class Stills:
    """Stills for the identity-aware layer: the student's maps (N, C, H, W), people (N,) as whole numbers from 0, and
    labels (N,), -1 where nobody knows."""

    maps: Tensor
    people: Tensor
    labels: Tensor


class Adversary(nn.Module):
    """Who is it? Embeddings (B, D) to a logit for each person of the training."""

    def __init__(self, width: int, people: int, hidden: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, people))

    def forward(self, embeddings: Tensor) -> Tensor:
        return cast(Tensor, self.layers(embeddings))


@dataclass(frozen=True)
class Blind:
    """How the identity-aware layer is trained: what weighs the two pulls (0 switches one off), and faces a step."""

    reversal: float = 1.0
    together: float = 0.1
    batch: int = 256


class Blinding(nn.Module):
    """Both pulls as one loss on a batch of stills that is drawn at each call."""

    def __init__(self, faces: Stills, width: int, seed: int, how: Blind | None = None) -> None:
        super().__init__()
        self.faces, self.how = faces, how or Blind()
        self.adversary = Adversary(width, int(faces.people.max()) + 1)
        self._draw = torch.Generator().manual_seed(seed)

    def forward(self, network: nn.Module) -> Tensor:
        """The loss (a scalar) for a network whose `frames` give embeddings."""
        rows = torch.randint(0, len(self.faces.people), (self.how.batch,), generator=self._draw)
        found = cast(STAttention, network).frames(self.faces.maps[rows].float())
        people, labels = self.faces.people[rows], self.faces.labels[rows]
        loss = functional.cross_entropy(self.adversary(reversed_gradient(found, self.how.reversal)), people)
        known = labels >= 0
        if self.how.together and known.any():
            alike = (labels[:, None] == labels) & (people[:, None] != people)
            loss = loss + self.how.together * contrast(found[known], alike[known][:, known])
        return loss
