"""Draws things before faces, to train the cover network: masks, scarves, hands, prints, and the same beside the mouth.

A place on a face is (across, down): across in distances between the eyes, down in distances from the eyes to the
mouth. The eyes are at (-0.5, 0) and (0.5, 0), the mouth at about (-0.4, 1) and (0.4, 1), the chin at about (0, 1.75).
What is drawn is made of an outline and a paint, drawn independently. Pictures are grey, float32, 0 to 255.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from models.data import Bytes, Floats

Draw = np.random.Generator
MOUTH = ((-0.5, 0.85), (0.5, 0.85), (0.5, 1.22), (-0.5, 1.22))
PRINTS = ("stripes", "checks", "dots", "other")
WRAPS = ("band",)


@dataclass(frozen=True)
class Repertoire:
    """What may be drawn. To leave something out shows how the network does on what it never saw."""

    prints: bool = True
    wraps: bool = True


@dataclass(frozen=True)
class Ground:
    """A face to draw on: where its places lie. `landmarks` is (5, 2) in pixels of a square picture of `side`."""

    landmarks: Floats
    side: int

    @property
    def unit(self) -> float:
        """Distance from the eyes to the mouth, in pixels; it does not shrink as the head turns."""
        return max(2.0, float(np.linalg.norm(self.landmarks[3:].mean(axis=0) - self.landmarks[:2].mean(axis=0))))

    def points(self, places: Floats) -> Floats:
        """Places (n, 2) as x and y (n, 2)."""
        eyes, mouth = self.landmarks[:2].mean(axis=0), self.landmarks[3:].mean(axis=0)
        down = mouth - eyes
        across = self.landmarks[1] - self.landmarks[0]
        result: Floats = (eyes + places[:, :1] * across + places[:, 1:] * down).astype(np.float32)
        return result

    def inside(self, places: Floats) -> Floats:
        """How much of each pixel (side, side) lies within an outline, 0 to 1."""
        area = np.zeros((self.side, self.side), np.uint8)
        cv2.fillPoly(area, [np.rint(self.points(places) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        return np.asarray(area / 255, np.float32)


def mouth_covered(ground: Ground, cover: Floats) -> float:
    """How much of the mouth a cover (side, side) hides, 0 to 1."""
    mouth = ground.inside(np.array(MOUTH, np.float32))
    return float((mouth * cover).sum() / max(float(mouth.sum()), 1e-6))


# Outlines: places (n, 2).


def _mask(draw: Draw) -> Floats:
    """A mask held at the ears: over the nose or under it, to the chin or past it."""
    top, side = draw.uniform(0.05, 0.75), draw.uniform(0.1, 0.75)
    wide, jaw, chin = draw.uniform(0.65, 1.25), draw.uniform(0.4, 1.1), draw.uniform(1.4, 2.15)
    right = [(0.0, top), (0.45 * wide, 0.5 * (top + side) - draw.uniform(-0.1, 0.1)), (wide, side)]
    right += [(0.5 * (wide + jaw) + draw.uniform(0, 0.15), 0.5 * (side + chin)), (jaw, chin - draw.uniform(0, 0.35))]
    both = [*right, (0.0, chin), *[(-a, d) for a, d in reversed(right[1:])]]
    return _smooth(np.array(both, np.float32) + draw.normal(0, 0.05, (len(both), 2)).astype(np.float32), draw)


def _band(draw: Draw) -> Floats:
    """A scarf or a collar, wider than the face."""
    left, right = -draw.uniform(0.8, 2.0), draw.uniform(0.8, 2.0)
    top, slant, deep = draw.uniform(0.1, 0.75), draw.normal(0, 0.12), draw.uniform(0.9, 2.5)
    edge = [(a, top + slant * a + draw.normal(0, 0.05)) for a in np.linspace(left, right, 5)]
    return _smooth(np.array([*edge, (right, top + deep), (left, top + deep)], np.float32), draw)


def _blot(draw: Draw) -> Floats:
    """A closed curve about the mouth: round, square or ragged."""
    count = int(draw.integers(4, 14))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + draw.uniform(0, 2 * np.pi)
    reach = 1 + draw.uniform(0, 0.3) * draw.uniform(-1, 1, count)
    wide, high = draw.uniform(0.55, 1.2), draw.uniform(0.3, 1.0)
    across, down = wide * reach * np.cos(angles), draw.uniform(0.85, 1.3) + high * reach * np.sin(angles)
    return _smooth(np.stack([across + draw.normal(0, 0.1), down], axis=1).astype(np.float32), draw)


def _rectangle(draw: Draw) -> Floats:
    left, right = -draw.uniform(0.6, 1.4), draw.uniform(0.6, 1.4)
    top, bottom = draw.uniform(0.1, 0.78), draw.uniform(1.35, 2.6)
    turn = draw.normal(0, 0.08)
    corners = [(left, top - turn), (right, top + turn), (right, bottom + turn), (left, bottom - turn)]
    return np.array(corners, np.float32)


def _smooth(places: Floats, draw: Draw) -> Floats:
    """The outline with its corners cut off none to three times (Chaikin)."""
    for _ in range(int(draw.integers(0, 4))):
        after = np.roll(places, -1, axis=0)
        places = np.stack([0.75 * places + 0.25 * after, 0.25 * places + 0.75 * after], axis=1).reshape(-1, 2)
    return places


def _area(ground: Ground, how: Repertoire, draw: Draw) -> Floats:
    """One outline as an area (side, side), before the mouth, most of the time."""
    shapes: list[tuple[Callable[[Draw], Floats], float]] = [(_mask, 0.5), (_blot, 0.17), (_rectangle, 0.18)]
    shapes += [(_band, 0.15)] if how.wraps else []
    weights = np.array([weight for _, weight in shapes])
    chosen = shapes[int(draw.choice(len(shapes), p=weights / weights.sum()))][0]
    return ground.inside(chosen(draw))


def _hand(ground: Ground, draw: Draw) -> tuple[Floats, Floats]:
    """Fingers, and often a palm, about the mouth: their area and their shading, 0.5 to 1.1."""
    area = np.zeros((ground.side, ground.side), np.uint8)
    shade = np.zeros((ground.side, ground.side), np.float32)
    turn, middle = draw.uniform(0, 2 * np.pi), np.array([draw.normal(0, 0.15), draw.uniform(0.85, 1.25)])
    along, beside = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    thick, count = draw.uniform(0.22, 0.42), int(draw.integers(2, 6))
    strokes = [(i - (count - 1) / 2) * thick * draw.uniform(0.95, 1.15) for i in range(count)]
    for at in strokes:
        ends = np.array([middle + beside * at - along * draw.uniform(0.5, 0.9), middle + beside * at + along * 1.8])
        first, last = np.rint(ground.points(ends.astype(np.float32))).astype(int).tolist()
        for part, value in ((1.0, draw.uniform(0.5, 0.9)), (0.8, 1.0), (0.35, draw.uniform(1.0, 1.12))):
            width = max(1, round(thick * ground.unit * part))
            cv2.line(shade, first, last, value, width, cv2.LINE_AA)
            cv2.line(area, first, last, 255, width, cv2.LINE_AA)
    return area.astype(np.float32) / np.float32(255), shade


# Paints: pictures (side, side).


def _wave(side: int, draw: Draw) -> Floats:
    """A slanting wave between -1 and 1, soft or hard."""
    rows, columns = np.indices((side, side), np.float32)
    turn, length = draw.uniform(0, np.pi), np.exp(draw.uniform(np.log(2.5), np.log(30)))
    wave = np.sin(2 * np.pi * (rows * np.cos(turn) + columns * np.sin(turn)) / length + draw.uniform(0, 6))
    return np.asarray(np.sign(wave) if draw.random() < 0.5 else wave, np.float32)


def _clouds(side: int, draw: Draw, cells: int) -> Floats:
    """Soft random patches, about -1 to 1."""
    coarse = draw.uniform(-1, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _dots(side: int, draw: Draw) -> Floats:
    """Round blots of several greys, -1 to 1, on 0."""
    paint = np.zeros((side, side), np.float32)
    one = draw.uniform(-1, 1) if draw.random() < 0.5 else None
    size = draw.uniform(1, 7)
    for x, y in draw.integers(0, side, (int(draw.integers(20, 150)), 2)).tolist():
        value = one if one is not None else float(draw.uniform(-1, 1))
        cv2.circle(paint, (x, y), max(1, round(size * draw.uniform(0.6, 1.4))), value, -1, cv2.LINE_AA)
    return paint


def _print(side: int, others: Bytes, draw: Draw) -> Floats:
    """A printed pattern, or a piece of another picture, about -1 to 1."""
    kind = PRINTS[int(draw.integers(len(PRINTS)))]
    if kind == "stripes":
        return _wave(side, draw)
    if kind == "checks":
        return _wave(side, draw) * _wave(side, draw)
    if kind == "dots":
        return _dots(side, draw)
    piece = others[int(draw.integers(len(others)))]
    part = int(draw.integers(side // 4, side))
    y, x = draw.integers(0, side - part + 1, 2).tolist()
    turned = np.rot90(piece[y : y + part, x : x + part], int(draw.integers(4)))
    whole = cv2.resize(turned.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole / 128 - 1, np.float32)


def _folds(ground: Ground, draw: Draw) -> Floats:
    """Creases across a mask: dark lines, some with a light one below."""
    lines = np.zeros((ground.side, ground.side), np.float32)
    for down in np.sort(draw.uniform(0.4, 1.8, int(draw.integers(1, 6)))):
        bend = draw.normal(0, 0.12)
        crease = ground.points(
            np.array([(-1.1, down), (-0.4, down + bend), (0.4, down + bend), (1.1, down)], np.float32)
        )
        width = int(draw.integers(1, 4))
        cv2.polylines(lines, [np.rint(crease).astype(np.int32)], False, -1.0, width, cv2.LINE_AA)
        if draw.random() < 0.5:
            cv2.polylines(lines, [np.rint(crease + width).astype(np.int32)], False, 0.6, 1, cv2.LINE_AA)
    return lines


def _tone(picture: Floats, ground: Ground, draw: Draw) -> float:
    """A grey: any, or the face's own, taken between the eyes or from a cheek."""
    if draw.random() < 0.65:
        return float(draw.uniform(0, 255))
    spot = [(0.0, 0.15), (0.0, -0.5), (-0.6, 0.6), (0.6, 0.6)][int(draw.integers(4))]
    x, y = np.rint(ground.points(np.array([spot], np.float32)))[0].astype(int).clip(2, ground.side - 3).tolist()
    return float(picture[y - 2 : y + 3, x - 2 : x + 3].mean() * draw.uniform(0.85, 1.15))


