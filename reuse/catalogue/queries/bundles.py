from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, select

from reuse.catalogue.models import Bundle, BundlePart
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.errors import NotFound
from reuse.lookup import the_one
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller


def visible_bundles(caller: Caller) -> ColumnElement[bool]:
    """The bundles that a caller may see: a workshop its own, a territory all there, a network those of its devices."""
    in_territory = (col(Device.territory_id) == caller.territory_id) & (col(Device.status) == Status.listed)
    with_device = exists().where(
        col(Device.bundle_id) == col(Bundle.id), in_territory | (col(Device.network_id) == caller.organisation_id)
    )
    return sight(
        caller,
        {
            Activity.workshop: col(Bundle.workshop_id) == caller.organisation_id,
            Activity.territory: col(Bundle.territory_id) == caller.territory_id,
            Activity.network: with_device,
        },
    )


def bundle_for(session: Session, caller: Caller, bundle_id: UUID) -> Bundle:
    """The bundle, locked, if it is the caller's own workshop's; NotFound otherwise."""
    own = col(Bundle.workshop_id) == caller.organisation_id
    found = session.exec(select(Bundle).where(Bundle.id == bundle_id, own).with_for_update()).first()
    if found is None:
        raise NotFound(f"There is no bundle {bundle_id} of your workshop.")
    return found


def seen_bundle(session: Session, caller: Caller, bundle_id: UUID) -> Bundle:
    """The bundle, if the caller may know of it; NotFound otherwise."""
    return the_one(session, Bundle, bundle_id, visible_bundles(caller), "bundle")


def devices_of_bundle(session: Session, bundle_id: UUID) -> list[Device]:
    """The devices that a bundle was made of, in their order."""
    return [device for device, _ in parts_of(session, [bundle_id]).get(bundle_id, [])]


def parts_of(session: Session, bundle_ids: Collection[UUID]) -> dict[UUID, list[tuple[Device, BundlePart]]]:
    """The devices of many bundles with their shares, in their order."""
    found: dict[UUID, list[tuple[Device, BundlePart]]] = {}
    statement = (
        select(Device, BundlePart)
        .join(BundlePart, col(BundlePart.device_id) == col(Device.id))
        .where(col(BundlePart.bundle_id).in_(bundle_ids))
        .order_by(col(BundlePart.bundle_id), col(BundlePart.place))
    )
    for device, part in session.exec(statement):
        found.setdefault(part.bundle_id, []).append((device, part))
    return found


def status_of_bundle(bundle: Bundle, devices: Collection[Device]) -> str:
    """Where a bundle stands: taken_apart, listed, reserved or handed_over as all of its devices are, else broken."""
    if bundle.taken_apart_at is not None:
        return "taken_apart"
    present = {device.status if device.bundle_id == bundle.id else "elsewhere" for device in devices}
    whole = {Status.listed.value, Status.reserved.value, Status.handed_over.value}
    return present.pop() if len(present) == 1 and present <= whole else "broken"
