from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col, select

from reuse import clock
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionSlot,
    Donation,
    DonationLine,
    ExpectedCount,
    PickupCount,
    Rescheduling,
    Round,
    RoundStop,
    Vehicle,
    WishedSlot,
)
from reuse.donations.queries.giving import lines_of
from reuse.donations.rules import CollectionStatus, DonationStatus, Load, load_of
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller

NOT_YET_FETCHED = (
    DonationStatus.DRAFT,
    DonationStatus.SUBMITTED,
    DonationStatus.ACCEPTED,
    DonationStatus.SCHEDULED,
)
"""The donations for which a time can still be wished."""


def visible_slots(caller: Caller) -> ColumnElement[bool]:
    """A workshop sees its calendar; a donor the slots still free at the workshops that have a donation of its."""
    theirs = select(Donation.workshop_id).where(
        Donation.donor_id == caller.organisation_id, col(Donation.status).in_(NOT_YET_FETCHED)
    )
    is_free = col(CollectionSlot.is_open) & (col(CollectionSlot.booked) < col(CollectionSlot.capacity))
    to_come = col(CollectionSlot.starts_at) > clock.now()
    return sight(
        caller,
        {
            Activity.workshop: col(CollectionSlot.workshop_id) == caller.organisation_id,
            Activity.territory: col(CollectionSlot.territory_id) == caller.territory_id,
            Activity.donor: col(CollectionSlot.workshop_id).in_(theirs) & is_free & to_come,
        },
    )


def slot_for(session: Session, caller: Caller, slot_id: UUID) -> CollectionSlot:
    """The slot, if the caller may know of it; NotFound otherwise."""
    return the_one(session, CollectionSlot, slot_id, visible_slots(caller), "collection slot")


def wishes_for(session: Session, slot_ids: Several[UUID]) -> dict[UUID, list[UUID]]:
    """The donations that wish each slot, the oldest first."""
    found: dict[UUID, list[UUID]] = {slot_id: [] for slot_id in slot_ids}
    rows = select(WishedSlot).where(col(WishedSlot.slot_id).in_(slot_ids)).order_by(col(WishedSlot.donation_id))
    for wish in session.exec(rows):
        found[wish.slot_id].append(wish.donation_id)
    return found


def wished_slots(session: Session, donation_ids: Several[UUID]) -> dict[UUID, list[CollectionSlot]]:
    """The slots that each donation wishes, the dearest first."""
    found: dict[UUID, list[CollectionSlot]] = {donation_id: [] for donation_id in donation_ids}
    rows = (
        select(WishedSlot.donation_id, CollectionSlot)
        .join(CollectionSlot, col(CollectionSlot.id) == col(WishedSlot.slot_id))
        .where(col(WishedSlot.donation_id).in_(donation_ids))
        .order_by(col(WishedSlot.rank))
    )
    for donation_id, slot in session.exec(rows):
        found[donation_id].append(slot)
    return found


def visible_vehicles(caller: Caller) -> ColumnElement[bool]:
    """One's own vehicles, and for a workshop those of the carriers that drive or have driven for it."""
    drivers = select(Collection.carrier_id).where(Collection.workshop_id == caller.organisation_id)
    own = col(Vehicle.organisation_id) == caller.organisation_id
    return sight(
        caller,
        {Activity.workshop: own | col(Vehicle.organisation_id).in_(drivers), Activity.carrier: own},
    )


def vehicle_for(session: Session, caller: Caller, vehicle_id: UUID) -> Vehicle:
    """The vehicle, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Vehicle, vehicle_id, visible_vehicles(caller), "vehicle")


def visible_rounds(caller: Caller) -> ColumnElement[bool]:
    """A round is its workshop's and its carrier's; a donor sees its own stop in its collection, and no round."""
    me = caller.organisation_id
    return sight(
        caller,
        {
            Activity.workshop: col(Round.workshop_id) == me,
            Activity.carrier: col(Round.carrier_id) == me,
            Activity.territory: col(Round.territory_id) == caller.territory_id,
            Activity.donor: false(),
        },
    )


def round_for(session: Session, caller: Caller, round_id: UUID) -> Round:
    """The round, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Round, round_id, visible_rounds(caller), "round")


def stops_of(session: Session, round_id: UUID) -> Sequence[RoundStop]:
    """The stops of a round in their order."""
    statement = select(RoundStop).where(RoundStop.round_id == round_id)
    return session.exec(statement.order_by(col(RoundStop.place), col(RoundStop.id))).all()


def collections_in_round(session: Session, round_id: UUID) -> Sequence[Collection]:
    """The collections that a round fetches, in the order of their planning."""
    return session.exec(select(Collection).where(Collection.round_id == round_id).order_by(col(Collection.id))).all()


