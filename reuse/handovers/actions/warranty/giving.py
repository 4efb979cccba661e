"""What its holder gets under a warranty case: the device again, or another in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from reuse import clock
from reuse.catalogue.queries import check_gates, provenance
from reuse.devices.actions.moves import lock_device, move_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import Conflict, NotFound
from reuse.handovers.actions.hand_over import PERSON, hand_over
from reuse.handovers.actions.orders import HandoverOrder, Payment, UnderCase
from reuse.handovers.actions.warranty.moving import change_case, check_is_back, move_case, note_on_device
from reuse.handovers.actions.warranty.papers import EXCHANGE, HANDBACK, slip_printer
from reuse.handovers.models import Handover, HandoverLine, WarrantyCase
from reuse.handovers.queries import locked_handover
from reuse.handovers.queries.cases import locked_case, paid_for
from reuse.handovers.rules.cases import (
    OPEN,
    Absence,
    CaseStatus,
    Term,
    check_move,
    remedies_in,
    term_after_exchange,
    term_after_repair,
)
from reuse.history.actions import record
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.actions.hold import Holder, hold_devices
from reuse.reservations.actions.lines import expire_holds
from reuse.reservations.models import Reservation
from reuse.reservations.queries import live_lines, locked_reservation

A_MOMENT = timedelta(hours=1)
"""A hold that is handed over in the same transaction; no clock ever ends it."""
UNDER_WARRANTY = "under_warranty"
"""How a reservation's line ends that a case made: it counts for no quota and serves no need."""


@dataclass(frozen=True, slots=True)
class _Given:
    """What leaves under a case: for how much, in which term, standing in for which line."""

    price_minor: int
    term: Term
    continues_id: UUID | None = None
    is_continued: bool = False
    payment: Payment | None = None


