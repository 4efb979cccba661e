"""The receipt as it is frozen at hand-over (series REM of the workshop, which is the seller)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels import values
from reuse.catalogue.rules import exponent
from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.devices.rules import Milestone
from reuse.documents.actions import Readers, order_document
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import RECEIPT, receipt_key
from reuse.handovers.rules import HandoverKind, Warranty, may_say_reconditioned, warranty_ends, warranty_for
from reuse.history.rules import Actor
from reuse.jobs.models import Job
from reuse.people.models import Organisation, Territory
from reuse.reservations.models import Reservation
from reuse.workshop.actions.checking import FUNCTION, standing
from reuse.workshop.queries import template_for
from reuse.workshop.rules import load_test_templates, untested


def is_refurbished(session: Session, device: Device, milestones: Mapping[str, object]) -> bool:
    """Whether "reconditionné" may be written of it: signed off, and every function tested (R122-4).

    A territory's own template may ask for less; the word asks for every check of the shipped one, and of its own.
    """
    shipped = load_test_templates().get(device.category)
    if shipped is None:
        return False
    outcomes = standing(session, device.id, FUNCTION)
    open_checks = {*untested(shipped, outcomes), *untested(template_for(session, device), outcomes)}
    return may_say_reconditioned(gate_one_passed=Milestone.approved in milestones, untested=open_checks)


def warranty_of(price_minor: int, territory: Territory, day: date) -> tuple[Warranty | None, date | None]:
    """What is owed for a device at this price, and the last day of it; both None where nothing is."""
    kind = HandoverKind.SALE if price_minor > 0 else HandoverKind.GIFT
    warranty = warranty_for(kind, territory.country)
    if warranty is None or warranty.months == 0:
        return None, None
    return warranty, warranty_ends(day, warranty.months)


def order_receipt(
    session: Session,
    actor: Actor,
    handover: Handover,
    lines: Sequence[HandoverLine],
    devices: Mapping[UUID, Device],
    reservation: Reservation,
) -> Job:
    """Have the receipt printed for network, workshop and territory, from what is true now."""
    only = lines[0].device_id if len(lines) == 1 else None
    return order_document(
        session,
        actor,
        kind=RECEIPT,
        value=_receipt(session, handover, lines, devices, reservation),
        number=handover.number,
        organisation_id=handover.workshop_id,
        readers=Readers(territory_id=handover.territory_id, network_id=handover.network_id, device_id=only),
        deduplicate=receipt_key(handover.id),
    )


def _receipt(
    session: Session,
    handover: Handover,
    lines: Sequence[HandoverLine],
    devices: Mapping[UUID, Device],
    reservation: Reservation,
) -> values.HandoverReceipt:
    territory = session.get_one(Territory, handover.territory_id)
    at = handover.at.astimezone(ZoneInfo(territory.timezone))
    seller = _party(session, handover.workshop_id)
    warranty, until = warranty_of(max(line.price_minor for line in lines), territory, at.date())
    return values.HandoverReceipt(
        imprint=values.Imprint(handover.number, at, seller, "en" if territory.language == "en" else "fr"),
        seller=seller,
        taker=_party(session, handover.network_id),
        handed_over_at=at,
        lines=tuple(_line(session, line, devices[line.device_id]) for line in lines),
        total=_money(handover.total_minor, handover.currency),
        reservation_number=reservation.number,
        beneficiary=handover.beneficiary_pseudonym or "",
        paid=None if handover.paid_minor is None else _money(handover.paid_minor, handover.currency),
        payment_method=handover.payment_method or "",
        warranty=values.Warranty(warranty.months, until, warranty.presumption_months, seller.name)
        if warranty is not None and until is not None
        else None,
        signatures=_signatures(handover, at),
    )


def _line(session: Session, line: HandoverLine, device: Device) -> values.HandoverLine:
    codes = {code.kind: code.value for code in codes_of(session, [device.id])[device.id] if code.live}
    name = " ".join(part for part in (device.manufacturer, device.model) if part)
    cap = line.legal_cap_minor
    return values.HandoverLine(
        code=codes.get("label", ""),
        category=device.category,
        designation=name,
        serial=device.serial or codes.get("imei", ""),
        grade=device.grade or "",
        price=_money(line.price_minor, line.currency),
        legal_cap=None if cap is None else _money(cap, line.currency),
        refurbished=line.refurbished,
    )


def _signatures(handover: Handover, at: datetime) -> tuple[values.Signature, ...]:
    if handover.signature is None:
        return ()
    return (values.Signature(handover.signature["role"], handover.signature["name"], at),)


def _money(amount_minor: int, currency: str) -> values.Money:
    return values.Money(amount_minor, currency, exponent(currency))


def _party(session: Session, organisation_id: UUID) -> values.Party:
    organisation = session.get_one(Organisation, organisation_id)
    return values.Party(organisation.name, (f"SIRET {organisation.siret}",) if organisation.siret else ())
