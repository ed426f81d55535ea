"""Hypothesis strategies for the contract's messages, used by its property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from contract.expressions import EXPRESSIONS
from contract.messages import (
    AskReceipt,
    Building,
    CentreStatus,
    Gap,
    GapCause,
    NewEpoch,
    Readings,
    Receipt,
    Refusal,
    ReportGap,
    ReportRefused,
    Status,
)
from contract.reading import Reading, Reason, Role, Source, published, seen

LARGEST = 2**63 - 1
tokens = st.text("0123456789abcdef", min_size=8, max_size=32)
names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
counts = st.integers(0, LARGEST)
numbers = st.integers(1, LARGEST)
units = st.floats(0.0, 1.0)
kinds: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"simulated": True}, {"recorded": True}])
ranges = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))


def _normalised(weights: list[float]) -> tuple[float, ...]:
    total = sum(weights)
    return tuple(weight / total for weight in weights)


shares = st.lists(st.floats(1e-6, 1.0), min_size=len(EXPRESSIONS), max_size=len(EXPRESSIONS)).map(_normalised)
expressions = st.builds(seen, shares, confidence=units, quality=units, faces=st.integers(1, 1000))
reasons = st.sampled_from(Reason).map(lambda reason: {"reason": reason})


@st.composite
def readings(draw: st.DrawFn, seq: int | None = None) -> Reading:
    """Any reading that the contract allows."""
    return Reading(
        source=draw(st.sampled_from(Source)),
        boot=draw(tokens),
        started_ns=draw(counts),
        seq=draw(numbers) if seq is None else seq,
        wall_ms=draw(counts),
        clock_ok=draw(st.booleans()),
        duration_s=draw(st.floats(0.001, 60.0)),
        role=draw(st.sampled_from(Role)),
        shift=draw(tokens),
        policy=draw(names),
        model=draw(names),
        conversation=draw(st.none() | names),
        **draw(kinds),
        **draw(expressions | reasons),
    )


@st.composite
def numbered(draw: st.DrawFn) -> tuple[Reading, ...]:
    """Readings of one message: numbered, rising."""
    seqs = sorted(draw(st.sets(numbers, min_size=1, max_size=4)))
    return tuple(published(draw(readings(seq=seq))) for seq in seqs)


@st.composite
def gaps(draw: st.DrawFn) -> Gap:
    """A gap that counts at most what it covers."""
    first, last = draw(ranges)
    return Gap(
        first=first,
        last=last,
        count=draw(st.integers(1, last - first + 1)),
        from_ms=draw(counts),
        until_ms=draw(counts),
        cause=draw(st.sampled_from(GapCause)),
    )


batches = st.builds(Readings, epoch=tokens, historical=st.booleans(), readings=numbered())
requests = st.one_of(
    st.builds(lambda epoch, span: AskReceipt(epoch=epoch, first=span[0], last=span[1]), tokens, ranges),
    st.builds(ReportGap, epoch=tokens, gap=gaps()),
    st.builds(ReportRefused, epoch=tokens, seq=numbers, wall_ms=counts, why=texts),
)
statuses = st.builds(
    lambda kind, **fields: Status(**kind, **fields),
    kinds,
    online=st.booleans(),
    at_ms=counts,
    software=st.none() | names,
    model=st.none() | names,
    epoch=st.none() | tokens,
    clock_ok=st.booleans(),
    frames_per_second=st.none() | st.floats(0.0, 1000.0),
    frame_ms=st.none() | st.floats(0.0, 1e6),
    memory_mb=st.none() | st.floats(0.0, 1e6),
    temperature_c=st.none() | st.floats(-100.0, 200.0),
    disk_free_mb=st.none() | st.floats(0.0, 1e9),
    backend=st.none() | names,
    building_engine=st.none() | st.builds(Building, step=texts, share=st.floats(0.0, 1.0)),
    engine_fault=st.none() | texts,
    waiting=counts,
    set_aside=counts,
    gaps=counts,
)
receipts = st.builds(
    Receipt,
    epoch=tokens,
    ranges=st.lists(ranges, max_size=5).map(tuple),
    gaps=st.lists(ranges, max_size=5).map(tuple),
    refused=st.lists(st.builds(Refusal, seq=numbers, why=texts), max_size=5).map(tuple),
)
commands = st.builds(NewEpoch, epoch=tokens)
centre_statuses = st.builds(CentreStatus, online=st.booleans(), at_ms=counts)
