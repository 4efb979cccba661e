"""The receipt as it is frozen at hand-over (series REM of the workshop, which is the seller)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from labels import values
from reuse.catalogue.rules import exponent
from reuse.devices.models import Device
from reuse.devices.queries import codes_of
from reuse.devices.rules import Milestone
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import party
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import RECEIPT, receipt_key
from reuse.handovers.rules import HandoverKind, Warranty, may_say_reconditioned, warranty_ends, warranty_for
from reuse.handovers.rules.accessories import Accessory, accessory_kinds, lacking
from reuse.history.rules import Actor
from reuse.jobs.models import Job
from reuse.people.models import Territory
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


def presumption_of(price_minor: int, territory: Territory, day: date) -> date | None:
    """The last day on which a defect is presumed to have been there at hand-over; None where nothing is owed."""
    warranty, until = warranty_of(price_minor, territory, day)
    return None if warranty is None or until is None else warranty_ends(day, warranty.presumption_months)


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
    seller = party(session, handover.workshop_id)
    language = "en" if territory.language == "en" else "fr"
    warranty, until = warranty_of(max(line.price_minor for line in lines), territory, at.date())
    return values.HandoverReceipt(
        imprint=values.Imprint(handover.number, at, seller, language),
        seller=seller,
        taker=party(session, handover.network_id),
        handed_over_at=at,
        lines=tuple(_line(session, line, devices[line.device_id]) for line in lines),
        total=_money(handover.total_minor, handover.currency),
        reservation_number=reservation.number,
        beneficiary=handover.beneficiary_pseudonym or "",
        paid=None if handover.paid_minor is None else _money(handover.paid_minor, handover.currency),
        payment_method=handover.payment_method or "",
        due=_due(handover),
        cap_source=", ".join(sorted({line.cap_source for line in lines if line.cap_source})),
        accessories=tuple(_accessory(one, language) for one in handover.accessories or ()),
        lacking=_lacking(handover, lines, devices, territory, language),
        warranty=None
        if warranty is None or until is None
        else values.Warranty(
            warranty.months, until, warranty.presumption_months, seller.name, is_statutory=warranty.statutory
        ),
        gift_text=_gift_text(lines, territory.country, language),
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


def _due(handover: Handover) -> values.Money | None:
    if handover.paid_minor is None:
        return None
    return _money(max(handover.total_minor - handover.paid_minor, 0), handover.currency)


def _accessory(one: Mapping[str, Any], language: values.Language) -> values.AccessoryLine:
    return values.AccessoryLine(accessory_kinds()[one["kind"]][language], one["quantity"], one["serial"] or "")


def _lacking(
    handover: Handover,
    lines: Sequence[HandoverLine],
    devices: Mapping[UUID, Device],
    territory: Territory,
    language: values.Language,
) -> tuple[values.AccessoryLine, ...]:
    """What the legal cap supposes and did not go along; nothing where nobody said what did."""
    if handover.accessories is None:
        return ()
    told = [Accessory(**one) for one in handover.accessories]
    capped = [devices[one.device_id].category for one in lines if one.legal_cap_minor is not None and one.price_minor]
    missing = sorted(lacking(capped, territory.country, told).items())
    return tuple(values.AccessoryLine(accessory_kinds()[kind][language], count) for kind, count in missing)


def _gift_text(lines: Sequence[HandoverLine], country: str, language: values.Language) -> str:
    """What is owed for what was given, where something was and a rule of the country is known."""
    gift = warranty_for(HandoverKind.GIFT, country) if any(line.price_minor == 0 for line in lines) else None
    if gift is None or gift.months:
        return ""
    return gift.text_en if language == "en" else gift.text_fr


def _signatures(handover: Handover, at: datetime) -> tuple[values.Signature, ...]:
    if handover.signature is None:
        return ()
    signed = handover.signature
    return (values.Signature(signed["role"], signed["name"], at, signed.get("drawn") or ""),)


def _money(amount_minor: int, currency: str) -> values.Money:
    return values.Money(amount_minor, currency, exponent(currency))
