"""What the history of a device on offer tells a network: what the device's own page tells it, and nothing more."""

from uuid import UUID

from benches import VM01, at_bench
from makers import Town
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.transactions import transaction


def on_offer(town: Town) -> UUID:
    """A device of the council with an asset tag, declared by the council itself, as networks see it."""
    device_id = at_bench(town, VM01, status=Status.listed)
    donor = Actor(town.council.organisation_id, "agent-1")
    with transaction(town.house.database) as session:
        device = change_device(session, session.get_one(Device, device_id))
        data = {"kind": "asset_tag", "value": "MAIRIE-0042", "donation_id": str(device_id)}
        record(session, donor, thing="device", thing_id=device.id, verb="code_bound", data=data)
        found = {"declared": {"serial": "OLD-1"}, "found": {"serial": "NEW-1"}}
        record(session, donor, thing="device", thing_id=device.id, verb="found_different", data=found)
    return device_id


def test_a_network_does_not_learn_from_the_history_whose_device_it_was(town: Town) -> None:
    device_id = on_offer(town)
    assert town.network.get(f"/v1/devices/{device_id}").json()["donor_id"] is None
    told = town.network.get(f"/v1/devices/{device_id}/history")
    assert told.status_code == 200
    assert str(town.council.organisation_id) not in told.text
    assert "MAIRIE-0042" not in told.text


def test_donor_and_workshop_read_the_whole_history(town: Town) -> None:
    device_id = on_offer(town)
    for desk in (town.council, town.technician, town.region):
        told = desk.get(f"/v1/devices/{device_id}/history").text
        assert str(town.council.organisation_id) in told
        assert "MAIRIE-0042" in told
