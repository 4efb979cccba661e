"""What is looked at again before a device leaves: nothing that was true at reservation is taken for granted."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.catalogue.queries import cap_of, check_claim, check_gates, provenance
from reuse.catalogue.rules import Cap, check_buyer, check_sale
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict
from reuse.exports.queries import check_exports
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import live_lines, status_now
from reuse.reservations.rules import ReservationStatus, check_move


def check_devices(
    session: Session,
    reservation: Reservation,
    lines: Sequence[ReservationLine],
    devices: Sequence[Device],
    *,
    case_number: str | None = None,
    to_attested_person: bool = False,
) -> dict[UUID, Cap | None]:
    """Let these devices leave with this reservation; returns the legal cap of each.

    Conflict with `missing` for a hold that is over, a device that is not reserved for this network, an open gate, or a
    price above the cap or that the workshop may not ask; also for one that is owed to the holder who complained of it,
    unless it leaves under that very case.
    """
    check_move(status_now(reservation, clock.now()), ReservationStatus.HANDED_OVER)
    live = {line.device_id: line for line in lines if line.live}
    gone = [
        d for d in devices if d.id not in live or d.status != Status.reserved or d.network_id != reservation.network_id
    ]
    if gone:
        names = ", ".join(str(device.id) for device in gone)
        sentence = f"Not reserved for this network any more: {names}. Leave them here and look at the reservation."
        raise Conflict(sentence, code="not_reserved", missing=("reservation",))
    check_gates(session, devices)
    for device in devices:
        check_claim(device, case_number)
    check_exports(session, reservation.network_id, devices)
    taker = None if to_attested_person else session.get_one(Organisation, reservation.network_id)
    return {device.id: _check_sale(session, device, live[device.id], taker) for device in devices}


def _check_sale(session: Session, device: Device, line: ReservationLine, taker: Organisation | None) -> Cap | None:
    """Who sells, to which network (None: to a person whose eligibility is attested), and for how much."""
    donation = provenance(session, device)
    if taker is not None:
        country = session.get_one(Territory, device.territory_id).country
        check_buyer(taker.legal_form, donation.legal_basis, country)
    seller = session.get_one(Organisation, device.workshop_id)
    check_sale(seller.quality, donation.legal_basis, line.price_minor)
    cap = cap_of(session, device, donation)
    if cap is not None and (cap.currency != line.currency or line.price_minor > cap.amount_minor):
        raise Conflict(
            f"The price of {device.id} is above the legal cap of its provenance ({cap.source}): list it anew.",
            code="legal_cap",
            missing=("legal_cap",),
        )
    return cap


def check_handover(session: Session, caller: Caller, device: Device) -> ReservationLine:
    """Say whether a scanned device may leave: its reservation's line, or the Conflict that a hand-over would meet."""
    require_role(caller, Role.network, Role.technician, Role.lead)
    line = live_lines(session, [device.id]).get(device.id)
    if line is None or caller.organisation_id not in {device.network_id, device.workshop_id}:
        sentence = f"This device is {device.status}, not reserved: it cannot leave."
        raise Conflict(sentence, code="not_reserved", missing=("reservation",))
    check_devices(session, session.get_one(Reservation, line.reservation_id), [line], [device])
    return line
