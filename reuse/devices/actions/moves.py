from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse.devices.models import Device
from reuse.devices.rules import Status, check_move
from reuse.errors import Conflict, Stale
from reuse.history.actions import Happening, record_all
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue

CHUNK = 500


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
    if version is not None and version != device.version:
        raise Stale(f"This device has changed: you saw version {version}, it is now {device.version}. Look again.")
    move_devices(session, actor, [device], to, verb=verb, reason=reason, at=at, data=data, **changes)
    return device


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
    session.flush()
    for device in devices:
        check_move(Status(device.status), to)
    for start in range(0, len(devices), CHUNK):
        _move_chunk(session, devices[start : start + CHUNK], to, changes)
    why = {**(data or {}), **({"reason": reason} if reason else {})}
    record_all(
        session,
        actor,
        [Happening("device", device.id, verb, device.status, to, why, at) for device in devices],
    )
    for device in devices:
        if device.status == Status.reserved and to is not Status.handed_over:
            free_reservation(session, actor, device.id)
        session.refresh(device)


def _move_chunk(session: Session, devices: Sequence[Device], to: Status, changes: dict[str, Any]) -> None:
    by_sight: dict[tuple[str, int], list[UUID]] = {}
    for device in devices:
        by_sight.setdefault((device.status, device.version), []).append(device.id)
    for (status, version), ids in by_sight.items():
        moved = session.exec(
            update(Device)
            .where(col(Device.id).in_(ids), col(Device.status) == status, col(Device.version) == version)
            .values(status=to, version=version + 1, **changes)
            .execution_options(synchronize_session=False)
        )
        if moved.rowcount != len(ids):
            raise Conflict("Somebody moved this device at the same moment; look at it again.", code="moved_meanwhile")


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


def free_reservation(session: Session, actor: Actor, device_id: UUID) -> None:
    """Have the reservation that holds this device freed and its network told, after this transaction."""
    enqueue(session, "reservations.release", actor=actor, payload={"device_id": str(device_id)})


def lock_device(session: Session, device_id: UUID) -> Device:
    """The device as it is now, held against others until the transaction ends (PostgreSQL; SQLite has one writer)."""
    statement = select(Device).where(Device.id == device_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()
