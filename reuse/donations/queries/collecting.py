from collections.abc import Collection as Several
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionPhoto,
    Container,
    Donation,
    PickupCount,
    PickupReserve,
    Signature,
)
from reuse.donations.queries.giving import ON_THE_WAY
from reuse.donations.queries.papers import Paper, papers_of
from reuse.donations.rules import DonationStatus
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


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
    return the_one(session, Collection, collection_id, visible_collections(caller), "collection")


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
class Details:
    """What hangs on a collection, as far as one caller may see it."""

    donations: list[Donation]
    counts: list[PickupCount]
    containers: list[Container]
    signatures: list[Signature]
    reserves: list[PickupReserve]
    photos: list[CollectionPhoto]
    papers: list[Paper]
    reconciliation: dict[str, Any] | None


def oversees(caller: Caller, collection: Collection) -> bool:
    """Whether the caller carries, receives or oversees the collection, and so sees every donor's part of it."""
    return (
        caller.sees_all
        or caller.organisation_id in {collection.workshop_id, collection.carrier_id}
        or (Activity.territory in caller.activities and collection.territory_id == caller.territory_id)
    )


def details_for(session: Session, caller: Caller, collection: Collection) -> Details:
    """Everything for whoever carries or receives or oversees; for a donor its own part.

    Where several donors share a collection, a donor sees no other's donation, count, container, signature or note.
    """
    donations = donations_in(session, collection.id)
    own = [one for one in donations if oversees(caller, collection) or one.donor_id == caller.organisation_id]
    ids = {donation.id for donation in own}
    is_whole = len(own) == len(donations)
    counts = _of(session, PickupCount, collection)
    return Details(
        donations=own,
        counts=[count for count in counts if is_whole or count.donation_id in ids],
        containers=_of(session, Container, collection) if is_whole else [],
        signatures=_of(session, Signature, collection) if is_whole else [],
        reserves=[one for one in _of(session, PickupReserve, collection) if one.donation_id in ids],
        photos=[one for one in _photos(session, collection) if is_whole or one.donation_id in ids],
        papers=papers_of(session, caller, collection, own),
        reconciliation=_reconciliation(session, collection, own, is_whole=is_whole),
    )


def _photos(session: Session, collection: Collection) -> list[CollectionPhoto]:
    statement = select(CollectionPhoto).where(CollectionPhoto.collection_id == collection.id)
    return list(session.exec(statement.order_by(col(CollectionPhoto.document_id))))


Row = TypeVar("Row", PickupCount, PickupReserve, Container, Signature)


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
