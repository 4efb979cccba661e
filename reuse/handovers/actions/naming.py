"""Which reservation and which of its devices a hand-over, or what prepares one, is about."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.people.rules import Caller, Role
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import lines_of, locked_reservation


def reservation_to_hand_over(session: Session, caller: Caller, reservation_id: UUID) -> Reservation:
    """The reservation, locked, for its network or for a workshop of its devices; NotFound for everybody else."""
    known = session.get(Reservation, reservation_id)
    if known is not None:
        is_network = Role.network in caller.roles and known.network_id == caller.organisation_id
        if is_network or (Role.lead in caller.roles and _is_its_workshop(session, caller, reservation_id)):
            return locked_reservation(session, reservation_id)
    raise NotFound(f"There is no reservation {reservation_id}.")


def _is_its_workshop(session: Session, caller: Caller, reservation_id: UUID) -> bool:
    statement = select(ReservationLine.id).where(
        ReservationLine.reservation_id == reservation_id, col(ReservationLine.workshop_id) == caller.organisation_id
    )
    return session.exec(statement).first() is not None


def named_lines(
    session: Session, caller: Caller, reservation: Reservation, device_ids: Sequence[UUID]
) -> list[ReservationLine]:
    """The reservation's lines of these devices, in the order named; Invalid for another's, or of two workshops."""
    named: dict[UUID, ReservationLine] = {}
    for line in lines_of(session, [reservation.id])[reservation.id]:
        if caller.organisation_id in {reservation.network_id, line.workshop_id}:
            named[line.device_id] = line
    faults = tuple(
        Fault(
            f"/device_ids/{place}", "not_in_reservation", f"The reservation {reservation.number} has no device {one}."
        )
        for place, one in enumerate(device_ids)
        if one not in named
    )
    if faults:
        raise Invalid("Some of these devices are not in this reservation.", code="not_in_reservation", errors=faults)
    lines = [named[one] for one in dict.fromkeys(device_ids)]
    if len({line.workshop_id for line in lines}) > 1:
        sentence = (
            "These devices are of several workshops; hand them over workshop by workshop, a receipt has one seller."
        )
        raise Invalid(sentence, code="several_workshops", errors=(Fault("/device_ids", "several_workshops", sentence),))
    if len({line.currency for line in lines}) > 1:
        sentence = "These devices are priced in several currencies; hand them over one currency at a time."
        raise Invalid(
            sentence, code="several_currencies", errors=(Fault("/device_ids", "several_currencies", sentence),)
        )
    return lines


def check_whole_bundles(
    session: Session, reservation: Reservation, lines: Sequence[ReservationLine], devices: Mapping[UUID, Device]
) -> None:
    """Conflict `bundle_incomplete`, naming what is missing, where a part reserved with the others would leave alone.

    A part that has gone back to the workshop is no longer reserved, and holds the others no more.
    """
    bundles = {one.bundle_id for one in devices.values()} - {None}
    if not bundles:
        return
    named = {line.id for line in lines}
    staying = [one for one in lines_of(session, [reservation.id])[reservation.id] if one.live and one.id not in named]
    parts = session.exec(
        select(Device).where(
            col(Device.id).in_([line.device_id for line in staying]),
            col(Device.bundle_id).in_(bundles),
            col(Device.status) == Status.reserved,
        )
    ).all()
    if parts:
        told = ", ".join(f"{one.id} ({one.category})" for one in parts)
        sentence = f"What was reserved as one bundle leaves together; hand these over too: {told}."
        raise Conflict(sentence, code="bundle_incomplete", missing=("bundle",))
