"""TensorRT's phases as one share."""

from __future__ import annotations

from edge.runtime.phases import Phases


def test_a_phase_within_a_step_is_a_part_of_that_step() -> None:
    told: list[tuple[str, float]] = []
    phases = Phases(lambda step, share: told.append((step, share)))
    phases.start("all", None, 2)
    phases.start("half", "all", 4)
    phases.step("half")
    phases.finish("half")
    phases.step("all")
    assert told == [("all", 0.0), ("half", 0.0), ("half", 0.125), ("all", 0.5)]


def test_the_share_never_goes_back_and_never_beyond_the_whole() -> None:
    told: list[float] = []
    phases = Phases(lambda _, share: told.append(share))
    phases.start("first", None, 1)
    phases.step("first")
    phases.step("first")
    phases.start("second", None, 10)
    phases.step("never begun")
    assert told == [0.0, 1.0, 1.0, 1.0]


def test_a_phase_without_steps_is_none_of_them() -> None:
    told: list[float] = []
    Phases(lambda _, share: told.append(share)).start("empty", None, 0)
    assert told == [0.0]
