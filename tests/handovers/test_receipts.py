"""What goes along, what was paid, who signed: kept, shown and printed; nothing false and no card number among it."""

from typing import Any

import pytest

from makers import Desk, Town, make_key, make_organisation, make_territory
from makers_distribution import (
    FAMILY,
    ask_handover,
    handed_over,
    listed_devices,
    offered,
    ready_devices,
    receipt_of,
    reserved,
    status_of,
)
from reuse.idempotency import KeptAnswer
from reuse.people.rules import Activity
from reuse.transactions import reading

CARD = "4111 1111 1111 1111"
DRAWN = "M10 80 L60 20 L110 80"
CHARGER = {"kind": "charger", "quantity": 1}


def public_laptops(town: Town, count: int = 1) -> list[str]:
    return listed_devices(town, count, donor=town.council, legal_basis="public_free_transfer")


def test_accessories_are_kept_and_stand_on_the_receipt(town: Town) -> None:
    told = [CHARGER, {"kind": "mouse", "quantity": 2}, {"kind": "dock", "quantity": 1, "serial": "DK-77"}]
    made = handed_over(town.network, reserved(town.network, listed_devices(town)), accessories=told)
    assert made["accessories"] == [{**one, "serial": one.get("serial")} for one in told]
    assert town.network.get(f"/v1/handovers/{made['id']}").json()["accessories"] == made["accessories"]
    assert "1 x Chargeur · 2 x Souris · 1 x Station d'accueil (DK-77)" in receipt_of(town.network, made)
    unsaid = handed_over(town.network, reserved(town.network, listed_devices(town)))
    assert (unsaid["accessories"], unsaid["warnings"]) == (None, [])


def test_an_accessory_is_one_of_the_coded_list(town: Town) -> None:
    reservation = reserved(town.network, listed_devices(town))
    refused = ask_handover(town.network, reservation, accessories=[CHARGER, {"kind": "lampe", "quantity": 1}])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/accessories/1/kind")
    assert status_of(town.network, reservation["lines"][0]["device_id"]) == "reserved"


def test_a_laptop_sold_under_the_public_cap_without_its_charger_is_warned_about(town: Town) -> None:
    both = reserved(town.network, public_laptops(town, 2))
    made = handed_over(town.network, both, accessories=[CHARGER])
    assert [one["code"] for one in made["warnings"]] == ["accessory_missing"]
    assert made["warnings"][0]["message"].startswith("1 charger ")
    assert town.network.get(f"/v1/handovers/{made['id']}").json()["warnings"] == made["warnings"]
    assert "Non remis : 1 x Chargeur. Le plafond légal vaut" in receipt_of(town.network, made)
    unsaid = handed_over(town.network, reserved(town.network, public_laptops(town)))
    assert [one["code"] for one in unsaid["warnings"]] == ["accessory_missing"]
    assert "Non remis" not in receipt_of(town.network, unsaid), "nobody said that it was missing"
    whole = handed_over(town.network, reserved(town.network, public_laptops(town)), accessories=[CHARGER])
    company = handed_over(town.network, reserved(town.network, listed_devices(town)), accessories=[])
    assert (whole["warnings"], company["warnings"]) == ([], [])


@pytest.mark.parametrize(
    ("pointer", "more"),
    [
        ("/payment/method", {"payment": {"amount_minor": 16000, "currency": "EUR", "method": f"CB {CARD}"}}),
        ("/signature/name", {"signature": {"name": CARD}}),
        ("/signature/name", {"signature": CARD}),
        ("/signature/role", {"signature": {"name": "reseau-1", "role": CARD}}),
        ("/accessories/0/kind", {"accessories": [{"kind": CARD, "quantity": 1}]}),
        ("/accessories/0/serial", {"accessories": [{**CHARGER, "serial": CARD.replace(" ", "-")}]}),
        ("/beneficiary/pseudonym", {"beneficiary": {**FAMILY, "pseudonym": CARD}}),
        ("/beneficiary/prescriber", {"beneficiary": {**FAMILY, "prescriber": f"CCAS {CARD}"}}),
    ],
)
def test_a_card_number_is_refused_wherever_it_stands_and_told_nowhere(
    town: Town, caplog: pytest.LogCaptureFixture, pointer: str, more: dict[str, Any]
) -> None:
    reservation = reserved(town.network, listed_devices(town))
    refused = ask_handover(town.network, reservation, **more, headers={"Idempotency-Key": "again"})
    assert (refused.status_code, refused.json()["code"]) == (400, "card_number")
    assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]
    assert "1111" not in refused.text + caplog.text
    assert status_of(town.network, reservation["lines"][0]["device_id"]) == "reserved"
    with reading(town.house.database) as session:
        assert session.get(KeptAnswer, ("again", town.network.organisation_id, refused.request.url.path)) is None


