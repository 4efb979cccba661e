from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.queries import closed_gates
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.people.queries import organisations_with
from reuse.people.rules import Activity, Caller, Role, require_role
from reuse.reservations.actions.hold import Holder, hold_devices
from reuse.reservations.actions.lines import free_devices, move_reservation, note_on_reservation
from reuse.reservations.models import Reservation
from reuse.reservations.queries import lines_of, locked_devices, locked_reservation, reservation_for, status_now
from reuse.reservations.rules import ASKED_FOR, ReservationStatus, check_move, extended_until


def answer_reservation(
    session: Session,
    caller: Caller,
    reservation_id: UUID,
    *,
    to: ReservationStatus,
    reason: str | None = None,
    version: int | None = None,
) -> Reservation:
    """Confirm or cancel a reservation of the caller's network; cancelling offers its devices again.

    Conflict where its hold is over or the table of moves forbids it, Stale for an old version.
    """
    require_role(caller, Role.network)
    reservation = own_reservation(session, caller, reservation_id)
    if to not in ASKED_FOR:
        sentence = f"A reservation becomes {to} by itself or by a hand-over; ask for confirmed or cancelled."
        raise Conflict(sentence, code="by_resource", missing=("handover",) if to == "handed_over" else ())
    check_move(status_now(reservation, clock.now()), to)
    move_reservation(session, caller.actor, reservation, to, reason=reason, version=version)
    if to is ReservationStatus.CANCELLED:
        live = [line for line in lines_of(session, [reservation.id])[reservation.id] if line.live]
        free_devices(session, caller.actor, reservation, live, state=to.value, verb="reservation_cancelled")
    return reservation


def extend_hold(
    session: Session, caller: Caller, reservation_id: UUID, *, term: timedelta, version: int | None = None
) -> Reservation:
    """Let a hold of the caller's network last one term longer, once.

    Conflict `extended_already` the second time, `offer_not_extended` for an offer that nobody has confirmed,
    `move_not_allowed` where it is no hold any more; Stale for an old version.
    """
    require_role(caller, Role.network)
    reservation = own_reservation(session, caller, reservation_id)
    if (status := status_now(reservation, clock.now())) is not ReservationStatus.HELD:
        sentence = f"Only a hold can be extended, and this reservation is {status}."
        raise Conflict(sentence, code="move_not_allowed")
    if reservation.offered_for is not None:
        sentence = "This is an offer, and others wait for it: confirm it, or let it go."
        raise Conflict(sentence, code="offer_not_extended")
    ends = extended_until(reservation.expires_at, term, is_extended=reservation.extended_at is not None)
    what = {"from": reservation.expires_at, "until": ends}
    columns = {"expires_at": ends, "extended_at": clock.now()}
    note_on_reservation(session, caller.actor, reservation, "extended", what, version=version, columns=columns)
    return reservation


def reassign_reservation(
    session: Session,
    caller: Caller,
    reservation_id: UUID,
    *,
    network_id: UUID,
    reason: str,
    hold: timedelta,
    version: int | None = None,
) -> Reservation:
    """Give what a reservation keeps to another network of the territory: the old one is cancelled with the reason.

    Returns the new hold. Invalid for a network that is not the territory's or has it already; Conflict where nothing
    is kept any more, or the other network's quota is reached, and then all stays as it was.
    """
    require_role(caller, Role.territory)
    reservation = locked_reservation(session, reservation_for(session, caller, reservation_id).id)
    networks = {one.id for one in organisations_with(session, reservation.territory_id, Activity.network)}
    if network_id not in networks - {reservation.network_id}:
        sentence = f"Name another network of your territory; {network_id} is none."
        fault = Fault("/network_id", "unknown_network", sentence)
        raise Invalid(sentence, code="unknown_network", errors=(fault,))
    check_move(status_now(reservation, clock.now()), ReservationStatus.CANCELLED)
    live = [line for line in lines_of(session, [reservation.id])[reservation.id] if line.live]
    to, why = ReservationStatus.CANCELLED, {"reassigned_to": network_id}
    move_reservation(session, caller.actor, reservation, to, reason=reason, version=version, data=why)
    free_devices(session, caller.actor, reservation, live, state="reassigned", verb="reservation_reassigned")
    devices = locked_devices(session, [line.device_id for line in live])
    closed = closed_gates(session, devices)
    free = [one for one in devices if one.status == Status.listed and one.id not in closed]
    if not free:
        sentence = "The devices of this reservation have left it for the workshop; nothing can be given on."
        raise Conflict(sentence, code="not_available")
    who = Holder(network_id, reservation.territory_id, caller.actor)
    return hold_devices(session, who, free, hold=hold)


def own_reservation(session: Session, caller: Caller, reservation_id: UUID) -> Reservation:
    """The reservation, locked, if it is the caller's own; NotFound otherwise."""
    known = session.exec(
        select(Reservation.id).where(
            Reservation.id == reservation_id, col(Reservation.network_id) == caller.organisation_id
        )
    ).first()
    if known is None:
        raise NotFound(f"There is no reservation {reservation_id}.")
    return locked_reservation(session, reservation_id)
