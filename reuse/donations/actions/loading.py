"""What is scanned and packed at the donor's, before both sides sign, and what of it the pick-up then takes along."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.devices.rules import Status, normal_code
from reuse.donations.actions.containers import change_container, free_code, in_hand, is_taken
from reuse.donations.actions.packing import put_in, take_out
from reuse.donations.models import Collection, CollectionItem, Container
from reuse.donations.queries import collection_for, containers_of, devices_in, donations_in, tree_of, visible_containers
from reuse.donations.rules import CollectionStatus, ContainerKind
from reuse.errors import Conflict, Invalid, NotAllowed, NotFound
from reuse.people.rules import Caller, Role


@dataclass(frozen=True, slots=True)
class Box:
    """A pallet, crate or cage as it was closed at the donor's."""

    kind: str
    code: str
    seal: str | None = None
    content: str | None = None


def check_fetches(caller: Caller, collection: Collection) -> None:
    """NotAllowed for anybody but the carrier of the collection or the lead of its workshop."""
    is_carrier = Role.carrier in caller.roles and collection.carrier_id == caller.organisation_id
    is_lead = Role.lead in caller.roles and collection.workshop_id == caller.organisation_id
    if not is_carrier and not is_lead:
        raise NotAllowed(
            "A pick-up is entered by the carrier of this collection, or by the lead of its workshop.",
            missing=(Role.carrier, Role.lead),
        )


def load_device(
    session: Session, caller: Caller, device: Device, *, collection_id: UUID, container: str | None, at: datetime
) -> None:
    """Count a device as loaded for a pick-up, perhaps in a container; both sides' signatures then take it along.

    A phone may tell so after the pick-up was signed: what was signed for then is merely noted. Conflict for a device
    that was not, or that is on its way already; Invalid for one that this collection does not fetch.
    """
    collection = collection_for(session, caller, collection_id)
    check_fetches(caller, collection)
    if device.donation_id not in {donation.id for donation in donations_in(session, collection.id)}:
        sentence = f"Collection {collection.number} does not fetch this device; leave it, or plan its donation too."
        raise Invalid(sentence, code="not_in_collection")
    item = session.get(CollectionItem, (collection.id, device.id))
    if collection.status != CollectionStatus.PLANNED and not (item and item.is_picked_up):
        raise Conflict(
            f"The pick-up {collection.number} is {collection.status}, and this device was not signed for. Take it in "
            f"at the reception, or plan another collection for it.",
            code="pickup_closed",
        )
    if collection.status == CollectionStatus.PLANNED and device.status != Status.declared:
        raise Conflict(f"This device is {device.status}; it is not at the donor's any more.", code="move_not_allowed")
    if item is None or item.loaded_at is None:
        item = item or CollectionItem(collection_id=collection.id, device_id=device.id)
        item.loaded_at = at
        session.add(item)
        what = {"collection_id": collection.id}
        change_devices(session, caller.actor, [Change(device, "loaded", data=what, at=at)])
    if container is not None and collection.status == CollectionStatus.PLANNED:
        put_in(session, caller, _container_of(session, caller, collection, container), [str(device.id)])


def _container_of(session: Session, caller: Caller, collection: Collection, code: str) -> Container:
    """The collection's container of this code; a phone off line may name one that nobody has made yet."""
    if (known := find_container(session, caller, code, collection)) is not None:
        return known
    container = Container(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        holder_id=caller.organisation_id,
        territory_id=caller.territory_id,
        collection_id=collection.id,
        kind=ContainerKind.PALLET,
        code=code,
        live_code=free_code(session, caller.organisation_id, code),
        created_at=clock.now(),
    )
    session.add(container)
    session.flush()
    return container


def find_container(
    session: Session, caller: Caller, name: str, collection: Collection | None = None
) -> Container | None:
    """The container that a code or an id means among those that the caller may know of; Conflict where several do.

    For a collection: its own, else one that is free for it.
    """
    statement = select(Container).where(visible_containers(caller))
    try:
        statement = statement.where(Container.id == UUID(name))
    except ValueError:
        statement = statement.where(col(Container.live_code) == normal_code(name))
    if collection is not None:
        here = or_(col(Container.collection_id) == collection.id, col(Container.collection_id).is_(None))
        statement = statement.where(here)
    found = sorted(session.exec(statement.order_by(col(Container.id))), key=lambda one: one.collection_id is None)
    own = [one for one in found if one.holder_id == caller.organisation_id] or found
    if collection is None and len(own) > 1:
        raise Conflict(f"Several containers have the code {name}; send its id.", code="several_matches")
    return own[0] if own else None


