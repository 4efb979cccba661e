"""How reservations change and how their devices come free; every caller holds the reservation before its devices."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Stale
from reuse.history.actions import record
from reuse.history.models import HistoryRecord
from reuse.history.rules import SYSTEM, Actor
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import expired_hold, lines_of, live_lines, locked_devices, locked_reservation
from reuse.reservations.rules import LIVE, ReservationStatus, check_move

LIVE_STATE, RELEASED = "live", "released"
SWEEP = 100
"""Holds ended in one transaction; a sweep comes again."""


def move_reservation(
    session: Session,
    actor: Actor,
    reservation: Reservation,
    to: ReservationStatus,
    *,
    reason: str | None = None,
    version: int | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Move a reservation and its history with it, the only way its status changes.

    Conflict where the table of moves forbids it or another came first, Stale for another version than the present one.
    """
    _check_version(reservation, version)
    present = ReservationStatus(reservation.status)
    check_move(present, to)
    _change(session, reservation, status=to)
    what = {**({"reason": reason} if reason else {}), **(data or {})}
    record(
        session,
        actor,
        thing="reservation",
        thing_id=reservation.id,
        verb="moved",
        from_state=present,
        to_state=to,
        data=what,
    )


def note_on_reservation(
    session: Session,
    actor: Actor,
    reservation: Reservation,
    verb: str,
    data: dict[str, Any],
    *,
    version: int | None = None,
    columns: dict[str, Any] | None = None,
) -> None:
    """Raise the reservation's version and record what happened to it, without moving it; Stale as in a move."""
    _check_version(reservation, version)
    _change(session, reservation, **(columns or {}))
    record(session, actor, thing="reservation", thing_id=reservation.id, verb=verb, data=data)


def _check_version(reservation: Reservation, seen: int | None) -> None:
    if seen is not None and seen != reservation.version:
        raise Stale(f"This reservation has changed: you saw version {seen}, it is now {reservation.version}.")


