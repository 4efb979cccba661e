"""Donations through the doors: registered, assigned, decided on, seen by whom, changed by whom."""

from typing import Any

import pytest

from donating import ACCEPT, accepted, draft, submitted
from makers import Desk, Town, make_key, make_organisation
from reuse.people.queries import organisation
from reuse.people.rules import Activity, Role
from reuse.transactions import reading

EVERYBODY = ("council", "company", "technician", "data_security", "lead", "network", "region", "operator", "stranger")


def desk_of(town: Town, name: str) -> Desk:
    return getattr(town, name)


def test_a_donor_registers_lines_and_gets_a_number_of_its_own_series(town: Town) -> None:
    answer = draft(
        town.council,
        lines=[{"category": "laptop", "quantity": 40, "description": "Dell"}, {"category": "monitor", "quantity": 5}],
        collection_address={"street": "1 place du Marché", "city": "Grand-Port"},
        notes="Sous-sol, sans ascenseur",
    )
    assert answer["status"] == "draft"
    assert answer["number"].startswith("DON-20")
    assert answer["number"].endswith("-000001")
    assert [(line["category"], line["quantity"], line["declared"]) for line in answer["lines"]] == [
        ("laptop", 40, 40),
        ("monitor", 5, 5),
    ]
    shown = town.council.get(f"/v1/donations/{answer['id']}")
    assert shown.json() == answer
    assert shown.headers["etag"] == '"1"'
    assert draft(town.company)["number"] == answer["number"]


def test_a_lead_registers_for_a_donor_and_its_workshop_is_named_at_once(town: Town) -> None:
    donation = draft(town.lead, donor_id=str(town.company.organisation_id))
    assert donation["donor_id"] == str(town.company.organisation_id)
    assert donation["workshop_id"] == str(town.lead.organisation_id)
    assert town.company.get(f"/v1/donations/{donation['id']}").status_code == 200
    moved = town.lead.post(f"/v1/donations/{donation['id']}/moves", json={"to": "submitted"})
    assert moved.json()["status"] == "submitted"


def test_only_donors_and_leads_register(town: Town) -> None:
    for name in ("technician", "network", "region", "operator"):
        answer = desk_of(town, name).post(
            "/v1/donations",
            json={"donor_id": str(town.company.organisation_id), "legal_basis": "other", "required_erasure": "clear"},
        )
        assert answer.status_code == 403, name


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"legal_basis": "gift"}, "legal_basis"),
        ({"required_erasure": "burn"}, "required_erasure"),
        ({"lines": [{"category": "toaster", "quantity": 1}]}, "lines"),
        ({"lines": [{"category": "laptop", "quantity": 0}]}, "lines"),
        ({"colour": "red"}, "colour"),
        ({"workshop_id": "018f0000-0000-7000-8000-000000000000"}, "workshop_id"),
    ],
)
def test_a_wrong_field_is_named(town: Town, body: dict[str, Any], pointer: str) -> None:
    whole = {"legal_basis": "other", "required_erasure": "purge", "lines": [], **body}
    answer = town.council.post("/v1/donations", json=whole)
    assert answer.status_code == 400
    assert pointer in answer.json()["errors"][0]["pointer"]


def test_nobody_sees_a_draft_but_its_donor_the_region_and_the_operator(town: Town) -> None:
    donation = draft(town.council)
    seen = {name for name in EVERYBODY if desk_of(town, name).get(f"/v1/donations/{donation['id']}").status_code == 200}
    assert seen == {"council", "region", "operator"}


def test_from_submission_the_workshop_sees_it_too_and_other_donors_and_networks_never(town: Town) -> None:
    donation = submitted(town.council)
    path = f"/v1/donations/{donation['id']}"
    answers = {name: desk_of(town, name).get(path).status_code for name in EVERYBODY}
    assert {name for name, status in answers.items() if status == 200} == {
        *("council", "technician", "data_security", "lead", "region", "operator")
    }
    assert set(answers.values()) == {200, 404}
    listed = {
        name: [one["id"] for one in desk_of(town, name).get("/v1/donations").json()["items"]] for name in EVERYBODY
    }
    assert {name for name, ids in listed.items() if ids} == {name for name, status in answers.items() if status == 200}


def test_a_territory_with_one_workshop_assigns_by_itself(town: Town) -> None:
    assert submitted(town.council)["workshop_id"] == str(town.lead.organisation_id)


def test_with_two_workshops_the_region_assigns_and_the_chosen_one_accepts(town: Town) -> None:
    second = make_organisation(town.house, "Atelier du Canal", Activity.workshop)
    lead = Desk(town.client, make_key(town.house, second, person="lead-2", roles=[Role.lead]), second.id)
    donation = submitted(town.company, legal_basis="company_gift")
    path = f"/v1/donations/{donation['id']}"
    assert donation["workshop_id"] is None
    assert town.lead.get(path).status_code == 404
    assert town.company.post(f"{path}/assignment", json={"workshop_id": str(second.id)}).status_code == 403
    wrong = town.region.post(f"{path}/assignment", json={"workshop_id": str(town.company.organisation_id)})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/workshop_id")
    assert town.region.post(f"{path}/assignment", json={"workshop_id": str(second.id)}).status_code == 200
    assert lead.post(f"{path}/moves", json=ACCEPT).json()["status"] == "accepted"
    late = town.region.post(f"{path}/assignment", json={"workshop_id": str(town.lead.organisation_id)})
    assert (late.status_code, late.json()["code"]) == (409, "not_assignable")


