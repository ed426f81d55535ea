"""The publisher on a real broker: what goes, and what a receipt frees, whichever side comes and goes."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import msgspec
import pytest

from contract.messages import AskReceipt, Building, Status
from contract.reading import Reading, Reason
from edge import clock
from edge.flow import WINDOW
from edge.link import open_link
from edge.publish import Publisher
from edge.settings import Policy, Settings
from edge.store import EngineNotes, Outbox, Relay, Vitals
from edge.times import Times
from tests.broker import BrokerProcess, needs_mosquitto
from tests.edge.centre import Centre, wait_for
from tests.edge.made import BOX, now_ms, reading, without_face
from tests.edge.publishing import HOUR_MS, add, publishing, states, waiting

pytestmark = needs_mosquitto


def test_what_waits_arrives_as_it_was_made_and_is_freed(desk: Settings, broker: BrokerProcess) -> None:
    made = [reading(1), without_face(2), reading(3, conversation="call-1")]
    outbox = Outbox(desk.store, desk.policy)
    numbers = [outbox.add(one) for one in made]
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: waiting(desk) == 0, "all are freed")
        arrived = [one for message in centre.messages for one in message.readings]
    assert arrived == [msgspec.structs.replace(one, seq=seq) for one, seq in zip(made, numbers, strict=True)]
    assert not any(message.historical for message in centre.messages)


def test_a_reason_that_lasted_a_minute_and_just_ended_is_live(desk: Settings, broker: BrokerProcess) -> None:
    Outbox(desk.store, desk.policy).add(
        without_face(1, Reason.PAUSED, wall_ms=now_ms() - 63_000, duration_s=60.0),
    )
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: waiting(desk) == 0, "it is freed")
    assert [message.historical for message in centre.messages] == [False]


def test_an_acknowledgement_of_the_broker_frees_nothing(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 5)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 5, "all arrive")
        wait_for(lambda: len(centre.statuses) >= 1, "a status arrives")
        assert waiting(desk) == 5
        centre.receipt(BOX, Relay(desk.store).epoch, (2, 3))
        wait_for(lambda: states(desk) == {"waiting": 3, "received": 2}, "two are freed")


def test_no_more_than_the_window_is_sent_without_a_receipt(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 400, age_ms=HOUR_MS)
    add(desk, 400, first=400)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) >= WINDOW, "the window fills")
        threading.Event().wait(3.0)
        assert len(centre.numbers) == len(set(centre.numbers)) == WINDOW


def test_a_desk_offline_for_a_thousand_readings_catches_up_in_order_with_live_ones_beside(
    desk: Settings, broker: BrokerProcess
) -> None:
    slow = msgspec.structs.replace(desk, broker=msgspec.structs.replace(desk.broker, catch_up_per_s=250))
    add(slow, 1000, age_ms=HOUR_MS)
    with Centre(broker.port) as centre, publishing(slow):
        outbox = Outbox(slow.store, slow.policy)
        wait_for(lambda: len(centre.numbers) > 0, "the first arrive")
        live = [outbox.add(reading(5000 + i)) for i in range(3)]
        wait_for(lambda: waiting(slow) == 0, "all are freed")
    late = [one.seq for message in centre.messages if message.historical for one in message.readings]
    assert late == list(range(1, 1001))
    assert sorted(set(centre.numbers) - set(late)) == live
    firsts = [message.readings[0].seq for message in centre.messages]
    assert firsts.index(live[0]) < len(firsts) - 1  # before the last of the old ones
    assert max(len(message.readings) for message in centre.messages) == 100


def test_a_broker_killed_in_mid_stream_loses_nothing_and_nothing_comes_twice(
    desk: Settings, broker: BrokerProcess
) -> None:
    slow = msgspec.structs.replace(desk, broker=msgspec.structs.replace(desk.broker, catch_up_per_s=200))
    add(slow, 800, age_ms=HOUR_MS)
    with Centre(broker.port) as centre, publishing(slow):
        wait_for(lambda: len(centre.numbers) >= 200, "some arrive")
        broker.kill()
        add(slow, 5, first=800)
        broker.start()
        wait_for(lambda: waiting(slow) == 0, "all are freed", 40)
    assert sorted(centre.numbers) == list(range(1, 806))
    assert states(slow) == {"received": 805}


def test_after_a_reconnect_what_the_centre_has_is_not_sent_again(desk: Settings, broker: BrokerProcess) -> None:
    add(desk, 50)
    with Centre(broker.port, answers=False) as centre:
        with publishing(desk):
            wait_for(lambda: len(centre.numbers) == 50, "all arrive")
        assert waiting(desk) == 50
        centre.answers = True
        with publishing(desk):
            wait_for(lambda: waiting(desk) == 0, "all are freed")
        assert AskReceipt(epoch=Relay(desk.store).epoch, first=1, last=50) in centre.requests
        assert len(centre.numbers) == 50


def test_when_the_centre_comes_back_what_it_has_not_is_sent_again_at_once(
    desk: Settings, broker: BrokerProcess
) -> None:
    add(desk, 50)
    with Centre(broker.port, answers=False) as centre, publishing(desk):
        wait_for(lambda: len(centre.numbers) == 50, "all arrive")
        centre.messages.clear()  # it was killed before its commit
        centre.answers = True
        centre.come_back()
        wait_for(lambda: waiting(desk) == 0, "all are freed")
        assert sorted(centre.numbers) == list(range(1, 51))


def test_private_reasons_leave_the_box_as_not_observed(desk: Settings, broker: BrokerProcess) -> None:
    outbox = Outbox(desk.store, desk.policy)
    reasons = [Reason.PAUSED, Reason.NO_CONSENT, Reason.SIGNED_OUT, Reason.OFF_HOURS, Reason.DARK]
    for index, reason in enumerate(reasons):
        outbox.add(without_face(index, reason))
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: waiting(desk) == 0, "all are freed")
    arrived = [one.reason for message in centre.messages for one in message.readings]
    assert arrived == [Reason.NOT_OBSERVED] * 4 + [Reason.DARK]


def test_a_mirror_row_never_leaves_even_when_the_policy_changes(desk: Settings, broker: BrokerProcess) -> None:
    mirror = msgspec.structs.replace(desk, policy=Policy(name="mirror", publish=False))
    Outbox(mirror.store, mirror.policy).add(reading(1, policy="mirror"))
    with Centre(broker.port) as centre:
        with publishing(mirror):
            wait_for(lambda: centre.statuses, "its health arrives")
        Outbox(desk.store, desk.policy).add(reading(2))
        with publishing(desk):
            wait_for(lambda: waiting(desk) == 0, "the other is freed")
        assert [one.policy for message in centre.messages for one in message.readings] == ["supervision"]


def test_the_status_is_retained_and_says_how_the_box_is(
    desk: Settings, broker: BrokerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    Outbox(desk.store, desk.policy).note_health(Vitals(14.5, "net-1", "onnx", stages_ms={"frame": 24.5}))
    monkeypatch.setattr("edge.status.hottest", lambda: 61.5)
    EngineNotes(desk.store).building("expression: fusing", 0.25)
    with publishing(desk), Centre(broker.port) as centre:
        wait_for(lambda: centre.statuses, "the retained status comes to a later subscriber")
        status = centre.statuses[0]
        assert (status.online, status.model, status.frames_per_second) == (True, "net-1", 14.5)
        assert (status.backend, status.engine_fault) == ("onnx", None)
        assert (status.frame_ms, status.temperature_c) == (24.5, 61.5)
        assert status.memory_mb is not None
        assert status.memory_mb > 10
        free = shutil.disk_usage(Path(desk.store.path).parent).free / 1e6
        assert status.disk_free_mb == pytest.approx(free, rel=0.2)
        assert status.building_engine == Building(step="expression: fusing", share=0.25)
        assert status.epoch == Relay(desk.store).epoch
    with Centre(broker.port) as centre:
        wait_for(lambda: centre.statuses == [Status(online=False)], "after a clean end it says offline")


def test_what_was_added_last_goes_before_the_publisher_ends(desk: Settings, broker: BrokerProcess) -> None:
    with Centre(broker.port) as centre, publishing(desk):
        add(desk, 1)
        wait_for(lambda: len(centre.numbers) == 1, "the first arrives")
        add(desk, 3, first=1)
    assert states(desk) == {"received": 4}


def test_a_publisher_that_vanishes_is_said_to_be_offline_by_its_will(desk: Settings, broker: BrokerProcess) -> None:
    publisher = Publisher(desk)
    link = open_link(desk.broker, f"mien-{BOX}", publisher._will())
    with Centre(broker.port) as centre:
        sock = link._client.socket()
        assert sock is not None
        sock.close()
        wait_for(lambda: centre.statuses == [Status(online=False)], "the will is published")


def _of_this_boot(index: int, *, timed: bool) -> Reading:
    began_ns = time.monotonic_ns() - 10_000_000_000
    times = {} if timed else {"wall_ms": index * 1000, "clock_ok": False}
    return reading(index, boot=clock.boot(), **{"started_ns": began_ns + index * 1_000_000_000, **times})


def test_readings_of_a_clock_that_was_not_set_wait_for_it_and_go_with_the_right_time(
    desk: Settings, broker: BrokerProcess
) -> None:
    outbox = Outbox(desk.store, desk.policy)
    for index in (1, 2):
        outbox.add(_of_this_boot(index, timed=False))
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: len(centre.statuses) >= 1, "a status arrives")
        threading.Event().wait(1.0)
        assert centre.numbers == []
        outbox.add(_of_this_boot(3, timed=True))
        wait_for(lambda: waiting(desk) == 0, "all are freed")
        arrived = [one for message in centre.messages for one in message.readings]
    assert all(one.clock_ok for one in arrived)
    first, second, _ = sorted(arrived, key=lambda one: one.seq)
    assert abs(second.wall_ms - first.wall_ms - 1000) < 100
    assert abs(now_ms() - first.wall_ms - 9000) < 5000


def test_a_reading_of_a_clock_that_was_not_set_waits_even_where_it_comes_in_while_others_are_chosen(
    desk: Settings, broker: BrokerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    holds, asked = Times.hold, 0

    def looked_too_early(times: Times) -> bool:
        """By turns: what was there before the reading came in, and what is there."""
        nonlocal asked
        asked += 1
        return asked % 2 == 0 and holds(times)

    monkeypatch.setattr(Times, "hold", looked_too_early)
    outbox = Outbox(desk.store, desk.policy)
    outbox.add(_of_this_boot(1, timed=False))
    with Centre(broker.port) as centre, publishing(desk):
        wait_for(lambda: asked > 6, "it is looked at")
        assert centre.numbers == []
        outbox.add(_of_this_boot(2, timed=True))
        wait_for(lambda: waiting(desk) == 0, "both are freed")
        assert all(one.clock_ok for message in centre.messages for one in message.readings)


def test_readings_of_a_clock_that_stays_unknown_go_as_they_are(desk: Settings, broker: BrokerProcess) -> None:
    Outbox(desk.store, desk.policy).add(_of_this_boot(1, timed=False))
    hasty = msgspec.structs.replace(desk, broker=msgspec.structs.replace(desk.broker, clock_wait_s=0.5))
    with Centre(broker.port) as centre, publishing(hasty):
        wait_for(lambda: waiting(desk) == 0, "it is freed")
        arrived = [one for message in centre.messages for one in message.readings]
    assert [(one.wall_ms, one.clock_ok) for one in arrived] == [(1000, False)]
