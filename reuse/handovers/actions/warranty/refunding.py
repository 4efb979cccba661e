from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.handovers.actions.warranty.moving import move_case
from reuse.handovers.actions.warranty.papers import order_credit_note
from reuse.handovers.models import HandoverLine, Refund
from reuse.handovers.queries.cases import locked_case, paid_for
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.handovers.rules.cases import CaseStatus, PaidFor, check_move
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_person, require_role


@dataclass(frozen=True, slots=True)
class Given:
    """What was given back, how and on which day (today where nothing is said)."""

    amount_minor: int
    currency: str
    method: str
    on: date | None = None
    note: str | None = None


def refund_case(session: Session, caller: Caller, case_id: UUID, given: Given, *, version: int | None = None) -> Refund:
    """Write down that money was given back under a case, and have its credit note printed (series AV of the workshop).

    By a named lead of the workshop, which is the seller. All of it only for a device that is back; a part, as a
    reduction of the price, while it stays with its holder (code de la consommation L217-14), who is owed it where it is
    here for that (`owed_back`). Invalid for another currency, a day before the hand-over or after today; Conflict
    `refund_too_high` for more than was paid and is left.
    """
    require_role(caller, Role.lead)
    require_person(caller)
    refuse_card_numbers({"method": given.method, "note": given.note})
    case = locked_case(session, caller, case_id, version)
    if caller.organisation_id != case.workshop_id:
        raise NotAllowed("Only the workshop that sold the device gives money back under its case.")
    check_move(CaseStatus(case.status), CaseStatus.refunded)
    device = lock_device(session, case.device_id)  # before its line and hand-over, as a return takes them
    sale = session.get_one(HandoverLine, case.sale_line_id)
    zone = ZoneInfo(session.get_one(Territory, case.territory_id).timezone)
    on = given.on or clock.now().astimezone(zone).date()
    _check_facts(given, sale, on, zone)
    paid = paid_for(session, sale)
    _check_amount(given, device, paid, sale.currency)
    refund = Refund(
        id=clock.new_id(),
        number=next_number(session, organisation_id=case.workshop_id, prefix="AV"),
        case_id=case.id,
        sale_line_id=sale.id,
        handover_id=sale.handover_id,
        amount_minor=given.amount_minor,
        currency=given.currency,
        method=given.method,
        on=on,
        note=given.note,
        document_job_id=case.id,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    refund.document_job_id = order_credit_note(session, caller.actor, case, refund, sale).id
    what = {"refund_id": refund.id, "number": refund.number, "amount_minor": refund.amount_minor, "on": on}
    is_owed = device.status != Status.handed_over and given.amount_minor < paid.left
    move_case(session, caller.actor, case, CaseStatus.refunded, data=what, owed_back=is_owed)
    session.add(refund)
    session.flush()
    return refund


def _check_facts(given: Given, sale: HandoverLine, on: date, zone: ZoneInfo) -> None:
    if given.currency != sale.currency:
        sentence = f"The device was paid for in {sale.currency}, this refund is in {given.currency}."
        fault = Fault("/currency", "currency_differs", sentence)
        raise Invalid(sentence, code="currency_differs", errors=(fault,))
    if not sale.at.astimezone(zone).date() <= on <= clock.now().astimezone(zone).date():
        sentence = f"A refund on {on} is before the hand-over or after today."
        raise Invalid(sentence, code="refund_day", errors=(Fault("/on", "refund_day", sentence),))


def _check_amount(given: Given, device: Device, paid: PaidFor, currency: str) -> None:
    if given.amount_minor > paid.left:
        raise Conflict(
            f"At most {paid.left} {currency} (in minor units) may be given back for this device: what was paid for it, "
            "less what was given back before or moved to another device by an exchange.",
            code="refund_too_high",
            missing=("payment",),
        )
    is_out = device.status == Status.handed_over
    if is_out and given.amount_minor >= paid.left:
        raise Conflict(
            "All of it is given back once the device is back; while it stays with its holder, give back a part.",
            code="device_not_back",
            missing=("return",),
        )
