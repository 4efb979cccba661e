from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Medium
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.history.actions import record
from reuse.people.queries import territory_of
from reuse.people.rules import Caller, Role, require_person, require_role
from reuse.wiping.evidence.shape import Evidence
from reuse.wiping.evidence.times import Clock, compare_clock
from reuse.wiping.models import ErasureReport, ReportItem
from reuse.wiping.queries.reports import items_of, report_for


def clocks_of(session: Session, organisation_id: UUID, evidence: Evidence) -> list[Clock]:
    """Hold the end of each item against the moment of upload, now; items whose zone the report tells raise no doubt."""
    if not evidence.timezone_assumed:
        return [Clock(None, ()) for _ in evidence.items]
    usual, now = territory_of(session, organisation_id).timezone, clock.now()
    return [
        compare_clock(item.ended_at, said=evidence.timezone, usual=usual, received_at=now)
        if item.ended_at is not None
        else Clock(None, ())
        for item in evidence.items
    ]


def confirm_time(session: Session, caller: Caller, report_id: UUID, *, index: int, reason: str) -> ErasureReport:
    """A named person with the role data_security answers for the zone in which a report's end was read, and says why.

    Confirming again changes nothing. Conflict where there is no doubt to settle.
    """
    require_role(caller, Role.data_security)
    person = require_person(caller)
    report = report_for(session, caller, report_id)
    if report.organisation_id != caller.organisation_id:
        raise NotFound(f"There is no erasure report {report_id} of your workshop.")
    item = next((one for one in items_of(session, [report_id])[report_id] if one.index == index), None)
    if item is None:
        sentence = f"This report has no item {index}."
        raise Invalid(sentence, code="unknown_reference", errors=(Fault("/index", "not_found", sentence),))
    if item.earliest_end_at is None:
        raise Conflict("Nothing is in doubt about the time of this item; accept the device.", code="time_certain")
    said = update(ReportItem).where(col(ReportItem.id) == item.id, col(ReportItem.time_confirmed_by).is_(None))
    values = {"time_confirmed_by": person, "time_confirmed_at": clock.now(), "time_note": reason}
    if session.exec(said.values(values)).rowcount == 1 and item.medium_id is not None:
        device = change_device(session, lock_device(session, session.get_one(Medium, item.medium_id).device_id))
        what = {"report_id": report.id, "index": index, "ended_at": item.ended_at, "reason": reason}
        record(session, caller.actor, thing="device", thing_id=device.id, verb="erasure_time_confirmed", data=what)
    session.refresh(item)
    return report