def expected_counts(
    session: Session, collection: Collection, donations: Sequence[Donation]
) -> dict[UUID, Counter[str]]:
    """What a collection is expected to fetch of each donation, by category.

    That is what was said when it was planned; of a donation of which nothing was said, all that is declared and that
    no other collection fetches or has fetched.
    """
    ids = [donation.id for donation in donations]
    said = _counts_of(session, ExpectedCount, [collection.id], ids).get(collection.id, {})
    rest = [donation_id for donation_id in ids if donation_id not in said]
    taken = _fetched_by_others(session, collection.id, rest) if rest else {}
    found: dict[UUID, Counter[str]] = {}
    lines = lines_of(session, rest)
    for donation_id in ids:
        if donation_id in said:
            found[donation_id] = said[donation_id]
            continue
        declared: Counter[str] = Counter()
        for line in lines[donation_id]:
            declared[line.category] += line.declared
        found[donation_id] = declared - taken.get(donation_id, Counter())
    return found


def load_of_lines(lines: Sequence[DonationLine]) -> Load:
    """The estimated load of what a donation's lines declare."""
    declared: Counter[str] = Counter()
    for line in lines:
        declared[line.category] += line.declared
    return load_of(declared)


def _counts_of(
    session: Session, model: type[ExpectedCount | PickupCount], collections: Several[UUID], donations: Several[UUID]
) -> dict[UUID, dict[UUID, Counter[str]]]:
    """Counts by collection, donation and category."""
    found: dict[UUID, dict[UUID, Counter[str]]] = {}
    statement = select(model).where(col(model.collection_id).in_(collections), col(model.donation_id).in_(donations))
    for row in session.exec(statement):
        if row.donation_id is not None:
            per = found.setdefault(row.collection_id, {}).setdefault(row.donation_id, Counter())
            per[row.category] += row.quantity
    return found


def _fetched_by_others(session: Session, collection_id: UUID, donation_ids: Several[UUID]) -> dict[UUID, Counter[str]]:
    """What other collections have signed for, received, or are to fetch by an explicit share; by donation."""
    statement = (
        select(Collection, CollectionDonation)
        .join(CollectionDonation, col(CollectionDonation.collection_id) == col(Collection.id))
        .where(
            col(CollectionDonation.donation_id).in_(donation_ids),
            Collection.id != collection_id,
            Collection.status != CollectionStatus.CANCELLED,
        )
    )
    others = session.exec(statement).all()
    ids = {collection.id for collection, _ in others}
    expected = _counts_of(session, ExpectedCount, ids, donation_ids)
    signed = _counts_of(session, PickupCount, ids, donation_ids)
    taken: dict[UUID, Counter[str]] = {}
    for collection, link in others:
        sum_of = taken.setdefault(link.donation_id, Counter())
        if collection.status == CollectionStatus.PLANNED:
            sum_of += expected.get(collection.id, {}).get(link.donation_id, Counter())
        elif collection.picked_up_at is not None:
            sum_of += signed.get(collection.id, {}).get(link.donation_id, Counter())
        else:
            lines = (link.reconciliation or {}).get("lines", [])
            sum_of += Counter({line["category"]: line["received"] for line in lines})
        taken[link.donation_id] = sum_of
    return taken


def expected_load(session: Session, collection: Collection, donations: Sequence[Donation]) -> Load:
    """The estimated load of what a collection is expected to fetch of these donations."""
    whole: Counter[str] = Counter()
    for counts in expected_counts(session, collection, donations).values():
        whole += counts
    return load_of(whole)


@dataclass(frozen=True)
class Plan:
    """How a collection is planned, as far as one caller may see it."""

    slot: CollectionSlot | None
    vehicle: Vehicle | None
    stops: list[RoundStop]
    reschedulings: list[Rescheduling]
    expected: dict[UUID, Counter[str]]


def plan_for(session: Session, collection: Collection, donations: Sequence[Donation]) -> Plan:
    """The plan behind a collection; of its stops and counts only those of `donations`, which the caller may see."""
    mine = {str(donation.id) for donation in donations}
    stops = session.exec(
        select(RoundStop).where(RoundStop.collection_id == collection.id).order_by(col(RoundStop.place))
    )
    changes = session.exec(
        select(Rescheduling).where(Rescheduling.collection_id == collection.id).order_by(col(Rescheduling.id))
    )
    return Plan(
        slot=session.get(CollectionSlot, collection.slot_id) if collection.slot_id else None,
        vehicle=session.get(Vehicle, collection.vehicle_id) if collection.vehicle_id else None,
        stops=[stop for stop in stops if mine.intersection(stop.donation_ids)],
        reschedulings=list(changes),
        expected=expected_counts(session, collection, donations),
    )


def collections_in_slot(session: Session, collection: Collection) -> list[Collection]:
    """The planned collections that have the slot and the vehicle of this one, which is among them."""
    statement = select(Collection).where(
        Collection.slot_id == collection.slot_id,
        Collection.vehicle_id == collection.vehicle_id,
        Collection.status == CollectionStatus.PLANNED,
    )
    return list(session.exec(statement.order_by(col(Collection.id))))
