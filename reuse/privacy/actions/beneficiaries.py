"""A beneficiary's rights, asked for through the network that knows the person (GDPR art. 15, 17, 20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.documents.models import Document
from reuse.errors import Conflict, NotFound
from reuse.handovers.actions.contacts import Reached, open_contact
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import contact_of, lines_of
from reuse.jobs.models import Job
from reuse.jobs.rules import ENDED
from reuse.people.actions import note_access
from reuse.people.models import AccessRecord
from reuse.people.rules import Access, Caller, Role, require_person, require_role
from reuse.privacy.actions.forgetting import forget_answers_about, forget_complaints, forget_handovers
from reuse.privacy.actions.shredding import order_shredding
from reuse.privacy.queries import accesses_of, handovers_of, on_hold, papers_of, printing_jobs
from reuse.reservations.models import Reservation
from reuse.reservations.rules import ReservationStatus
from reuse.settings import Settings

OPEN = (ReservationStatus.HELD, ReservationStatus.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of a person and one hand-over; `contact` None where none is, or where its key is lost."""

    handover: Handover
    lines: list[HandoverLine]
    papers: list[Document]
    contact: Reached | None


@dataclass(frozen=True, slots=True)
class Export:
    """All that is kept of a person, and who looked at it within the year."""

    kept: list[Kept]
    accesses: list[AccessRecord]


def export_beneficiary(session: Session, settings: Settings, caller: Caller, pseudonym: str, *, reason: str) -> Export:
    """Everything kept of whom the caller's network knows by this pseudonym; each hand-over is logged as exported.

    NotFound where the network handed nothing over to such a person, whatever others did.
    """
    handovers = _its_own(session, caller, pseudonym)
    ids = [handover.id for handover in handovers]
    accesses = accesses_of(session, ids)
    _note(session, caller, handovers, Access.exported, reason)
    lines, papers = lines_of(session, ids), papers_of(session, ids)
    kept = [
        Kept(one, lines[one.id], papers[one.id], open_contact(settings, row) if row else None)
        for one in handovers
        for row in [contact_of(session, one.id)]
    ]
    return Export(kept, accesses)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """One hand-over whose person is forgotten: the papers that the law keeps, and what the person loses with it."""

    handover: Handover
    papers: list[Document]
    had_contact: bool
    warranty_until: date | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was forgotten, where a complaint is kept until its case ends, and what a legal hold keeps as it is."""

    forgotten: list[Forgotten]
    open_cases: list[UUID]
    on_hold: list[UUID]
    at: datetime


def erase_beneficiary(session: Session, caller: Caller, pseudonym: str, *, reason: str) -> Erasure:
    """Forget whom the caller's network knows by this pseudonym: nothing brings it back.

    A hand-over that is under way is waited for, and forgotten with the others. NotFound where nothing is kept (any
    more), Conflict while a receipt is being printed.
    """
    require_role(caller, Role.network)
    _wait_for_handovers(session, caller.organisation_id)
    handovers = _its_own(session, caller, pseudonym, lock=True)
    held = on_hold(session, [handover.id for handover in handovers])
    going = [handover for handover in handovers if handover.id not in held]
    _check_printed(session, going)
    ids = [handover.id for handover in going]
    lines, papers = lines_of(session, ids), papers_of(session, ids)
    had = {one: contact_of(session, one) is not None for one in ids}
    _note(session, caller, going, Access.erased, reason)
    forget_handovers(session, caller.actor, going, because="asked")
    open_cases = forget_complaints(session, ids)
    for handover in going:
        forget_answers_about(session, handover)
    order_shredding(session, caller.actor)
    told = [Forgotten(one, papers[one.id], had[one.id], _warranty_end(lines[one.id])) for one in going]
    return Erasure(told, open_cases, sorted(held), clock.now())


def _its_own(session: Session, caller: Caller, pseudonym: str, *, lock: bool = False) -> list[Handover]:
    require_role(caller, Role.network)
    require_person(caller)
    found = handovers_of(session, caller.organisation_id, pseudonym, lock=lock)
    if not found:
        raise NotFound("Nothing is kept under this pseudonym, or nothing any more.", code="no_beneficiary")
    return found


def _wait_for_handovers(session: Session, network_id: UUID) -> None:
    """Every hand-over holds its reservation until it ends: hold them too, and see all that was handed over before."""
    statement = select(Reservation.id).where(Reservation.network_id == network_id, col(Reservation.status).in_(OPEN))
    session.exec(statement.order_by(col(Reservation.id)).with_for_update()).all()


def _check_printed(session: Session, handovers: Sequence[Handover]) -> None:
    """The frozen value that a paper is printed from names the person: it must be printed before it is emptied."""
    jobs = printing_jobs(session, handovers)
    if session.exec(select(Job.id).where(col(Job.id).in_(jobs), col(Job.state).not_in(ENDED))).first():
        raise Conflict(
            "A receipt or a credit note is still being printed; ask again in a moment.", code="receipt_pending"
        )


def _warranty_end(lines: Sequence[HandoverLine]) -> date | None:
    """The last day of the warranty on what is still with the person."""
    return max((line.warranty_until for line in lines if line.warranty_until and not line.returned_at), default=None)


def _note(session: Session, caller: Caller, handovers: Sequence[Handover], act: Access, reason: str) -> None:
    for handover in handovers:
        note_access(
            session,
            caller,
            act,
            thing="handover",
            thing_id=handover.id,
            owner_id=handover.network_id,
            reason=reason,
        )
