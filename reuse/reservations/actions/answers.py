from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.errors import Conflict, NotFound
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.actions.lines import free_devices, move_reservation
from reuse.reservations.models import Reservation
from reuse.reservations.queries import lines_of, locked_reservation, status_now
from reuse.reservations.rules import ASKED_FOR, ReservationStatus, check_move


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
