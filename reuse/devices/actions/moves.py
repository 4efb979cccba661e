from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.changes import free_reservation as free_reservation
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Stale
from reuse.history.rules import Actor


def move_device(
    session: Session,
    actor: Actor,
    device: Device,
    to: Status,
    *,
    verb: str = "moved",
    reason: str | None = None,
    at: datetime | None = None,
    version: int | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401  # columns that change with the move
) -> Device:
    """Move one device, and its history with it; the only way a status changes.

    Conflict where the table of moves forbids it or another move came first, Stale where `version` (what the caller
    saw) is not the present one. `changes` are columns that the move itself sets, such as the network that holds it.
    """
    check_version(device, version)
    move_devices(session, actor, [device], to, verb=verb, reason=reason, at=at, data=data, **changes)
    return device


def check_version(device: Device, seen: int | None) -> None:
    """Stale where the caller acts on another version of the device than the present one; None asks for nothing."""
    if seen is not None and seen != device.version:
        raise Stale(f"This device has changed: you saw version {seen}, it is now {device.version}. Look again.")


def move_devices(
    session: Session,
    actor: Actor,
    devices: Sequence[Device],
    to: Status,
    *,
    verb: str = "moved",
    reason: str | None = None,
    at: datetime | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401  # columns that change with the move
) -> None:
    """Move many devices to one status, all or none; each statement is guarded by the status and version seen."""
    why = {**(data or {}), **({"reason": reason} if reason else {})}
    change_devices(session, actor, [Change(device, verb, to, columns=changes, data=why, at=at) for device in devices])


def change_device(session: Session, device: Device, **changes: Any) -> Device:  # noqa: ANN401  # columns
    """Set columns of a device (never its status), raising its version, unless somebody changed it meanwhile.

    It writes no history: the caller records why. Conflict where another change came first.
    """
    session.flush()
    done = session.exec(
        update(Device)
        .where(col(Device.id) == device.id, col(Device.version) == device.version)
        .values(version=device.version + 1, **changes)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("Somebody changed this device at the same moment; look at it again.", code="moved_meanwhile")
    session.refresh(device)
    return device


def lock_device(session: Session, device_id: UUID) -> Device:
    """The device as it is now, held against others until the transaction ends (PostgreSQL; SQLite has one writer)."""
    statement = select(Device).where(Device.id == device_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()
