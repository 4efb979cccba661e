from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse.devices.models import Device, Medium
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    Container,
    Donation,
    DonationImport,
    DonationItem,
    DonationLine,
    PickupCount,
    Signature,
)
from reuse.donations.rules import CollectionStatus, DonationStatus
from reuse.errors import NotFound
from reuse.jobs.models import Job
from reuse.jobs.queries import may_see
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

PICKUP_NOTE = "pickup_note"
RECEPTION_NOTE = "reception_note"
ON_THE_WAY = (CollectionStatus.PLANNED, CollectionStatus.PICKED_UP)


def visible_donations(caller: Caller) -> ColumnElement[bool]:
    """The donations that a caller may know of (spec/process.md, Who sees what).

    A workshop sees a donation from its submission, and from its beginning where it registers for a donor.
    """
    me = caller.organisation_id
    carried = (
        select(CollectionDonation.donation_id)
        .join(Collection, col(Collection.id) == col(CollectionDonation.collection_id))
        .where(Collection.carrier_id == me, col(Collection.status).in_(ON_THE_WAY))
    )
    submitted = col(Donation.status) != DonationStatus.DRAFT
    return sight(
        caller,
        {
            Activity.donor: col(Donation.donor_id) == me,
            Activity.workshop: ((col(Donation.workshop_id) == me) & submitted) | (col(Donation.registered_by_id) == me),
            Activity.carrier: col(Donation.id).in_(carried),
            Activity.territory: col(Donation.territory_id) == caller.territory_id,
        },
    )


def donation_for(session: Session, caller: Caller, donation_id: UUID) -> Donation:
    """The donation, if the caller may know of it; NotFound otherwise."""
    found = session.exec(select(Donation).where(Donation.id == donation_id, visible_donations(caller))).first()
    if found is None:
        raise NotFound(f"There is no donation {donation_id}.")
    return found


def donation_of(session: Session, device: Device) -> Donation | None:
    """The donation that brought the device; None for one that was taken in without."""
    return session.get(Donation, device.donation_id) if device.donation_id else None


def lines_of(session: Session, donation_ids: Several[UUID]) -> dict[UUID, list[DonationLine]]:
    """Lines by donation, in the order in which they were said."""
    found: dict[UUID, list[DonationLine]] = {donation_id: [] for donation_id in donation_ids}
    rows = select(DonationLine).where(col(DonationLine.donation_id).in_(donation_ids)).order_by(col(DonationLine.id))
    for line in session.exec(rows):
        found[line.donation_id].append(line)
    return found


def items_per_category(session: Session, donation_id: UUID) -> Counter[str]:
    """How many devices the donor listed one by one, by the category listed."""
    counted = (
        select(DonationItem.category, func.count())
        .where(DonationItem.donation_id == donation_id)
        .group_by(col(DonationItem.category))
    )
    return Counter(dict(session.exec(counted).all()))


def devices_of(session: Session, donation_ids: Several[UUID], *statuses: str) -> list[Device]:
    """The donations' devices in these statuses, or all of them; in the order of their making."""
    statement = select(Device).where(col(Device.donation_id).in_(donation_ids)).order_by(col(Device.id))
    return list(session.exec(statement.where(col(Device.status).in_(statuses)) if statuses else statement))


def media_kept_apart(session: Session, donation_id: UUID) -> int:
    """How many media were taken out of the donation's devices and are neither erased nor destroyed."""
    statement = select(func.count()).select_from(Medium).join(Device, col(Device.id) == col(Medium.device_id))
    return session.exec(statement.where(Device.donation_id == donation_id, col(Medium.kept_apart))).one()


def import_for(session: Session, caller: Caller, import_id: UUID) -> DonationImport:
    """The import, for whoever sees its donation; NotFound otherwise."""
    found = session.exec(
        select(DonationImport)
        .join(Donation, col(Donation.id) == col(DonationImport.donation_id))
        .where(DonationImport.id == import_id, visible_donations(caller))
    ).first()
    if found is None:
        raise NotFound(f"There is no import {import_id}.")
    return found


def visible_collections(caller: Caller) -> ColumnElement[bool]:
    """The collections that a caller may know of: a donor those that fetch from it, a carrier those that it drives."""
    me = caller.organisation_id
    given = (
        select(CollectionDonation.collection_id)
        .join(Donation, col(Donation.id) == col(CollectionDonation.donation_id))
        .where(Donation.donor_id == me)
    )
    return sight(
        caller,
        {
            Activity.donor: col(Collection.id).in_(given),
            Activity.workshop: col(Collection.workshop_id) == me,
            Activity.carrier: col(Collection.carrier_id) == me,
            Activity.territory: col(Collection.territory_id) == caller.territory_id,
        },
    )


