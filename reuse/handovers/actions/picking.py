"""Laying devices out for a hand-over: each is scanned, and one of another reservation is refused with the reason."""

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.errors import Conflict
from reuse.handovers.actions.check import check_handover
from reuse.handovers.queries.preparing import reservation_named
from reuse.people.rules import Caller, Role
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import live_lines, visible_reservations

FLOOR = frozenset({Role.technician, Role.lead})


def pick_device(session: Session, caller: Caller, device: Device, reservation: str) -> None:
    """Look whether a device, locked, may leave with this reservation, told by id or number, and mark it as picked.

    The mark is the workshop's: a network that scans only learns. A second scan changes nothing. NotFound for an
    unknown reservation; Conflict for a device of another one, and as a hand-over would meet.
    """
    wanted = reservation_named(session, caller, reservation)
    line = live_lines(session, [device.id]).get(device.id)
    if line is not None and line.reservation_id != wanted.id:
        raise _of_another(session, caller, line, wanted)
    check_handover(session, caller, device)
    if line is None or FLOOR.isdisjoint(caller.roles) or line.workshop_id != caller.organisation_id:
        return
    if _mark(session, line, picked_at=clock.now(), picked_by=caller.person):
        _tell(session, caller, device, wanted, "picked")


def put_back_device(session: Session, caller: Caller, device: Device) -> None:
    """Take the mark off a device that was laid out; Conflict where it is not."""
    line = live_lines(session, [device.id]).get(device.id)
    is_own = line is not None and line.workshop_id == caller.organisation_id
    if line is None or not is_own or not _mark(session, line, picked_at=None, picked_by=None):
        raise Conflict("This device is laid out for no reservation; leave it where it is.", code="not_picked")
    _tell(session, caller, device, session.get_one(Reservation, line.reservation_id), "put_back")


def _mark(session: Session, line: ReservationLine, **columns: object) -> bool:
    """Change the mark unless it is so already, or the line has ended meanwhile; whether it was changed."""
    session.flush()
    picked = col(ReservationLine.picked_at)
    is_other = picked.is_not(None) if columns["picked_at"] is None else picked.is_(None)
    done = session.exec(
        update(ReservationLine)
        .where(col(ReservationLine.id) == line.id, col(ReservationLine.live), is_other)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )
    session.expire(line)
    return done.rowcount == 1


def _tell(session: Session, caller: Caller, device: Device, reservation: Reservation, verb: str) -> None:
    what = {"reservation_id": reservation.id, "number": reservation.number}
    change_devices(session, caller.actor, [Change(device, verb, data=what)])


def _of_another(session: Session, caller: Caller, line: ReservationLine, wanted: Reservation) -> Conflict:
    known = session.exec(
        select(Reservation).where(Reservation.id == line.reservation_id, visible_reservations(caller))
    ).first()
    where = f"it belongs to {known.number}" if known is not None else f"it is not of {wanted.number}"
    if known is not None and known.number == wanted.number:
        where = f"it belongs to {known.number} of another network"
    return Conflict(
        f"This is the wrong device: {where}. Put it back, and take the one on the list.",
        code="other_reservation",
        missing=("reservation",),
    )
