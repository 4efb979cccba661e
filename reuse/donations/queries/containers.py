from collections import Counter
from collections.abc import Collection as Several
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.donations.models import (
    Collection,
    CollectionDonation,
    Container,
    ContainerDevice,
    ContainerFreeze,
    Donation,
    Transfer,
    TransferThing,
)
from reuse.donations.queries.giving import visible_donations
from reuse.donations.rules import DEEPEST
from reuse.errors import Conflict
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


def visible_containers(caller: Caller) -> ColumnElement[bool]:
    """The containers that a caller may know of: its own, those it has or is offered, of its donations and collections.

    A donor sees those of a collection that fetches from no other donor.
    """
    me = caller.organisation_id
    offered = (
        select(TransferThing.thing_id)
        .join(Transfer, col(Transfer.id) == col(TransferThing.transfer_id))
        .where(Transfer.to_id == me)
    )
    mine = or_(
        col(Container.organisation_id) == me,
        col(Container.holder_id) == me,
        col(Container.id).in_(offered),
        col(Container.donation_id).in_(select(Donation.id).where(visible_donations(caller))),
    )
    given = select(Donation.id).where(Donation.donor_id == me)
    linked = select(CollectionDonation.collection_id)
    fetched = linked.where(col(CollectionDonation.donation_id).in_(given))
    shared = linked.where(col(CollectionDonation.donation_id).not_in(given))
    own_alone = and_(col(Container.collection_id).in_(fetched), col(Container.collection_id).not_in(shared))
    received = select(Collection.id).where(Collection.workshop_id == me)
    driven = select(Collection.id).where(Collection.carrier_id == me)
    return sight(
        caller,
        {
            Activity.donor: or_(mine, own_alone),
            Activity.workshop: or_(mine, col(Container.collection_id).in_(received)),
            Activity.carrier: or_(mine, col(Container.collection_id).in_(driven)),
            Activity.network: mine,
            Activity.territory: col(Container.territory_id) == caller.territory_id,
        },
    )


def container_for(session: Session, caller: Caller, container_id: UUID) -> Container:
    """The container, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Container, container_id, visible_containers(caller), "container")


def ancestors_of(session: Session, container: Container) -> list[Container]:
    """What the container stands in, nearest first."""
    found: list[Container] = []
    parent_id = container.parent_id
    while parent_id is not None and len(found) < DEEPEST:
        found.append(session.get_one(Container, parent_id))
        parent_id = found[-1].parent_id
    return found


def tree_of(session: Session, roots: Sequence[Container], *, locked: bool = False) -> list[list[Container]]:
    """The containers and all that stands in them, level by level from the roots.

    `locked` holds them against others until the transaction ends (PostgreSQL; SQLite has one writer).
    """
    levels: list[list[Container]] = []
    wanted = col(Container.id).in_([root.id for root in roots])
    while len(levels) <= DEEPEST:
        statement = select(Container).where(wanted).order_by(col(Container.id))
        if locked:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        level = list(session.exec(statement))
        if not level:
            return levels
        levels.append(level)
        wanted = col(Container.parent_id).in_([one.id for one in level])
    raise Conflict(
        "These containers stand deeper in each other than they may; take one out.", code="containers_too_deep"
    )


def parts_of(session: Session, container_ids: Several[UUID]) -> dict[UUID, list[Container]]:
    """What stands directly in each container, in the order of their making."""
    found: dict[UUID, list[Container]] = {container_id: [] for container_id in container_ids}
    rows = select(Container).where(col(Container.parent_id).in_(container_ids)).order_by(col(Container.id))
    for part in session.exec(rows):
        if part.parent_id is not None:
            found[part.parent_id].append(part)
    return found


def devices_counted(session: Session, container_ids: Several[UUID]) -> Counter[UUID]:
    """How many devices lie directly in each container."""
    counted = (
        select(ContainerDevice.container_id, func.count())
        .where(col(ContainerDevice.container_id).in_(container_ids))
        .group_by(col(ContainerDevice.container_id))
    )
    return Counter(dict(session.exec(counted).all()))


def devices_in(session: Session, container_ids: Several[UUID]) -> dict[UUID, list[Device]]:
    """The devices that lie directly in each container, in the order of their making."""
    found: dict[UUID, list[Device]] = {container_id: [] for container_id in container_ids}
    rows = (
        select(ContainerDevice.container_id, Device)
        .join(Device, col(Device.id) == col(ContainerDevice.device_id))
        .where(col(ContainerDevice.container_id).in_(container_ids))
        .order_by(col(Device.id))
    )
    for container_id, device in session.exec(rows):
        found[container_id].append(device)
    return found


def containers_of(session: Session, device_ids: Several[UUID]) -> dict[UUID, Container]:
    """The container in which each device lies, for those that lie in one."""
    rows = (
        select(ContainerDevice.device_id, Container)
        .join(Container, col(Container.id) == col(ContainerDevice.container_id))
        .where(col(ContainerDevice.device_id).in_(device_ids))
    )
    return dict(session.exec(rows).all())


def freezes_by_id(session: Session, freeze_ids: Several[UUID]) -> dict[UUID, ContainerFreeze]:
    """Freezes by their id."""
    rows = session.exec(select(ContainerFreeze).where(col(ContainerFreeze.id).in_(freeze_ids)))
    return {freeze.id: freeze for freeze in rows}


def offered_things(session: Session, thing_ids: Several[UUID]) -> dict[UUID, str]:
    """The number of the open transfer that each of these containers and devices stands in."""
    rows = (
        select(TransferThing.thing_id, Transfer.number)
        .join(Transfer, col(Transfer.id) == col(TransferThing.transfer_id))
        .where(col(TransferThing.thing_id).in_(thing_ids), col(TransferThing.is_offered))
    )
    return dict(session.exec(rows).all())


def told_devices(session: Session, devices: Sequence[Device]) -> list[dict[str, Any]]:
    """Devices as a frozen content names them: what they are, and the label and serial that tell them apart."""
    labels: dict[UUID, str] = {}
    ids = [device.id for device in devices]
    rows = select(Code.device_id, Code.value).where(col(Code.device_id).in_(ids), Code.kind == "label", col(Code.live))
    for device_id, value in session.exec(rows.order_by(col(Code.id))):
        if device_id is not None:
            labels.setdefault(device_id, value)
    return [
        {
            "device_id": str(device.id),
            "category": device.category,
            "serial": device.serial,
            "label": labels.get(device.id),
        }
        for device in devices
    ]


def visible_transfers(caller: Caller) -> ColumnElement[bool]:
    """The transfers that a caller may know of: what it gives and what it is offered."""
    me = caller.organisation_id
    own = or_(col(Transfer.from_id) == me, col(Transfer.to_id) == me)
    everyone = (Activity.donor, Activity.carrier, Activity.workshop, Activity.network)
    overseen = or_(col(Transfer.territory_id) == caller.territory_id, own)
    return sight(caller, {**dict.fromkeys(everyone, own), Activity.territory: overseen})


def transfer_for(session: Session, caller: Caller, transfer_id: UUID) -> Transfer:
    """The transfer, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Transfer, transfer_id, visible_transfers(caller), "transfer")