def collection_for(session: Session, caller: Caller, collection_id: UUID) -> Collection:
    """The collection, if the caller may know of it; NotFound otherwise."""
    found = session.exec(select(Collection).where(Collection.id == collection_id, visible_collections(caller))).first()
    if found is None:
        raise NotFound(f"There is no collection {collection_id}.")
    return found


def donations_in(session: Session, collection_id: UUID) -> list[Donation]:
    """The donations that a collection fetches, but those called off since; in the order of their making."""
    return list(
        session.exec(
            select(Donation)
            .join(CollectionDonation, col(CollectionDonation.donation_id) == col(Donation.id))
            .where(CollectionDonation.collection_id == collection_id, Donation.status != DonationStatus.CANCELLED)
            .order_by(col(Donation.id))
        )
    )


def collections_of(session: Session, donation_ids: Several[UUID]) -> Sequence[Collection]:
    """Every collection that fetches from one of these donations, in the order of their planning."""
    linked = select(CollectionDonation.collection_id).where(col(CollectionDonation.donation_id).in_(donation_ids))
    return session.exec(select(Collection).where(col(Collection.id).in_(linked)).order_by(col(Collection.id))).all()


def has_collection_under_way(session: Session, donation_id: UUID) -> bool:
    """Whether something of the donation is still planned or on the road."""
    return any(one.status in ON_THE_WAY for one in collections_of(session, [donation_id]))


@dataclass(frozen=True)
class Paper:
    """A note that was ordered for a collection, and the document once it is rendered."""

    kind: str
    number: str
    donation_id: UUID
    job: str | None
    document_id: UUID | None


@dataclass(frozen=True)
class Details:
    """What hangs on a collection, as far as one caller may see it."""

    donations: list[Donation]
    counts: list[PickupCount]
    containers: list[Container]
    signatures: list[Signature]
    papers: list[Paper]
    reconciliation: dict[str, Any] | None


def details_for(session: Session, caller: Caller, collection: Collection) -> Details:
    """Everything for whoever carries or receives or oversees; for a donor its own part.

    Where several donors share a collection, a donor sees no other's donation, count, container, signature or note.
    """
    donations = donations_in(session, collection.id)
    sees_all = (
        caller.sees_all
        or caller.organisation_id in {collection.workshop_id, collection.carrier_id}
        or (Activity.territory in caller.activities and collection.territory_id == caller.territory_id)
    )
    own = [one for one in donations if sees_all or one.donor_id == caller.organisation_id]
    ids = {donation.id for donation in own}
    is_whole = len(own) == len(donations)
    counts = _of(session, PickupCount, collection)
    return Details(
        donations=own,
        counts=[count for count in counts if is_whole or count.donation_id in ids],
        containers=_of(session, Container, collection) if is_whole else [],
        signatures=_of(session, Signature, collection) if is_whole else [],
        papers=_papers(session, caller, collection, own),
        reconciliation=_reconciliation(session, collection, own, is_whole=is_whole),
    )


Row = TypeVar("Row", PickupCount, Container, Signature)


def _of(session: Session, model: type[Row], collection: Collection) -> list[Row]:
    statement = select(model).where(model.collection_id == collection.id).order_by(col(model.id))
    return list(session.exec(statement))


def _reconciliation(
    session: Session, collection: Collection, own: Sequence[Donation], *, is_whole: bool
) -> dict[str, Any] | None:
    if is_whole or collection.reconciliation is None:
        return collection.reconciliation
    links = [session.get(CollectionDonation, (collection.id, donation.id)) for donation in own]
    found = [link.reconciliation for link in links if link is not None and link.reconciliation is not None]
    return {part: [entry for one in found for entry in one[part]] for part in ("lines", "differences")}


def paper_key(kind: str, collection_id: UUID, donation_id: UUID) -> str:
    """What the job and the document of one note are known by."""
    return f"{kind}:{collection_id}:{donation_id}"


def _papers(session: Session, caller: Caller, collection: Collection, donations: Sequence[Donation]) -> list[Paper]:
    keys = {
        paper_key(kind, collection.id, one.id): (kind, one.id)
        for kind in (PICKUP_NOTE, RECEPTION_NOTE)
        for one in donations
    }
    jobs = session.exec(select(Job).where(col(Job.deduplicate).in_(keys)).order_by(col(Job.id))).all()
    papers: list[Paper] = []
    for job in jobs:
        kind, donation_id = keys[str(job.deduplicate)]
        document_id = (job.result or {}).get("document_id")
        address = f"/v1/jobs/{job.id}" if may_see(caller, job) else None
        papers.append(Paper(kind, job.payload["number"], donation_id, address, document_id))
    return papers
