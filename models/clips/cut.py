"""From a video file or a folder of frames to a clip of one face: found in each frame and cut as on the desk.

A frame of 48x48 is a face picture already and is taken as it is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from edge.align import face_crop
from edge.detect import Detector, Face, overlaps
from models.clips.clips import FASTEST, LONGEST, Clip, Clips, clips_of
from models.data import FACE_SIDE, Bytes, Floats
from models.prepared import Source
from models.samples import PICTURE_OF_BOX_HEIGHT
from models.sources.shots import Origin

VIDEOS = frozenset((".mp4", ".avi", ".mov", ".mkv", ".webm", ".gif", ".mpg", ".mpeg", ".m4v", ".wmv", ".flv"))
UNREADABLE, NO_FACE = "not a readable video", "no face found"
SAME_FACE = 0.3  # overlap with the frame before, from which a face is the same one's


@dataclass(frozen=True)
class Film:
    """One labelled film: a video file, or the pictures of its frames with their rate a second; and whom it shows."""

    place: Path | tuple[Path, ...]
    label: int
    person: str = ""
    rate: float = 25.0


def is_video(path: Path) -> bool:
    """Is it a video by its name?"""
    return path.suffix.lower() in VIDEOS and not path.name.startswith(".")


def clips_from(origin: Origin, films: Sequence[Film], left_out: Counter[str]) -> Clips:
    """The largest face of each film as a clip of at most LONGEST frames, evenly over the film, 15 a second at most.

    `left_out` is what the reader of the data set left out, and why; what is left out here is added. DataError where
    nothing is left.
    """
    found, cutter = [], _Cutter()
    for film in tqdm(films, desc=f"cutting {origin.name}", mininterval=2, disable=not films):
        clip = cutter.clip(film)
        if isinstance(clip, str):
            left_out[clip] += 1
        else:
            found.append(clip)
    return clips_of(found, Source(origin.name, str(origin), origin.licence, 0, 0, dict(+left_out)))


class _Cutter:
    """Cuts faces. The detector is loaded when the first frame needs it: sets of face pictures do without."""

    _detector: Detector | None = None

    def clip(self, film: Film) -> Clip | str:
        """The film's clip, or why there is none."""
        frames = list(_frames(film))
        if not frames:
            return UNREADABLE
        crops, times = [], []
        before: Face | None = None
        for at_s, picture in _evenly(frames):
            if picture.shape[:2] == (FACE_SIDE, FACE_SIDE):
                crop: Bytes | None = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            else:
                before = self._face(picture, before)
                crop = None if before is None else _crop(picture, before)
            if crop is not None:
                crops.append(crop)
                times.append(at_s)
        if not crops:
            return NO_FACE
        return Clip(np.stack(crops), np.array(times, np.float32), film.label, film.person)

    def _face(self, picture: Bytes, before: Face | None) -> Face | None:
        """The face that was followed so far, else the largest; None where there is none."""
        if self._detector is None:
            self._detector = Detector.from_bundle()
        faces = self._detector.detect(picture)
        if before is not None and faces:
            shared = overlaps(np.array([face.box for face in faces], np.float32), np.array([before.box], np.float32))
            if shared[:, 0].max() >= SAME_FACE:
                return faces[int(shared[:, 0].argmax())]
        return max(faces, key=lambda face: face.area, default=None)


def _crop(picture: Bytes, face: Face) -> Bytes:
    return face_crop(picture, face.box, face.landmarks, FACE_SIDE, of_box_height=PICTURE_OF_BOX_HEIGHT)


def _frames(film: Film) -> Iterator[tuple[float, Bytes]]:
    """The time of each frame and the picture (H, W, 3) BGR."""
    if isinstance(film.place, tuple):
        pictures: Iterable[Bytes | None] = (cv2.imread(str(path)) for path in film.place)
        yield from ((at / film.rate, each) for at, each in enumerate(pictures) if each is not None)
        return
    video = cv2.VideoCapture(str(film.place))
    rate = video.get(cv2.CAP_PROP_FPS)
    rate = rate if 1 <= rate <= 240 else film.rate
    at = 0
    while (read := video.read())[0]:
        yield at / rate, np.asarray(read[1], np.uint8)
        at += 1
    video.release()


def _evenly(frames: list[tuple[float, Bytes]]) -> Iterator[tuple[float, Bytes]]:
    """At most LONGEST of the frames, evenly spaced, no nearer together than a desk looks; the last is among them."""
    times: Floats = np.array([at for at, _ in frames], np.float32)
    span = float(times[-1] - times[0])
    count = int(min(LONGEST, len(frames), 1 + span * FASTEST))
    wanted = np.linspace(times[0], times[-1], count) if count > 1 else times[-1:]
    yield from (frames[at] for at in np.unique(np.abs(times[None] - wanted[:, None]).argmin(axis=1)))