def _change(session: Session, reservation: Reservation, **columns: Any) -> None:  # noqa: ANN401  # column values
    session.flush()
    done = session.exec(
        update(Reservation)
        .where(
            col(Reservation.id) == reservation.id,
            col(Reservation.version) == reservation.version,
            col(Reservation.status) == reservation.status,
        )
        .values(version=reservation.version + 1, **columns)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict(
            "Somebody changed this reservation at the same moment; look at it again.", code="moved_meanwhile"
        )
    session.refresh(reservation)


def end_lines(session: Session, lines: Collection[ReservationLine], state: str, *, reason: str | None = None) -> None:
    """The lines keep their devices no longer; `state` says how they ended. What stays is laid out no more."""
    for line in lines:
        if state != ReservationStatus.HANDED_OVER:
            line.picked_at = line.picked_by = None
        line.live, line.state, line.reason, line.ended_at = False, state, reason, clock.now()
        session.add(line)
    session.flush()


def free_devices(
    session: Session, actor: Actor, reservation: Reservation, lines: Sequence[ReservationLine], *, state: str, verb: str
) -> None:
    """End the lines, and offer their devices again, but those that have gone elsewhere since."""
    devices = locked_devices(session, [line.device_id for line in lines])
    end_lines(session, lines, state)
    kept = [d for d in devices if d.status == Status.reserved and d.network_id == reservation.network_id]
    what = {"reservation_id": reservation.id, "number": reservation.number}
    columns = {"network_id": None}
    change_devices(session, actor, [Change(d, verb, Status.listed, columns=columns, data=what) for d in kept])
    _forget_network(session, actor, reservation, [device for device in devices if device not in kept])


def _forget_network(session: Session, actor: Actor, reservation: Reservation, devices: Sequence[Device]) -> None:
    """A device that went back to the workshop is no longer the network's to see."""
    gone = (Status.reserved, Status.handed_over)
    left = [d for d in devices if d.network_id == reservation.network_id and d.status not in gone]
    what = {"reservation_id": reservation.id, "number": reservation.number}
    change_devices(
        session, actor, [Change(d, "reservation_ended", columns={"network_id": None}, data=what) for d in left]
    )


def expire_holds(
    session: Session, *, device_ids: Collection[UUID] | None = None, territory_id: UUID | None = None
) -> int:
    """End the holds whose term is over, and offer their devices again; returns how many holds ended.

    With `device_ids` those that keep these devices, waiting for whoever holds them; else any that nobody holds, of one
    territory or of all, at most a hundred.
    """
    statement = select(Reservation).where(expired_hold(clock.now())).order_by(col(Reservation.id))
    if device_ids is None:
        statement = statement.limit(SWEEP)
    else:
        keeping = select(ReservationLine.reservation_id).where(
            col(ReservationLine.live), col(ReservationLine.device_id).in_(device_ids)
        )
        statement = statement.where(col(Reservation.id).in_(keeping))
    if territory_id is not None:
        statement = statement.where(Reservation.territory_id == territory_id)
    held = statement.with_for_update(skip_locked=device_ids is None).execution_options(populate_existing=True)
    over = list(session.exec(held))
    if not over:
        return 0
    lines = lines_of(session, [reservation.id for reservation in over])
    live = {one.id: [line for line in lines[one.id] if line.live] for one in over}
    locked_devices(session, {line.device_id for some in live.values() for line in some} | set(device_ids or ()))
    for reservation in over:
        move_reservation(session, SYSTEM, reservation, ReservationStatus.EXPIRED)
        free_devices(session, SYSTEM, reservation, live[reservation.id], state="expired", verb="hold_expired")
    return len(over)


def release_device(session: Session, device_id: UUID) -> bool:
    """End the live line of a device that left its reservation for the workshop, and tell the network in its history.

    Nothing is done, and False is the answer, where the device has no live line, or is reserved again by now.
    """
    line = live_lines(session, [device_id]).get(device_id)
    if line is None:
        return False
    reservation = locked_reservation(session, line.reservation_id)
    device = locked_devices(session, [device_id])[0]
    session.refresh(line)
    if not line.live or device.status in {Status.reserved, Status.handed_over}:
        return False
    drop_line(session, reservation, line, device)
    return True


def drop_line(session: Session, reservation: Reservation, line: ReservationLine, device: Device) -> None:
    """End one line whose device is gone; a reservation that nothing is left of ends with it."""
    reason = _why_left(session, device.id)
    end_lines(session, [line], RELEASED, reason=reason)
    _forget_network(session, SYSTEM, reservation, [device])
    what = {"device_id": device.id, "reason": reason}
    note_on_reservation(session, SYSTEM, reservation, "device_released", what)
    settle_reservation(session, SYSTEM, reservation, reason=reason)


def settle_reservation(session: Session, actor: Actor, reservation: Reservation, *, reason: str | None = None) -> None:
    """Where no line is live any more the reservation ends: handed over if anything of it was, else cancelled."""
    lines = lines_of(session, [reservation.id])[reservation.id]
    if any(line.live for line in lines) or reservation.status not in LIVE:
        return
    handed_over = any(line.state == ReservationStatus.HANDED_OVER for line in lines)
    to = ReservationStatus.HANDED_OVER if handed_over else ReservationStatus.CANCELLED
    move_reservation(session, actor, reservation, to, reason=reason)


def _why_left(session: Session, device_id: UUID) -> str | None:
    """The reason in the record that took the device out of its reservation."""
    left = session.exec(
        select(HistoryRecord)
        .where(
            HistoryRecord.thing == "device",
            HistoryRecord.thing_id == device_id,
            HistoryRecord.from_state == Status.reserved,
        )
        .order_by(col(HistoryRecord.seq).desc())
        .limit(1)
    ).first()
    return left.data.get("reason") if left is not None else None
