"""Things drawn before the lower half of a face, to score and test with: masks of many makes, and a scarf.

They share no code with what the cover network was trained on. A place on a face is (across, down): across in distances
between the eyes, down in distances from the eyes to the mouth; the eyes are at (-0.5, 0) and (0.5, 0), the mouth at
about (-0.4, 1) and (0.4, 1), the chin at about (0, 1.75).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Draw = np.random.Generator
Places = list[tuple[float, float]]

CLASSIC: Places = [
    (-1.0, 0.4), (-0.45, 0.32), (0.0, 0.22), (0.45, 0.32), (1.0, 0.4),
    (0.9, 1.1), (0.6, 1.65), (0.0, 1.9), (-0.6, 1.65), (-0.9, 1.1),
]  # fmt: skip
WIDE: Places = [(-1.3, 0.5), (0.0, 0.45), (1.3, 0.5), (1.5, 2.6), (-1.5, 2.6)]
LOW: Places = [(-0.85, 0.72), (0.0, 0.7), (0.85, 0.72), (0.75, 1.4), (0.0, 1.75), (-0.75, 1.4)]
DOME: Places = [(0.95 * np.sin(a), 1.1 - 0.85 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24, endpoint=False)]


def on_face(landmarks: Floats, places: Places) -> Floats:
    """Places on a face as x and y in the picture, (n, 2)."""
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    across = landmarks[1] - landmarks[0]
    upright = np.array([-across[1], across[0]], np.float32)
    down = upright * np.float32(np.linalg.norm(mouth - eyes) / max(float(np.linalg.norm(upright)), 1e-6))
    return np.array([eyes + a * across + b * down for a, b in places], np.float32)


def fill(image: Pixels, outline: Floats, paint: Pixels) -> Pixels:
    """The picture with `paint`, a picture of its size, inside the outline; the edge is smooth."""
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    part = inside[:, :, None].astype(np.float32) / 255
    painted: Pixels = np.rint(image * (1 - part) + paint * part).astype(np.uint8)
    return painted


def plain(image: Pixels, colour: Sequence[int]) -> Pixels:
    """One colour (B, G, R) in the size of a picture."""
    return np.full_like(image, tuple(colour))


def folded(image: Pixels, landmarks: Floats, paint: Pixels) -> Pixels:
    """Paint with three dark folds across the mask, and a light line under each."""
    across = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    width = max(1, round(0.05 * across))
    for down in (0.75, 1.05, 1.35):
        line = np.rint(on_face(landmarks, [(-0.9, down), (0.0, down + 0.08), (0.9, down)])).astype(np.int32)
        cv2.polylines(paint, [line], False, [int(0.75 * x) for x in paint[0, 0].tolist()], width, cv2.LINE_AA)
        cv2.polylines(paint, [line + width], False, (250, 250, 250), max(1, width // 2), cv2.LINE_AA)
    return paint


def surgical(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Light blue with folds, and its straps."""
    for side in (-1, 1):
        strap = np.rint(on_face(landmarks, [(side * 0.95, 0.45), (side * 1.5, 0.2)])).astype(np.int32)
        cv2.polylines(image, [strap], False, (240, 240, 235), 2, cv2.LINE_AA)
    paint = folded(image, landmarks, plain(image, (215, 185, 140)))
    return fill(image, on_face(landmarks, CLASSIC), paint)


