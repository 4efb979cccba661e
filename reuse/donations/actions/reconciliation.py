from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.donations.actions.listed import LOOKUP
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    CollectionItem,
    DonationItem,
    LineRefusal,
    PickupCount,
)
from reuse.donations.queries import ON_THE_WAY, collections_of, devices_of, lines_of, refusals_of
from reuse.donations.rules import (
    CollectionStatus,
    DeclaredItem,
    Difference,
    DifferenceReason,
    ReceptionOutcome,
    Reconciliation,
    SeenDevice,
    identified,
    reconcile,
    without_refused,
)

NOT_SEEN = (Status.declared, Status.collected, Status.withdrawn)


class _Item(NamedTuple):
    """A device as its donor listed it."""

    device_id: UUID
    category: str
    serial: str | None


def reconciliation_of(session: Session, donation_ids: Several[UUID]) -> Reconciliation:
    """Declared, picked up and received of these donations, over all their collections so far.

    While another collection is planned or on the road, what nobody has seen yet may still come: only what the dock said
    to be missing is told as missing. Devices withdrawn before the collection are no longer declared; of those that were
    refused at acceptance the lines have said so already.
    """
    session.flush()
    devices = devices_of(session, donation_ids)
    withdrawn = {device.id for device in devices if device.status == Status.withdrawn}
    items = _items(session, donation_ids)
    declared: Counter[str] = Counter()
    for lines in lines_of(session, donation_ids).values():
        for line in lines:
            declared[line.category] += line.declared
    refusals = [one for said in refusals_of(session, donation_ids).values() for one in said]
    refused = {one.device_id for one in refusals}
    declared.subtract(item.category for item in items if item.device_id in withdrawn - refused)
    collections = collections_of(session, donation_ids)
    found = reconcile(
        declared,
        _picked_up(session, donation_ids, collections),
        _seen(session, donation_ids, devices),
        [DeclaredItem(str(i.device_id), i.category, i.serial) for i in items if i.device_id not in withdrawn],
    )
    lost = {str(device.id) for device in devices if device.status == Status.missing}
    listed = Counter(item.category for item in items if item.device_id not in withdrawn)
    spare = _spare(listed, declared, refusals)
    differences = without_refused(found.differences, spare, said_missing=lost)
    if any(one.status in ON_THE_WAY for one in collections):
        differences = tuple(d for d in differences if d.reason is not DifferenceReason.MISSING or d.device_id in lost)
    differences = tuple(_with_references(session, differences))
    only = next(iter(donation_ids)) if len(donation_ids) == 1 else None
    return Reconciliation(found.lines, differences if only is None else identified(only, differences))


def _spare(listed: Counter[str], declared: Counter[str], refusals: Sequence[LineRefusal]) -> dict[str, int]:
    """How many more are listed than are declared, by category, where devices were refused by count."""
    by_count = {one.category for one in refusals if one.device_id is None}
    return {category: listed[category] - declared[category] for category in by_count}


def _seen(session: Session, donation_ids: Several[UUID], devices: Sequence[Device]) -> list[SeenDevice]:
    """Every device that came, or was said to be missing, as the dock saw it; of several notes the last counts."""
    notes = session.exec(
        select(CollectionItem.device_id, CollectionItem.outcome, CollectionItem.category, CollectionItem.serial)
        .join(Device, col(Device.id) == col(CollectionItem.device_id))
        .where(col(Device.donation_id).in_(donation_ids), col(CollectionItem.outcome).is_not(None))
        .order_by(col(CollectionItem.collection_id))
    )
    told = {device_id: (outcome, category, serial) for device_id, outcome, category, serial in notes}
    seen: list[SeenDevice] = []
    for device in devices:
        if device.status in NOT_SEEN:
            continue
        noted, category, serial = told.get(device.id, (None, None, None))
        said = ReceptionOutcome(noted) if noted else ReceptionOutcome.RECEIVED
        found_since = said is ReceptionOutcome.MISSING and device.status != Status.missing
        outcome = ReceptionOutcome.RECEIVED if found_since else said
        if device.status == Status.missing:
            outcome = ReceptionOutcome.MISSING
        seen.append(SeenDevice(category or device.category, outcome, str(device.id), serial or device.serial))
    return seen


def _picked_up(session: Session, donation_ids: Several[UUID], collections: Sequence[Collection]) -> Counter[str] | None:
    """The signed counts of all pick-ups; None where nothing was picked up.

    Where a count covers donations that are not asked for, the devices signed away stand for it. What was brought by the
    donor itself beside a pick-up counts as handed over when it arrived.
    """
    fetched = [one for one in collections if one.picked_up_at is not None]
    if not fetched:
        return None
    total: Counter[str] = Counter()
    every = select(Device.id, Device.category).where(col(Device.donation_id).in_(donation_ids))
    wanted = dict(session.exec(every).all())  # a listed device that was merged since was signed away all the same
    for collection in collections:
        if collection.picked_up_at is None:
            if collection.status == CollectionStatus.RECEIVED:
                came = col(CollectionItem.outcome).is_not(None) & (CollectionItem.outcome != ReceptionOutcome.MISSING)
                total.update(wanted[one] for one in _in_it(session, collection, came) if one in wanted)
            continue
        counts = session.exec(select(PickupCount).where(PickupCount.collection_id == collection.id)).all()
        linked = session.exec(
            select(CollectionDonation.donation_id).where(CollectionDonation.collection_id == collection.id)
        ).all()
        if all(count.donation_id is not None for count in counts) or set(linked) <= set(donation_ids):
            for count in counts:
                if count.donation_id is None or count.donation_id in donation_ids:
                    total[count.category] += count.quantity
        else:
            signed = _in_it(session, collection, col(CollectionItem.is_picked_up).is_(True))
            total.update(wanted[one] for one in signed if one in wanted)
    return total


def _in_it(session: Session, collection: Collection, which: ColumnElement[bool]) -> Sequence[UUID]:
    statement = select(CollectionItem.device_id).where(CollectionItem.collection_id == collection.id, which)
    return session.exec(statement).all()


def _items(session: Session, donation_ids: Several[UUID]) -> list[_Item]:
    """What was listed one by one; past the ORM, for it may be thousands."""
    statement = select(DonationItem.device_id, DonationItem.category, DonationItem.serial)
    return [_Item(*row) for row in session.exec(statement.where(col(DonationItem.donation_id).in_(donation_ids)))]


def _with_references(session: Session, differences: Sequence[Difference]) -> list[Difference]:
    """Each difference with a code that finds its device on paper: its label, else its tag, else its serial."""
    ids = sorted(UUID(one.device_id) for one in differences if one.device_id)
    rank = {"label": 3, "asset_tag": 2, "serial": 1}
    best: dict[str, Code] = {}
    for start in range(0, len(ids), LOOKUP):
        some = ids[start : start + LOOKUP]
        for code in session.exec(select(Code).where(col(Code.device_id).in_(some)).order_by(col(Code.id))):
            known = best.get(str(code.device_id))
            if known is None or rank.get(code.kind, 0) > rank.get(known.kind, 0):
                best[str(code.device_id)] = code
    return [replace(one, reference=best[one.device_id].value) if one.device_id in best else one for one in differences]
