"""An agent's own neutral: learned from surely neutral seconds alone, bounded, shown, and deleted for good."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from contract.expressions import EXPRESSIONS
from edge.main import main
from edge.neutral import CAP, LEAST_S, Learned
from edge.resting import KEEP_EVERY, Resting, moved
from edge.settings import Box, Policy, Settings, Store
from edge.store import NeutralNotes, prepare
from edge.window import FrameView
from edge.writer import Writer
from tests.edge import made
from tests.edge.centre import wait_for

USUAL = tuple(math.log(share) for share in (0.9, 0.02, 0.01, 0.02, 0.02, 0.01, 0.01, 0.01))
# At rest this one looks sadder than most.
RESTING = (0.78, 0.02, 0.01, 0.13, 0.03, 0.01, 0.01, 0.01)
SAD = (0.3, 0.02, 0.01, 0.6, 0.04, 0.01, 0.01, 0.01)
SHIFT = "ab" * 8


def learned(shares: tuple[float, ...], seconds: int, begun: Learned | None = None) -> Learned:
    found = begun or Learned()
    for _ in range(seconds):
        found = found.also(shares)
    return found


def frame(shares: tuple[float, ...]) -> FrameView:
    return FrameView(1, np.array(shares, np.float32), max(shares))


def test_a_resting_face_that_looks_sad_is_read_as_neutral_after_a_while() -> None:
    shift = learned(RESTING, 600).shift(USUAL)
    view = moved(frame(RESTING), shift)
    assert view.shares is not None
    sad = EXPRESSIONS.index("sadness")
    assert view.shares[0] > RESTING[0] + 0.05
    assert view.shares[sad] < RESTING[sad] / 2
    assert view.shares.sum() == pytest.approx(1, abs=1e-5)
    assert view.confidence == pytest.approx(float(view.shares.max()))


def test_nothing_is_moved_before_a_minute_was_learned() -> None:
    assert learned(RESTING, LEAST_S - 1).shift(USUAL) is None
    assert learned(RESTING, LEAST_S).shift(USUAL) is not None
    view = frame(RESTING)
    assert moved(view, None) is view


def test_an_hour_of_sadness_teaches_nothing_and_takes_nothing_away() -> None:
    rested = learned(RESTING, 120)
    assert learned(SAD, 3600, rested) is rested
    assert learned(SAD, 3600).seconds == 0


def test_a_second_that_is_neutral_and_somewhat_negative_teaches_nothing() -> None:
    assert learned((0.65, 0.0, 0.0, 0.25, 0.1, 0.0, 0.0, 0.0), 10).seconds == 0


def test_no_expression_is_moved_by_more_than_the_cap() -> None:
    shift = learned((0.8, 1e-4, 1e-4, 0.2 - 5e-4, 1e-4, 1e-4, 1e-4, 1e-4), 100_000).shift(USUAL)
    assert shift is not None
    assert np.abs(shift).max() == pytest.approx(CAP, rel=0.01)


def test_a_frame_without_a_face_stays_as_it_is() -> None:
    view = FrameView(0)
    assert moved(view, learned(RESTING, 100).shift(USUAL)) is view


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store = Store(path=str(tmp_path / "desk.db"))
    prepare(store)
    return Settings(box=Box(id="box-1"), store=store, policy=Policy(own_neutral=True))


def rest(settings: Settings, seconds: int, shift: str = SHIFT) -> Resting:
    """A desk at which somebody rests for so long, with all that was learned written."""
    writer = Writer(settings.store, settings.policy)
    resting = Resting.of(settings, writer, shift, "made-1", USUAL)
    for _ in range(seconds):
        resting.taken_out([frame(RESTING)])
    writer.close()
    return resting


def kept_seconds(settings: Settings) -> int:
    notes = NeutralNotes(settings.store)
    found = notes.kept().learned.seconds
    notes.close()
    return found


def test_what_was_learned_outlives_the_process_and_not_the_shift(settings: Settings) -> None:
    rest(settings, 3 * KEEP_EVERY)
    assert kept_seconds(settings) == 3 * KEEP_EVERY
    rest(settings, KEEP_EVERY)
    assert kept_seconds(settings) == 4 * KEEP_EVERY
    rest(settings, 0, shift="cd" * 8)
    assert kept_seconds(settings) == 0


def test_a_policy_that_does_not_say_so_learns_nothing_and_changes_nothing(settings: Settings) -> None:
    writer = Writer(settings.store, settings.policy)
    off = Settings(box=settings.box, store=settings.store)
    resting = Resting.of(off, writer, SHIFT, "made-1", USUAL)
    views = [frame(RESTING)]
    assert all(resting.taken_out(views) is views for _ in range(2 * LEAST_S))
    unknown = Resting.of(settings, writer, SHIFT, "made-1", ())
    assert unknown.taken_out(views) is views
    writer.close()
    assert made.look(settings.store, "SELECT count(*) FROM own_neutral") == [(0,)]


def test_a_policy_that_no_longer_says_so_deletes_what_was_learned(settings: Settings) -> None:
    rest(settings, KEEP_EVERY)
    off = Settings(box=settings.box, store=settings.store)
    rest(off, 1)
    assert kept_seconds(settings) == 0


def test_what_is_deleted_is_gone_from_the_desk_that_runs_too(settings: Settings) -> None:
    writer = Writer(settings.store, settings.policy)
    resting = Resting.of(settings, writer, SHIFT, "made-1", USUAL)
    for _ in range(4 * LEAST_S):
        resting.taken_out([frame(RESTING)])
    notes = NeutralNotes(settings.store)
    views = [frame(RESTING)]
    assert resting.taken_out(views)[0].shares is not views[0].shares
    wait_for(lambda: notes.kept().learned.seconds >= 4 * LEAST_S - KEEP_EVERY, "what was learned")
    notes.forget()
    # What it keeps next is refused, and it begins anew.
    wait_for(lambda: resting.taken_out(views)[0].shares is views[0].shares, "a new beginning")
    writer.close()
    assert notes.kept().learned.seconds < LEAST_S
    notes.close()


def test_the_command_shows_and_deletes_it(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "desk.toml"
    config.write_text('[box]\nid = "box-1"\n[store]\npath = "desk.db"\n[policy]\nown_neutral = true\n')
    assert main(["neutral", str(config)]) == 0
    assert "nothing was learned" in capsys.readouterr().out
    rest(settings, LEAST_S)
    assert main(["neutral", str(config)]) == 0
    said = capsys.readouterr().out
    assert f"from {LEAST_S} surely neutral seconds of shift {SHIFT}, read by made-1" in said
    assert "sadness    log probability  -2.04" in said
    assert main(["neutral", str(config), "--forget"]) == 0
    assert main(["neutral", str(config)]) == 0
    assert "nothing was learned" in capsys.readouterr().out
    means = made.look(settings.store, f"SELECT {', '.join(EXPRESSIONS)} FROM own_neutral")
    assert means == [(None,) * 8]
