"""Following faces: held while they are there, lost at once when they go, one track a face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.detect import Detector, Face, overlaps
from edge.track import SEARCHES, Tracker, _plausible
from tests.edge.pictures import Pixels, frames, portrait, side_by_side


class CountingDetector(Detector):
    """The real detector, counting its cascades."""

    cascades = 0

    def detect(self, image: Pixels, *, at_least: float = 0.0) -> list[Face]:
        self.cascades += 1
        return super().detect(image, at_least=at_least)


@pytest.fixture
def detector() -> CountingDetector:
    made = CountingDetector.from_bundle()
    assert isinstance(made, CountingDetector)
    return made


def overlap(a: Face, b: Face) -> float:
    return float(overlaps(np.array([a.box], np.float32), np.array([b.box], np.float32))[0, 0])


def shifted(image: Pixels, x: int, y: int) -> Pixels:
    return np.roll(image, (y, x), axis=(0, 1))


def test_a_moving_face_keeps_its_track_between_cascades(detector: CountingDetector) -> None:
    tracker = Tracker(detector, every=15)
    ids = set()
    for i in range(40):
        tracks = tracker.update(shifted(portrait(), 4 * i, i))
        assert len(tracks) == 1
        ids.add(tracks[0].id)
    assert ids == {1}
    assert detector.cascades == 1 + 39 // 15


def test_a_followed_box_is_that_of_the_cascade(detector: CountingDetector) -> None:
    tracker = Tracker(detector, every=1000)
    for i in range(30):
        image = shifted(portrait(), 3 * i, 0)
        (track,) = tracker.update(image)
        assert overlap(track.face, detector.detect(image)[0]) > 0.85


def test_a_face_that_leaves_is_lost_in_that_frame(detector: CountingDetector) -> None:
    tracker = Tracker(detector)
    assert tracker.update(portrait())
    assert tracker.update(np.full((512, 512, 3), 90, np.uint8)) == []


def test_a_face_that_comes_back_is_found_in_that_frame(detector: CountingDetector) -> None:
    tracker = Tracker(detector)
    empty = np.full((512, 512, 3), 90, np.uint8)
    for image in (portrait(), empty, empty):
        tracker.update(image)
    (track,) = tracker.update(portrait())
    assert track.id == 2


def test_where_nobody_has_been_for_long_the_cascade_rests_and_a_face_is_still_found_soon(
    detector: CountingDetector,
) -> None:
    empty = np.full((512, 512, 3), 90, np.uint8)
    for rate in (15, 25):
        tracker, before = Tracker(detector, every=rate), detector.cascades
        for _ in range(rate):
            tracker.update(empty)
        assert detector.cascades - before == rate
        for _ in range(2 * rate):
            tracker.update(empty)
        assert detector.cascades - before - rate == pytest.approx(2 * SEARCHES, abs=3)
        waited = next(frame for frame in range(rate) if tracker.update(portrait()))
        assert waited / rate < 0.15


def test_a_scene_that_begins_anew_is_searched_at_once_however_long_nobody_was_there(
    detector: CountingDetector,
) -> None:
    tracker = Tracker(detector, every=25)
    for _ in range(25 + 1):
        tracker.update(np.full((512, 512, 3), 90, np.uint8))
    tracker.begin_anew()
    assert tracker.update(portrait())


def test_a_tracker_that_begins_anew_looks_for_all_faces_and_gives_them_new_tracks(detector: CountingDetector) -> None:
    tracker = Tracker(detector)
    tracker.update(portrait())
    tracker.begin_anew()
    (track,) = tracker.update(portrait())
    assert (track.id, detector.cascades) == (2, 2)


def test_two_faces_have_two_tracks_that_do_not_change_places(detector: CountingDetector) -> None:
    tracker = Tracker(detector, every=5)
    first = {track.id: track.face for track in tracker.update(side_by_side())}
    assert len(first) == 2
    for _ in range(12):
        last = {track.id: track.face for track in tracker.update(side_by_side())}
    assert last.keys() == first.keys()
    assert all(overlap(last[i], first[i]) > 0.7 for i in first)


def test_a_second_face_is_found_within_the_cascade_s_interval(detector: CountingDetector) -> None:
    tracker = Tracker(detector, every=5)
    alone = side_by_side()
    alone[:, 512:] = 90
    for _ in range(3):
        assert len(tracker.update(alone)) == 1
    counts = [len(tracker.update(side_by_side())) for _ in range(5)]
    assert counts[-1] == 2


def test_when_one_of_two_faces_leaves_the_other_keeps_its_track(detector: CountingDetector) -> None:
    tracker = Tracker(detector)
    both = tracker.update(side_by_side())
    alone = side_by_side()
    alone[:, 512:] = 90
    (left,) = tracker.update(alone)
    assert left.id == min(both, key=lambda track: track.face.box[0]).id


def test_a_face_much_smaller_than_the_one_that_is_followed_is_not_looked_for_where_it_does_not_matter(
    detector: CountingDetector,
) -> None:
    crowd = np.full((512, 1024, 3), 90, np.uint8)
    crowd[:, :512] = portrait()
    crowd[0:170, 600:770] = cv2.resize(portrait(), (170, 170), interpolation=cv2.INTER_AREA)
    detector.min_face = 20
    everyone, near = Tracker(detector, every=2), Tracker(detector, every=2, beside=0.5)
    alone = crowd.copy()
    alone[:, 512:] = 90
    for tracker in (everyone, near):
        assert len(tracker.update(alone)) == 1
    assert max(len(everyone.update(crowd)) for _ in range(3)) == 2
    assert max(len(near.update(crowd)) for _ in range(3)) == 1


@pytest.mark.parametrize(
    ("width", "height", "holds"),
    [(959, 500, True), (500, 959, True), (961, 500, False), (500, 961, False), (12, 12, True), (11, 11, False)],
)
def test_a_followed_box_holds_from_the_least_face_to_one_and_a_half_times_the_picture(
    width: float, height: float, holds: bool
) -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    box = (320 - width / 2, 240 - height / 2, 320 + width / 2, 240 + height / 2)
    assert _plausible(Face(box, 0.99, np.zeros((5, 2), np.float32)), picture) is holds


@pytest.mark.parametrize(("x", "y"), [(-1, 240), (641, 240), (320, -1), (320, 481)])
def test_a_followed_box_whose_centre_leaves_the_picture_holds_no_longer(x: float, y: float) -> None:
    picture = np.zeros((480, 640, 3), np.uint8)
    assert not _plausible(Face((x - 50, y - 50, x + 50, y + 50), 0.99, np.zeros((5, 2), np.float32)), picture)


def test_the_woman_s_face_is_held_through_her_clip_as_the_cascade_sees_it() -> None:
    detector = CountingDetector.from_bundle()
    assert isinstance(detector, CountingDetector)
    tracker = Tracker(detector)
    count, agreement = 0, []
    for i, (_, image) in enumerate(frames("WolfgangLanger_Pexels.mp4")):
        tracks = tracker.update(image)
        assert [track.id for track in tracks] == [1]
        count += 1
        if i % 4 == 0:
            agreement.append(overlap(tracks[0].face, Detector.detect(detector, image)[0]))
    assert count == 472
    assert np.mean(agreement) >= 0.90


def test_a_face_that_leaves_the_clip_leaves_no_track() -> None:
    tracker = Tracker(Detector.from_bundle())
    held = [len(tracker.update(image)) for _, image in frames("face_noface.mov")]
    assert held[0] == 1
    assert not any(held[-30:])
