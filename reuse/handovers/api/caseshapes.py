from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.api.shapes import MoneyShape
from reuse.devices.models import Device
from reuse.devices.rules import shown_person
from reuse.handovers.api.shapes import WarningShape
from reuse.handovers.models import HandoverLine, Refund, WarrantyCase
from reuse.handovers.queries.cases import credit_notes_of, handovers_by_id, refunds_of
from reuse.handovers.rules.cases import CaseStatus, may_become
from reuse.web import Shape
from reuse.workshop.rules import load_defects


class DefectSaid(Shape):
    """A complaint: the coded defect with its title in both languages where one fits, and the words."""

    defect: str | None
    title: dict[str, str] | None
    words: str


class CaseWarranty(Shape):
    """The term that the receipt gave, and what it means on the day of the report.

    `presumed`: the defect is presumed to have been there at hand-over. Out of term a remedy is at goodwill.
    """

    until: date | None
    presumption_until: date | None
    under_warranty: bool
    presumed: bool
    goodwill: bool


class RefundShape(Shape):
    """Money that was given back; its credit note is printed by `document_job` and is then `document_id`."""

    id: UUID
    number: str
    case_id: UUID
    handover_id: UUID
    amount: MoneyShape
    method: str
    on: date
    note: str | None
    by: str | None
    document_job: UUID
    document_id: UUID | None


class CaseShape(Shape):
    """A warranty case. `handover_number` is the receipt, `due_on` the day by which the law wants a remedy.

    `owed_back`: the case ended without a remedy, or with a part of the price, and the device here is its holder's.
    `remedy_handover_id` is the hand-back or exchange, `new_device_id` what was given in exchange.
    """

    id: UUID
    number: str
    status: str
    version: int
    may_become: list[str]
    device_id: UUID
    device_status: str
    handover_id: UUID
    handover_number: str
    returned_at: datetime | None
    network_id: UUID
    workshop_id: UUID
    complaint: DefectSaid
    note: str | None
    reported_at: datetime
    opened_at: datetime
    warranty: CaseWarranty
    due_on: date | None
    warnings: list[WarningShape]
    reason: str | None
    ended_at: datetime | None
    owed_back: bool
    remedy_handover_id: UUID | None
    new_device_id: UUID | None
    refund: RefundShape | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: persons of other organisations are told by pseudonyms, which the house's secret makes."""

    organisation_id: UUID
    secret: bytes = field(repr=False)


def refund_shape(session: Session, viewer: Viewer, refund: Refund) -> RefundShape:
    """The refund with its credit note, once printed."""
    return _refund(viewer, refund, credit_notes_of(session, [refund.id]).get(refund.id))


def _refund(viewer: Viewer, refund: Refund, document_id: UUID | None) -> RefundShape:
    return RefundShape(
        **refund.model_dump(include={"id", "number", "case_id", "handover_id", "method", "on", "note"}),
        amount=MoneyShape(amount_minor=refund.amount_minor, currency=refund.currency),
        by=shown_person(viewer.secret, refund.person, of=refund.organisation_id, to=viewer.organisation_id),
        document_job=refund.document_job_id,
        document_id=document_id,
    )


def case_shapes(session: Session, viewer: Viewer, rows: Sequence[WarrantyCase]) -> list[CaseShape]:
    """The cases with their receipts, refunds, and where their devices are: a fixed number of questions."""
    refunds = refunds_of(session, [row.id for row in rows])
    notes = credit_notes_of(session, [one.id for one in refunds.values()])
    receipts = handovers_by_id(session, {row.handover_id for row in rows})
    devices = {row.device_id for row in rows}
    statuses = dict(session.exec(select(Device.id, Device.status).where(col(Device.id).in_(devices))).all())
    lines = {row.line_id for row in rows}
    returned = select(HandoverLine.id, HandoverLine.returned_at).where(col(HandoverLine.id).in_(lines))
    back = dict(session.exec(returned).all())
    found: list[CaseShape] = []
    for row in rows:
        refund = refunds.get(row.id)
        found.append(
            _shape(
                row,
                statuses[row.device_id],
                receipts[row.handover_id].number,
                back[row.line_id],
                _refund(viewer, refund, notes.get(refund.id)) if refund else None,
            )
        )
    return found


def _shape(
    row: WarrantyCase, device_status: str, receipt: str, back: datetime | None, refund: RefundShape | None
) -> CaseShape:
    defect = load_defects()[row.defect] if row.defect else None
    title = {"fr": defect.title_fr, "en": defect.title_en} if defect else None
    plain = row.model_dump(include=set(CaseShape.model_fields) - {"warnings"})
    return CaseShape(
        **plain,
        may_become=sorted(may_become(CaseStatus(row.status), owed_back=row.owed_back)),
        device_status=device_status,
        handover_number=receipt,
        returned_at=back,
        complaint=DefectSaid(defect=row.defect, title=title, words=row.words),
        warranty=CaseWarranty(
            until=row.warranty_until,
            presumption_until=row.presumption_until,
            under_warranty=row.under_warranty,
            presumed=row.presumed,
            goodwill=not row.under_warranty,
        ),
        warnings=[WarningShape(**one) for one in row.warnings],
        refund=refund,
    )
