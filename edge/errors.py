"""Errors of the desk, as one tree. The text of each is one line: what was wrong, where, and what to do.

MienDeskError
├── SettingsError           the settings file, or a value in it
├── CaptureError            a camera, a file or the clip gives no frames
│   └── StaleCamera         a camera gives no new pictures, nor after it was opened again
├── ModelError              a model file is missing, or is not the one its card names
│   └── RuntimeFailure      a backend cannot be had, or failed as it ran: another one may go on
├── StoreError              the outbox cannot be opened, read or written
│   ├── DiskFull            its disk takes no more
│   ├── SchemaVersionError  the outbox was made by another version of the software
│   └── CorruptStore        the outbox file is damaged; the process `store` moves it aside
├── BrokerError             the broker is not there, refuses, or speaks another version
└── OutputError             a result cannot be written

A process that one of them stops exits with `exit_code`, so that what started it knows what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class MienDeskError(Exception):
    """Anything that stops a process of the desk."""

    exit_code: ClassVar[int] = 10


class SettingsError(MienDeskError):
    """The settings file is missing or unreadable, or a key or a value in it is wrong."""

    exit_code = 11


class CaptureError(MienDeskError):
    """A camera is missing, busy or dead, or a file is no video."""

    exit_code = 12


class StaleCamera(CaptureError):
    """A camera gives no new pictures, nor did opening it again help: what started the process must go further."""

    exit_code = 18


class ModelError(MienDeskError):
    """A model file or its card is missing, broken, or not the one that was signed for."""

    exit_code = 13


class RuntimeFailure(ModelError):
    """A backend cannot be had on this machine, or failed as it ran; the same network may still run on another one."""

    exit_code: ClassVar[int] = 20


class StoreError(MienDeskError):
    """The outbox cannot be opened, read or written."""

    exit_code = 14


class DiskFull(StoreError):
    """The disk of the outbox takes no more; the next try may find room that was kept for that."""

    exit_code = 21


class SchemaVersionError(StoreError):
    """The outbox was made by another version of the software."""

    exit_code = 15


class CorruptStore(StoreError):
    """The outbox file is damaged; the process `store` moves it aside and begins a new one."""

    exit_code = 16


class BrokerError(MienDeskError):
    """The broker cannot be reached, refuses the box, or speaks another version of MQTT."""

    exit_code = 17


class OutputError(MienDeskError):
    """A file of an analysis cannot be written: no permission, or no room on the disk."""

    exit_code = 19
