from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.devices.actions.moves import lock_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.documents.actions import next_number
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.handovers.actions.households import follow_household
from reuse.handovers.actions.returns import take_back_device
from reuse.handovers.actions.warranty.moving import note_on_device
from reuse.handovers.models import Handover, HandoverLine, WarrantyCase
from reuse.handovers.queries import locked_handover
from reuse.handovers.queries.cases import last_line, open_case_of, settling_case
from reuse.handovers.rules.cards import refuse_card_numbers
from reuse.handovers.rules.cases import CaseStatus, Term, remedies_in
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.workshop.rules import load_defects

COMPLAINED_OF = frozenset({Status.handed_over, Status.returned, Status.in_workshop, Status.ready})
"""Where a device may be when somebody complains of it: out, or back and not on offer again."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a device: a code of the catalogue of defects where one fits, and words in any case."""

    device_id: UUID
    words: str
    defect: str | None = None
    note: str | None = None
    reported_at: datetime | None = None
    take_back: bool = False


def open_case(session: Session, caller: Caller, complaint: Complaint) -> WarrantyCase:
    """Open a warranty case (series GAR of the workshop) for a device that was handed over, and take it back if asked.

    By the network that took it, or at the counter of the workshop that it left. The term is the one of the receipt.
    Conflict `case_open` where it has an open case already, `case_settled` where one gave its holder another device or
    the money. One out of term is opened too, and says so.
    """
    require_role(caller, Role.network, Role.technician, Role.lead)
    _check_words(complaint)
    _line_of(session, caller, complaint.device_id)
    device = lock_device(session, complaint.device_id)
    line, handover = _line_of(session, caller, device.id)  # as it is now that nobody else moves the device
    _check_still_its_holders(session, device, line)
    case = _case(session, caller, complaint, device, line, handover)
    session.add(case)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("Somebody opened a case for this device at the same moment.", code="case_open") from error
    what = {"number": case.number, "device_id": device.id, "defect": case.defect, "under_warranty": case.under_warranty}
    record(
        session,
        caller.actor,
        thing="warranty_case",
        thing_id=case.id,
        verb="opened",
        to_state=case.status,
        data={**what, "presumed": case.presumed},
    )
    note_on_device(session, caller.actor, case, "warranty_case_opened")
    if line.returned_at is not None:
        follow_household(session, handover.id, locked_handover(session, handover.id))
    if complaint.take_back:
        take_back_device(session, caller, device.id, reason=case.defect or "warranty case")
    return case


def _line_of(session: Session, caller: Caller, device_id: UUID) -> tuple[HandoverLine, Handover]:
    if (found := last_line(session, caller, device_id)) is None:
        raise NotFound(f"There is no device {device_id} that you took or handed over.")
    return found


def _check_still_its_holders(session: Session, device: Device, line: HandoverLine) -> None:
    """Conflict where there is nothing to complain of, or a case stands: one payment has one device at a time."""
    if Status(device.status) not in COMPLAINED_OF:
        sentence = (
            f"This device is {device.status}; a case is opened while it is handed over, or back and not on offer."
        )
        raise Conflict(sentence, code="not_handed_over")
    if (known := open_case_of(session, device.id)) is not None:
        raise Conflict(f"This device has an open case already: {known.number}.", code="case_open")
    settled = settling_case(session, line)
    if settled is None:
        return
    if settled.owed_back:
        sentence = f"The case {settled.number} is over and owes this device to its holder: hand it back under it first."
        raise Conflict(sentence, code="warranty_case_open", missing=("warranty_case",))
    sentence = f"This device came back and its case {settled.number} ended as {settled.status}: it is stock again."
    raise Conflict(sentence, code="case_settled")


def _check_words(complaint: Complaint) -> None:
    refuse_card_numbers({"complaint": {"words": complaint.words}, "note": complaint.note})
    if complaint.defect is not None and complaint.defect not in load_defects():
        sentence = f"{complaint.defect!r} is not in the catalogue of defects (GET /v1/defects); words alone do too."
        fault = Fault("/complaint/defect", "unknown_defect", sentence)
        raise Invalid(sentence, code="unknown_defect", errors=(fault,))


def _case(
    session: Session, caller: Caller, complaint: Complaint, device: Device, line: HandoverLine, handover: Handover
) -> WarrantyCase:
    territory = session.get_one(Territory, handover.territory_id)
    zone, now = ZoneInfo(territory.timezone), clock.now()
    reported_at = complaint.reported_at or now
    is_odd = not line.at <= reported_at <= now
    day = (now if is_odd else reported_at).astimezone(zone).date()
    term = Term(line.warranty_until, line.presumption_until)
    return WarrantyCase(
        id=clock.new_id(),
        number=next_number(session, organisation_id=handover.workshop_id, prefix="GAR"),
        status=CaseStatus.open,
        device_id=device.id,
        line_id=line.id,
        sale_line_id=line.continues_id or line.id,
        handover_id=handover.id,
        network_id=handover.network_id,
        workshop_id=handover.workshop_id,
        territory_id=handover.territory_id,
        defect=complaint.defect,
        words=complaint.words,
        note=complaint.note,
        reported_at=reported_at,
        opened_at=now,
        organisation_id=caller.organisation_id,
        person=caller.person,
        warranty_until=term.until,
        presumption_until=term.presumption_until,
        under_warranty=term.covers(day),
        presumed=term.presumes(day),
        due_on=_due(term, day, territory.country),
        warnings=[_ODD] if is_odd else [],
    )


_ODD = {
    "code": "reported_at_odd",
    "message": "reported_at is before the hand-over or after now: the warranty is judged by the day of opening.",
}


def _due(term: Term, day: date, country: str) -> date | None:
    """The day by which the law wants a remedy; None where it says nothing, or where nothing is owed."""
    days = remedies_in(country).remedy_days
    return None if days is None or not term.covers(day) else day + timedelta(days=days)
