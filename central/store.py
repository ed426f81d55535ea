"""Stores what boxes sent, in one transaction, and says what to answer once that is committed.

Receipts name no number whose content was not compared with what is stored: a box whose outbox was put back from a copy
would otherwise free readings that nobody has. So the receipt for a batch is no more than the batch; and a box that asks
what the centre has gets a receipt that names no number. That ends its wait: what it has in flight, at most 256 rows, it
sends again, to be compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from central import aside, boxes, conversations, database, raw, received, rollup
from central.arrivals import FUTURE_MS, LATE_MS, Arrival, wall_ok
from central.judge import Verdict, judge
from central.raw import Item, Sheaf
from central.received import Range, Stream
from contract.encoding import Opened
from contract.messages import (
    MAX_RANGES,
    MAX_READINGS,
    AskReceipt,
    NewEpoch,
    Receipt,
    Refusal,
    ReportGap,
    ReportRefused,
    Status,
)
from contract.reading import Reading


@dataclass(frozen=True)
class Answer:
    """A message to publish to a box once the transaction is committed."""

    box: str
    message: Receipt | NewEpoch


@dataclass
class _Ledger:
    """What a transaction found, by stream."""

    accepted: defaultdict[Stream, list[int]] = field(default_factory=lambda: defaultdict(list))
    asked: dict[Stream, None] = field(default_factory=dict)  # streams that get a receipt even if it names nothing
    gaps: defaultdict[Stream, list[Range]] = field(default_factory=lambda: defaultdict(list))
    refused: defaultdict[Stream, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    left: dict[Stream, None] = field(default_factory=dict)  # epochs to leave, in the order found
    quarantined: list[tuple[Item, str]] = field(default_factory=list)


def store(engine: Engine, arrivals: Sequence[Arrival], now_ms: int) -> list[Answer]:
    """Store what is new of the arrivals, at `now_ms` by the centre's clock; once that is committed, what to answer.

    Nearly all readings are new, so streams none of whose numbers is received are inserted in that hope. Where a unique
    key says that it was wrong, all is rolled back and done again with each reading compared. Raises sqlalchemy's
    DBAPIError where the database fails or refuses a value; nothing is stored then.
    """
    try:
        with database.writing(engine) as connection:
            return _store(connection, arrivals, now_ms, hopeful=True)
    except IntegrityError:
        with database.writing(engine) as connection:
            return _store(connection, arrivals, now_ms, hopeful=False)


def _store(connection: Connection, arrivals: Sequence[Arrival], now_ms: int, *, hopeful: bool) -> list[Answer]:
    ledger = _Ledger()
    streams = _streams(arrivals, now_ms)
    boxes.touch(connection, arrivals, _newest_live(streams), now_ms)
    if streams:
        _keep_readings(connection, streams, now_ms, ledger, hopeful=hopeful)
    for arrival in arrivals:
        _keep_other(connection, arrival, now_ms, ledger)
    named = [(*stream, refusal.seq, refusal.why) for stream, found in ledger.refused.items() for refusal in found]
    aside.name_refused(connection, named, now_ms)
    aside.put_in_quarantine(connection, ledger.quarantined, now_ms)
    return _answers(ledger)


def _streams(arrivals: Iterable[Arrival], now_ms: int) -> dict[Stream, list[Sheaf]]:
    """The readings that arrived, by box and epoch."""
    streams: defaultdict[Stream, list[Sheaf]] = defaultdict(list)
    for arrival in arrivals:
        body = arrival.body
        if isinstance(body, Opened) and body.readings:
            streams[arrival.box, body.epoch] += _sheaves(arrival.box, body, now_ms)
    return streams


def _sheaves(box: str, opened: Opened, now_ms: int) -> list[Sheaf]:
    """The readings of a message: one sheaf, unless some are late or wrongly timed and others are not.

    A recording is historical however young it is: no live figure waits for it.
    """
    late_ms = now_ms - LATE_MS

    def flags(reading: Reading) -> tuple[bool, bool]:
        late = opened.historical or reading.recorded or (reading.clock_ok and reading.ended_ms < late_ms)
        return late, wall_ok(reading.wall_ms, reading.clock_ok, now_ms)

    readings = opened.readings
    ends = [reading.ended_ms for reading in readings]
    if {(reading.clock_ok, reading.recorded) for reading in readings} == {(True, False)} and max(
        ends
    ) <= now_ms + FUTURE_MS:
        if opened.historical or max(ends) < late_ms:
            return [Sheaf(box, opened.epoch, True, True, readings)]
        if min(ends) >= late_ms:
            return [Sheaf(box, opened.epoch, False, True, readings)]
    return [Sheaf(box, opened.epoch, *same, tuple(group)) for same, group in groupby(readings, flags)]


def _newest_live(streams: Mapping[Stream, Sequence[Sheaf]]) -> dict[str, int]:
    """The newest wall time of each box's live readings."""
    newest: dict[str, int] = {}
    for (box, _), sheaves in streams.items():
        for sheaf in sheaves:
            if sheaf.placed and not sheaf.late:
                newest[box] = max(newest.get(box, 0), *[reading.wall_ms for reading in sheaf.readings])
    return newest


