from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from reuse.devices.models import Device, FlagRow
from reuse.devices.rules import Flag
from reuse.documents.models import Document
from reuse.exports.models import Export
from reuse.handovers.models import Handover, HandoverLine, Refund
from reuse.handovers.queries import receipt_key
from reuse.handovers.queries.cases import credit_note_key
from reuse.people.models import AccessRecord, Organisation
from reuse.people.rules import is_inside
from reuse.privacy.rules import GROUP, load_retention, tellable

PERSON = "person"


def devices_on_hold() -> SelectOfScalar[UUID]:
    """Devices under a legal hold: what is personal about them is kept until it is lifted (GDPR art. 17(3)(e))."""
    return select(FlagRow.device_id).where(FlagRow.name == Flag.legal_hold)


def donations_on_hold() -> SelectOfScalar[Any]:
    """Donations of devices under a legal hold."""
    held = devices_on_hold()
    return select(Device.donation_id).where(col(Device.id).in_(held), col(Device.donation_id).is_not(None))


def handovers_on_hold() -> SelectOfScalar[UUID]:
    """Hand-overs of devices under a legal hold."""
    return select(HandoverLine.handover_id).where(col(HandoverLine.device_id).in_(devices_on_hold()))


def handovers_of(session: Session, network_id: UUID, pseudonym: str, *, lock: bool = False) -> list[Handover]:
    """What a network handed over to whom it knows by this pseudonym, oldest first; held until the end where locked.

    A device may have gone home under its case while a lock was waited for: it is looked again until nothing is new.
    """
    statement = select(Handover).where(Handover.network_id == network_id, Handover.beneficiary_pseudonym == pseudonym)
    statement = statement.order_by(col(Handover.id))
    if not lock:
        return list(session.exec(statement))
    locked = statement.with_for_update().execution_options(populate_existing=True)
    seen, found = -1, list[Handover]()
    while len(found) > seen:
        seen, found = len(found), list(session.exec(locked))
    return found


def handovers_to_forget(session: Session, before: datetime, *, limit: int) -> list[Handover]:
    """Hand-overs before this moment of which something personal is still kept, but for those on hold; locked."""
    statement = (
        select(Handover)
        .where(
            col(Handover.at) < before,
            col(Handover.forgotten_at).is_(None),
            col(Handover.id).not_in(handovers_on_hold()),
        )
        .order_by(col(Handover.id))
        .limit(limit)
        .with_for_update()
    )
    return list(session.exec(statement))


def on_hold(session: Session, handover_ids: Collection[UUID]) -> set[UUID]:
    """Those of the hand-overs that a legal hold keeps."""
    return set(session.exec(handovers_on_hold().where(col(HandoverLine.handover_id).in_(handover_ids))))


def group_kept(session: Session, handover: Handover) -> dict[str, str | None]:
    """What may stay of where and how old a person is: as much as at least five persons of the network share.

    Persons are told apart by pseudonym; of two who are forgotten nobody knows whether they are one.
    """
    persons = func.count(func.coalesce(col(Handover.beneficiary_pseudonym), cast(col(Handover.id), String)).distinct())
    counts: list[int] = []
    same: list[ColumnElement[bool]] = [
        col(Handover.network_id) == handover.network_id,
        col(Handover.kind) == PERSON,
    ]
    for name in GROUP:
        same.append(getattr(Handover, f"beneficiary_{name}") == getattr(handover, f"beneficiary_{name}"))
        counts.append(session.exec(select(persons).where(*same)).one())
    kept = tellable(counts, load_retention().smallest_group)
    return {name: getattr(handover, f"beneficiary_{name}") if name in kept else None for name in GROUP}


def printing_jobs(session: Session, handovers: Collection[Handover]) -> list[UUID]:
    """The jobs that print, or have printed, the papers which name the person: receipts, slips and credit notes."""
    refunds = select(Refund.document_job_id).where(col(Refund.handover_id).in_([one.id for one in handovers]))
    return [*(one.receipt_job_id for one in handovers), *session.exec(refunds)]


def papers_of(session: Session, handover_ids: Collection[UUID]) -> dict[UUID, list[Document]]:
    """The printed papers of the hand-overs whose bytes are still kept, by hand-over."""
    keys = {receipt_key(one): one for one in handover_ids}
    refunds = session.exec(select(Refund.id, Refund.handover_id).where(col(Refund.handover_id).in_(handover_ids)))
    keys |= {credit_note_key(refund_id): handover_id for refund_id, handover_id in refunds}
    found: dict[UUID, list[Document]] = {one: [] for one in handover_ids}
    statement = select(Document).where(col(Document.deduplicate).in_(keys), col(Document.erased_at).is_(None))
    for document in session.exec(statement.order_by(col(Document.id))):
        found[keys[document.deduplicate or ""]].append(document)
    return found


def accesses_of(session: Session, thing_ids: Collection[UUID]) -> list[AccessRecord]:
    """Who looked at what is kept of these things, oldest first."""
    statement = select(AccessRecord).where(col(AccessRecord.thing_id).in_(thing_ids))
    return list(session.exec(statement.order_by(col(AccessRecord.id))))


def countries_reached(session: Session, mine: Organisation) -> list[str]:
    """Countries outside the European Economic Area to which personal data may go: those of partners and of exports."""
    partners = session.exec(select(Organisation.country).where(Organisation.territory_id == mine.territory_id))
    sent = session.exec(select(Export.destination_country).where(Export.workshop_id == mine.id))
    return sorted({one for one in (*partners, *sent) if one != mine.country and not is_inside(one)})
