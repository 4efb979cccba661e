from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from reuse import clock
from reuse.catalogue.rules import Cap
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.queries import milestones_of
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.errors import Conflict, Stale
from reuse.handovers.actions.check import check_devices
from reuse.handovers.actions.naming import check_whole_bundles, named_lines, reservation_to_hand_over
from reuse.handovers.actions.orders import (
    HandoverOrder,
    UnderCase,
    check_payment,
    kept_signature,
    oddities,
)
from reuse.handovers.actions.presenting import Presented, hold_against, look_at, take_up
from reuse.handovers.actions.receipt import is_refurbished, order_receipt, presumption_of, warranty_of
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import handed_over_before
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.actions.lines import end_lines, move_reservation, note_on_reservation, settle_reservation
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import locked_devices
from reuse.reservations.rules import ReservationStatus

NETWORK, PERSON = "network", "person"


def hand_over(
    session: Session,
    caller: Caller,
    reservation_id: UUID,
    order: HandoverOrder,
    *,
    version: int | None = None,
    under: UnderCase | None = None,
) -> Handover:
    """Let reserved devices leave, all of those named or none, and have the receipt printed.

    `under` a warranty case the terms are its own and a slip stands for the receipt; the gates are the same.

    By the network that reserved them, or by a lead of the workshop that they leave. Invalid for what must not be kept
    of a beneficiary; Conflict with `missing` where a gate has closed since the reservation.
    """
    require_role(caller, Role.network, Role.lead)
    reservation = reservation_to_hand_over(session, caller, reservation_id)
    if version is not None and version != reservation.version:
        raise Stale(f"This reservation has changed: you saw version {version}, it is now {reservation.version}.")
    territory = session.get_one(Territory, reservation.territory_id)
    lines = named_lines(session, caller, reservation, order.device_ids)
    presented = look_at(session, reservation, lines[0].workshop_id, territory, order, under)
    order = presented.order
    devices = {device.id: device for device in locked_devices(session, order.device_ids)}
    check_whole_bundles(session, reservation, lines, devices)
    caps = check_devices(
        session,
        reservation,
        lines,
        list(devices.values()),
        case_number=under and under.case_number,
        to_attested_person=order.beneficiary is not None,
    )
    check_payment(order.payment, lines, caps)
    serving = hold_against(session, caller, presented, territory, list(devices.values()), under)
    handover = _handover(session, caller, reservation, lines, presented)
    capped = [devices[one.device_id].category for one in lines if caps[one.device_id] and one.price_minor]
    handover.warnings = list(oddities(order, lines, capped, territory.country, is_household_kept=serving is not None))
    out = _lines_out(session, handover, territory, lines, devices, caps)
    if under is not None:
        out[0].sqlmodel_update(under.terms)
    _let_go(session, caller, reservation, handover, out, lines, devices, under)
    take_up(session, caller, presented, serving, handover, under)
    return handover


def _let_go(
    session: Session,
    caller: Caller,
    reservation: Reservation,
    handover: Handover,
    out: Sequence[HandoverLine],
    lines: Sequence[ReservationLine],
    devices: Mapping[UUID, Device],
    under: UnderCase | None,
) -> None:
    """Move the devices, end what kept them, have the receipt printed, and write all of it down."""
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
    if under is None:
        handover.receipt_job_id = order_receipt(session, caller.actor, handover, out, devices, reservation).id
    else:
        handover.receipt_job_id = under.order_slip(handover, out[0]).id
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


def _handover(
    session: Session,
    caller: Caller,
    reservation: Reservation,
    lines: Sequence[ReservationLine],
    presented: Presented,
) -> Handover:
    order, workshop_id = presented.order, lines[0].workshop_id
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
        at=presented.at,
        recorded_at=clock.now(),
        slip_number=presented.slip.number if presented.slip else None,
        total_minor=sum(line.price_minor for line in lines),
        currency=lines[0].currency,
        paid_minor=order.payment.amount_minor if order.payment else None,
        payment_method=order.payment.method if order.payment else None,
        accessories=None if order.accessories is None else [asdict(one) for one in order.accessories],
        signature=kept_signature(order),
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
            cap_source=cap.source if cap else None,
            refurbished=is_refurbished(session, devices[line.device_id], milestones[line.device_id]),
            warranty_until=warranty_of(line.price_minor, territory, day)[1],
            presumption_until=presumption_of(line.price_minor, territory, day),
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
