from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from reuse.devices.models import Device
from reuse.errors import NotFound
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.reservations.models import Need, Reservation, ReservationLine
from reuse.reservations.rules import ReservationStatus, has_expired


def visible_needs(caller: Caller) -> ColumnElement[bool]:
    """A network sees its own needs, a territory all of its networks'."""
    return sight(
        caller,
        {
            Activity.network: col(Need.network_id) == caller.organisation_id,
            Activity.territory: col(Need.territory_id) == caller.territory_id,
        },
    )


def visible_reservations(caller: Caller) -> ColumnElement[bool]:
    """A network sees its own reservations, a workshop those of its devices, a territory all of its networks'."""
    me = caller.organisation_id
    of_its_devices = select(ReservationLine.reservation_id).where(ReservationLine.workshop_id == me)
    return sight(
        caller,
        {
            Activity.network: col(Reservation.network_id) == me,
            Activity.workshop: col(Reservation.id).in_(of_its_devices),
            Activity.territory: col(Reservation.territory_id) == caller.territory_id,
        },
    )


def reservation_for(session: Session, caller: Caller, reservation_id: UUID) -> Reservation:
    """The reservation, if the caller may know of it; NotFound otherwise."""
    statement = select(Reservation).where(Reservation.id == reservation_id, visible_reservations(caller))
    if (found := session.exec(statement).first()) is None:
        raise NotFound(f"There is no reservation {reservation_id}.")
    return found


def lines_of(session: Session, reservation_ids: Collection[UUID]) -> dict[UUID, list[ReservationLine]]:
    """Lines by reservation, in the order in which they were reserved."""
    found: dict[UUID, list[ReservationLine]] = {reservation_id: [] for reservation_id in reservation_ids}
    statement = (
        select(ReservationLine)
        .where(col(ReservationLine.reservation_id).in_(reservation_ids))
        .order_by(col(ReservationLine.id))
    )
    for line in session.exec(statement):
        found[line.reservation_id].append(line)
    return found


def live_lines(session: Session, device_ids: Collection[UUID]) -> dict[UUID, ReservationLine]:
    """The live line of each device that has one."""
    statement = select(ReservationLine).where(col(ReservationLine.live), col(ReservationLine.device_id).in_(device_ids))
    return {line.device_id: line for line in session.exec(statement)}


def expired_hold(now: datetime) -> ColumnElement[bool]:
    """A hold whose term is over, whether or not the sweep has passed."""
    return and_(col(Reservation.status) == ReservationStatus.HELD, col(Reservation.expires_at) <= now)


def stands(status: ReservationStatus, now: datetime) -> ColumnElement[bool]:
    """The reservations that stand so by the clock (status_now says it of one)."""
    over = expired_hold(now)
    if status is ReservationStatus.EXPIRED:
        return or_(col(Reservation.status) == status, over)
    return and_(col(Reservation.status) == status, ~over)


def status_now(reservation: Reservation, now: datetime) -> ReservationStatus:
    """Where the reservation stands by the clock: a hold that is over is expired before anybody has written it down."""
    status = ReservationStatus(reservation.status)
    return ReservationStatus.EXPIRED if has_expired(status, reservation.expires_at, now) else status


def locked_devices(session: Session, device_ids: Collection[UUID]) -> list[Device]:
    """The devices as they are now, held against others; always in the same order, so that two never wait in a ring."""
    statement = (
        select(Device)
        .where(col(Device.id).in_(device_ids))
        .order_by(col(Device.listed_at), col(Device.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def locked_reservation(session: Session, reservation_id: UUID) -> Reservation:
    """The reservation as it is now, held against others; it is taken before its devices, always."""
    statement = select(Reservation).where(Reservation.id == reservation_id).with_for_update()
    return session.exec(statement.execution_options(populate_existing=True)).one()
