from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from reuse import clock
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.models import Device
from reuse.devices.queries import CHUNK
from reuse.donations.models import Collection, Container, Donation, Weighing, WeighingShare
from reuse.donations.queries import NOT_HERE, devices_in, devices_of, tree_of
from reuse.donations.rules import MassSource, OnScale, Weighed, apportion, check_mass, net_of
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role


@dataclass(frozen=True, slots=True)
class OnTheScale:
    """What stood on the scale: exactly one of devices, a container, or all that came of a donation.

    `tare_grams` is what the container and its packing weigh empty.
    """

    device_ids: tuple[UUID, ...] | None = None
    container_id: UUID | None = None
    donation_id: UUID | None = None
    tare_grams: int | None = None


def weigh(
    session: Session, caller: Caller, on: OnTheScale, *, mass_grams: int, at: datetime, scale: str | None
) -> tuple[Weighing, list[WeighingShare]]:
    """Keep a reading of the scale: of one device as measured, of several as shared out by what such devices weigh.

    A container's mass is kept as it is; with its tare said, the rest is shared out over the devices that lie in it.
    Invalid for things that are not in the workshop's hands, or a mass that cannot be.
    """
    require_role(caller, Role.technician, Role.lead)
    weighed, devices, owner = _things(session, caller, on)
    things = [_on_scale(one, alone=weighed is Weighed.DEVICE) for one in devices]
    check_mass(weighed, mass_grams, things)
    net = net_of(mass_grams, on.tare_grams, is_container=on.container_id is not None)
    this = Weighing(
        id=clock.new_id(),
        workshop_id=caller.organisation_id,
        donation_id=owner,
        container_id=on.container_id,
        what=weighed,
        mass_grams=mass_grams,
        tare_grams=on.tare_grams,
        scale=scale,
        at=at,
        person=caller.person,
        key_id=caller.key_id,
        created_at=clock.now(),
    )
    session.add(this)
    session.flush()
    shares = {str(devices[0].id): mass_grams} if weighed is Weighed.DEVICE else apportion(net, things)
    told = _tell_devices(session, caller, this, devices, shares)
    thing, thing_id = ("container", on.container_id) if on.container_id else ("weighing", this.id)
    what: dict[str, Any] = {"mass_grams": mass_grams, "what": weighed, "devices": len(devices), "scale": scale}
    if on.tare_grams is not None:
        what["tare_grams"] = on.tare_grams
    record(session, caller.actor, thing=thing, thing_id=thing_id, verb="weighed", data=what, at=at)
    return this, told


def _on_scale(device: Device, *, alone: bool) -> OnScale:
    measured = device.mass_grams if device.mass_source == MassSource.MEASURED and not alone else None
    return OnScale(str(device.id), device.category, measured)


def _tell_devices(
    session: Session, caller: Caller, this: Weighing, devices: Sequence[Device], shares: Mapping[str, int]
) -> list[WeighingShare]:
    """Write each device's mass, with its history and its share of this weighing."""
    by_id = {str(device.id): device for device in devices}
    source = MassSource.MEASURED if this.what == Weighed.DEVICE else MassSource.APPORTIONED
    changes = [
        Change(
            by_id[key],
            "weighed",
            columns={"mass_grams": grams, "mass_source": source.value},
            data={"mass_grams": grams, "mass_source": source, "weighing_id": this.id, "scale": this.scale},
            at=this.at,
        )
        for key, grams in shares.items()
    ]
    change_devices(session, caller.actor, changes)
    told = [
        WeighingShare(
            weighing_id=this.id,
            device_id=UUID(key),
            mass_grams=grams,
            is_apportioned=source is MassSource.APPORTIONED,
        )
        for key, grams in shares.items()
    ]
    if told:
        session.execute(insert(WeighingShare), [one.model_dump() for one in told])
    return told


