"""The outbox file, the only door between the processes of a desk. All SQL of the desk is in this package.

schema.py       the tables and their migrations
connection.py   opening the file, transactions, and SQLite's errors in our own words
rows.py         a reading to a row and back
kind.py         whether they are a camera's or of recordings
outbox.py       the side that adds readings
bounds.py       how many are kept, and what is let go first
reserve.py      room for the day on which others fill the disk
engines.py      what is said of the engines that are built
health.py       what vision says of itself
beside.py       what a face's readings are, for who reads a voice beside them
neutral.py      an agent's own neutral, where the policy lets it be learned
relay.py        the side that sends them and frees them by receipt
check.py        the process `store`: makes, migrates and checks the file, moves a broken one aside
"""

from edge.store.beside import FaceSeconds
from edge.store.check import Prepared, open_to_its_group, prepare
from edge.store.engines import EngineNotes
from edge.store.health import Health, Vitals
from edge.store.neutral import KeptNeutral, NeutralNotes
from edge.store.outbox import Outbox
from edge.store.relay import Counts, Head, OwedGap, Refused, Relay
from edge.store.reserve import Reserve

__all__ = [
    "Counts",
    "EngineNotes",
    "FaceSeconds",
    "Head",
    "Health",
    "KeptNeutral",
    "NeutralNotes",
    "Outbox",
    "OwedGap",
    "Prepared",
    "Refused",
    "Relay",
    "Reserve",
    "Vitals",
    "open_to_its_group",
    "prepare",
]
