"""What a box says of itself to the centre, every few seconds and retained."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from contract.messages import Building, Status
from edge.machine import free_mb, hottest
from edge.settings import Store
from edge.store import Relay

SOFTWARE: Final = f"mien-{version('mien')}"


def of(relay: Relay, store: Store, now_ms: int, *, simulated: bool) -> Status:
    """The status of now (UTC); what `vision` said is left out where it fell silent. Raises StoreError."""
    owed, health = relay.owed(), relay.health()
    running = health.is_of_now(now_ms)
    return Status(
        online=True,
        at_ms=now_ms,
        software=SOFTWARE,
        model=health.model,
        epoch=relay.epoch,
        simulated=simulated,
        recorded=relay.is_recorded(),
        clock_ok=health.clock_ok,
        frames_per_second=health.frames_per_second if running else None,
        frame_ms=health.stages_ms.get("frame") if running else None,
        memory_mb=health.memory_mb if running else None,
        temperature_c=hottest(),
        disk_free_mb=free_mb(store.path),
        backend=health.backend if running else None,
        building_engine=Building(step=health.building[0], share=health.building[1]) if health.building else None,
        engine_fault=health.fault,
        waiting=owed.waiting,
        set_aside=owed.set_aside,
        gaps=owed.gaps,
    )
