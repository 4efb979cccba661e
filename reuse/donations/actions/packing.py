from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, delete, select

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Code, Device
from reuse.devices.queries import devices_held_by
from reuse.devices.rules import Status, normal_code
from reuse.donations.actions.containers import change_container, check_open
from reuse.donations.models import Container, ContainerDevice
from reuse.donations.queries import containers_of, devices_counted, donations_in, offered_things
from reuse.donations.rules import MOST_DEVICES
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller


def put_in(
    session: Session, caller: Caller, container: Container, named: Sequence[str], *, place: str = "/devices"
) -> Container:
    """Put devices, named by id or any code, into a container; those that lie in it already stay.

    They are devices in the same hands as the container, or declared ones of the donations that it fetches. Invalid,
    with each place, for a name that finds none or several; Conflict for a device in another container, or offered.
    """
    check_open(container)
    devices = _named(session, named, loadable(session, container), place)
    ids = [device.id for device in devices]
    lies_in, offered = containers_of(session, ids), offered_things(session, ids)
    elsewhere = {one: f"This device lies in {box.code}; take it out there first." for one, box in lies_in.items()}
    elsewhere = {one: why for one, why in elsewhere.items() if lies_in[one].id != container.id}
    if faults := _faults(place, ids, "in_other_container", elsewhere):
        raise Conflict(faults[0].message, code="in_other_container", errors=faults)
    held = {one: f"This device is offered in transfer {name}; withdraw that first." for one, name in offered.items()}
    if faults := _faults(place, ids, "in_transfer", held):
        raise Conflict(faults[0].message, code="in_transfer", errors=faults)
    new = [device for device in devices if device.id not in lies_in]
    if devices_counted(session, [container.id])[container.id] + len(new) > MOST_DEVICES:
        raise Conflict(f"A container holds at most {MOST_DEVICES} devices; take another one.", code="container_full")
    change_container(session, container)
    now = clock.now()
    session.add_all([ContainerDevice(device_id=one.id, container_id=container.id, at=now) for one in new])
    what = {"container_id": container.id, "code": container.code}
    change_devices(session, caller.actor, [Change(device, "packed", data=what) for device in new])
    data = {"devices": len(new)}
    record(session, caller.actor, thing="container", thing_id=container.id, verb="packed", data=data)
    return container


def _faults(place: str, ids: Sequence[UUID], code: str, sentences: Mapping[UUID, str]) -> tuple[Fault, ...]:
    """A fault for each device that a sentence is said of, at its place in the list."""
    return tuple(
        Fault(f"{place}/{number}", code, sentences[device_id])
        for number, device_id in enumerate(ids)
        if device_id in sentences
    )


def loadable(session: Session, container: Container) -> ColumnElement[bool]:
    """The devices that may be put into a container."""
    donations = {container.donation_id} - {None}
    if container.collection_id is not None:
        donations |= {donation.id for donation in donations_in(session, container.collection_id)}
    declared = col(Device.donation_id).in_(donations) & (col(Device.status) == Status.declared)
    return or_(devices_held_by(container.holder_id, clock.now()), declared)


def _named(session: Session, named: Sequence[str], which: ColumnElement[bool], place: str) -> list[Device]:
    """The one device that each id or code means, in the order of the names."""
    ids = {name: device_id for name in named if (device_id := _as_id(name)) is not None}
    normals = {normal_code(name) for name in named if name not in ids} - {""}
    by_id = {
        device.id: device for device in session.exec(select(Device).where(col(Device.id).in_(ids.values()), which))
    }
    by_code: dict[str, dict[UUID, Device]] = {}
    coded = select(Code.normal, Device).join(Device, col(Device.id) == col(Code.device_id))
    for normal, device in session.exec(coded.where(col(Code.normal).in_(normals), which)):
        by_code.setdefault(normal, {})[device.id] = device
    found: list[Device] = []
    faults: list[Fault] = []
    for number, name in enumerate(named):
        known = by_id.get(ids[name]) if name in ids else None
        meant = [known] if known is not None else list(by_code.get(normal_code(name), {}).values())
        if len(meant) == 1 and meant[0] not in found:
            found.append(meant[0])
        else:
            faults.append(Fault(f"{place}/{number}", *_unclear(name, meant)))
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults))
    return found


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _unclear(name: str, meant: Sequence[Device]) -> tuple[str, str]:
    if not meant:
        return "unknown_device", f"No device that may go with this container is meant by {name}; scan it again."
    if len(meant) == 1:
        return "listed_twice", f"{name} is named before in this list; name each device once."
    ids = ", ".join(str(device.id) for device in meant)
    return "several_matches", f"Several devices are meant by {name}: {ids}. Send the id of the right one."


def take_out(session: Session, caller: Caller, container: Container, named: Sequence[str] | None) -> Container:
    """Take devices out of a container: those named by id or code, or all of them; Conflict while it is frozen."""
    check_open(container)
    lying = col(Device.id).in_(select(ContainerDevice.device_id).where(ContainerDevice.container_id == container.id))
    if named is None:
        devices = list(session.exec(select(Device).where(lying).order_by(col(Device.id))))
    else:
        devices = _named(session, named, lying, "/devices")
    change_container(session, container)
    session.exec(
        delete(ContainerDevice)
        .where(col(ContainerDevice.device_id).in_([device.id for device in devices]))
        .execution_options(synchronize_session="fetch")
    )
    what = {"container_id": container.id, "code": container.code}
    change_devices(session, caller.actor, [Change(device, "unpacked", data=what) for device in devices])
    data = {"devices": len(devices)}
    record(session, caller.actor, thing="container", thing_id=container.id, verb="unpacked", data=data)
    return container