def _keep_readings(
    connection: Connection, streams: Mapping[Stream, list[Sheaf]], now_ms: int, ledger: _Ledger, *, hopeful: bool
) -> None:
    """Store the readings that are new: whole streams in hope, the others as each reading is judged."""
    numbers = {
        stream: [reading.seq for sheaf in sheaves for reading in sheaf.readings] for stream, sheaves in streams.items()
    }
    wanted = {stream: received.runs(found) for stream, found in numbers.items()}
    known = received.near(connection, wanted)
    purged = raw.purged_before(connection)
    clean = [
        stream
        for stream, sheaves in streams.items()
        if hopeful
        and received.size(wanted[stream]) == len(numbers[stream])
        and not received.overlap(known[stream], wanted[stream])
        and not any(purged.covers_any(sheaf.readings) for sheaf in sheaves)
    ]
    ledger.accepted.update({stream: numbers[stream] for stream in clean})
    fresh = [sheaf for stream in clean for sheaf in streams[stream]]
    if len(clean) < len(streams):
        doubtful = [sheaf for stream, sheaves in streams.items() if stream not in ledger.accepted for sheaf in sheaves]
        fresh += _examine(connection, doubtful, known, ledger)
    raw.insert(connection, fresh, now_ms)
    placed = [sheaf for sheaf in fresh if sheaf.placed]
    rollup.add(connection, placed)
    conversations.note(connection, placed, now_ms)
    received.put(connection, known, {stream: received.runs(found) for stream, found in ledger.accepted.items()})


def _examine(
    connection: Connection, sheaves: Iterable[Sheaf], known: Mapping[Stream, Sequence[Range]], ledger: _Ledger
) -> list[Sheaf]:
    """Judge each reading by what is stored, note what is to be answered, and return the new ones."""
    items = [Item(*sheaf[:-1], reading) for sheaf in sheaves for reading in sheaf.readings]
    found = raw.held(connection, items)
    purged = raw.purged_before(connection)  # after the look-up: rows that went meanwhile are then known to be gone
    epochs = _epochs(connection, items)
    new: list[Sheaf] = []
    for item in items:
        stream, fields = (item.box, item.epoch), raw.content(item.reading)
        verdict = judge(
            fields,
            at_number=found.numbers.get(item.number),
            at_identity=found.identities.get(item.identity),
            is_received=received.contains(known[stream], item.reading.seq),
            may_be_purged=item.placed and purged.covers(item.reading),
            other_epochs=not epochs[item.box] <= {item.epoch},
            recorded=item.reading.recorded,
        )
        if verdict is Verdict.NEW:
            raw.remember(found, item.number, fields)
            new.append(item.alone())
            ledger.accepted[stream].append(item.reading.seq)
        else:
            _note(ledger, item, verdict)
    return new


def _note(ledger: _Ledger, item: Item, verdict: Verdict) -> None:
    stream, seq = (item.box, item.epoch), item.reading.seq
    if verdict is Verdict.DUPLICATE:
        ledger.accepted[stream].append(seq)
        return
    if verdict not in (Verdict.TOO_OLD, Verdict.RECORDED_TOO_LONG_AGO):
        ledger.quarantined.append((item, verdict.value))
    if verdict is Verdict.OTHER_UNDER_NUMBER:
        ledger.left[stream] = None
    else:
        ledger.refused[stream].append(Refusal(seq=seq, why=verdict.value))


def _epochs(connection: Connection, items: Iterable[Item]) -> dict[str, set[str]]:
    """The epochs of which each box has had something received."""
    return {box: received.epochs(connection, box) for box in sorted({item.box for item in items})}


def _keep_other(connection: Connection, arrival: Arrival, now_ms: int, ledger: _Ledger) -> None:
    """Store what a message says beside its good readings."""
    box, body = arrival.box, arrival.body
    if isinstance(body, Opened):
        if body.refused:
            ledger.refused[box, body.epoch] += body.refused
    elif isinstance(body, Status):
        boxes.keep_status(connection, box, body)
    elif isinstance(body, AskReceipt):
        ledger.asked[box, body.epoch] = None
    elif isinstance(body, ReportGap):
        aside.name_gap(connection, box, body.epoch, body.gap, now_ms)
        ledger.gaps[box, body.epoch].append((body.gap.first, body.gap.last))
    elif isinstance(body, ReportRefused):
        ledger.refused[box, body.epoch].append(Refusal(seq=body.seq, why=body.why))


def _answers(ledger: _Ledger) -> list[Answer]:
    answers: list[Answer] = []
    for stream in dict.fromkeys((*ledger.accepted, *ledger.asked, *ledger.gaps, *ledger.refused)):
        box, epoch = stream
        ranges = received.runs(ledger.accepted.get(stream, ()))
        gaps, refused = ledger.gaps.get(stream, []), ledger.refused.get(stream, [])
        while True:  # one message, save where it would hold more than the contract allows
            part = Receipt(
                epoch=epoch,
                ranges=tuple(ranges[:MAX_RANGES]),
                gaps=tuple(gaps[:MAX_RANGES]),
                refused=tuple(refused[:MAX_READINGS]),
            )
            answers.append(Answer(box, part))
            ranges, gaps, refused = ranges[MAX_RANGES:], gaps[MAX_RANGES:], refused[MAX_READINGS:]
            if not (ranges or gaps or refused):
                break
    answers += [Answer(box, NewEpoch(epoch=epoch)) for box, epoch in ledger.left]
    return answers
