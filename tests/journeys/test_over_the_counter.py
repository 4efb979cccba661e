"""From the shelf to the family: prepared, picked, handed over, and on paper where there is no connection."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from makers import Desk, Town
from makers_distribution import FAMILY, ask_handover, listed_devices, printed, receipt_of, reserved, status_of
from reuse import clock

HOME = "12 rue des Lilas, 59640 Grand-Port"


def scan(desk: Desk, code: str, action: str, **data: Any) -> dict[str, Any]:
    one = {"id": str(uuid4()), "code": code, "action": action, "at": clock.now().isoformat(), "data": data}
    return desk.post("/v1/scans", {"scans": [one]}).json()["results"][0]


def label_of(town: Town, device_id: str) -> str:
    codes = town.lead.get(f"/v1/devices/{device_id}").json()["codes"]
    return next(code["value"] for code in codes if code["kind"] == "label")


def test_four_laptops_of_a_council_go_from_the_shelf_to_a_network_and_two_families(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    region_rules = {"voucher_required": True, "household_months": 12}
    assert town.region.post("/v1/handover-rules", region_rules).status_code == 200
    issued = town.region.post("/v1/vouchers", {"prescriber": "CCAS de Grand-Port", "quantity": 3}).json()
    vouchers = [one["code"] for one in issued["vouchers"]]

    laptops = listed_devices(town, 4, donor=town.council, legal_basis="public_free_transfer")
    (other,) = listed_devices(town)
    for device_id, shelf in zip(laptops, ("A10", "A2", "B1", "A3"), strict=True):
        assert scan(town.technician, label_of(town, device_id), "locate", location=shelf)["outcome"] == "applied"
    reservation, theirs = reserved(town.network, laptops), reserved(town.other_network, [other])
    path = f"/v1/reservations/{reservation['id']}"

    town.technician.done(town.technician.post(f"{path}/preparation"))
    shelves = [line["location"] for line in town.technician.get(f"{path}/preparation").json()["lines"]]
    assert shelves == ["A2", "A3", "A10", "B1"]
    wrong = scan(town.technician, label_of(town, other), "hand_over_check", reservation_id=reservation["id"])
    assert (wrong["outcome"], wrong["problem"]["code"]) == ("conflict", "other_reservation")
    assert theirs["number"] in wrong["problem"]["detail"]
    for device_id in laptops:
        right = scan(town.technician, label_of(town, device_id), "hand_over_check", reservation_id=reservation["id"])
        assert right["outcome"] == "applied"
    assert town.technician.get(f"{path}/preparation").json()["picked"] == 4

    chargers = [{"kind": "charger", "quantity": 2}]
    stock = ask_handover(town.network, reservation, laptops[:2], accessories=chargers, signature="reseau-1").json()
    assert (stock["kind"], stock["warnings"], len(stock["lines"])) == ("network", [], 2)

    person = {name: value for name, value in FAMILY.items() if name not in {"eligible", "prescriber"}}
    facts: dict[str, Any] = {
        "beneficiary": person,
        "household": HOME,
        "accessories": [{"kind": "charger", "quantity": 1}],
        "payment": {"amount_minor": 10000, "currency": "EUR", "method": "cash"},
        "signature": {"role": "network", "name": "reseau-1", "drawn": "M10 80 L60 20 L110 80"},
    }
    home = ask_handover(town.network, reservation, laptops[2:3], voucher=vouchers[0], **facts)
    assert home.status_code == 201, home.text
    read = receipt_of(town.network, home.json())
    for said in ("24 mois", "Prix TTC", "180,00 €", "décret 2022-1413", "1 x Chargeur", "60,00 €", "famille-0412"):
        assert said in read
    assert "Lilas" not in read
    twice = ask_handover(town.network, reservation, laptops[3:], voucher=vouchers[1], **facts)
    assert (twice.status_code, twice.json()["code"]) == (409, "household_served")

    slips = town.network.post(f"{path}/paper-slips", {"device_ids": laptops[3:]})
    paper = printed(town.network, town.network.done(slips)["result"]["document_id"])
    slip = next(word for word in paper.split() if word.startswith("BRP-"))
    written_at, source = clock.now(), clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=10))  # long past the hold's term
    on_paper = {
        **facts,
        "household": "3 quai du Port, 59640 Grand-Port",
        "paper": {"slip": slip, "handed_over_at": written_at.isoformat()},
    }
    used = ask_handover(town.network, reservation, laptops[3:], voucher=vouchers[0], **on_paper)
    assert used.json()["code"] == "voucher_used"
    entered = ask_handover(town.network, reservation, laptops[3:], voucher=vouchers[1], **on_paper)
    assert entered.status_code == 201, entered.text
    made = entered.json()
    assert (made["slip_number"], made["at"][:10]) == (slip, written_at.date().isoformat())
    assert made["lines"][0]["warranty_until"] == home.json()["lines"][0]["warranty_until"]

    assert {status_of(town.network, device_id) for device_id in laptops} == {"handed_over"}
    assert town.network.get(path).json()["status"] == "handed_over"
    told = [one["status"] for one in town.region.get("/v1/vouchers").json()["items"]]
    assert told == ["used", "used", "open"]
    sheet = town.region.done(Response(202, headers={"Location": f"/v1/jobs/{issued['sheet_job']}"}))
    assert vouchers[2] in printed(town.region, sheet["result"]["document_id"])
