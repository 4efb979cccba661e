from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from reuse.documents.models import Document
from reuse.errors import NotFound, Stale
from reuse.handovers.models import Handover, HandoverLine, Refund, WarrantyCase
from reuse.handovers.queries import locked_handover
from reuse.handovers.rules.cases import OPEN, SETTLED, CaseStatus, PaidFor
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

CREDIT_NOTE = "credit_note"


def visible_cases(caller: Caller) -> ColumnElement[bool]:
    """A network sees the cases of what it took, a workshop of what left it, a territory all of its networks'."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.network: col(WarrantyCase.network_id) == me,
            Activity.workshop: col(WarrantyCase.workshop_id) == me,
            Activity.territory: col(WarrantyCase.territory_id) == caller.territory_id,
        },
    )


def case_for(session: Session, caller: Caller, case_id: UUID) -> WarrantyCase:
    """The case, if the caller may know of it; NotFound otherwise."""
    return the_one(session, WarrantyCase, case_id, visible_cases(caller), "warranty case")


def locked_case(session: Session, caller: Caller, case_id: UUID, version: int | None = None) -> WarrantyCase:
    """The case of the caller's own network or workshop, held against others; it is taken before its device.

    Stale where the caller saw another version than the present one.
    """
    me = caller.organisation_id
    own = or_(col(WarrantyCase.network_id) == me, col(WarrantyCase.workshop_id) == me)
    statement = select(WarrantyCase).where(WarrantyCase.id == case_id, own)
    found = session.exec(statement.with_for_update().execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(f"There is no warranty case {case_id} of your network or workshop.")
    if version is not None and version != found.version:
        raise Stale(f"This warranty case has changed: you saw version {version}, it is now {found.version}.")
    return found


def last_line(session: Session, caller: Caller, device_id: UUID) -> tuple[HandoverLine, Handover] | None:
    """The line with which the device left last, if it left to the caller's network or from its workshop."""
    found = session.exec(
        select(HandoverLine, Handover)
        .join(Handover, col(Handover.id) == col(HandoverLine.handover_id))
        .where(HandoverLine.device_id == device_id)
        .order_by(col(HandoverLine.at).desc(), col(HandoverLine.id).desc())
        .limit(1)
        .execution_options(populate_existing=True)
    ).first()
    if found is None or caller.organisation_id not in {found[1].network_id, found[1].workshop_id}:
        return None
    return found


def open_case_of(session: Session, device_id: UUID) -> WarrantyCase | None:
    """The case of this device that is open now."""
    return session.exec(
        select(WarrantyCase).where(WarrantyCase.device_id == device_id, col(WarrantyCase.status).in_(OPEN))
    ).first()


def is_under_case(session: Session, handover_id: UUID) -> bool:
    """Whether a device of the hand-over may go home yet: its case is open, or owes it to its holder."""
    standing = (
        select(WarrantyCase.id)
        .join(
            HandoverLine,
            and_(col(HandoverLine.id) == WarrantyCase.line_id, col(HandoverLine.device_id) == WarrantyCase.device_id),
        )
        .where(
            HandoverLine.handover_id == handover_id,
            or_(col(WarrantyCase.status).in_(OPEN), col(WarrantyCase.owed_back)),
        )
    )
    return session.exec(standing.limit(1)).first() is not None


def settling_case(session: Session, line: HandoverLine) -> WarrantyCase | None:
    """The case after whose end the device that came back of this line may not be complained of; None while it is out.

    It owes the device to its holder, or gave another or the money for it. What was refunded while it was out, a part,
    left the holder the device.
    """
    if line.returned_at is None:
        return None
    is_over = and_(col(WarrantyCase.status).in_(SETTLED), col(WarrantyCase.ended_at) >= line.returned_at)
    mine = (WarrantyCase.device_id == line.device_id, WarrantyCase.line_id == line.id)
    settling = select(WarrantyCase).where(*mine, or_(col(WarrantyCase.owed_back), is_over))
    return session.exec(settling.order_by(col(WarrantyCase.owed_back).desc()).limit(1)).first()


def paid_for(session: Session, sale: HandoverLine) -> PaidFor:
    """What a line cost, what was paid for its hand-over, and what is gone of both; both are held."""
    session.exec(select(HandoverLine).where(HandoverLine.id == sale.id).with_for_update()).one()
    handover = locked_handover(session, sale.handover_id)
    refunded = func.coalesce(func.sum(col(Refund.amount_minor)), 0)
    of_line = session.exec(select(refunded).where(Refund.sale_line_id == sale.id)).one()
    of_all = session.exec(select(refunded).where(Refund.handover_id == handover.id)).one()
    price, paid = _moved_away(session, sale)
    return PaidFor(sale.price_minor, handover.paid_minor, int(of_line) + price, int(of_all) + paid)


def _moved_away(session: Session, sale: HandoverLine) -> tuple[int, int]:
    """The price that exchanges moved from this line, and the payment that they moved from its whole hand-over."""
    first, given = aliased(HandoverLine), aliased(Handover)
    moved = (
        select(
            func.sum(case((col(first.id) == sale.id, col(given.total_minor)), else_=0)),
            func.sum(col(given.paid_minor)),
        )
        .select_from(WarrantyCase)
        .join(first, and_(col(first.id) == WarrantyCase.sale_line_id, col(first.device_id) == WarrantyCase.device_id))
        .join(given, col(given.id) == col(WarrantyCase.remedy_handover_id))
        .where(first.handover_id == sale.handover_id, WarrantyCase.status == CaseStatus.exchanged)
    )
    price, paid = session.exec(moved).one()
    return int(price or 0), int(paid or 0)


def refunds_of(session: Session, case_ids: Collection[UUID]) -> dict[UUID, Refund]:
    """The refund of each case that has one."""
    return {one.case_id: one for one in session.exec(select(Refund).where(col(Refund.case_id).in_(case_ids)))}


def handovers_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Handover]:
    """Hand-overs by their id."""
    return {one.id: one for one in session.exec(select(Handover).where(col(Handover.id).in_(ids)))}


def credit_note_key(refund_id: UUID) -> str:
    """What the job and the document of a refund are known by."""
    return f"{CREDIT_NOTE}:{refund_id}"


def credit_notes_of(session: Session, refund_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The document of each refund, where it is printed already."""
    keys = {credit_note_key(one): one for one in refund_ids}
    printed = select(Document.deduplicate, Document.id).where(col(Document.deduplicate).in_(keys))
    return {keys[key]: document_id for key, document_id in session.exec(printed) if key is not None}
