"""How far colours stand apart: WCAG 2 contrast, and CIEDE2000 as seen with normal and colour-blind eyes.

Protanopia and deuteranopia after Machado, Oliveira and Fernandes (2009) at full severity; tritanopia after them and
after Brettel, Vienot and Mollon (1997), of which the lower difference counts. Colours are linear RGB, from 0 to 1.
"""

from __future__ import annotations

import math
from typing import Final

Colour = tuple[float, ...]
Matrix = tuple[Colour, ...]

EYES: Final = ("normal", "protan", "deutan", "tritan", "brettel")

_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE: Final = (0.95047, 1.0, 1.08883)
_MACHADO: Final[dict[str, Matrix]] = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
_BRETTEL_PLANE: Final = (0.03901, -0.02788, -0.01113)
_BRETTEL: Final[tuple[Matrix, Matrix]] = (
    ((1.01277, 0.13548, -0.14826), (-0.01243, 0.86812, 0.14431), (0.07589, 0.80500, 0.11911)),
    ((0.93678, 0.18979, -0.12657), (0.06154, 0.81526, 0.12320), (-0.37562, 1.12767, 0.24796)),
)


def linear(code: str) -> Colour:
    """The colour of `#rrggbb`."""
    parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return tuple(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)


def contrast(a: Colour, b: Colour) -> float:
    """From 1 to 21, whichever is the lighter."""
    low, high = sorted((_times(_TO_XYZ, a)[1], _times(_TO_XYZ, b)[1]))
    return (high + 0.05) / (low + 0.05)


def seen_by(eyes: str, colour: Colour) -> Colour:
    """The colour as these eyes see it."""
    if eyes == "normal":
        return colour
    if eyes == "brettel":
        side = 0 if sum(a * b for a, b in zip(_BRETTEL_PLANE, colour, strict=True)) >= 0 else 1
        matrix = _BRETTEL[side]
    else:
        matrix = _MACHADO[eyes]
    return tuple(min(1.0, max(0.0, x)) for x in _times(matrix, colour))


def difference(p: Colour, q: Colour) -> float:
    """CIEDE2000 between two colours."""
    (l1, a1, b1), (l2, a2, b2) = _lab(p), _lab(q)
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = (h1 + h2) / 2 if abs(h1 - h2) <= 180 else (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = 1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.2 * _cos(4 * hue - 63)
    sl = 1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    spread = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    rt = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(math.radians(spread))
    x, y = (l2 - l1) / sl, (c2 - c1) / sc
    z = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / sh
    return math.sqrt(x * x + y * y + z * z + rt * y * z)


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def _times(matrix: Matrix, colour: Colour) -> Colour:
    return tuple(sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)


def _lab(colour: Colour) -> Colour:
    parts = [x / w for x, w in zip(_times(_TO_XYZ, colour), _WHITE, strict=True)]
    f = [v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in parts]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])
