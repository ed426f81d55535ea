"""Draws things before faces, to train the cover network: masks, scarves and hands, and the same beside the mouth.

What is drawn is made of an outline and a paint, drawn independently; see cover_ground for the places on a face, and
cover_cloth for the paints. Pictures are grey.
"""

from collections.abc import Callable
from typing import Literal

import cv2
import numpy as np

from models.cover.cloth import Draw, Repertoire, cloth, tone_of
from models.cover.ground import Ground, mouth_covered
from models.data import Bytes, Floats

Kind = Literal["before", "aside", "hand"]
EVERYTHING = Repertoire()


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


def _hand(picture: Floats, ground: Ground, draw: Draw) -> tuple[Floats, Floats]:
    """Fingers, and often a palm, before the mouth, in the face's own tone and light: their area and their paint."""
    area, shade = np.zeros((2, ground.side, ground.side), np.float32)
    turn, middle = draw.uniform(0, 2 * np.pi), np.array([draw.normal(0, 0.2), draw.uniform(0.7, 1.3)])
    along, beside = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    thick, count = draw.uniform(0.2, 0.4), int(draw.integers(2, 6))
    round_off = draw.uniform(0.08, 0.2) * thick * ground.unit
    for i in range(count):
        at = beside * ((i - (count - 1) / 2) * thick * draw.uniform(0.9, 1.15))
        tip = middle + at - along * draw.uniform(0.1, 0.9)
        ends = np.array([tip, middle + at * draw.uniform(0.8, 1.3) + along * 2.0], np.float32)
        first, last = np.rint(ground.points(ends)).astype(int).tolist()
        width = max(2, round(thick * ground.unit))
        cv2.line(area, first, last, 1.0, width, cv2.LINE_AA)
        for part, value in ((1.0, draw.uniform(0.45, 0.85)), (0.75, 0.95), (0.4, draw.uniform(1.0, 1.15))):
            cv2.line(shade, first, last, value, max(1, round(width * part)), cv2.LINE_AA)
    if draw.random() < 0.5:  # the palm, and the fingers bent into it
        (x, y), reach = (
            ground.points((middle + along * draw.uniform(0.3, 0.9))[None].astype(np.float32))[0].tolist(),
            thick,
        )
        size = (round(reach * count * 0.6 * ground.unit), round(draw.uniform(0.4, 0.8) * ground.unit))
        cv2.ellipse(area, (round(x), round(y)), size, float(np.degrees(turn)) + 90, 0, 360, 1.0, -1, cv2.LINE_AA)
        shade = np.where(shade > 0, shade, np.float32(0.95))
    shade = cv2.GaussianBlur(shade, (0, 0), max(0.4, round_off))
    light = cv2.GaussianBlur(picture, (0, 0), ground.side / 10)
    tone = tone_of(picture, ground, draw, own=True)
    paint = shade * (tone + draw.uniform(0, 1) * (light - light.mean())) + draw.normal(0, 3, shade.shape)
    return area, np.asarray(paint, np.float32)


def _beard(ground: Ground, draw: Draw) -> Floats:
    """The area of a beard: a mask's, with the mouth and the nose left out."""
    wide, high = draw.uniform(0.3, 0.6), draw.uniform(0.12, 0.3)
    turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    mouth = np.stack([wide * np.cos(turns), 1.02 + high * np.sin(turns)], axis=1).astype(np.float32)
    nose = np.array([(-0.3, -0.5), (0.3, -0.5), (0.35, 0.75), (-0.35, 0.75)], np.float32)
    hole = np.maximum(ground.inside(mouth), ground.inside(nose))
    return np.asarray(ground.inside(_mask(draw)) * (1 - hole), np.float32)


def covered(
    picture: Bytes, ground: Ground, others: Bytes, draw: Draw, *, kind: Kind = "before", how: Repertoire = EVERYTHING
) -> tuple[Bytes, float]:
    """A picture (side, side) with something before the face, and how much of the mouth is masked, 0 to 1.

    With the kind `aside` it is moved off the mouth, or is a beard, or can be seen through. A `hand` masks nothing: it
    comes and goes, and what is left of the face mostly tells. `others` are pictures (n, side, side) of which prints
    take pieces.
    """
    below, opacity = picture.astype(np.float32), 1.0
    if kind == "hand":
        area, paint = _hand(below, ground, draw)
    else:
        area, paint = _area(ground, how, draw), cloth(below, ground, others, how, draw)
    if kind == "aside":
        area, opacity = _moved_off(area, ground, draw)
    if draw.random() < 0.7:
        area = cv2.GaussianBlur(area, (0, 0), draw.uniform(0.3, 2.5))
    cover = area * opacity
    drawn = below * (1 - cover) + paint.clip(0, 255) * cover
    return np.rint(drawn).astype(np.uint8), 0.0 if kind == "hand" else mouth_covered(ground, cover)


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
