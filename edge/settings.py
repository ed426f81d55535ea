"""The settings of a desk: one TOML file, read into frozen structs. docs/settings.md lists every key.

Relative paths are taken from the folder of the settings file. Secrets never stand in it: it names files that hold them.
"""

from __future__ import annotations

import difflib
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from contract.errors import ContractError
from contract.reading import Name, Role, Token
from contract.topics import check_box_id
from edge.errors import SettingsError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_Text = Annotated[str, Meta(min_length=1, max_length=1024)]
_Unit = Annotated[float, Meta(ge=0.0, le=1.0)]
_Side = Annotated[int, Meta(ge=16, le=8192)]
_Seconds = Annotated[float, Meta(ge=0.0, le=3600.0)]
_Positive = Annotated[int, Meta(ge=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Box(_Table, frozen=True, kw_only=True):
    """Which box this is and whose face it looks at."""

    id: str
    role: Role = Role.AGENT
    aim: tuple[_Unit, _Unit] = (0.5, 0.5)  # x and y, as parts of the picture; the agent's face is the one nearest to it

    def __post_init__(self) -> None:
        """A box's id is a level of its topics."""
        check_box_id(self.id)


class Camera(_Table, frozen=True, kw_only=True):
    """Where pictures come from."""

    source: _Text = "0"  # a number, /dev/video0, a camera's name, a file, a folder of images, or "synthetic"
    width: _Side = 640
    height: _Side = 480
    fps: Annotated[float, Meta(gt=0.0, le=240.0)] = 15.0  # asked of a camera; the pace at which a folder is played
    loop: bool = False  # begin a file or a folder again at its end


class Detector(_Table, frozen=True, kw_only=True):
    """How faces are found."""

    min_face: Annotated[int, Meta(ge=20, le=4096)] = 40  # pixels; smaller faces are not looked for
    cascade_every: Annotated[int, Meta(ge=1, le=1000)] = 15  # frames between two full searches; tracked between them


class Model(_Table, frozen=True, kw_only=True):
    """Which models read the face."""

    bundle: _Text | None = None  # the name of a packaged bundle, or a bundle's folder; the default where not given
    point: Annotated[str, Meta(max_length=64)] = ""  # one of the operating points on the model's card; "": the first
    backend: Literal["auto", "tensorrt", "onnx", "onnx-cuda", "onnx-tensorrt"] = "auto"  # what runs the networks
    engines: _Text | None = None  # TensorRT's engines, built on this box; beside the outbox where not given
    trust: _Text | None = None  # the keys by one of which a bundle that does not come with Mien has to be signed


class Voice(_Table, frozen=True, kw_only=True):
    """Whether the box listens, too: it does not unless `source` says to what."""

    source: _Text | None = None  # a part of a microphone's name, "default", or a sound file; no microphone if not given
    bundle: _Text | None = None  # the name of a packaged voice, or its folder; the one that ships where not given
    loop: bool = False  # begin a file again at its end
    noise_reduction: bool = True
    merge: bool = True  # read face and voice together, too


class Store(_Table, frozen=True, kw_only=True):
    """Where readings are kept on the box, and how many of them."""

    path: _Text = "/var/lib/mien/desk.db"
    keep_days: _Positive = 14
    keep_bytes: Annotated[int, Meta(ge=1_000_000)] = 500_000_000


class Broker(_Table, frozen=True, kw_only=True):
    """The way to the centre."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    username: _Text | None = None
    password_file: _Text | None = None  # one line; readable by the box's own user alone
    ca: _Text | None = None  # PEM; where given, the connection is TLS
    certificate: _Text | None = None  # PEM; the box's own, whose CN is its id
    key: _Text | None = None  # PEM
    allow_mqtt_311: bool = False  # 3.1.1 cannot say that a message was refused; for the demo's embedded broker
    catch_up_per_s: _Positive = 100  # readings a second after an outage, beside the live ones
    clock_wait_s: _Seconds = 20.0  # how long readings of an unset clock wait for it, once there is a network

    def __post_init__(self) -> None:
        """Keys that need each other."""
        if self.password_file is not None and self.username is None:
            raise ValueError("password_file needs username")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key need each other")
        if self.certificate is not None and self.ca is None:
            raise ValueError("certificate needs ca")


class Policy(_Table, frozen=True, kw_only=True):
    """What the box may do with what it reads."""

    name: Name = "supervision"
    publish: bool = True  # False: readings stay on the box, and no later policy sends them
    own_neutral: bool = False  # learn how an agent's face is read at rest, on the box, and take that out of readings

    def __post_init__(self) -> None:
        """The one policy whose name already says that nothing leaves."""
        if self.name == "mirror" and self.publish:
            raise ValueError('a policy named "mirror" publishes nothing: set publish = false')


class Shift(_Table, frozen=True, kw_only=True):
    """Links the readings of one sign-in; names nobody."""

    id: Token | None = None  # 8 to 32 hex digits; random at each start where not given


class Metrics(_Table, frozen=True, kw_only=True):
    """What the box tells of itself to a collector on it."""

    file: _Text | None = None  # in Prometheus' text format, for node_exporter's textfile collector; none by default


class Settings(_Table, frozen=True, kw_only=True):
    """The whole file."""

    box: Box
    camera: Camera = Camera()
    detector: Detector = Detector()
    model: Model = Model()
    voice: Voice = Voice()
    store: Store = Store()
    broker: Broker = Broker()
    policy: Policy = Policy()
    shift: Shift = Shift()
    metrics: Metrics = Metrics()

    @property
    def engines(self) -> Path:
        """The folder of TensorRT's engines."""
        return Path(self.model.engines) if self.model.engines else Path(self.store.path).parent / "engines"


_PATHS: Final = (
    ("model", "engines"),
    ("model", "trust"),
    ("store", "path"),
    ("broker", "password_file"),
    ("broker", "ca"),
    ("broker", "certificate"),
    ("broker", "key"),
    ("metrics", "file"),
)


def load(path: Path | str) -> Settings:
    """Read the settings file. Raises SettingsError: it names the file, the key and, for an unknown one, the nearest."""
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the settings: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not TOML: {error}; correct that line") from error
    _refuse_unknown(path, raw, Settings, "")
    try:
        return msgspec.convert(_with_whole_paths(path.absolute().parent, raw), Settings)
    except (msgspec.ValidationError, ContractError) as error:
        raise SettingsError(f"{path}: {_plainly(str(error))}; see docs/settings.md") from error


def read_password(path: str) -> str:
    """The one line of a password file. Raises SettingsError where others than its owner and group may read it."""
    file = Path(path)
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError(f"{path}: cannot read broker.password_file: {why}; check the path and its owner") from error
    if mode & (stat.S_IRWXO):
        raise SettingsError(f"{path}: broker.password_file is open to every user; run chmod 640 on it")
    password = text.rstrip("\r\n")
    if not password or "\n" in password:
        raise SettingsError(f"{path}: broker.password_file must hold one line, the password; write it anew")
    return password


def _refuse_unknown(path: Path, raw: Mapping[str, Any], table: type[msgspec.Struct], where: str) -> None:
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(table)}
    for key, value in raw.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1, cutoff=0.0)[0]
            raise SettingsError(f'{path}: unknown key "{where}{key}"; did you mean "{where}{near}"?')
        inner = fields[key]
        if isinstance(value, Mapping) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            _refuse_unknown(path, value, inner, f"{where}{key}.")


