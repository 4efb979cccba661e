"""Who may have what a public body gave, and that the parts of a bundle leave together."""

from typing import Any

import pytest

from makers import Desk, Town, make_key, make_organisation
from makers_distribution import FAMILY, ask_handover, listed_devices, ready_devices, reserved, status_of
from reuse.people.models import Organisation
from reuse.people.rules import Activity, LegalForm
from reuse.transactions import transaction


@pytest.fixture
def firm(town: Town) -> Desk:
    """A network that is a company."""
    made = make_organisation(town.house, "Location Express", Activity.network, legal_form=LegalForm.company)
    return Desk(town.client, make_key(town.house, made, person="firme-1"), made.id)


def public_laptops(town: Town, count: int = 1) -> list[str]:
    return listed_devices(town, count, donor=town.council, legal_basis="public_free_transfer")


def test_a_company_reserves_no_device_that_a_public_body_gave(town: Town, firm: Desk) -> None:
    public, private = public_laptops(town), listed_devices(town)
    refused = firm.post("/v1/reservations", {"device_ids": public})
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (409, "buyer", ["buyer"])
    assert status_of(town.lead, public[0]) == "listed"
    assert [offer["id"] for offer in firm.get("/v1/catalogue").json()["items"]] == private
    assert len(town.network.get("/v1/catalogue").json()["items"]) == 2
    both = {"criteria": {"category": "laptop", "quantity": 2}}
    assert firm.post("/v1/reservations", both).json()["code"] == "not_available"
    kept = firm.post("/v1/reservations", {**both, "allow_partial": True}).json()
    assert [line["device_id"] for line in kept["lines"]] == private


def test_a_company_is_offered_none_and_given_none_by_its_territory(town: Town, firm: Desk) -> None:
    assert town.region.post("/v1/sharing-rules", {"offer_hours": 24}).status_code == 200
    assert firm.post("/v1/needs", {"category": "laptop", "quantity": 5}).status_code == 201
    (public,) = public_laptops(town)
    assert reserved(town.network, [public])["status"] == "held", "it was not offered to the company"
    reservation = town.network.get("/v1/reservations").json()["items"][0]
    change = {"network_id": str(firm.organisation_id), "reason": "Échange"}
    refused = town.region.post(f"/v1/reservations/{reservation['id']}/reassignments", change)
    assert (refused.status_code, refused.json()["code"]) == (409, "buyer")


def test_a_network_that_became_a_company_takes_none_but_an_attested_person_may(town: Town) -> None:
    reservation = reserved(town.network, public_laptops(town, 2))
    with transaction(town.house.database) as session:
        session.get_one(Organisation, town.network.organisation_id).legal_form = LegalForm.company
    first, second = (line["device_id"] for line in reservation["lines"])
    refused = ask_handover(town.network, reservation, [first])
    assert (refused.status_code, refused.json()["code"]) == (409, "buyer")
    assert ask_handover(town.network, reservation, [second], beneficiary=FAMILY).status_code == 201


def bundle(town: Town) -> list[str]:
    parts = [ready_devices(town, category=category)[0] for category in ("desktop", "monitor", "peripheral")]
    assert town.lead.post("/v1/bundles", {"device_ids": parts}).status_code == 201
    return parts


def test_the_parts_of_a_bundle_leave_together_and_what_is_missing_is_named(town: Town) -> None:
    parts, (alone,) = bundle(town), listed_devices(town)
    reservation = reserved(town.network, [*parts, alone])
    refused = ask_handover(town.network, reservation, parts[:1])
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (
        409,
        "bundle_incomplete",
        ["bundle"],
    )
    assert all(one in refused.json()["detail"] for one in parts[1:])
    assert alone not in refused.json()["detail"]
    assert ask_handover(town.network, reservation, [alone]).status_code == 201
    assert ask_handover(town.network, reservation, parts).status_code == 201


def test_a_part_that_went_back_to_the_workshop_holds_the_others_no_more(town: Town) -> None:
    parts = bundle(town)
    reservation = reserved(town.network, parts)
    back: Any = {"to": "in_workshop", "reason": "Dalle fendue"}
    assert town.lead.post(f"/v1/devices/{parts[1]}/moves", back).status_code == 200
    assert ask_handover(town.network, reservation, [parts[0], parts[2]]).status_code == 201


def test_a_quota_tears_no_bundle_apart(town: Town) -> None:
    quota = {"category": "monitor", "period": "year", "most": 0}
    assert town.region.post("/v1/sharing-rules", {"quotas": [quota]}).status_code == 200
    parts, (alone,) = bundle(town), listed_devices(town)
    body = {"device_ids": [*parts, alone], "allow_partial": True}
    kept = town.network.post("/v1/reservations", body).json()
    assert [line["device_id"] for line in kept["lines"]] == [alone]
