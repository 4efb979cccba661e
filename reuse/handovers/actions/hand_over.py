from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.rules import Cap
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.queries import milestones_of
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.errors import Conflict, Fault, Invalid, NotFound, Stale
from reuse.handovers.actions.check import check_devices
from reuse.handovers.actions.receipt import is_refurbished, order_receipt, warranty_of
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import handed_over_before
from reuse.handovers.rules import beneficiary_faults
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.actions.lines import end_lines, move_reservation, note_on_reservation, settle_reservation
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import lines_of, locked_devices, locked_reservation
from reuse.reservations.rules import ReservationStatus

NETWORK, PERSON = "network", "person"


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid in all, and how."""

    amount_minor: int
    currency: str
    method: str


@dataclass(frozen=True, slots=True)
class HandoverOrder:
    """What leaves, to whom, for how much, signed by whom; without a beneficiary it goes into the network's stock."""

    device_ids: tuple[UUID, ...]
    beneficiary: Mapping[str, Any] | None = None
    payment: Payment | None = None
    signature: Mapping[str, Any] | None = None


def hand_over(
    session: Session, caller: Caller, reservation_id: UUID, order: HandoverOrder, *, version: int | None = None
) -> Handover:
    """Let reserved devices leave, all of those named or none, and have the receipt printed.

    By the network that reserved them, or by a lead of the workshop that they leave. Invalid for what must not be kept
    of a beneficiary; Conflict with `missing` where a gate has closed since the reservation.
    """
    require_role(caller, Role.network, Role.lead)
    reservation = _reservation(session, caller, reservation_id)
    if version is not None and version != reservation.version:
        raise Stale(f"This reservation has changed: you saw version {version}, it is now {reservation.version}.")
    territory = session.get_one(Territory, reservation.territory_id)
    if order.beneficiary is not None and (faults := beneficiary_faults(order.beneficiary, country=territory.country)):
        raise Invalid(" ".join(fault.message for fault in faults), code="beneficiary", errors=faults)
    lines = _named_lines(session, caller, reservation, order.device_ids)
    devices = {device.id: device for device in locked_devices(session, order.device_ids)}
    caps = check_devices(session, reservation, lines, list(devices.values()))
    _check_payment(order.payment, lines, caps)
    handover = _handover(session, caller, reservation, lines, order)
    out = _lines_out(session, handover, territory, lines, devices, caps)
    what = {"reservation_id": reservation.id, "handover_id": handover.id, "number": handover.number}
    move_devices(
        session,
        caller.actor,
        list(devices.values()),
        Status.handed_over,
        verb="handed_over",
        data=what,
        custody_since=handover.at,
    )
    _close_lines(session, caller, reservation, lines, handover)
    handover.receipt_job_id = order_receipt(session, caller.actor, handover, out, devices, reservation).id
    session.add(handover)
    session.flush()
    session.add_all(out)
    record(
        session,
        caller.actor,
        thing="handover",
        thing_id=handover.id,
        verb="handed_over",
        data={**what, "device_ids": list(devices)},
    )
    return handover


def _reservation(session: Session, caller: Caller, reservation_id: UUID) -> Reservation:
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


def _named_lines(
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


def _check_payment(payment: Payment | None, lines: Sequence[ReservationLine], caps: Mapping[UUID, Cap | None]) -> None:
    """Invalid for another currency; Conflict where more was paid than the law allows for all the devices together."""
    if payment is None:
        return
    currency = lines[0].currency
    if payment.currency != currency:
        sentence = f"The prices are in {currency}, the payment in {payment.currency}."
        fault = Fault("/payment/currency", "currency_differs", sentence)
        raise Invalid(sentence, code="currency_differs", errors=(fault,))
    known = [cap.amount_minor for cap in caps.values() if cap is not None]
    if len(known) == len(lines) and payment.amount_minor > sum(known):
        raise Conflict(
            "More was paid than the legal cap of these devices allows; give back what is above it.",
            code="legal_cap",
            missing=("legal_cap",),
        )


def _handover(
    session: Session,
    caller: Caller,
    reservation: Reservation,
    lines: Sequence[ReservationLine],
    order: HandoverOrder,
) -> Handover:
    workshop_id = lines[0].workshop_id
    if workshop_id is None:  # pragma: no cover  # a listed device has a workshop
        raise Conflict("These devices have no workshop to leave.", code="not_reserved")
    about = {f"beneficiary_{name}": value for name, value in (order.beneficiary or {}).items() if name != "eligible"}
    return Handover(
        id=clock.new_id(),
        number=next_number(session, organisation_id=workshop_id, prefix="REM"),
        kind=PERSON if order.beneficiary is not None else NETWORK,
        reservation_id=reservation.id,
        network_id=reservation.network_id,
        workshop_id=workshop_id,
        territory_id=reservation.territory_id,
        at=clock.now(),
        total_minor=sum(line.price_minor for line in lines),
        currency=lines[0].currency,
        paid_minor=order.payment.amount_minor if order.payment else None,
        payment_method=order.payment.method if order.payment else None,
        signature=dict(order.signature) if order.signature else None,
        person=caller.person,
        **about,
    )


def _lines_out(
    session: Session,
    handover: Handover,
    territory: Territory,
    lines: Sequence[ReservationLine],
    devices: Mapping[UUID, Device],
    caps: Mapping[UUID, Cap | None],
) -> list[HandoverLine]:
    before = handed_over_before(session, devices)
    milestones = milestones_of(session, devices)
    day = handover.at.astimezone(ZoneInfo(territory.timezone)).date()
    return [
        HandoverLine(
            id=clock.new_id(),
            handover_id=handover.id,
            device_id=line.device_id,
            kind=handover.kind,
            at=handover.at,
            is_first=line.device_id not in before,
            price_minor=line.price_minor,
            currency=line.currency,
            legal_cap_minor=cap.amount_minor if (cap := caps[line.device_id]) else None,
            refurbished=is_refurbished(session, devices[line.device_id], milestones[line.device_id]),
            warranty_until=warranty_of(line.price_minor, territory, day)[1],
        )
        for line in lines
    ]


def _close_lines(
    session: Session, caller: Caller, reservation: Reservation, lines: Sequence[ReservationLine], handover: Handover
) -> None:
    """The reservation ends with its last device; before that, handing over some of it confirms the rest."""
    end_lines(session, lines, ReservationStatus.HANDED_OVER)
    what = {"handover_id": handover.id, "number": handover.number, "device_ids": [line.device_id for line in lines]}
    note_on_reservation(session, caller.actor, reservation, "devices_handed_over", what)
    settle_reservation(session, caller.actor, reservation)
    if reservation.status == ReservationStatus.HELD:
        move_reservation(session, caller.actor, reservation, ReservationStatus.CONFIRMED)