def pack_device(session: Session, caller: Caller, device: Device, *, container: str) -> None:
    """Put a device that is in the caller's hands into one of its containers; NotFound for a code that is none's."""
    found = find_container(session, caller, container)
    if found is None:
        raise NotFound(f"You have no container {container}; make it first.", code="unknown_container")
    put_in(session, caller, in_hand(session, caller, found.id), [str(device.id)])


def unpack_device(session: Session, caller: Caller, device: Device) -> None:
    """Take a device out of the container in which it lies; Conflict where it lies in none."""
    found = containers_of(session, [device.id]).get(device.id)
    if found is None:
        raise Conflict("This device lies in no container.", code="not_packed")
    take_out(session, caller, in_hand(session, caller, found.id), [str(device.id)])


# The pick-up -------------------------------------------------------------------------------------------------------


def loaded_devices(session: Session, collection: Collection) -> list[Device]:
    """The devices that were scanned for this pick-up, in the order of their making."""
    scanned = select(CollectionItem.device_id).where(
        CollectionItem.collection_id == collection.id, col(CollectionItem.loaded_at).is_not(None)
    )
    return list(session.exec(select(Device).where(col(Device.id).in_(scanned)).order_by(col(Device.id))))


def containers_to_fetch(
    session: Session, caller: Caller, collection: Collection, boxes: Sequence[Box], devices: Sequence[Device]
) -> list[Container]:
    """The containers that a pick-up takes along, on top of each other ones left out.

    Those named on the spot, made where they are new; those loaded for it beforehand; and those in which a device lies
    that is taken along, for a device travels with its container.
    """
    here = {donation.id for donation in donations_in(session, collection.id)}
    closed: set[UUID] = set()
    for box in boxes:
        closed.add(_close(session, caller, collection, box, closed, here).id)
    planned = select(Container).where(Container.collection_id == collection.id)
    found = {container.id: container for container in session.exec(planned)}
    for lain_in in containers_of(session, [device.id for device in devices]).values():
        found.setdefault(lain_in.id, lain_in)
    tops: dict[UUID, Container] = {}
    for container in found.values():
        top = container
        while top.parent_id is not None:
            top = session.get_one(Container, top.parent_id)
        tops[top.id] = top
    for top in tops.values():
        if top.collection_id is None:
            change_container(session, top, collection_id=collection.id)
        elif top.collection_id != collection.id:
            sentence = f"Container {top.code} travels with another collection; take out what this one fetches."
            raise Conflict(sentence, code="other_collection")
    return list(tops.values())


def _close(
    session: Session, caller: Caller, collection: Collection, box: Box, closed: set[UUID], donation_ids: set[UUID]
) -> Container:
    """A box as it is named on the note: the container of that code, if it is here and open, else a new one."""
    normal = normal_code(box.code) or None
    known = find_container(session, caller, box.code, collection) if normal else None
    is_ours = known is not None and (
        known.collection_id == collection.id
        or known.holder_id == caller.organisation_id
        or known.donation_id in donation_ids
    )
    if known is not None and is_ours and known.freeze_id is None and known.id not in closed:
        said = {name: value for name in ("seal", "content") if (value := getattr(box, name)) is not None}
        return change_container(session, known, collection_id=collection.id, **said)
    is_free = normal is not None and not is_taken(session, caller.organisation_id, normal)
    container = Container(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        holder_id=caller.organisation_id,
        territory_id=collection.territory_id,
        collection_id=collection.id,
        kind=box.kind,
        code=box.code,
        live_code=normal if is_free else None,
        seal=box.seal,
        content=box.content,
        created_at=clock.now(),
    )
    session.add(container)
    session.flush()
    return container


def devices_inside(session: Session, containers: Sequence[Container]) -> list[Device]:
    """Every device in these containers and in those that stand in them, in the order of their making."""
    every = [one.id for level in tree_of(session, containers) for one in level]
    return sorted((device for lie in devices_in(session, every).values() for device in lie), key=lambda one: one.id)
