"""What masks are made of, to train the cover network: tones, light, weave, creases, patterns, marks and letters.

Pictures are grey, float32 (side, side), 0 to 255.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.cover.ground import Ground
from models.data import Bytes, Floats

Draw = np.random.Generator
PRINTS = ("stripes", "checks", "dots", "other")


@dataclass(frozen=True)
class Repertoire:
    """What may be drawn. To leave something out shows how the network does on what it never saw."""

    prints: bool = True
    wraps: bool = True


def _wave(side: int, draw: Draw) -> Floats:
    """A slanting wave between -1 and 1, soft or hard."""
    rows, columns = np.indices((side, side), np.float32)
    turn, length = draw.uniform(0, np.pi), np.exp(draw.uniform(np.log(2.5), np.log(30)))
    wave = np.sin(2 * np.pi * (rows * np.cos(turn) + columns * np.sin(turn)) / length + draw.uniform(0, 6))
    return np.asarray(np.sign(wave) if draw.random() < 0.5 else wave, np.float32)


def _checks(side: int, draw: Draw) -> Floats:
    """Squares or oblongs of two greys, -1 and 1, slanting or not."""
    rows, columns = np.indices((side, side), np.float32)
    turn = draw.normal(0, 0.15) if draw.random() < 0.6 else draw.uniform(0, np.pi)
    wide, high = np.exp(draw.uniform(np.log(1.5), np.log(14))) * np.array([1.0, draw.uniform(0.7, 1.4)])
    across = rows * np.sin(turn) + columns * np.cos(turn)
    down = rows * np.cos(turn) - columns * np.sin(turn)
    return np.asarray((np.floor(across / wide) + np.floor(down / high)) % 2 * 2 - 1, np.float32)


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
        return _checks(side, draw) if draw.random() < 0.6 else _wave(side, draw) * _wave(side, draw)
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


def tone_of(picture: Floats, ground: Ground, draw: Draw, *, own: bool = False) -> float:
    """A grey: any, or with `own` the face's own, taken between the eyes or from a cheek."""
    if not own and draw.random() < 0.65:
        return float(draw.uniform(0, 255))
    spot = [(0.0, 0.15), (0.0, -0.5), (-0.6, 0.6), (0.6, 0.6)][int(draw.integers(4))]
    x, y = np.rint(ground.points(np.array([spot], np.float32)))[0].astype(int).clip(2, ground.side - 3).tolist()
    return float(picture[y - 2 : y + 3, x - 2 : x + 3].mean() * draw.uniform(0.85, 1.15))


def cloth(picture: Floats, ground: Ground, others: Bytes, how: Repertoire, draw: Draw) -> Floats:
    """What a mask is made of: a tone, light falling on it, weave, creases, a print."""
    side, tone = ground.side, tone_of(picture, ground, draw)
    paint = np.full((side, side), tone, np.float32)
    if draw.random() < 0.6:  # bulging: the middle in the light, or light from one side
        paint += draw.uniform(-70, 70) * _clouds(side, draw, int(draw.integers(2, 4)))
    if draw.random() < 0.15:  # the face's own light and shade, without its parts
        paint += cv2.GaussianBlur(picture, (0, 0), side / 8) - tone
    if draw.random() < 0.35:
        paint += draw.uniform(0, 40) * _clouds(side, draw, int(draw.integers(5, 16)))
    if draw.random() < 0.4:
        paint += draw.uniform(15, 90) * _folds(ground, draw)
    if how.prints and draw.random() < 0.5:
        paint += draw.uniform(15, 120) * _print(side, others, draw)
    if how.prints and draw.random() < 0.3:
        paint = _marked(paint, ground, draw)
    if draw.random() < 0.5:
        paint += draw.normal(0, draw.uniform(0, 15), paint.shape)
    return paint.clip(0, 255).astype(np.float32)


def _marked(paint: Floats, ground: Ground, draw: Draw) -> Floats:
    """Cloth with a few marks where the mouth and nose would be: a valve, a badge, a seam, a printed mouth, words."""
    if draw.random() < 0.4:
        return _lettered(paint, ground, draw)
    for _ in range(int(draw.integers(1, 4))):
        place = np.array([(draw.normal(0, 0.35), draw.uniform(0.4, 1.6))], np.float32)
        x, y = np.rint(ground.points(place))[0].astype(int).tolist()
        wide, high = (ground.unit * draw.uniform(0.04, 0.4, 2)).astype(int).clip(1).tolist()
        value, turn = float(draw.uniform(0, 255)), float(draw.normal(0, 20))
        thick = -1 if draw.random() < 0.6 else int(draw.integers(1, 4))
        if draw.random() < 0.3:
            cv2.rectangle(paint, (x - wide, y - high), (x + wide, y + high), value, thick, cv2.LINE_AA)
        else:
            cv2.ellipse(paint, (x, y), (wide, high), turn, 0, draw.choice([180, 360]), value, thick, cv2.LINE_AA)
    return paint


def _lettered(paint: Floats, ground: Ground, draw: Draw) -> Floats:
    """Cloth with one to three lines of random letters, of one grey."""
    ink = np.zeros((ground.side, ground.side), np.uint8)
    value, size = float(draw.uniform(0, 255)), ground.unit * draw.uniform(0.12, 0.5)
    font, thick = int(draw.integers(0, 8)), int(draw.integers(1, 4))
    for down in draw.uniform(0.4, 1.6) + 0.4 * np.arange(int(draw.integers(1, 4))):
        word = "".join(chr(65 + letter) for letter in draw.integers(0, 26, int(draw.integers(2, 10))))
        x, y = np.rint(ground.points(np.array([(draw.uniform(-0.9, 0.1), down)], np.float32)))[0].astype(int).tolist()
        cv2.putText(ink, word, (x, y), font, size / 22, 255, thick, cv2.LINE_AA)
    part = ink.astype(np.float32) / 255
    return np.asarray(paint * (1 - part) + value * part, np.float32)
