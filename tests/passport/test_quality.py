"""How often what a workshop signed off was not good: returns and failed re-checks over what left, traced by device."""

from uuid import UUID

from floor import passes
from makers import Town, open_doors, settle_town
from makers_distribution import handed_over, listed_devices, made_ready_again, offered, reserved
from reuse.history.actions import record
from reuse.history.rules import SYSTEM
from reuse.house import House
from reuse.transactions import transaction


def failed_after_sign_off(town: Town, device_id: str) -> None:
    """Stand in for the sign-off, which has tests of its own; the check that fails afterwards is a real one."""
    with transaction(town.house.database) as session:
        record(session, SYSTEM, thing="device", thing_id=UUID(device_id), verb="signed_off")
    back = town.lead.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop", "reason": "Seen again"})
    assert back.status_code == 200, back.text
    path = f"/v1/devices/{device_id}/tests"
    assert town.technician.post(path, passes("laptop", keyboard="fail")).status_code == 201
    assert town.technician.post(path, passes("laptop")).status_code == 201
    made_ready_again(town, device_id)
    offered(town, [device_id])


def test_returns_and_failed_rechecks_are_counted_once_a_device_and_traced(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        empty = town.lead.get("/v1/quality").json()
        assert (empty["handed_over"], empty["rate"]) == (0, None)
        good, returned, failed, both = listed_devices(town, 4)
        failed_after_sign_off(town, failed)
        failed_after_sign_off(town, both)
        for device_id in (good, returned, failed, both):
            handed_over(town.network, reserved(town.network, [device_id]))
        for device_id in (returned, both):
            said = {"reason": "Ne démarre plus"}
            assert town.network.post(f"/v1/devices/{device_id}/returns", said).status_code == 201
        told = town.lead.get("/v1/quality")
        found = told.json()
        assert (found["handed_over"], found["returned"], found["failed_again"]) == (4, 2, 2)
        assert (found["nonconforming"], found["rate"]) == (3, 0.75)
        assert found["return_reasons"] == {"Ne démarre plus": 2}
        assert {one["device_id"] for one in found["devices"]} == {returned, failed, both}
        assert [one["handed_over"] for one in found["agreements"]] == [4]
        assert "tech-1" not in told.text
        assert town.lead.get("/v1/quality?to=2020-01-01").json()["handed_over"] == 0
        assert town.lead.get("/v1/queues").json()["devices"] == 2
