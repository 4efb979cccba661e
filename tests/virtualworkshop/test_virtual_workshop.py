"""Emulated PCs with real wiping tools, through the API to a certificate or to a refusal: make virtual-workshop."""

from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from benches import decide, device_now
from makers import Town
from virtualworkshop.emulator import Outcome, run_machine
from virtualworkshop.image import first_file_system, kernel_of
from virtualworkshop.machines import MACHINES, Machine

CACHE = Path(__file__).parents[2] / "var" / "virtual-workshop"
"""Debian's kernel is downloaded and unpacked here once."""

pytestmark = pytest.mark.deep


@cache
def first() -> bytes:
    return first_file_system(CACHE)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_an_emulated_pc_comes_to_its_certificate_or_is_held_back(town: Town, tmp_path: Path, machine: Machine) -> None:
    device_id = take_in(town, machine)
    outcome = run_machine(machine, kernel=kernel_of(CACHE), first=first(), folder=tmp_path / "machine")
    capture(town, device_id, machine, outcome)
    told = report(town, device_id, outcome)
    assert {serial: told.get(serial) for serial in machine.verdicts} == machine.verdicts
    wiped = [machine.verdicts.get(disk.serial) == "pass" for disk in machine.disks]
    assert not any(is_readable and passed for is_readable, passed in zip(outcome.is_readable, wiped, strict=True))
    answer = decide(town.data_security, UUID(device_id))
    if machine.is_certified:
        result = town.data_security.done(answer)["result"]
        assert len(result["certificate_ids"]) == len(machine.disks)
    else:
        assert answer.status_code == 409, answer.text
        assert set(machine.missing) <= set(answer.json()["missing"]), answer.text
        assert device_now(town.house, UUID(device_id)).status == "received"


def take_in(town: Town, machine: Machine) -> str:
    """The PC arrives at the dock."""
    answer = town.technician.post("/v1/devices", {"category": machine.category, "serial": machine.serial})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def capture(town: Town, device_id: str, machine: Machine, outcome: Outcome) -> None:
    """Its inventory, one tool after the other, must know every disk by its serial."""
    names = ["lshw.json", *sorted(name for name in outcome.files if name.startswith(("smartctl-", "nvme-id-ctrl-")))]
    for name in names:
        answer = town.technician.post(f"/v1/devices/{device_id}/captures", content=outcome.files[name])
        if answer.status_code == 400:  # smartctl cannot speak through every USB bridge, and says so
            assert answer.json()["code"] == "no_medium", (name, answer.text)
            continue
        assert answer.status_code in {200, 201}, (name, answer.text)
    known = {medium["serial"] for medium in town.technician.get(f"/v1/devices/{device_id}").json()["media"]}
    assert {disk.serial for disk in machine.disks} <= known, known


def report(town: Town, device_id: str, outcome: Outcome) -> dict[str, str]:
    """The verdicts on what nwipe wrote, by serial."""
    log = {"file": ("nwipe.log", outcome.files["nwipe.log"], "text/plain")}
    sent = town.technician.post("/v1/erasure-reports", files=log, data={"timezone": "UTC", "device_id": device_id})
    assert sent.status_code == 201, sent.text
    return {item["serial"]: item["verdict"] for item in sent.json()["items"]}
