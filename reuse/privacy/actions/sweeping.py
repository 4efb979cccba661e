"""What reuse/data/retention.json says, done: each kind of personal data goes when its term is over, in portions.

Each portion is a transaction of its own that counts what it did in the history of whose data it was, so that a sweep
that breaks off has done what it says, and the next one goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.models import Medium
from reuse.documents.models import Document
from reuse.donations.models import Donation, DonationImport, DonationSite
from reuse.handovers.actions.contacts import drop_contacts_over
from reuse.handovers.models import Handover
from reuse.history.actions import Happening, forget_persons, record_all
from reuse.history.models import HistoryRecord
from reuse.history.rules import SYSTEM
from reuse.jobs.models import IS_TOLD, Job
from reuse.jobs.queries import jobs_asked_again
from reuse.privacy.actions.columns import Swept, sweep_place
from reuse.privacy.actions.forgetting import forget_handovers
from reuse.privacy.actions.shredding import order_shredding
from reuse.privacy.queries import devices_on_hold, donations_on_hold, handovers_to_forget
from reuse.privacy.rules import Entry, Place, certificate_without_persons, load_retention
from reuse.wiping.models import Certificate, ErasureReport, ReportItem

WEST = timedelta(hours=12)
"""A day is over everywhere when it is over in the westernmost time zone."""


Portion = Callable[[Session, datetime, int], Swept]
"""Sweeps at most so many rows of what was due before a moment, and counts whose they were."""


@dataclass(frozen=True, slots=True)
class Broom:
    """One step of the sweep: does one portion, of what was due before a moment, and tells how much of whose."""

    name: str
    entry: Entry
    portion: Portion


def brooms() -> list[Broom]:
    """Every step, in the order of the inventory."""
    found: list[Broom] = []
    for entry in load_retention().entries:
        found += [
            Broom(f"{entry.name}:{place.table}", entry, _columns_of(place))
            for place in entry.columns
            if place.since is not None
        ]
        if entry.documents:
            found.append(Broom(f"{entry.name}:documents", entry, _documents_of(entry)))
        if special := SPECIAL.get(entry.name):
            found.append(Broom(entry.name, entry, special))
    return found


def sweep_portion(session: Session, broom: Broom, *, limit: int) -> int:
    """Sweep one portion and record, for each organisation, how much of its data went; returns how many rows."""
    swept = broom.portion(session, broom.entry.term.over_before(clock.now()), limit)
    told = [
        Happening("organisation", owner, "personal_data_erased", data={"kind": broom.entry.name, "count": count})
        for owner, count in sorted(swept.items(), key=str)
        if owner is not None
    ]
    record_all(session, SYSTEM, told)
    return swept.total()


def _columns_of(place: Place) -> Portion:
    return lambda session, before, limit: sweep_place(session, place, before, limit=limit)


def _documents_of(entry: Entry) -> Portion:
    """Documents of these kinds: the row stays with its number and hash, the bytes go by a job."""

    def portion(session: Session, before: datetime, limit: int) -> Swept:
        statement = (
            select(Document)
            .where(
                col(Document.kind).in_(entry.documents),
                col(Document.created_at) < before,
                col(Document.erased_at).is_(None),
                or_(col(Document.device_id).is_(None), col(Document.device_id).not_in(devices_on_hold())),
                or_(col(Document.donation_id).is_(None), col(Document.donation_id).not_in(donations_on_hold())),
            )
            .order_by(col(Document.id))
            .limit(limit)
        )
        found = session.exec(statement).all()
        for document in found:
            document.erased_at = clock.now()
            session.add(document)
        if entry.name == "packs":
            _may_be_made_anew(session, found)
        _shred_once_committed(session, [document.sha256 for document in found])
        return Swept(document.organisation_id for document in found)

    return portion


def _may_be_made_anew(session: Session, packs: Sequence[Document]) -> None:
    """Whoever asks for the pack of a state again gets one: neither the old one nor its job stands in the way."""
    for pack in packs:
        for job in jobs_asked_again(session, f"packs.make:{pack.deduplicate}"):
            job.deduplicate = None
            session.add(job)
        pack.deduplicate = None
        session.add(pack)


def _shred_once_committed(session: Session, digests: Sequence[str]) -> None:
    if digests:
        order_shredding(session, SYSTEM, digests)


def _beneficiaries(session: Session, before: datetime, limit: int) -> Swept:
    going = handovers_to_forget(session, before, limit=limit)
    forget_handovers(session, SYSTEM, going, because="term_over")
    return Swept(handover.network_id for handover in going)


def _contacts(session: Session, _: datetime, limit: int) -> Swept:
    gone = drop_contacts_over(session, (clock.now() - WEST).date(), limit=limit)
    return Swept(session.exec(select(Handover.network_id).where(col(Handover.id).in_(gone))))


def _donor_contacts(session: Session, before: datetime, limit: int) -> Swept:
    """Whom to call about a donation, once nobody has done anything about it for so long."""
    said = (
        select(HistoryRecord.id)
        .where(
            HistoryRecord.thing == "donation",
            HistoryRecord.thing_id == Donation.id,
            col(HistoryRecord.organisation_id).is_not(None),
        )
        .correlate(Donation)
    )
    again = said.where(col(HistoryRecord.recorded_at) > Donation.forgotten_at)
    statement = (
        select(Donation)
        .where(
            col(Donation.created_at) < before,
            or_(col(Donation.forgotten_at).is_(None), exists(again)),
            ~exists(said.where(col(HistoryRecord.recorded_at) >= before)),
            col(Donation.id).not_in(donations_on_hold()),
        )
        .order_by(col(Donation.id))
        .limit(limit)
        .with_for_update()
    )
    going = session.exec(statement).all()
    for donation in going:
        donation.contact, donation.contacts, donation.notes = None, [], None
        donation.forgotten_at, donation.version = clock.now(), donation.version + 1
        session.add(donation)
    ids = [donation.id for donation in going]
    for site in session.exec(select(DonationSite).where(col(DonationSite.donation_id).in_(ids))):
        site.contact = None
        session.add(site)
    session.flush()
    return Swept(donation.donor_id for donation in going)


def _originals(session: Session, before: datetime, limit: int) -> Swept:
    statement = select(DonationImport).where(
        col(DonationImport.created_at) < before,
        col(DonationImport.erased_at).is_(None),
        col(DonationImport.donation_id).not_in(donations_on_hold()),
    )
    found = session.exec(statement.order_by(col(DonationImport.id)).limit(limit)).all()
    return _let_go(session, found)


def _evidence(session: Session, before: datetime, limit: int) -> Swept:
    """Reports are of several devices: one device on hold keeps them all."""
    held = select(ReportItem.report_id).join(Medium, col(Medium.id) == col(ReportItem.medium_id))
    statement = select(ErasureReport).where(
        col(ErasureReport.received_at) < before,
        col(ErasureReport.erased_at).is_(None),
        col(ErasureReport.id).not_in(held.where(col(Medium.device_id).in_(devices_on_hold()))),
    )
    found = session.exec(statement.order_by(col(ErasureReport.id)).limit(limit)).all()
    return _let_go(session, found)


def _let_go(session: Session, uploads: Sequence[DonationImport | ErasureReport]) -> Swept:
    for upload in uploads:
        upload.erased_at, upload.file_name = clock.now(), None
        session.add(upload)
    _shred_once_committed(session, [upload.sha256 for upload in uploads])
    return Swept(upload.organisation_id for upload in uploads)


def _certificates(session: Session, before: datetime, limit: int) -> Swept:
    statement = select(Certificate).where(
        col(Certificate.issued_at) < before,
        col(Certificate.erased_at).is_(None),
        col(Certificate.device_id).not_in(devices_on_hold()),
    )
    found = session.exec(statement.order_by(col(Certificate.id)).limit(limit).with_for_update()).all()
    for certificate in found:
        certificate.content = certificate_without_persons(certificate.content)
        certificate.revoked_by = None
        certificate.erased_at, certificate.version = clock.now(), certificate.version + 1
        session.add(certificate)
    session.flush()
    return Swept(certificate.organisation_id for certificate in found)


def _history(session: Session, before: datetime, limit: int) -> Swept:
    """Ids are made in the order of time, so that the oldest records are found by their key."""
    is_held = (col(HistoryRecord.thing) == "device") & col(HistoryRecord.thing_id).in_(devices_on_hold())
    gone = forget_persons(session, (col(HistoryRecord.id) < clock.first_id_at(before)) & ~is_held, limit=limit)
    return Swept(session.exec(select(HistoryRecord.organisation_id).where(col(HistoryRecord.id).in_(gone))))


def _jobs(session: Session, before: datetime, limit: int) -> Swept:
    """What a job had to do, once it has ended; what came of it stays. What is empty already is not looked at again."""
    ids = session.exec(select(Job.id).where(col(Job.finished_at) < before, IS_TOLD).limit(limit)).all()
    emptied = (
        update(Job).where(col(Job.id).in_(ids)).values(payload={}, person=None).returning(col(Job.organisation_id))
    )
    return Swept(row[0] for row in session.connection().execute(emptied))


SPECIAL: dict[str, Portion] = {
    "beneficiaries": _beneficiaries,
    "contacts": _contacts,
    "donor_contacts": _donor_contacts,
    "originals": _originals,
    "evidence": _evidence,
    "certificates": _certificates,
    "history": _history,
    "jobs": _jobs,
}
"""Kinds of personal data whose end is more than a time and a column."""
