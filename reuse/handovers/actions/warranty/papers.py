"""What is printed under a warranty case: the slip of a hand-back or an exchange, and the credit note of a refund."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from sqlmodel import Session

from labels import values
from reuse.catalogue.rules import exponent
from reuse.devices.models import Device
from reuse.documents.actions import Readers, order_document
from reuse.donations.actions.papers import imprint_of, items_of, local, party
from reuse.handovers.models import Handover, HandoverLine, Refund, WarrantyCase
from reuse.handovers.queries import receipt_key
from reuse.handovers.queries.cases import CREDIT_NOTE, credit_note_key
from reuse.handovers.rules.cases import OPEN, CaseStatus, remedies_in
from reuse.history.rules import Actor
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.workshop.rules import forbidden_words, load_defects

HANDBACK, EXCHANGE = "handback_slip", "exchange_slip"


def slip_printer(
    session: Session, actor: Actor, case: WarrantyCase, kind: str
) -> Callable[[Handover, HandoverLine], Job]:
    """What orders the slip of a hand-over under the case, once that has its number; it stands for the receipt."""
    is_refused = CaseStatus(case.status) not in OPEN

    def order(handover: Handover, line: HandoverLine) -> Job:
        is_exchange = kind == EXCHANGE
        value = replace(
            _common(session, case, handover.number, line.device_id),
            replaces=_item(session, case.device_id) if is_exchange else None,
            price=_money(line.price_minor, line.currency) if is_exchange and line.price_minor else None,
            until=line.warranty_until,
            presumption_until=line.presumption_until,
            first_until=case.warranty_until,
            is_refused=is_refused,
            source=_source(session, case, line),
            signatures=_signatures(session, case, handover),
        )
        return _order(session, actor, case, kind, value, receipt_key(handover.id), line.device_id)

    return order


def order_credit_note(session: Session, actor: Actor, case: WarrantyCase, refund: Refund, sale: HandoverLine) -> Job:
    """Have the note of a refund printed; it bears the price of the line that was paid for."""
    value = replace(
        _common(session, case, refund.number, case.device_id),
        price=_money(sale.price_minor, sale.currency),
        amount=_money(refund.amount_minor, refund.currency),
        method=refund.method,
        on=refund.on,
    )
    return _order(session, actor, case, CREDIT_NOTE, value, credit_note_key(refund.id), case.device_id)


def _order(
    session: Session,
    actor: Actor,
    case: WarrantyCase,
    kind: str,
    value: values.RemedySlip,
    key: str,
    device_id: UUID,
) -> Job:
    return order_document(
        session,
        actor,
        kind=kind,
        value=value,
        number=value.imprint.number,
        organisation_id=case.workshop_id,
        readers=Readers(territory_id=case.territory_id, network_id=case.network_id, device_id=device_id),
        deduplicate=key,
    )


def _common(session: Session, case: WarrantyCase, number: str, device_id: UUID) -> values.RemedySlip:
    """What every paper of a case says."""
    imprint = imprint_of(session, number, case.workshop_id, case.territory_id)
    sale = session.get_one(Handover, session.get_one(HandoverLine, case.sale_line_id).handover_id)
    return values.RemedySlip(
        imprint=imprint,
        seller=party(session, case.workshop_id),
        taker=party(session, case.network_id),
        at=local(imprint.issued_at, imprint),
        case_number=case.number,
        receipt_number=sale.number,
        complaint=_complaint(case, imprint.language),
        device=_item(session, device_id),
        beneficiary=sale.beneficiary_pseudonym or "",
        is_goodwill=not case.under_warranty,
    )


def _complaint(case: WarrantyCase, language: values.Language) -> str:
    """The defect by its title in the catalogue, else in the words of the complaint."""
    if case.defect is not None:
        defect = load_defects()[case.defect]
        return defect.title_en if language == "en" else defect.title_fr
    return "—" if forbidden_words(case.words) else case.words


def _item(session: Session, device_id: UUID) -> values.Item:
    return items_of(session, [(session.get_one(Device, device_id), "")])[0]


def _source(session: Session, case: WarrantyCase, line: HandoverLine) -> str:
    """The law that made the term another than the receipt's; empty where it is the same."""
    if line.warranty_until == case.warranty_until:
        return ""
    territory = session.get_one(Territory, case.territory_id)
    return remedies_in(territory.country).text.get("en" if territory.language == "en" else "fr", "")


def _signatures(session: Session, case: WarrantyCase, handover: Handover) -> tuple[values.Signature, ...]:
    if handover.signature is None:
        return ()
    imprint = imprint_of(session, handover.number, case.workshop_id, case.territory_id)
    signed = handover.signature
    at = local(handover.at, imprint)
    return (values.Signature(signed["role"], signed["name"], at, drawn=signed.get("drawn") or ""),)


def _money(amount_minor: int, currency: str) -> values.Money:
    return values.Money(amount_minor, currency, exponent(currency))