def test_what_is_still_to_be_paid_is_told(town: Town) -> None:
    def paid(amount_minor: int) -> dict[str, Any]:
        return {"payment": {"amount_minor": amount_minor, "currency": "EUR", "method": "cash"}}

    part = handed_over(town.network, reserved(town.network, listed_devices(town)), **paid(10000))
    assert (part["total"]["amount_minor"], part["due"]["amount_minor"]) == (16000, 6000)
    assert "Reste à régler 60,00 €" in receipt_of(town.network, part)
    whole = handed_over(town.network, reserved(town.network, listed_devices(town)), **paid(16000))
    unsaid = handed_over(town.network, reserved(town.network, listed_devices(town)))
    assert (whole["due"]["amount_minor"], whole["warnings"], unsaid["due"]) == (0, [], None)
    over = handed_over(town.network, reserved(town.network, listed_devices(town)), **paid(16500))
    assert (over["due"]["amount_minor"], [one["code"] for one in over["warnings"]]) == (0, ["overpaid"])


def test_a_signature_is_typed_or_drawn_as_at_a_pick_up(town: Town) -> None:
    signed = {"role": "network", "name": "reseau-1", "drawn": DRAWN}
    made = handed_over(town.network, reserved(town.network, listed_devices(town)), signature=signed)
    assert made["signature"] == {"role": "network", "name": "reseau-1", "is_drawn": True}
    assert "reseau-1" in receipt_of(town.network, made)
    typed = handed_over(town.network, reserved(town.network, listed_devices(town)), signature="reseau-2")
    assert typed["signature"] == {"role": "network", "name": "reseau-2", "is_drawn": False}
    reservation = reserved(town.network, listed_devices(town))
    assert ask_handover(town.network, reservation, signature={**signed, "drawn": "M10 80 <script>"}).status_code == 400


def test_no_name_is_kept_of_a_beneficiary_who_signs(town: Town) -> None:
    signed = {"role": "beneficiary", "name": "Dominique Nom", "drawn": DRAWN}
    reservation = reserved(town.network, listed_devices(town))
    made = handed_over(town.network, reservation, beneficiary=FAMILY, signature=signed)
    assert (made["signature"]["name"], made["warnings"][0]["code"]) == (FAMILY["pseudonym"], "signature_name")
    assert "Dominique" not in receipt_of(town.network, made)


def test_the_receipt_says_what_the_law_asks_and_of_a_beneficiary_the_pseudonym_alone(town: Town) -> None:
    made = handed_over(town.network, reserved(town.network, public_laptops(town)), beneficiary=FAMILY)
    assert made["lines"][0]["legal_cap"]["source"] == "décret 2022-1413 du 7 novembre 2022"
    read = receipt_of(town.network, made)
    for said in ("Prix TTC", "160,00 €", "180,00 €", "décret 2022-1413", "24 mois", "12 mois", "famille-0412"):
        assert said in read
    for unsaid in ("recondition", "59183", "25-59", "CCAS", "QPV"):
        assert unsaid not in read
    (given,) = ready_devices(town)
    town.lead.post(f"/v1/devices/{given}/listing", {"as_gift": True})
    mixed = receipt_of(town.network, handed_over(town.network, reserved(town.network, [given, *listed_devices(town)])))
    assert "Appareils donnés (prix nul) : Don : hors garantie légale" in mixed
    assert "24 mois" in mixed
    assert "Plafond" not in mixed


def test_where_no_rule_of_the_country_is_known_the_receipt_says_none(town: Town) -> None:
    there = make_territory(town.house, "Sahel", country="TN", currency="TND", timezone="Africa/Tunis").id

    def desk(name: str, activity: Activity, person: str) -> Desk:
        made = make_organisation(town.house, name, activity, territory_id=there)
        return Desk(town.client, make_key(town.house, made, person=person), made.id)

    lead, network, region = (
        desk("Atelier", Activity.workshop, "lead-7"),
        desk("Réseau", Activity.network, "reseau-7"),
        desk("Région", Activity.territory, "region-7"),
    )
    donor = desk("Entreprise", Activity.donor, "donateur-7")
    grid = {
        "version": "1",
        "currency": "TND",
        "valid_from": "2020-01-01",
        "source": "x",
        "classes": [{"class": "A", "min_score": 0}],
        "prices": {"laptop": {"A": 250000}},
    }
    assert region.post("/v1/price-grids", grid).status_code == 201
    wanted = offered(town, ready_devices(town, donor=donor, workshop=lead), lead=lead)
    made = handed_over(network, reserved(network, wanted))
    assert (made["lines"][0]["warranty_until"], made["lines"][0]["legal_cap"]) == (None, None)
    read = receipt_of(network, made)
    assert "250,000 TND" in read
    for unsaid in ("arantie", "Plafond", "décret", "présumé"):
        assert unsaid not in read