def _cloth(picture: Floats, ground: Ground, others: Bytes, how: Repertoire, draw: Draw) -> Floats:
    """What a mask is made of: a tone, light falling on it, weave, creases, a print."""
    side, tone = ground.side, _tone(picture, ground, draw)
    paint = np.full((side, side), tone, np.float32)
    if draw.random() < 0.6:  # bulging: the middle in the light, or light from one side
        paint += draw.uniform(-70, 70) * _clouds(side, draw, int(draw.integers(2, 4)))
    if draw.random() < 0.15:  # the face's own light and shade, without its parts
        paint += cv2.GaussianBlur(picture, (0, 0), side / 8) - tone
    if draw.random() < 0.35:
        paint += draw.uniform(0, 40) * _clouds(side, draw, int(draw.integers(5, 16)))
    if draw.random() < 0.4:
        paint += draw.uniform(15, 90) * _folds(ground, draw)
    if how.prints and draw.random() < 0.4:
        paint += draw.uniform(15, 120) * _print(side, others, draw)
    if draw.random() < 0.5:
        paint += draw.normal(0, draw.uniform(0, 15), paint.shape)
    return paint.clip(0, 255).astype(np.float32)


def _beard(ground: Ground, draw: Draw) -> Floats:
    """The area of a beard: a mask's, with the mouth and the nose left out."""
    wide, high = draw.uniform(0.3, 0.6), draw.uniform(0.12, 0.3)
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    mouth = np.stack([wide * np.cos(turns), 1.02 + high * np.sin(turns)], axis=1).astype(np.float32)
    nose = np.array([(-0.3, -0.5), (0.3, -0.5), (0.35, 0.75), (-0.35, 0.75)], np.float32)
    hole = np.maximum(ground.inside(mouth), ground.inside(nose))
    return np.asarray(ground.inside(_mask(draw)) * (1 - hole), np.float32)