def _things(session: Session, caller: Caller, on: OnTheScale) -> tuple[Weighed, list[Device], UUID | None]:
    if sum(one is not None for one in (on.device_ids, on.container_id, on.donation_id)) != 1:
        sentence = "Say exactly one of device_ids, container_id and donation_id."
        raise Invalid(sentence, code="one_selector", errors=(Fault("/", "one_selector", sentence),))
    if on.container_id is not None:
        container = _container(session, caller, on.container_id)
        return Weighed.CONTAINER, _lying_in(session, caller, container) if on.tare_grams is not None else [], None
    if on.donation_id is not None:
        return Weighed.DONATION, _of_donation(session, caller, on.donation_id), on.donation_id
    devices = _named(session, caller, on.device_ids or ())
    donations = {device.donation_id for device in devices}
    owner = donations.pop() if len(donations) == 1 else None
    return (Weighed.DEVICE if len(devices) == 1 else Weighed.LOT), devices, owner


def _container(session: Session, caller: Caller, container_id: UUID) -> Container:
    statement = (
        select(Container)
        .join(Collection, col(Collection.id) == col(Container.collection_id), isouter=True)
        .where(
            Container.id == container_id,
            or_(
                col(Collection.workshop_id) == caller.organisation_id,
                col(Container.holder_id) == caller.organisation_id,
            ),
        )
    )
    found = session.exec(statement).first()
    if found is None:
        sentence = f"There is no container {container_id} in your workshop's hands or collections."
        fault = Fault("/container_id", "unknown_container", sentence)
        raise Invalid(sentence, code="unknown_container", errors=(fault,))
    return found


def _lying_in(session: Session, caller: Caller, container: Container) -> list[Device]:
    """The devices in the container, and in those that stand in it, that are in the workshop's hands."""
    ids = [one.id for level in tree_of(session, [container]) for one in level]
    inside = [device for devices in devices_in(session, ids).values() for device in devices]
    return [one for one in inside if one.workshop_id == caller.organisation_id and one.status not in NOT_HERE]


def _of_donation(session: Session, caller: Caller, donation_id: UUID) -> list[Device]:
    donation = session.get(Donation, donation_id)
    if donation is None or donation.workshop_id != caller.organisation_id:
        sentence = f"There is no donation {donation_id} in your workshop."
        raise Invalid(sentence, code="unknown_donation", errors=(Fault("/donation_id", "unknown_donation", sentence),))
    here = [device for device in devices_of(session, [donation_id]) if device.status not in NOT_HERE]
    if not here:
        sentence = f"Nothing of donation {donation.number} is here yet; receive it first, then weigh it."
        raise Conflict(sentence, code="nothing_to_weigh")
    return here


def _named(session: Session, caller: Caller, device_ids: Sequence[UUID]) -> list[Device]:
    """The devices named, each once and each in the workshop's hands; every fault at its place."""
    known = _known(session, caller, device_ids)
    found: dict[UUID, Device] = {}
    faults: list[Fault] = []
    for place, device_id in enumerate(device_ids):
        device, pointer = known.get(device_id), f"/device_ids/{place}"
        if device is None or device.status in NOT_HERE:
            sentence = f"There is no device {device_id} in your workshop's hands; receive it first."
            faults.append(Fault(pointer, "unknown_device", sentence))
        elif device.id in found:
            faults.append(
                Fault(pointer, code="listed_twice", message="This device stands on the scale twice; name it once.")
            )
        else:
            found[device.id] = device
    if faults:
        raise Invalid(faults[0].message, code=faults[0].code, errors=tuple(faults[:100]))
    return list(found.values())


def _known(session: Session, caller: Caller, device_ids: Sequence[UUID]) -> dict[UUID, Device]:
    """The workshop's devices by the id asked, also by that of a listed one that was merged."""
    found: dict[UUID, Device] = {}
    for start in range(0, len(device_ids), CHUNK):
        named = aliased(Device)
        statement = (
            select(named.id, Device)
            .join(Device, col(Device.id) == func.coalesce(named.merged_into_id, named.id))
            .where(
                col(named.id).in_(device_ids[start : start + CHUNK]),
                col(Device.workshop_id) == caller.organisation_id,
            )
        )
        found.update(dict(session.exec(statement).all()))
    return found
