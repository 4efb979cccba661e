"""Loads on their way abroad, for tests: devices with their function tests, and everything that is said of a load."""

from typing import Any
from uuid import UUID

from makers import Desk, Town, make_key
from makers_distribution import ready_devices
from reuse import clock
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device
from reuse.people.actions import add_organisation
from reuse.people.rules import Activity
from reuse.transactions import transaction
from reuse.workshop.models import CheckRow
from reuse.workshop.rules import load_test_templates

PAPERS: dict[str, Any] = {
    "workshop_address": "3 quai du Port, 59140 Grand-Port, France",
    "consignee_address": "12 rue de Marseille, 1000 Tunis, Tunisie",
    "contract": {"kind": "sale", "reference": "C-2026-7", "date": "2026-02-20", "states_reuse": True},
    "declaration": {"none_is_waste": True, "takes_responsibility": True},
    "packing": {"description": "Caisses à alvéoles, filmées sur palette", "protects": True},
    "transport": {"kind": "CMR", "reference": "CMR 4711", "carrier": "Transports du Golfe"},
}


def network_of(town: Town, country: str, name: str = "Carthage Numérique") -> Desk:
    """A network of the town's territory that has its seat in another country."""
    with transaction(town.house.database) as session:
        network = add_organisation(session, name=name, activities=(Activity.network,), country=country)
    return Desk(town.client, make_key(town.house, network, person="reseau-3"), network.id)


def proved_devices(town: Town, count: int = 1, *, category: str = "laptop", **facts: Any) -> list[str]:
    """Devices that the workshop has signed off, each with a serial number and a pass of every required check."""
    ids = ready_devices(town, count, category=category, **facts)
    with transaction(town.house.database) as session:
        for number, device_id in enumerate(ids):
            device = session.get_one(Device, UUID(device_id))
            change_device(session, device, serial=f"5CG82{number:05d}", year=2018)
            session.add_all(
                CheckRow(
                    id=clock.new_id(),
                    device_id=device.id,
                    kind="function",
                    template_version=1,
                    name=check.code,
                    outcome="pass",
                    organisation_id=town.lead.organisation_id,
                    person="tech-1",
                    created_at=clock.now(),
                )
                for check in load_test_templates()[category].checks
                if check.required
            )
    return ids


def evaluated(device_ids: list[str]) -> list[dict[str, Any]]:
    """Somebody has looked for hazardous substances."""
    return [{"device_ids": device_ids, "found": ["lithium_battery"]}]


def drafted_export(town: Town, device_ids: list[str], consignee: Desk | None = None, **papers: Any) -> dict[str, Any]:
    """A load whose file is complete, unless `papers` says otherwise (None leaves a part out)."""
    said = {**PAPERS, "hazards": evaluated(device_ids), **papers}
    to = (
        {"organisation_id": str(consignee.organisation_id)}
        if consignee
        else {"name": "Mairie de Tunis", "country": "TN"}
    )
    body = {"device_ids": device_ids, "consignee": to, **{name: one for name, one in said.items() if one is not None}}
    answer = town.lead.post("/v1/exports", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def departed(town: Town, export: dict[str, Any]) -> dict[str, Any]:
    """The load, gone."""
    answer = town.lead.post(f"/v1/exports/{export['id']}/departure", {})
    assert answer.status_code == 200, answer.text
    return answer.json()
