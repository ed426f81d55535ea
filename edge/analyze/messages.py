"""What the analysis and its workers say to each other, as MessagePack over a pipe.

MessagePack and not pickle: a worker decodes what strangers made, and a pickle from it could run in the other process.
"""

from __future__ import annotations

from typing import Final

import msgspec

from contract.reading import Reason, Role
from edge.analyze.results import Kind


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """Said to a worker once, as it starts."""

    model: str
    point: str
    role: Role
    trust: str | None = None
    voice: str | None = None  # a packaged voice or its folder, where films are listened to as well


class Inspect(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Look at a recording: what is it, how long, and can it be read in parts? `files` are a folder's images."""

    item: int
    path: str
    files: tuple[str, ...] = ()
    kind: Kind | None = None  # where it is known


class Part(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Read a stretch of a recording: from `start_s` until before `end_s`, or to its end. A picture is a second."""

    item: int
    part: int
    path: str
    kind: Kind
    files: tuple[str, ...] = ()  # the images of this part, and the place of its first one among all
    first: int = 0
    start_s: float = 0.0
    end_s: float | None = None
    rate: float
    every: int
    window_s: float
    annotated: str | None = None  # the file, or of pictures the folder, for a copy with what was found drawn in


class Listen(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Hear a film's sound from its beginning to its end."""

    item: int
    path: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End the part that is being read, and then the worker."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The worker has loaded its models."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What `Inspect` found, or the fault for which there is nothing to read."""

    item: int
    kind: Kind = Kind.VIDEO
    width: int = 0
    height: int = 0
    rate: float = 0.0
    stated_frames: int = 0
    stated_s: float = 0.0
    can_seek: bool = False
    cut: bool = False  # its end is missing, whatever it states
    digest: str = ""  # sha256 of its content
    modified_s: float = 0.0  # when its content was last changed, seconds since 1970
    note: str | None = None  # what was decided, to tell
    fault: str | None = None


class Window(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """One window of a part: normally a second, or a picture."""

    item: int
    part: int
    at_s: float
    seconds: float
    frames: int
    faces: int
    faces_by_expression: tuple[int, ...]
    face_reasons: dict[Reason, int]
    view_faces: int
    quality: float
    shares: tuple[float, ...] | None = None
    confidence: float | None = None
    reason: Reason | None = None
    changes: int = 0
    followed_s: float = 0.0


class End(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A part is read. `met` counts frames, those that were left out included; times are of the first and the last."""

    item: int
    part: int
    met: int
    first_s: float = 0.0
    last_s: float = 0.0
    width: int = 0
    height: int = 0
    fault: str | None = None
    stopped: bool = False


class Heard(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A second of sound; `spoken` is the part that is speech, `clear_db` how much louder that is than the room."""

    item: int
    at_s: float
    spoken: float
    clear_db: float
    shares: tuple[float, ...] | None = None
    confidence: float | None = None
    reason: Reason | None = None


class Listened(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A film's sound is heard, or what was wrong with it."""

    item: int
    fault: str | None = None


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The worker cannot work at all, whatever the recording: the text and the exit code of its error."""

    text: str
    exit_code: int


Job = Inspect | Part | Listen
Task = Job | Stop
Report = Ready | Facts | Window | End | Heard | Listened | Broken

encode: Final = msgspec.msgpack.Encoder().encode
decode_setup: Final = msgspec.msgpack.Decoder(Setup).decode
decode_task: Final = msgspec.msgpack.Decoder(Task).decode
decode_report: Final = msgspec.msgpack.Decoder(Report).decode
