from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.queries import visible_devices
from reuse.devices.rules import Status
from reuse.donations.models import DifferenceAnswer, Donation, DonationItem, Merge, Reconciled
from reuse.donations.queries.giving import visible_donations
from reuse.donations.rules import DonorAnswer, PairedBy, Said, Side
from reuse.errors import NotFound
from reuse.people.rules import Activity, Caller

AWAITED = (Status.declared, Status.collected, Status.missing)
"""Devices of a list that nobody has taken in."""
NOT_HERE = (*AWAITED, Status.withdrawn)
"""In these the workshop holds no device in its hands, or never did."""
LOOKUP = 500


def donation_to_agree(session: Session, caller: Caller, donation_id: UUID) -> Donation:
    """The donation, for those who may read its reconciliation: all who see it, but not who merely drives it."""
    found = session.exec(select(Donation).where(Donation.id == donation_id, visible_donations(caller))).first()
    if found is None or not (
        caller.sees_all
        or caller.organisation_id in {found.donor_id, found.workshop_id, found.registered_by_id}
        or (Activity.territory in caller.activities and found.territory_id == caller.territory_id)
    ):
        raise NotFound(f"There is no donation {donation_id}.")
    return found


def latest_version(session: Session, donation: Donation) -> Reconciled:
    """The present reconciliation; NotFound while nothing of the donation has been received."""
    found = session.get(Reconciled, (donation.id, donation.reconciliation_version))
    if found is None:
        sentence = (
            f"Nothing of donation {donation.number} has been received yet; its collection's reception comes first."
        )
        raise NotFound(sentence, code="not_received")
    return found


def versions_of(session: Session, donation_id: UUID) -> Sequence[Reconciled]:
    """Every reconciliation that was frozen of a donation, oldest first."""
    statement = select(Reconciled).where(Reconciled.donation_id == donation_id).order_by(col(Reconciled.version))
    return session.exec(statement).all()


def answers_of(session: Session, donation_id: UUID) -> dict[str, DifferenceAnswer]:
    """What donor and lead said, by the id of the difference."""
    rows = session.exec(select(DifferenceAnswer).where(DifferenceAnswer.donation_id == donation_id))
    return {str(row.difference_id): row for row in rows}


def said_of(answers: dict[str, DifferenceAnswer]) -> dict[str, Said]:
    """The answers as the rules look at them."""
    return {key: Said(DonorAnswer(one.answer), one.resolution is not None) for key, one in answers.items()}


def merge_for(session: Session, caller: Caller, merge_id: UUID) -> Merge:
    """The merge, for whoever sees its donation; NotFound otherwise."""
    statement = (
        select(Merge)
        .join(Donation, col(Donation.id) == col(Merge.donation_id))
        .where(Merge.id == merge_id, visible_donations(caller))
    )
    found = session.exec(statement).first()
    if found is None:
        raise NotFound(f"There is no merge {merge_id}.")
    return found


def taken_in_unlisted(session: Session, caller: Caller, donation: Donation) -> list[Device]:
    """Devices in the workshop's hands that stand for no listed one: the donation's, and those of no donation yet."""
    listed = select(DonationItem.device_id).where(DonationItem.donation_id == donation.id)
    statement = select(Device).where(
        visible_devices(caller),
        col(Device.workshop_id) == donation.workshop_id,
        (col(Device.donation_id) == donation.id) | col(Device.donation_id).is_(None),
        col(Device.status).not_in(NOT_HERE),
        col(Device.id).not_in(listed),
    )
    return list(session.exec(statement.order_by(col(Device.id))))


def listed_awaited(session: Session, donation_id: UUID) -> list[Device]:
    """Devices of the donor's list that nobody has taken in."""
    statement = (
        select(Device)
        .join(DonationItem, col(DonationItem.device_id) == col(Device.id))
        .where(DonationItem.donation_id == donation_id, col(Device.status).in_(AWAITED))
    )
    return list(session.exec(statement.order_by(col(Device.id))))


def sides(session: Session, devices: Sequence[Device]) -> dict[UUID, Side]:
    """The devices as the rules of pairing compare them."""
    codes: dict[UUID, set[tuple[str, str]]] = {device.id: set() for device in devices}
    ids = list(codes)
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        statement = select(Code.device_id, Code.kind, Code.normal).where(
            col(Code.device_id).in_(some), col(Code.kind).in_((PairedBy.SERIAL, PairedBy.ASSET_TAG, PairedBy.IMEI))
        )
        for device_id, kind, normal in session.exec(statement):
            if device_id is not None:
                codes[device_id].add((kind, normal))
    return {
        one.id: Side(str(one.id), one.category, one.manufacturer, one.model, frozenset(codes[one.id]))
        for one in devices
    }