def white(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    return fill(image, on_face(landmarks, CLASSIC), plain(image, (245, 245, 245)))


def black(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Black cloth with a little of its weave."""
    weave = draw.normal(28, 7, image.shape).clip(0, 255).astype(np.uint8)
    return fill(image, on_face(landmarks, CLASSIC), weave)


def any_colour(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    blue, green, red = draw.integers(0, 256, 3).tolist()
    return fill(image, on_face(landmarks, CLASSIC), plain(image, (blue, green, red)))


def rectangle(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """A grey upright rectangle, as a box over the lower half of the face would be."""
    corners = [(-0.95, 0.5), (0.95, 0.5), (0.95, 1.8), (-0.95, 1.8)]
    return fill(image, on_face(landmarks, corners), plain(image, (140, 140, 140)))


def _grid(image: Pixels, landmarks: Floats, cell: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    step = max(2.0, cell * float(np.linalg.norm(landmarks[1] - landmarks[0])))
    rows, columns = np.indices(image.shape[:2])
    return (rows // step).astype(np.intp), (columns // step).astype(np.intp)


def checks(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    rows, columns = _grid(image, landmarks, 0.18)
    palette = draw.integers(0, 256, (2, 3)).astype(np.uint8)
    return fill(image, on_face(landmarks, CLASSIC), palette[(rows + columns) % 2])


def stripes(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Stripes across the face, as a mouth lies."""
    rows, _ = _grid(image, landmarks, 0.2)
    return fill(image, on_face(landmarks, CLASSIC), draw.integers(0, 256, (3, 3)).astype(np.uint8)[rows % 3])


def flowers(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Blots of many colours on another."""
    paint = plain(image, tuple(draw.integers(0, 256, 3).tolist()))
    first, last = landmarks.min(axis=0), landmarks.max(axis=0)
    reach = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    for _ in range(90):
        x, y = draw.uniform(first - reach, last + reach).tolist()
        colour = draw.integers(0, 256, 3).tolist()
        size = max(1, round(reach * draw.uniform(0.04, 0.16)))
        cv2.circle(paint, (round(x), round(y)), size, colour, -1, cv2.LINE_AA)
    return fill(image, on_face(landmarks, CLASSIC), paint)


def skin(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """The face's own colour, taken from between the eyes: no edge to see."""
    x, y = np.rint(on_face(landmarks, [(0.0, 0.15)])[0]).astype(int).tolist()
    patch = image[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].reshape(-1, 3)
    tone = patch.mean(axis=0) if len(patch) else np.array([128.0, 128.0, 128.0])
    return fill(image, on_face(landmarks, CLASSIC), plain(image, tuple(int(v) for v in tone)))


def respirator(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """A shaded dome with a valve."""
    ((x, y),) = on_face(landmarks, [(0.0, 1.0)]).tolist()
    rows, columns = np.indices(image.shape[:2])
    reach = 1.6 * float(np.linalg.norm(landmarks[1] - landmarks[0]))
    shade = (245 - 130 * np.hypot(rows - y, columns - x) / reach).clip(60, 245)
    paint = np.repeat(shade[:, :, None], 3, axis=2).astype(np.uint8)
    ((x, y),) = on_face(landmarks, [(0.3, 1.25)]).tolist()
    cv2.circle(paint, (round(x), round(y)), max(2, round(reach / 9)), (90, 90, 90), -1, cv2.LINE_AA)
    return fill(image, on_face(landmarks, DOME), paint)


def scarf(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Knitted, wider than the face, with slanting folds of two shades."""
    rows, columns = np.indices(image.shape[:2])
    reach = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    wave = np.sin((rows + 0.6 * columns) / max(1.0, 0.12 * reach)) + 0.4 * np.sin(columns / max(0.7, 0.03 * reach))
    colour = draw.uniform(50, 200, 3)
    paint = (colour + 25 * wave[:, :, None]).clip(0, 255).astype(np.uint8)
    return fill(image, on_face(landmarks, WIDE), paint)


def low(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """A cloth mask that leaves the nose free."""
    colour = draw.uniform(30, 220, 3)
    paint = (colour + draw.normal(0, 6, image.shape)).clip(0, 255).astype(np.uint8)
    return fill(image, on_face(landmarks, LOW), paint)


def camouflage(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Large soft patches of four colours."""
    reach = max(4, round(0.35 * float(np.linalg.norm(landmarks[1] - landmarks[0]))))
    cells = (image.shape[1] // reach + 2, image.shape[0] // reach + 2)
    field = cv2.resize(draw.random(cells[::-1]), image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    palette = np.array([(60, 90, 80), (40, 60, 110), (110, 150, 160), (30, 35, 35)], np.uint8)
    return fill(image, on_face(landmarks, CLASSIC), palette[(field * 4).clip(0, 3).astype(int)])


def lettering(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """Two words on a plain mask, where the nose and the mouth would be."""
    light = bool(draw.random() < 0.5)
    paint = plain(image, (225, 220, 215) if light else (45, 40, 50))
    reach = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    for word, down in (("STAY", 0.8), ("SAFE", 1.2)):
        x, y = np.rint(on_face(landmarks, [(-0.5, down + 0.1)])[0]).astype(int).tolist()
        colour = (30, 30, 160) if light else (240, 240, 240)
        cv2.putText(
            paint, word, (x, y), cv2.FONT_HERSHEY_DUPLEX, reach / 80, colour, max(1, round(reach / 25)), cv2.LINE_AA
        )
    return fill(image, on_face(landmarks, CLASSIC), paint)


def smile(image: Pixels, landmarks: Floats, draw: Draw) -> Pixels:
    """A mask with a laughing mouth printed on it."""
    paint = plain(image, draw.integers(120, 250, 3).tolist())
    reach = float(np.linalg.norm(landmarks[1] - landmarks[0]))
    x, y = np.rint(on_face(landmarks, [(0.0, 1.0)])[0]).astype(int).tolist()
    turn = float(np.degrees(np.arctan2(*(landmarks[1] - landmarks[0])[::-1])))
    for part, colour in ((1.0, (40, 40, 170)), (0.75, (250, 250, 250))):
        size = (max(1, round(0.42 * part * reach)), max(1, round(0.25 * part * reach)))
        cv2.ellipse(paint, (x, y), size, turn, 0, 180, colour, -1, cv2.LINE_AA)
    return fill(image, on_face(landmarks, CLASSIC), paint)


STYLES: dict[str, Callable[[Pixels, Floats, Draw], Pixels]] = {
    style.__name__: style
    for style in (
        surgical, white, black, any_colour, rectangle, checks, stripes, flowers, skin, respirator, scarf, low,
        camouflage, lettering, smile,
    )
}  # fmt: skip


def masked(image: Pixels, landmarks: Floats, style: str, seed: int = 1) -> Pixels:
    """A copy of the picture (H, W, 3) BGR with one of STYLES before the face with these landmarks."""
    return STYLES[style](image.copy(), landmarks, np.random.default_rng(seed))