def _with_whole_paths(folder: Path, raw: dict[str, Any]) -> dict[str, Any]:
    """The same tables, with relative paths taken from `folder`.

    A source of pictures or sound only where such a file is there; a bundle where it lies there or has a slash, for else
    it is a name.
    """
    tables = {name: dict(table) if isinstance(table, dict) else table for name, table in raw.items()}
    for table, key in _PATHS:
        value = tables[table].get(key) if isinstance(tables.get(table), dict) else None
        if isinstance(value, str) and value:
            tables[table][key] = str(folder / value)
    camera = tables.get("camera")
    if isinstance(camera, dict) and isinstance(camera.get("source"), str) and (folder / camera["source"]).exists():
        camera["source"] = str(folder / camera["source"])
    voice = tables.get("voice")
    if isinstance(voice, dict):
        here = {key: str(folder / each) for key, each in voice.items() if key in ("source", "bundle") and each}
        voice.update({key: place for key, place in here.items() if Path(place).exists()})
    model = tables.get("model")
    bundle = model.get("bundle") if isinstance(model, dict) else None
    if isinstance(bundle, str) and ("/" in bundle or (folder / bundle / "expression.json").is_file()):
        tables["model"]["bundle"] = str(folder / bundle)
    return tables


def _plainly(text: str) -> str:
    """msgspec's message with the place in front: `broker.port: Expected ...`."""
    message, _, place = text.partition(" - at `$.")
    return f"{place.rstrip('`')}: {message}" if place else message
