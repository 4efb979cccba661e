"""Devices on their way out, for tests: ready by the real actions, listed and reserved through the doors."""

import io
import json
from typing import Any
from uuid import UUID

from httpx import Response
from pypdf import PdfReader
from sqlmodel import Session, SQLModel

from makers import Desk, Town
from reuse.devices.actions.identity import NewDevice, add_devices, mint_label_codes
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.actions.moves import change_device, move_devices
from reuse.devices.models import Device
from reuse.devices.rules import Milestone, Status
from reuse.donations.actions.register import register_donation
from reuse.history.rules import Actor
from reuse.house import House
from reuse.people.queries import organisation
from reuse.people.rules import Activity, Caller, roles_of
from reuse.transactions import reading, transaction

GIB = 1024**3
FAMILY = {
    "pseudonym": "famille-0412",
    "commune_insee": "59183",
    "qpv": "yes",
    "age_band": "25-59",
    "prescriber": "CCAS de Grand-Port",
    "eligible": True,
}


def caller_of(session: Session, organisation_id: UUID, person: str = "personne-1") -> Caller:
    """Somebody of an organisation who holds all of its roles."""
    found = organisation(session, organisation_id)
    activities = frozenset(Activity(name) for name in found.activities)
    return Caller(organisation_id, found.territory_id, activities, roles_of(activities), UUID(int=0), person)


def ready_devices(
    town: Town,
    count: int = 1,
    *,
    category: str = "laptop",
    legal_basis: str = "company_gift",
    score: int = 85,
    grade: str = "B",
    ram_gb: int = 8,
    donor: Desk | None = None,
    workshop: Desk | None = None,
    with_donation: bool = True,
) -> list[str]:
    """Devices that the workshop has signed off, in the order of their making; by default a company's laptops."""
    shop = (workshop or town.lead).organisation_id
    with transaction(town.house.database) as session:
        giver = caller_of(session, (donor or town.company).organisation_id)
        donation = None
        if with_donation:
            donation = register_donation(
                session,
                giver,
                donor_id=None,
                workshop_id=shop,
                lines=[],
                legal_basis=legal_basis,
                required_erasure="purge",
            )
        new = NewDevice(
            category=category,
            status=Status.received,
            territory_id=giver.territory_id,
            donation_id=donation.id if donation else None,
            donor_id=donation.donor_id if donation else None,
            workshop_id=shop,
            manufacturer="Dell",
            model="Latitude 5490",
        )
        actor = Actor(shop, "lead-1")
        devices = add_devices(session, actor, [new] * count, verb="received")
        mint_label_codes(session, actor, devices)
        move_devices(session, actor, devices, Status.in_workshop)
        for device in devices:
            facts = {"ram_bytes": ram_gb * GIB, "cpu": "Intel Core i5-8350U"}
            change_device(session, device, score=score, grade=grade, ram_gb=ram_gb, facts=facts)
            for milestone in Milestone:
                if milestone is not Milestone.approved:
                    set_milestone(session, actor, device, milestone)
        move_devices(session, actor, devices, Status.ready, verb="approved")
        for device in devices:
            set_milestone(session, actor, device, Milestone.approved)
        return [str(device.id) for device in devices]


def made_ready_again(town: Town, device_id: str) -> None:
    """The workshop signs a device off once more, from received or in_workshop."""
    with transaction(town.house.database) as session:
        device = session.get_one(Device, UUID(device_id))
        actor = Actor(device.workshop_id, "lead-1")
        for milestone in Milestone:
            if milestone is not Milestone.approved:
                set_milestone(session, actor, device, milestone)
        move_devices(session, actor, [device], Status.ready, verb="approved")
        set_milestone(session, actor, device, Milestone.approved)


def offered(town: Town, device_ids: list[str], *, lead: Desk | None = None) -> list[str]:
    """The devices, on offer."""
    for device_id in device_ids:
        answer = (lead or town.lead).post(f"/v1/devices/{device_id}/listing")
        assert answer.status_code == 200, answer.text
    return device_ids


def listed_devices(town: Town, count: int = 1, **facts: Any) -> list[str]:
    """Devices on offer to the networks, in the order of their listing."""
    return offered(town, ready_devices(town, count, **facts))


def reserved(desk: Desk, device_ids: list[str]) -> dict[str, Any]:
    """A reservation of these devices."""
    answer = desk.post("/v1/reservations", {"device_ids": device_ids})
    assert answer.status_code == 201, answer.text
    return answer.json()


def handed_over(desk: Desk, reservation: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A hand-over of all devices of a reservation."""
    body = {"device_ids": [line["device_id"] for line in reservation["lines"]], **facts}
    answer = desk.post(f"/v1/reservations/{reservation['id']}/handovers", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def ask_handover(desk: Desk, reservation: dict[str, Any], device_ids: list[str] | None = None, **more: Any) -> Response:
    """The answer to a hand-over of these devices of a reservation, by default of all."""
    headers = more.pop("headers", {})
    wanted = device_ids or [line["device_id"] for line in reservation["lines"]]
    path = f"/v1/reservations/{reservation['id']}/handovers"
    return desk.post(path, {"device_ids": wanted, **more}, headers=headers)


def receipt_of(desk: Desk, handover: dict[str, Any]) -> str:
    """What the receipt of a hand-over says, once it is printed."""
    job = desk.done(Response(202, headers={"Location": f"/v1/jobs/{handover['receipt_job']}"}))
    assert job["state"] == "succeeded", job
    return printed(desk, job["result"]["document_id"])


def printed(desk: Desk, document_id: str) -> str:
    """What a document says, on one line."""
    answer = desk.get(f"/v1/documents/{document_id}/content")
    assert answer.status_code == 200, answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00d7", "x").split())


def everything_kept(house: House) -> str:
    """All that stands in any table, as text."""
    with reading(house.database) as session:
        rows = [
            [str(value) for value in row]
            for table in SQLModel.metadata.sorted_tables
            for row in session.connection().execute(table.select())
        ]
    return json.dumps(rows, ensure_ascii=False)


def status_of(desk: Desk, device_id: str) -> str:
    """Where the device stands."""
    return desk.get(f"/v1/devices/{device_id}").json()["status"]
