"""Who may follow a donation to its end, and which of its devices they see."""

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from reuse.devices.models import Device
from reuse.devices.queries import visible_devices
from reuse.donations.models import Donation
from reuse.donations.queries import donation_for
from reuse.errors import NotFound
from reuse.people.rules import Activity, Caller


def followed_donation(session: Session, caller: Caller, donation_id: UUID) -> Donation:
    """The donation, for its donor, workshop, territory and the operator; NotFound for others, carriers among them.

    A carrier knows a donation from collection to delivery (spec/process.md): what came of it is no concern of its.
    """
    donation = donation_for(session, caller, donation_id)
    is_party = caller.organisation_id in {donation.donor_id, donation.workshop_id, donation.registered_by_id}
    oversees = Activity.territory in caller.activities and donation.territory_id == caller.territory_id
    if not (caller.sees_all or is_party or oversees):
        raise NotFound(f"There is no donation {donation_id}.")
    return donation


def its_devices(caller: Caller, donation_id: UUID) -> ColumnElement[bool]:
    """The donation's devices that the caller may know of."""
    return (col(Device.donation_id) == donation_id) & visible_devices(caller)


def their_chains(caller: Caller, donation_id: UUID) -> SelectOfScalar[UUID]:
    """The ids under which those devices have a history: their own, and those of listed ones merged into them."""
    listed = aliased(Device)
    devices = select(Device.id).where(its_devices(caller, donation_id))
    merged = select(listed.id).where(col(listed.merged_into_id).in_(devices))
    return select(Device.id).where(col(Device.id).in_(devices) | col(Device.id).in_(merged))