def covered(
    picture: Bytes, ground: Ground, others: Bytes, draw: Draw, *, aside: bool = False, how: Repertoire = Repertoire()
) -> tuple[Bytes, float]:
    """A picture (side, side) with something before the face, and how much of the mouth it hides, 0 to 1.

    With `aside` it is moved off the mouth, or is a beard, or can be seen through. `others` are pictures (n, side, side)
    of which prints take pieces.
    """
    below = picture.astype(np.float32)
    if draw.random() < 0.12:
        area, shade = _hand(ground, draw)
        paint = (_tone(below, ground, draw) * shade + draw.normal(0, 4, shade.shape)).astype(np.float32)
    else:
        area, paint = _area(ground, how, draw), _cloth(below, ground, others, how, draw)
    opacity = 1.0
    if aside:
        area, opacity = _moved_off(area, ground, draw)
    if draw.random() < 0.7:
        area = cv2.GaussianBlur(area, (0, 0), draw.uniform(0.3, 2.5))
    cover = area * opacity
    drawn = below * (1 - cover) + paint.clip(0, 255) * cover
    return np.rint(drawn).astype(np.uint8), mouth_covered(ground, cover)


def _moved_off(area: Floats, ground: Ground, draw: Draw) -> tuple[Floats, float]:
    """The area moved off in any direction, or a beard's, or the same to be seen through; and its opacity."""
    kind = draw.random()
    if kind < 0.25:
        return _beard(ground, draw), float(draw.uniform(0.3, 0.9))
    if kind < 0.35:
        return area, float(draw.uniform(0.05, 0.25))
    turn = draw.uniform(0, 2 * np.pi)
    away = ground.unit * draw.uniform(0.6, 1.7)
    move = np.array([[1, 0, away * np.cos(turn)], [0, 1, away * np.sin(turn)]], np.float32)
    return np.asarray(cv2.warpAffine(area, move, (ground.side, ground.side)), np.float32), 1.0
