from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.bulk import insert_rows
from reuse.devices.actions.identity import (
    CODE_COLUMNS,
    DEVICE_COLUMNS,
    NewDevice,
    code_rows,
    device_row,
    first_happenings,
)
from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.history.actions import begin_chains
from reuse.history.rules import Actor


def declare_devices(session: Session, actor: Actor, new: Sequence[NewDevice]) -> list[UUID]:
    """Create very many devices as `add_devices` does, past the ORM; their ids, in the order given.

    Declared ones alone: what is in somebody's hands has a custody to begin, and comes in by `add_devices`.
    """
    if any(one.status != Status.declared for one in new):
        raise ValueError("a device that somebody holds is added by add_devices, which begins its custody")
    now = clock.now()
    rows = [device_row(one, now) for one in new]
    ids: list[UUID] = [row[0] for row in rows]
    insert_rows(session, Device, DEVICE_COLUMNS, rows)
    insert_rows(session, Code, CODE_COLUMNS, code_rows(ids, new, now))
    begin_chains(session, actor, first_happenings(ids, new, "declared"))
    return ids
