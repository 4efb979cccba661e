from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.documents.actions import next_number
from reuse.donations.actions.moves import move_donation
from reuse.donations.actions.register import check_organisation
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    Donation,
    Signature,
)
from reuse.donations.rules import CollectionMode, CollectionStatus, DonationStatus
from reuse.errors import Conflict, Fault, Invalid, Stale
from reuse.history.actions import record
from reuse.people.rules import Activity, Caller, Role, require_role

COLLECTABLE = (
    DonationStatus.ACCEPTED,
    DonationStatus.SCHEDULED,
    DonationStatus.COLLECTED,
    DonationStatus.RECEIVED,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature given on the spot, typed or drawn (see rules/ink.py)."""

    role: str
    name: str
    drawn: str | None = None


def plan_collection(
    session: Session,
    caller: Caller,
    *,
    donation_ids: Sequence[UUID],
    carrier_id: UUID | None,
    mode: CollectionMode,
    planned_at: datetime,
    vehicle: str | None,
) -> Collection:
    """Plan to fetch donations that the caller's workshop has accepted; those not yet scheduled become so.

    Invalid for a donation or carrier that is none of the workshop's, Conflict for a donation not accepted or closed.
    """
    require_role(caller, Role.lead)
    donations = _own_donations(session, caller, donation_ids)
    carrier = carrier_id or caller.organisation_id
    if carrier != caller.organisation_id:
        check_organisation(session, caller.territory_id, carrier, Activity.carrier, "/carrier_id")
    collection = Collection(
        id=clock.new_id(),
        number=next_number(session, organisation_id=caller.organisation_id, prefix="COL"),
        status=CollectionStatus.PLANNED,
        mode=mode,
        workshop_id=caller.organisation_id,
        carrier_id=carrier,
        territory_id=caller.territory_id,
        vehicle=vehicle,
        planned_at=planned_at,
        created_at=clock.now(),
    )
    session.add(collection)
    session.flush()
    for donation in donations:
        session.add(CollectionDonation(collection_id=collection.id, donation_id=donation.id))
        if donation.status == DonationStatus.ACCEPTED:
            move_donation(session, caller.actor, donation, DonationStatus.SCHEDULED)
    what = {"number": collection.number, "donation_ids": [one.id for one in donations], "mode": mode}
    record(session, caller.actor, thing="collection", thing_id=collection.id, verb="planned", data=what)
    return collection


def _own_donations(session: Session, caller: Caller, donation_ids: Sequence[UUID]) -> list[Donation]:
    """The donations named, all of the caller's workshop and ready to be fetched."""
    statement = select(Donation).where(
        col(Donation.id).in_(donation_ids),
        Donation.workshop_id == caller.organisation_id,
        Donation.status != DonationStatus.DRAFT,
    )
    found = {donation.id: donation for donation in session.exec(statement)}
    sentence = "This is no donation of your workshop; a collection fetches donations of one workshop."
    faults = tuple(
        Fault(f"/donation_ids/{place}", "unknown_donation", sentence)
        for place, donation_id in enumerate(donation_ids)
        if donation_id not in found
    )
    if faults:
        raise Invalid(sentence, code="unknown_donation", errors=faults)
    for donation in found.values():
        if donation.status not in COLLECTABLE:
            raise Conflict(
                f"Donation {donation.number} is {donation.status}; accept it before its collection is planned.",
                code="donation_not_accepted",
            )
    return [found[donation_id] for donation_id in dict.fromkeys(donation_ids)]


def check_collection_version(collection: Collection, version: int | None) -> None:
    """Stale where `version` (what the caller saw) is not the present one."""
    if version is not None and version != collection.version:
        raise Stale(
            f"This collection has changed: you saw version {version}, it is now {collection.version}. Look again."
        )


def add_signatures(
    session: Session, collection: Collection, act: str, signatures: Sequence[Signed], at: datetime
) -> None:
    """Keep who signed a pick-up or a reception."""
    for signed in signatures:
        session.add(
            Signature(
                id=clock.new_id(),
                collection_id=collection.id,
                act=act,
                role=signed.role,
                name=signed.name,
                drawn=signed.drawn,
                at=at,
            )
        )
