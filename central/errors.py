"""Errors of the centre, as one tree. The text of each is one line: what was wrong, where, and what to do.

CentreError
├── SettingsError      the settings file, or a value in it
├── DatabaseError      the database cannot be opened, read or written
│   └── SchemaError    its tables were made by another version of the software
├── BrokerError        the broker is not there, refuses the centre, or speaks another version of MQTT
└── PlacementError     a site, a desk or a placement that cannot be

A process that one of them stops exits with `exit_code`, so that what started it knows what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class CentreError(Exception):
    """Anything that stops a process of the centre."""

    exit_code: ClassVar[int] = 10


class SettingsError(CentreError):
    """The settings file is missing or unreadable, or a key or a value in it is wrong."""

    exit_code = 11


class DatabaseError(CentreError):
    """The database cannot be opened, read or written."""

    exit_code = 14


class SchemaError(DatabaseError):
    """The database's tables were made by another version of the software."""

    exit_code = 15


class BrokerError(CentreError):
    """The broker cannot be reached, refuses the centre, or speaks another version of MQTT."""

    exit_code = 17


class PlacementError(CentreError):
    """A site, a desk or a placement that cannot be as it was asked for."""

    exit_code = 18
