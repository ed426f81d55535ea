"""Headline figures beside their usual range, or beside the day from which on there is one."""

from __future__ import annotations

from collections.abc import Callable

from central.schema import FACE
from central.web.bins import Bin
from central.web.language import Language
from central.web.ranges import local
from central.web.scene import Scene
from central.web.usual import Limits
from central.web.view import SHARE_SCALE, Figure, bullet, place

Text = Callable[[float | None], str]


def no_usual(scene: Scene, words: Language) -> str:
    """Why there is no usual range: too few weeks so far, or none of them had this hour; empty before any reading."""
    since = scene.usual_since_ms
    if since is None:
        return ""
    if since > scene.now_ms:
        return words.t("usual_from", date=words.day_month(since, scene.zone))
    return words.t("usual_not")


def valence_figure(recent: Bin, scene: Scene, scale: Limits, note: str, words: Language) -> Figure:
    """Valence over the last quarter of an hour; `note` is the key of the text that names its usual range."""
    usual = scene.usuals.now.valence if scene.usuals.now is not None else None
    hour = {"weekday": words.weekday(scene.now_ms, scene.zone), "hour": local(scene.now_ms, scene.zone).hour}
    return _ranged("val", words.t("d_val"), recent.valence, usual, scale, words.valence, (note, hour), scene, words)


def share_figures(recent: Bin, scene: Scene, words: Language) -> tuple[Figure, Figure]:
    """How much looks happy, and how much negative, over the last quarter of an hour."""
    now = scene.usuals.now
    happy = recent.shares[0] if recent.shares is not None else None
    limits = (now.shares[0], now.negative) if now is not None else (None, None)
    note: tuple[str, dict[str, object]] = ("usual_range", {})
    return (
        _ranged("happy", words.t("d_happy"), happy, limits[0], SHARE_SCALE, words.share, note, scene, words),
        _ranged("neg", words.t("d_neg"), recent.negative, limits[1], SHARE_SCALE, words.share, note, scene, words),
    )


def coverage_figure(part: float | None, words: Language, *, recorded: bool = False, source: str = FACE) -> Figure:
    """What part of the day so far was seen, or heard; of a day's recordings where they are `recorded`."""
    scale = bullet(part, None, (0.0, 1.0))
    label, note = ("rec_cov", "rec_cov_n") if recorded else ("d_cov", "d_cov_n")
    label = label if source == FACE else f"d_cov_{source}"
    return Figure(key="cov", label=words.t(label), value=words.share(part), note=words.t(note), bullet=scale)


def _ranged(
    key: str,
    label: str,
    value: float | None,
    usual: Limits | None,
    scale: Limits,
    text: Text,
    note: tuple[str, dict[str, object]],
    scene: Scene,
    words: Language,
) -> Figure:
    word = place(value, usual)
    said = no_usual(scene, words)
    if usual is not None:
        said = words.t(note[0], a=text(usual[0]), b=text(usual[1]), **note[1])
    if scale[0] >= 0 and value is not None and value > scale[1]:
        scale = (0.0, 1.0)
    return Figure(
        key=key,
        label=label,
        value=text(value),
        word=words.t(word) if word else "",
        out=word in ("above_usual", "below_usual"),
        note=said,
        bullet=bullet(value, usual, scale),
    )
