from collections import Counter
from collections.abc import Collection as Several
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from reuse.devices.models import Device, Medium
from reuse.devices.rules import Status
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    Donation,
    DonationImport,
    DonationItem,
    DonationLine,
    DonationSite,
    LineRefusal,
)
from reuse.donations.rules import CollectionStatus, DonationStatus
from reuse.errors import NotFound
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

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
    return the_one(session, Donation, donation_id, visible_donations(caller), "donation")


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


def sites_of(session: Session, donation_ids: Several[UUID]) -> dict[UUID, list[DonationSite]]:
    """Sites by donation, in the order in which they were said; of one donation without them an empty list."""
    found: dict[UUID, list[DonationSite]] = {donation_id: [] for donation_id in donation_ids}
    rows = select(DonationSite).where(col(DonationSite.donation_id).in_(donation_ids))
    for site in session.exec(rows.order_by(col(DonationSite.place), col(DonationSite.id))):
        found[site.donation_id].append(site)
    return found


def refusals_of(session: Session, donation_ids: Several[UUID]) -> dict[UUID, list[LineRefusal]]:
    """What was refused of these donations when the rest was accepted, by line, in the order in which it was said."""
    rows = select(LineRefusal).where(col(LineRefusal.donation_id).in_(donation_ids)).order_by(col(LineRefusal.id))
    found: dict[UUID, list[LineRefusal]] = {}
    for refusal in session.exec(rows):
        found.setdefault(refusal.line_id, []).append(refusal)
    return found


def refused_per_line(session: Session, donation_ids: Several[UUID]) -> Counter[UUID]:
    """How many of each line were refused."""
    refusals = refusals_of(session, donation_ids)
    return Counter({line_id: sum(one.quantity for one in said) for line_id, said in refusals.items()})


def older_than(session: Session, years: dict[UUID, int]) -> Counter[UUID]:
    """How many devices of each donation were made before the year given for it; those withdrawn or refused not.

    Territories differ in the year by a day at most, so that a page of donations asks once or twice.
    """
    found: Counter[UUID] = Counter()
    for year in set(years.values()):
        ids = [donation_id for donation_id, own in years.items() if own == year]
        counted = (
            select(Device.donation_id, func.count())
            .where(
                col(Device.donation_id).in_(ids),
                col(Device.year) < year,
                col(Device.status).not_in((Status.withdrawn, Status.refused)),
            )
            .group_by(col(Device.donation_id))
        )
        found.update({donation_id: count for donation_id, count in session.exec(counted) if donation_id})
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
    """The donations' devices in these statuses, or all of them, each once; in the order of their making."""
    own = select(Device).where(col(Device.donation_id).in_(donation_ids), col(Device.merged_into_id).is_(None))
    statement = own.order_by(col(Device.id))
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
