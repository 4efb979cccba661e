"""The register of processing says what an organisation does with personal data, in its role, as the house really is."""

import csv
import io
from typing import Any

import pytest
from pypdf import PdfReader

from makers import Desk, Town, make_key, make_organisation
from reuse.people.rules import Activity
from reuse.privacy.rules import load_register, load_retention
from reuse.transactions import transaction


def register(desk: Desk, **more: Any) -> dict[str, dict[str, Any]]:
    answer = desk.get("/v1/privacy/register", **more)
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["items"]}


def test_each_organisation_gets_the_register_of_its_own_activities(town: Town) -> None:
    workshop, network, council = register(town.lead), register(town.network), register(town.council)
    assert workshop["device_contents"]["role"] == "Sous-traitant (art. 28)"
    assert council["device_contents"]["role"] == "Responsable de traitement"
    assert "device_contents" not in network
    assert network["beneficiaries"]["role"] == "Responsable de traitement"
    assert network["beneficiaries"]["term"] == "2 an(s) après la remise"
    assert "beneficiaries" not in council
    assert "beneficiaries" not in register(town.operator)
    known = {one.name for one in load_retention().entries}
    assert set().union(*(register(desk) for desk in (town.lead, town.network, town.council, town.operator))) <= known


def test_the_register_is_told_in_english_too_and_as_csv(town: Town) -> None:
    english = register(town.network, params={"language": "en"})
    assert english["beneficiaries"]["term"] == "2 year(s) after the hand-over"
    rows = town.network.get("/v1/privacy/register", headers={"Accept": "text/csv"})
    assert rows.headers["content-type"].startswith("text/csv")
    told = list(csv.DictReader(io.StringIO(rows.content.decode("utf-8-sig"))))
    assert [row["name"] for row in told] == list(english)


def test_the_contact_that_an_organisation_publishes_stands_in_its_register_and_beside_its_name(town: Town) -> None:
    assert "PUT /v1/privacy/contact" in register(town.network)["beneficiaries"]["contact"]
    said = town.network.ask("PUT", "/v1/privacy/contact", json={"contact": "dpo@reseau.example"})
    assert said.json()["privacy_contact"] == "dpo@reseau.example"
    assert register(town.network)["beneficiaries"]["contact"] == "dpo@reseau.example"
    seen = town.lead.get(f"/v1/organisations/{town.network.organisation_id}").json()
    assert seen["privacy_contact"] == "dpo@reseau.example"


def test_measures_are_those_of_this_house(town: Town) -> None:
    (told,) = {tuple(one["security"]) for one in register(town.network, params={"language": "en"}).values()}
    there = {one["en"]: one["if"] for one in load_register()["measures"]}
    assert {there[one] for one in told} == {"always", "https", "sqlite"}


def test_partners_outside_the_european_economic_area_are_named_as_transfers(town: Town) -> None:
    assert register(town.lead, params={"language": "en"})["staff"]["transfers"].startswith("None outside")
    partner = make_organisation(town.house, "Atelier de Sfax", Activity.workshop)
    with transaction(town.house.database) as session:
        session.merge(partner).country = "TN"
    assert register(town.lead)["staff"]["transfers"].startswith("Hors de l'Espace économique européen : TN")


@pytest.mark.parametrize(("language", "title"), [("fr", "Registre des activités"), ("en", "Register of processing")])
def test_the_register_is_printed_in_both_languages(town: Town, language: str, title: str) -> None:
    job = town.network.done(town.network.post("/v1/privacy/register/documents", {"language": language}))
    document = town.network.get(f"/v1/documents/{job['result']['document_id']}")
    assert document.json()["kind"] == "processing_register"
    content = town.network.get(f"/v1/documents/{job['result']['document_id']}/content").content
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert title in text
    assert town.other_network.get(f"/v1/documents/{job['result']['document_id']}").status_code == 404


def test_a_station_publishes_no_contact(town: Town) -> None:
    other = make_organisation(town.house, "Autre réseau", Activity.network)
    station = Desk(town.client, make_key(town.house, other), other.id)
    refused = station.ask("PUT", "/v1/privacy/contact", json={"contact": "x@y.example"})
    assert refused.json()["code"] == "person_required"
