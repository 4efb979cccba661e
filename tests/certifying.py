"""Laptops that were wiped by the real tool, accepted, certified and signed off, for tests of what comes after."""

from dataclasses import replace
from uuid import UUID

from benches import RECEIVED, VM03, decide, log_of, upload
from makers import Town
from makers_distribution import made_ready_again, ready_devices
from reuse.devices.actions.components import fit_components, part_of
from reuse.devices.actions.identity import NewMedium, add_media
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.donations.models import Donation
from reuse.history.rules import Actor
from reuse.transactions import transaction


def disks(number: int) -> list[NewMedium]:
    """The two media of laptop number 0 to 9; their serials end in it."""
    return [replace(one, serial=f"{(one.serial or '')[:-1]}{number}") for one in VM03]


def log_of_laptop(number: int) -> bytes:
    """What nwipe wrote when it wiped them."""
    log = log_of("vm03-nwipe")
    for before, after in zip(VM03, disks(number), strict=True):
        log = log.replace(str(before.serial).encode(), str(after.serial).encode())
    return log


def certified_laptop(town: Town, number: int) -> str:
    """A company's laptop with two media, wiped by nwipe, accepted, certified and ready."""
    (device_id,) = ready_devices(town)
    town.lead.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"})
    with transaction(town.house.database) as session:
        device = session.get_one(Device, UUID(device_id))
        change_device(session, device, custody_since=RECEIVED)
        session.get_one(Donation, device.donation_id).required_erasure = "clear"
        actor = Actor(device.workshop_id, "capture-bench")
        media = add_media(session, actor, device, disks(number), source="capture")
        fit_components(session, actor, device, [part_of(medium) for medium in media])
    assert upload(town.technician, log_of_laptop(number)).status_code == 201
    answer = decide(town.data_security, UUID(device_id))
    assert town.data_security.done(answer)["state"] == "succeeded"
    made_ready_again(town, device_id)
    return device_id
