"""What a donor's key tells through every door that reads: its own devices' way, and nothing of persons or others."""

import json
import re
from typing import Any

import pytest

from makers import Desk, Town
from packs import device_ids, whole_donation
from reuse.openapi import document_of

PERSONS = ("lead-1", "tech-1", "secu-1", "reseau-1", "personne-1", "agent-2")
PRICE = '"amount_minor":4200'
BENEFICIARY = ("F-118", "26-39")
OTHERS = ("Ville d'Ailleurs", "SN-OF-THE-COMPANY", "INV-OF-THE-COMPANY")
SIGNED = {"/v1/certificates", "/v1/certificates/{}", "/v1/collections", "/v1/collections/{}"}
"""What both sides sign names who signed: certificates (spec/wiping.md), pick-ups and receptions (spec/process.md)."""


def ids_in(value: Any) -> set[str]:
    """Every id that an answer names: what a curious donor would try next."""
    return set(re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", str(value)))


def reading_doors(town: Town) -> list[str]:
    paths = document_of(town.client.app)["paths"]
    own = (path for path, doors in paths.items() if "get" in doors and path.startswith("/v1/"))
    return sorted(path for path in own if not path.endswith("/events"))


def everything_told(desk: Desk, paths: list[str], ids: set[str]) -> dict[str, str]:
    """What each door answers: lists as they are, things for every id that is known by then; two rounds."""
    told: dict[str, str] = {}
    for _ in range(2):
        for path in paths:
            named = re.sub(r"\{[^}]+\}", "{}", path)
            for one in sorted(ids) if "{}" in named else [""]:
                answer = desk.get(named.replace("{}", one))
                assert answer.status_code < 500, (path, answer.text)
                if answer.status_code == 200 and "json" in answer.headers["content-type"]:
                    told[named.replace("{}", one)] = answer.text
        ids = ids | ids_in(told.values())
    return told


@pytest.fixture
def told(town: Town) -> dict[str, str]:
    donation = whole_donation(town)
    other = {"category": "laptop", "serial": "SN-OF-THE-COMPANY"}
    assert town.lead.post("/v1/devices", other).status_code == 201
    ids = {donation["id"], *device_ids(town, donation)}
    for desk in (town.lead, town.network, town.region):
        for path in ("/v1/reservations", "/v1/handovers", "/v1/collections", "/v1/devices", "/v1/documents"):
            ids |= ids_in(desk.get(path).text)
    return everything_told(town.council, reading_doors(town), ids)


def leaks(told: dict[str, str], secrets: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(path, secret) for path, text in told.items() for secret in secrets if secret in text]


def kind_of(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{}", path)


def test_a_donor_learns_no_person_of_another_organisation(told: dict[str, str]) -> None:
    assert len(told) > 20
    assert [(path, who) for path, who in leaks(told, PERSONS) if kind_of(path) not in SIGNED] == []


def test_a_donor_learns_nothing_of_the_beneficiary(told: dict[str, str]) -> None:
    assert leaks(told, BENEFICIARY) == []


def test_a_donor_learns_nothing_of_other_donors_devices(told: dict[str, str]) -> None:
    assert leaks(told, OTHERS) == []


def test_a_donor_learns_no_price_and_the_workshop_does(town: Town, told: dict[str, str]) -> None:
    assert [path for path, text in told.items() if PRICE in text] == []
    for desk in (town.lead, town.network, town.region):
        assert PRICE in desk.get("/v1/devices").text


def test_of_what_both_sides_sign_a_donor_learns_the_signatures_and_no_other_person(told: dict[str, str]) -> None:
    for path, text in told.items():
        if kind_of(path) == "/v1/collections/{}":
            collection = json.loads(text)
            signed = {one["name"] for one in collection.pop("signatures")}
            assert "lead-1" in signed
            assert leaks({path: json.dumps(collection)}, PERSONS) == []


def test_a_donor_finds_no_reservation_hand_over_or_receipt(told: dict[str, str]) -> None:
    assert [path for path in told if re.match(r"/v1/(reservations|handovers|needs|beneficiaries)/", path)] == []
    assert "handover_receipt" not in told["/v1/documents"]
