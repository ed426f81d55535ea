"""Recordings handed over: on a real broker, through the real outbox and publisher, to a small centre."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from contract.reading import Reading
from contract.topics import Channel, box_topic
from edge.analyze.handover import HandOver, hand_over
from edge.errors import SettingsError
from edge.link import open_link
from edge.settings import Policy, Settings
from edge.store import Outbox, Relay, prepare
from tests.broker import BrokerProcess, free_port, needs_mosquitto
from tests.edge.centre import Centre, wait_for
from tests.edge.made import look, now_ms, reading, settings

pytestmark = needs_mosquitto
YEAR_MS = 365 * 86_400_000


@pytest.fixture
def desk(tmp_path: Path, broker: BrokerProcess) -> Settings:
    """A box for recordings; nothing is made of it yet."""
    return settings(tmp_path, broker.port, catch_up_per_s=1)


def recording(count: int, *, first: int = 0, age_ms: int = YEAR_MS) -> list[Reading]:
    """So many seconds of a file."""
    began = now_ms() - age_ms
    return [reading(i, wall_ms=began + 1000 * i, recorded=True) for i in range(first, first + count)]


def states(desk: Settings) -> dict[str, int]:
    """How many rows of the outbox there are in each state."""
    return dict(look(desk.store, "SELECT state, count(*) FROM outbox GROUP BY state"))


def test_all_is_received_however_old_and_faster_than_a_live_box_catches_up(
    desk: Settings, broker: BrokerProcess
) -> None:
    told: list[tuple[int, int]] = []
    with Centre(broker.port) as centre:
        done = hand_over(desk, iter(recording(700)), threading.Event(), lambda gone, of: told.append((gone, of)))
        wait_for(lambda: not centre.statuses[-1].online, "the box says that it goes")
    assert done == HandOver(added=700, known=0, received=700, set_aside=0, waiting=0)
    assert done.complete
    assert centre.numbers == list(range(1, 701))
    assert all(one.recorded for message in centre.messages for one in message.readings)
    assert all(message.historical for message in centre.messages)
    assert all(status.recorded and not status.simulated for status in centre.statuses if status.online)
    assert told[0] == (0, 700)
    assert told[-1] == (700, 700)


def test_a_recording_of_this_minute_goes_as_all_do(desk: Settings, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre:
        assert hand_over(desk, recording(300, age_ms=200_000), threading.Event()).received == 300
    assert centre.numbers == list(range(1, 301))
    assert all(message.historical for message in centre.messages)


def test_the_same_recording_handed_over_twice_goes_once(desk: Settings, broker: BrokerProcess) -> None:
    made = recording(30)
    with Centre(broker.port) as centre:
        hand_over(desk, made[:20], threading.Event())
        again = hand_over(desk, made, threading.Event())
    assert again == HandOver(added=10, known=20, received=10, set_aside=0, waiting=0)
    assert centre.numbers == list(range(1, 31))
    assert "20 readings were handed over before and did not go again" in again.lines("desk.toml")


def test_what_the_centre_refuses_is_set_aside_and_counted(desk: Settings, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre:
        centre.refuses = {2: "not that one", 3: "nor that one"}
        done = hand_over(desk, recording(10), threading.Event())
    assert (done.received, done.set_aside, done.waiting, done.complete) == (8, 2, 0, False)
    (_, told) = done.lines("desk.toml")
    assert told.startswith("2 readings were refused and set aside")
    assert "mien-desk store --retry-set-aside desk.toml" in told


def test_without_an_answer_it_ends_and_the_next_hand_over_takes_what_waits(
    desk: Settings, broker: BrokerProcess
) -> None:
    made = recording(20)
    with Centre(broker.port, answers=False):
        cut = hand_over(desk, made[:15], threading.Event(), patience_s=1.0)
    assert (cut.added, cut.received, cut.waiting) == (15, 0, 15)
    with Centre(broker.port):
        done = hand_over(desk, made, threading.Event())
    assert done == HandOver(added=5, known=15, received=20, set_aside=0, waiting=0)


def test_without_a_broker_it_ends_and_says_why_and_what_to_do(tmp_path: Path) -> None:
    desk = settings(tmp_path, free_port())
    done = hand_over(desk, recording(5), threading.Event(), patience_s=0.5)
    assert (done.received, done.waiting) == (0, 5)
    (_, told) = done.lines("shop.toml")
    assert told.startswith("5 readings wait in the outbox: broker 127.0.0.1:")
    assert "Connection refused" in told
    assert told.endswith("or with mien-desk publish shop.toml")


def test_a_broker_killed_in_the_middle_is_waited_for_and_nothing_comes_twice(
    desk: Settings, broker: BrokerProcess
) -> None:
    killed = threading.Event()

    def kill_once(gone: int, _of: int) -> None:
        if gone and not killed.is_set():
            killed.set()
            broker.kill()
            time.sleep(0.5)
            broker.start()

    with Centre(broker.port) as centre:
        done = hand_over(desk, recording(2000), threading.Event(), kill_once)
    assert killed.is_set()
    assert (done.received, done.waiting) == (2000, 0)
    assert sorted(set(centre.numbers)) == list(range(1, 2001))


def test_told_to_stop_it_ends_and_the_rest_waits(desk: Settings) -> None:
    stop = threading.Event()
    done = hand_over(desk, recording(50), stop, lambda _gone, _of: stop.set(), patience_s=60.0)
    assert (done.received, done.waiting) == (0, 50)
    assert states(desk) == {"waiting": 50}


def test_an_outbox_of_a_camera_is_refused_and_left_alone(desk: Settings) -> None:
    prepare(desk.store)
    Outbox(desk.store, desk.policy).add(reading(1))
    with pytest.raises(SettingsError, match=r"desk-01.db: holds readings of a camera, and those of recordings never"):
        hand_over(desk, recording(3), threading.Event())
    assert look(desk.store, "SELECT count(*) FROM outbox") == [(1,)]


def test_a_policy_that_publishes_nothing_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    desk = settings(tmp_path)
    mirror = Settings(box=desk.box, store=desk.store, policy=Policy(name="mirror", publish=False))
    with pytest.raises(SettingsError, match=r"policy mirror: publishes nothing.*leave out --publish"):
        hand_over(mirror, recording(3), threading.Event())
    assert not Path(desk.store.path).exists()


def test_a_wrong_password_file_is_an_error_and_the_rows_wait(tmp_path: Path) -> None:
    desk = settings(tmp_path, free_port(), username="desk-01", password_file=str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"cannot read broker\.password_file"):
        hand_over(desk, recording(3), threading.Event())
    assert Relay(desk.store).counts().waiting == 3


def test_readings_that_do_not_say_that_they_are_recorded_are_refused(desk: Settings) -> None:
    with pytest.raises(ValueError, match="must say that they are recorded"):
        hand_over(desk, [reading(1)], threading.Event())


def test_nothing_to_hand_over_needs_no_broker(tmp_path: Path) -> None:
    done = hand_over(settings(tmp_path), [], threading.Event())
    assert done == HandOver(added=0, known=0, received=0, set_aside=0, waiting=0)


def test_after_a_hand_over_the_box_is_known_to_be_away(desk: Settings, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre:
        hand_over(desk, recording(3), threading.Event())
        wait_for(lambda: not centre.statuses[-1].online, "its last word")
    link = open_link(desk.broker, "someone")
    link.subscribe((box_topic(desk.box.id, Channel.STATUS),))
    found = [event for _ in range(20) for event in link.pump(0.1) if hasattr(event, "payload")]
    link.close()
    assert b'"online":false' in found[-1].payload