def hand_back(
    session: Session,
    caller: Caller,
    case_id: UUID,
    *,
    signature: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Handover:
    """Give the device back to the same network or person, at no price, once it is ready again.

    The first receipt's term goes on, longer where the law adds to it. After a refusal, or a withdrawal, the device goes
    home too, and the case stays as it is. Conflict `gate_closed` while the device is not signed off.
    """
    require_role(caller, Role.network, Role.lead)
    case = locked_case(session, caller, case_id, version)
    device = check_is_back(session, case)
    if not case.owed_back:
        check_move(CaseStatus(case.status), CaseStatus.repaired)
    is_remedy = CaseStatus(case.status) in OPEN
    line, territory = session.get_one(HandoverLine, case.line_id), session.get_one(Territory, case.territory_id)
    _check_ready(session, device)
    term = term_after_repair(
        Term(line.warranty_until, line.presumption_until),
        _absence(case, line, territory),
        remedies_in(territory.country),
        under_warranty=is_remedy and case.under_warranty,
    )
    given = _Given(0, term, continues_id=line.continues_id or line.id, is_continued=not _taken_back(line, territory))
    _keep_for(session, caller, case, device, line.currency)
    handover = _give(session, caller, case, device, given, HANDBACK, signature)
    what = {"handover_id": handover.id, "number": handover.number}
    if is_remedy:
        move_case(session, caller.actor, case, CaseStatus.repaired, data=what, remedy_handover_id=handover.id)
    else:
        change_case(session, case, owed_back=False, remedy_handover_id=handover.id)
        record(session, caller.actor, thing="warranty_case", thing_id=case.id, verb="handed_back", data=what)
        note_on_device(session, caller.actor, case, "warranty_case_ended")
    return handover


def _keep_for(session: Session, caller: Caller, case: WarrantyCase, device: Device, currency: str) -> None:
    """Take the ready device through the catalogue at no price, so that it leaves by the one way there is."""
    move_device(
        session,
        caller.actor,
        device,
        Status.listed,
        verb="kept_for_case",
        data={"case_id": case.id, "number": case.number},
        price_minor=0,
        price_currency=currency,
        listed_at=clock.now(),
        bundle_id=None,
    )


def _check_ready(session: Session, device: Device) -> None:
    """Conflict with all that is missing until the device is ready again; what returned begins anew."""
    check_gates(session, [device])
    if device.status != Status.ready:
        sentence = f"This device is {device.status}; it goes home once it is ready: tested, and signed off anew."
        raise Conflict(sentence, code="gate_closed", missing=("ready",))
    provenance(session, device)


def exchange_device(
    session: Session,
    caller: Caller,
    case_id: UUID,
    new_device_id: UUID,
    *,
    signature: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> Handover:
    """Hand another device of the workshop over in the place of the one that came back, for no more than was paid.

    It is listed, or reserved for the same network. What was paid moves with it, less what was given back, and every
    gate looks at it: Conflict `legal_cap` where the new device's provenance bears a lower price.
    """
    require_role(caller, Role.network, Role.lead)
    case = locked_case(session, caller, case_id, version)
    present = CaseStatus(case.status)
    check_move(present, CaseStatus.exchanged)
    check_is_back(session, case)
    device = _other_device(session, case, new_device_id)
    line, territory = session.get_one(HandoverLine, case.line_id), session.get_one(Territory, case.territory_id)
    term = term_after_exchange(
        Term(line.warranty_until, line.presumption_until),
        _absence(case, line, territory),
        territory.country,
        under_warranty=case.under_warranty,
        repair_failed=present is CaseStatus.in_repair,
    )
    handover = _give(session, caller, case, device, _price_moved(session, case, term), EXCHANGE, signature)
    what = {"handover_id": handover.id, "number": handover.number, "new_device_id": device.id}
    columns = {"remedy_handover_id": handover.id, "new_device_id": device.id}
    move_case(session, caller.actor, case, CaseStatus.exchanged, data=what, **columns)
    return handover


def _price_moved(session: Session, case: WarrantyCase, term: Term) -> _Given:
    """What was asked and what was paid for the device that came back, less what was given back of it since."""
    sale = session.get_one(HandoverLine, case.sale_line_id)
    paid = paid_for(session, sale)
    method = session.get_one(Handover, sale.handover_id).payment_method
    payment = None if paid.paid_minor is None else Payment(paid.left, sale.currency, method or UNDER_WARRANTY)
    return _Given(max(sale.price_minor - paid.gone_of_line, 0), term, payment=payment)


def _other_device(session: Session, case: WarrantyCase, device_id: UUID) -> Device:
    """Another device of the same workshop, locked, whatever reservation keeps it locked before; NotFound otherwise."""
    known = session.get(Device, device_id)
    if known is None or known.workshop_id != case.workshop_id or device_id == case.device_id:
        raise NotFound(f"There is no other device {device_id} in the workshop of this case.")
    expire_holds(session, device_ids=[device_id])
    if (line := live_lines(session, [device_id]).get(device_id)) is not None:
        locked_reservation(session, line.reservation_id)
    return lock_device(session, device_id)


def _give(
    session: Session,
    caller: Caller,
    case: WarrantyCase,
    device: Device,
    given: _Given,
    slip: str,
    signature: Mapping[str, Any] | None,
) -> Handover:
    """Keep the device for the network of the case and hand it over, through every gate there is."""
    reservation = _kept(session, caller, case, device)
    kept = live_lines(session, [device.id])[device.id]
    kept.price_minor = given.price_minor
    session.add(kept)
    session.flush()
    terms = {
        "case_id": case.id,
        "warranty_until": given.term.until,
        "presumption_until": given.term.presumption_until,
        "continues_id": given.continues_id,
        "is_continued": given.is_continued,
    }
    order = HandoverOrder(
        device_ids=(device.id,),
        beneficiary=_same_person(locked_handover(session, case.handover_id)),
        payment=given.payment,
        signature=signature,
    )
    under = UnderCase(case.id, case.number, terms, slip_printer(session, caller.actor, case, slip))
    handover = hand_over(session, caller, reservation.id, order, under=under)
    kept.state = UNDER_WARRANTY
    session.add(kept)
    session.flush()
    return handover


def _kept(session: Session, caller: Caller, case: WarrantyCase, device: Device) -> Reservation:
    """The reservation of the device: the network's own, or one that the case makes."""
    line = live_lines(session, [device.id]).get(device.id)
    if device.status == Status.reserved and line is not None and device.network_id == case.network_id:
        return locked_reservation(session, line.reservation_id)
    if device.status != Status.listed:
        sentence = f"The device {device.id} is {device.status}: give one that is listed, or reserved for this network."
        raise Conflict(sentence, code="not_available", missing=("listing",))
    check_gates(session, [device])
    network = session.get_one(Organisation, case.network_id)
    who = Holder(network.id, network.territory_id, caller.actor)
    return hold_devices(session, who, [device], hold=A_MOMENT, as_remedy=True)


def _same_person(handover: Handover) -> dict[str, Any] | None:
    """The beneficiary of the first hand-over, as far as it is still kept; None where it went to the network's stock.

    It must be locked: who is being forgotten meanwhile must not live on in the next hand-over.
    """
    if handover.kind != PERSON:
        return None
    names = ("pseudonym", "commune_insee", "qpv", "age_band", "prescriber")
    kept = {name: value for name in names if (value := getattr(handover, f"beneficiary_{name}")) is not None}
    return {"eligible": True, **kept}


def _absence(case: WarrantyCase, line: HandoverLine, territory: Territory) -> Absence:
    zone, now = ZoneInfo(territory.timezone), clock.now()
    back = line.returned_at or now
    reported = min(max(case.reported_at, line.at), case.opened_at)
    return Absence(*(at.astimezone(zone).date() for at in (reported, back, now)))


def _taken_back(line: HandoverLine, territory: Territory) -> bool:
    """Whether the impact took the line back when the device returned (reuse.impact): it did while the warranty held."""
    if line.returned_at is None:
        return False
    day: date = line.returned_at.astimezone(ZoneInfo(territory.timezone)).date()
    return line.warranty_until is None or day <= line.warranty_until