@pytest.mark.parametrize(
    ("name", "move", "status"),
    [
        ("council", {"to": "accepted"}, 403),
        ("technician", {"to": "accepted"}, 403),
        ("data_security", {"to": "declined", "reason": "x"}, 403),
        ("region", {"to": "accepted"}, 403),
        ("operator", {"to": "accepted"}, 403),
        ("network", {"to": "accepted"}, 404),
        ("company", {"to": "cancelled", "reason": "x"}, 404),
        ("stranger", {"to": "accepted"}, 404),
        ("council", {"to": "scheduled"}, 409),
        ("lead", {"to": "scheduled"}, 409),
        ("lead", {"to": "closed"}, 409),
        ("lead", {"to": "declined"}, 400),
        ("council", {"to": "cancelled"}, 400),
        ("council", {"to": "vanished"}, 400),
        ("lead", {"to": "accepted"}, 200),
        ("lead", {"to": "declined", "reason": "no room"}, 200),
        ("council", {"to": "cancelled", "reason": "sold"}, 200),
    ],
)
def test_who_may_move_a_submitted_donation(town: Town, name: str, move: dict[str, str], status: int) -> None:
    donation = submitted(town.council)
    answer = desk_of(town, name).post(f"/v1/donations/{donation['id']}/moves", json=move)
    assert answer.status_code == status, answer.text
    after = town.council.get(f"/v1/donations/{donation['id']}").json()
    assert after["status"] == (move["to"] if status == 200 else "submitted")


def test_a_station_cannot_accept(town: Town) -> None:
    with reading(town.house.database) as session:
        workshop = organisation(session, town.lead.organisation_id)
    station = Desk(town.client, make_key(town.house, workshop, roles=[Role.lead]), workshop.id)
    donation = submitted(town.council)
    answer = station.post(f"/v1/donations/{donation['id']}/moves", json=ACCEPT)
    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_a_public_gift_is_accepted_only_by_a_recipient_that_the_law_names(town: Town) -> None:
    plain = make_organisation(town.house, "Atelier sans Qualité", Activity.workshop)
    lead = Desk(town.client, make_key(town.house, plain, person="lead-3"), plain.id)
    donation = submitted(town.council, legal_basis="public_free_transfer", workshop_id=str(plain.id))
    refused = lead.post(f"/v1/donations/{donation['id']}/moves", json=ACCEPT)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["recipient_quality"])
    lawful = accepted(town, legal_basis="public_free_transfer", workshop_id=str(town.lead.organisation_id))
    assert lawful["status"] == "accepted"


def test_a_stale_etag_moves_and_changes_nothing(town: Town) -> None:
    donation = submitted(town.council)
    path = f"/v1/donations/{donation['id']}"
    stale = {"If-Match": '"1"'}
    assert town.lead.post(f"{path}/moves", json=ACCEPT, headers=stale).status_code == 412
    assert town.council.ask("PATCH", path, json={"notes": "x"}, headers=stale).status_code == 412
    fresh = town.council.get(path).headers["etag"]
    assert town.lead.post(f"{path}/moves", json=ACCEPT, headers={"If-Match": fresh}).status_code == 200


def test_lines_are_replaced_and_what_is_left_out_stays(town: Town) -> None:
    donation = draft(town.council, lines=[{"category": "laptop", "quantity": 4}], notes="quai B")
    path = f"/v1/donations/{donation['id']}"
    changed = town.council.ask("PATCH", path, json={"lines": [{"category": "tablet", "quantity": 7}]})
    assert changed.status_code == 200, changed.text
    assert [(line["category"], line["quantity"]) for line in changed.json()["lines"]] == [("tablet", 7)]
    assert changed.json()["notes"] == "quai B"
    assert changed.json()["version"] == 2
    assert town.council.ask("PATCH", path, json={"notes": None}).json()["notes"] is None
    assert town.council.ask("PATCH", path, json={"legal_basis": None}).status_code == 400


def test_an_accepted_donation_is_no_longer_edited(town: Town) -> None:
    donation = accepted(town)
    answer = town.council.ask("PATCH", f"/v1/donations/{donation['id']}", json={"notes": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_editable")


def test_lists_are_filtered_and_paged(town: Town) -> None:
    first, second = draft(town.council), submitted(town.council)
    items = town.council.get("/v1/donations?status=submitted").json()["items"]
    assert [one["id"] for one in items] == [second["id"]]
    page = town.council.get("/v1/donations?limit=1")
    assert [one["id"] for one in page.json()["items"]] == [first["id"]]
    assert 'rel="next"' in page.headers["link"]
