from typing import Any

from makers import Desk, Town


def take_in(desk: Desk, **more: Any) -> dict[str, Any]:
    answer = desk.post("/v1/devices", json={"category": "laptop", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_device_that_nobody_declared_is_received_with_its_label(town: Town) -> None:
    device = take_in(town.technician, code="ABC/1234", serial="PF0ABC12", manufacturer="Lenovo", model="T14")
    assert device["status"] == "received"
    assert device["custody_since"] is not None
    assert {"kind": "external", "value": "ABC/1234", "live": True} in device["codes"]
    assert device["next_steps"][0] == {"step": "label", "title": "Peser, coller l'étiquette, la scanner"}
    assert town.technician.get(f"/v1/devices/{device['id']}").json() == device


def test_a_blank_label_can_be_claimed_once(town: Town) -> None:
    job = town.technician.done(town.technician.post("/v1/labels", json={"blank": 2, "format": "a4-24"}))
    assert job["state"] == "succeeded", job
    print(job)
