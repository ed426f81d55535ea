"""Things before a face, drawn on whole batches of face pictures: masks, hands and glasses.

Face pictures of FER-2013 are cut alike, so that eyes, nose and mouth lie at the same places within a few pixels; a
thing is drawn there, loosely, before the picture is moved. The expression stays what it was labelled as: the network is
to read what is left. (Whether a mouth is covered at all is another network's matter, and the desk's gate.)
"""

import torch
from torch import Tensor

# Places in a face picture, from -1 (left, top) to 1.
EYES, EYE_ASIDE, NOSE = -0.22, 0.36, 0.12


def _between(n: int, low: float, high: float, draw: torch.Generator, like: Tensor) -> Tensor:
    return (torch.rand(n, generator=draw) * (high - low) + low).view(n, 1, 1, 1).to(like.device)


def covered(x: Tensor, share: float, draw: torch.Generator) -> Tensor:
    """Normalised pictures (B, 1, H, W) with a thing before the face in about `share` of them: half of these things are
    masks, a quarter hands, a quarter glasses."""
    n = len(x)
    kind = torch.rand(n, generator=draw).view(n, 1, 1, 1).to(x.device) / share
    rows = torch.linspace(-1, 1, x.shape[-2], device=x.device).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, x.shape[-1], device=x.device).view(1, 1, 1, -1)
    cloth = _cloth(x, rows, columns, draw)
    x = torch.where((kind < 0.5) & _mask(n, rows, columns, draw, x), cloth, x)
    x = torch.where((kind >= 0.5) & (kind < 0.75) & _hand(n, rows, columns, draw, x), _skin(x, rows, draw), x)
    return torch.where((kind >= 0.75) & (kind < 1), _glasses(x, rows, columns, draw), x)


def _cloth(x: Tensor, rows: Tensor, columns: Tensor, draw: torch.Generator) -> Tensor:
    """One grey, lit from a side, with folds across and a weave."""
    n = len(x)
    grey, lit, folds = _between(n, -1.7, 1.8, draw, x), _between(n, -0.5, 0.5, draw, x), _between(n, 0, 0.35, draw, x)
    wave = torch.sin(rows * _between(n, 6, 16, draw, x) + _between(n, 0, 6.3, draw, x))
    weave = torch.randn(x.shape, generator=draw).to(x.device) * 0.06
    return (grey + lit * columns + folds * wave + weave).clamp(-2, 2)


def _mask(n: int, rows: Tensor, columns: Tensor, draw: torch.Generator, like: Tensor) -> Tensor:
    """Below a slanting, bowed line at the nose or above it, and within the face's sides."""
    top = _between(n, NOSE - 0.2, NOSE + 0.16, draw, like)
    line = top + _between(n, -0.12, 0.12, draw, like) * columns + _between(n, -0.1, 0.3, draw, like) * columns**2
    return (rows > line) & (columns.abs() < _between(n, 0.6, 1.1, draw, like))


def _hand(n: int, rows: Tensor, columns: Tensor, draw: torch.Generator, like: Tensor) -> Tensor:
    """An ellipse over the mouth, the chin or a cheek, at any angle."""
    y, x = rows - _between(n, 0.3, 0.9, draw, like), columns - _between(n, -0.6, 0.6, draw, like)
    angle = _between(n, 0, 3.15, draw, like)
    along, across = torch.cos(angle) * x + torch.sin(angle) * y, torch.cos(angle) * y - torch.sin(angle) * x
    wide, high = _between(n, 0.35, 0.8, draw, like), _between(n, 0.2, 0.45, draw, like)
    return (along / wide) ** 2 + (across / high) ** 2 < 1


def _skin(x: Tensor, rows: Tensor, draw: torch.Generator) -> Tensor:
    """The brightness of the face's own middle, shaded, with finger-like stripes."""
    n, height, width = len(x), x.shape[-2], x.shape[-1]
    own = x[:, :, height // 3 : 2 * height // 3, width // 3 : 2 * width // 3].mean(dim=(2, 3), keepdim=True)
    fingers = torch.sin(rows * _between(n, 4, 12, draw, x) + _between(n, 0, 6.3, draw, x))
    shade = _between(n, -0.3, 0.3, draw, x) + _between(n, 0, 0.2, draw, x) * fingers
    return (own + shade + torch.randn(x.shape, generator=draw).to(x.device) * 0.04).clamp(-2, 2)


def _glasses(x: Tensor, rows: Tensor, columns: Tensor, draw: torch.Generator) -> Tensor:
    """Two rims with a bridge, and lenses from clear to dark."""
    n = len(x)
    wide, high = _between(n, 0.24, 0.34, draw, x), _between(n, 0.16, 0.27, draw, x)
    down = rows - EYES - _between(n, -0.06, 0.06, draw, x)
    from_centre = torch.sqrt(((columns.abs() - EYE_ASIDE) / wide) ** 2 + (down / high) ** 2)
    rim = (from_centre - 1).abs() < _between(n, 0.08, 0.25, draw, x)
    bridge = (columns.abs() < EYE_ASIDE - wide) & (down.abs() < 0.05)
    tint, frame = _between(n, -0.6, 0.9, draw, x).clamp(0, 1), _between(n, -2.0, 0.5, draw, x)
    lens = torch.where(from_centre < 1, x * (1 - tint) - 1.7 * tint, x)
    return torch.where(rim | bridge, frame, lens)
