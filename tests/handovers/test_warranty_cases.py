# ruff: noqa: RUF001  # French apostrophes are what the papers print
"""After the hand-over: warranty cases, repairs, exchanges and refunds, each once, in the term of the first receipt."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from pypdf import PdfReader
from sqlmodel import select

from exporting import departed, drafted_export, network_of, proved_devices
from makers import Desk, Town, make_key, make_organisation, open_doors, settle_town, wait_for_background
from makers_distribution import (
    FAMILY,
    handed_over,
    listed_devices,
    made_ready_again,
    offered,
    ready_devices,
    reserved,
    status_of,
)
from reuse import clock
from reuse.devices.models import Device
from reuse.handovers.models import HandoverLine, WarrantyCase
from reuse.handovers.queries import first_handovers
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.people.rules import Activity
from reuse.reservations.models import Quota
from reuse.transactions import reading, transaction

COMPLAINT = {"words": "Trois touches ne répondent plus", "defect": "keyboard.keys"}
CARD = "4970 1012 3456 7893"


def sold(town: Town, network: Desk | None = None, **facts: Any) -> tuple[str, dict[str, Any]]:
    """A laptop that a family paid for and took home, and its hand-over."""
    (device_id,) = listed_devices(town, **facts)
    desk = network or town.network
    reservation = reserved(desk, [device_id])
    price = reservation["lines"][0]["price"]
    gift = price["amount_minor"] == 0
    payment = {} if gift else {"payment": {**price, "method": "cash"}}
    return device_id, handed_over(desk, reservation, beneficiary=FAMILY, **payment)


def opened(desk: Desk, device_id: str, **more: Any) -> dict[str, Any]:
    answer = desk.post("/v1/warranty-cases", {"device_id": device_id, "complaint": COMPLAINT, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def move(desk: Desk, case: dict[str, Any], to: str, **more: Any) -> Response:
    return desk.post(f"/v1/warranty-cases/{case['id']}/moves", {"to": to, **more})


def shown(desk: Desk, case: dict[str, Any]) -> dict[str, Any]:
    return desk.get(f"/v1/warranty-cases/{case['id']}").json()


def at_bench(town: Town, **facts: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A device that was sold, complained of and taken back, and is being repaired; its hand-over and its case."""
    device_id, first = sold(town, **facts)
    case = opened(town.network, device_id, take_back=True)
    assert move(town.technician, case, "in_repair").status_code == 200
    return device_id, first, case


def repaired(town: Town, device_id: str) -> None:
    """The workshop has done its work and signed the device off anew."""
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    made_ready_again(town, device_id)


def hand_back(desk: Desk, case: dict[str, Any], **more: Any) -> Response:
    return desk.post(f"/v1/warranty-cases/{case['id']}/handbacks", more)


def exchange(desk: Desk, case: dict[str, Any], device_id: str) -> Response:
    return desk.post(f"/v1/warranty-cases/{case['id']}/exchanges", {"device_id": device_id})


def refund(desk: Desk, case: dict[str, Any], amount: int, **more: Any) -> Response:
    body = {"amount_minor": amount, "currency": "EUR", "method": "transfer", **more}
    return desk.post(f"/v1/warranty-cases/{case['id']}/refunds", body)


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    source = clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(**span))


def impact_of(town: Town) -> tuple[int, float]:
    found = town.lead.get("/v1/impact").json()
    return found["devices"], found["kg_co2e"]["central"]


def test_a_network_opens_a_case_in_the_term_of_its_receipt(town: Town) -> None:
    device_id, first = sold(town)
    case = opened(town.network, device_id, note="Rappeler le matin")
    line = first["lines"][0]
    assert case["number"].startswith("GAR-")
    assert (case["status"], case["device_status"]) == ("open", "handed_over")
    assert case["handover_number"] == first["number"]
    assert case["warranty"] == {
        "until": line["warranty_until"],
        "presumption_until": line["presumption_until"],
        "under_warranty": True,
        "presumed": True,
        "goodwill": False,
    }
    until, presumed = date.fromisoformat(line["warranty_until"]), date.fromisoformat(line["presumption_until"])
    assert (until.year - presumed.year, until.month, until.day) == (1, presumed.month, presumed.day)
    assert case["complaint"]["title"]["en"] == "Keys missing or dead"
    assert case["due_on"] is not None
    assert [one["id"] for one in town.lead.get("/v1/warranty-cases?status=open").json()["items"]] == [case["id"]]
    assert [one["id"] for one in town.network.get(f"/v1/warranty-cases?device_id={device_id}").json()["items"]] == [
        case["id"]
    ]
    assert town.other_network.get("/v1/warranty-cases").json()["items"] == []
    assert town.other_network.get(f"/v1/warranty-cases/{case['id']}").status_code == 404


def test_the_term_is_the_one_of_the_receipt_whatever_the_rule_says_today(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, first = sold(town)
    with transaction(town.house.database) as session:
        line = session.exec(select(HandoverLine).where(HandoverLine.device_id == UUID(device_id))).one()
        line.warranty_until, line.presumption_until = date(2031, 1, 31), date(2030, 1, 31)
        session.add(line)
    later(monkeypatch, days=800)
    case = opened(town.network, device_id)
    assert case["warranty"]["until"] == "2031-01-31"
    assert case["warranty"]["under_warranty"]
    assert first["lines"][0]["warranty_until"] != "2031-01-31"


def test_a_case_out_of_term_is_opened_and_says_that_it_is_at_goodwill(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, _ = sold(town)
    later(monkeypatch, days=500)
    late = opened(town.network, device_id)
    assert (late["warranty"]["under_warranty"], late["warranty"]["presumed"]) == (True, False)
    assert move(town.network, late, "withdrawn", reason="Marche de nouveau").status_code == 200
    later(monkeypatch, days=500)
    over = opened(town.network, device_id)
    assert (over["warranty"]["under_warranty"], over["warranty"]["goodwill"], over["due_on"]) == (False, True, None)


def test_a_gift_has_a_case_at_goodwill(town: Town) -> None:
    (device_id,) = ready_devices(town)
    assert town.lead.post(f"/v1/devices/{device_id}/listing", {"as_gift": True}).status_code == 200
    handed_over(town.network, reserved(town.network, [device_id]))
    case = opened(town.lead, device_id)
    assert case["warranty"]["goodwill"]
    assert case["warranty"]["until"] is None
    assert refund(town.lead, case, 100).json()["code"] == "refund_too_high"


def test_a_device_has_one_open_case_and_another_after_that(town: Town) -> None:
    device_id, _ = sold(town)
    case = opened(town.network, device_id)
    again = town.technician.post("/v1/warranty-cases", {"device_id": device_id, "complaint": COMPLAINT})
    assert (again.status_code, again.json()["code"]) == (409, "case_open")
    assert case["number"] in again.json()["detail"]
    assert move(town.network, case, "withdrawn", reason="Erreur").json()["status"] == "withdrawn"
    assert opened(town.technician, device_id)["number"] != case["number"]


def test_what_was_not_handed_over_or_is_anothers_has_no_case(town: Town) -> None:
    (listed,) = listed_devices(town)
    device_id, _ = sold(town)
    for desk, one in ((town.network, listed), (town.other_network, device_id)):
        answer = desk.post("/v1/warranty-cases", {"device_id": one, "complaint": COMPLAINT})
        assert answer.status_code == 404
    assert town.region.post("/v1/warranty-cases", {"device_id": device_id, "complaint": COMPLAINT}).status_code == 403
    town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "rendu"})
    repaired(town, device_id)
    offered(town, [device_id])
    late = town.network.post("/v1/warranty-cases", {"device_id": device_id, "complaint": COMPLAINT})
    assert (late.status_code, late.json()["code"]) == (409, "not_handed_over")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"complaint": {"words": "Cassé", "defect": "keyboard.flying"}}, "unknown_defect"),
        ({"complaint": {"words": f"payé par {CARD}"}}, "card_number"),
        ({"complaint": COMPLAINT, "note": CARD}, "card_number"),
    ],
)
def test_a_complaint_is_coded_and_holds_no_card_number(town: Town, body: dict[str, Any], code: str) -> None:
    device_id, _ = sold(town)
    answer = town.network.post("/v1/warranty-cases", {"device_id": device_id, **body})
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_day_of_report_that_cannot_be_is_kept_and_counts_for_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, _ = sold(town)
    later(monkeypatch, days=1000)
    case = opened(town.network, device_id, reported_at="2020-01-01T10:00:00Z")
    assert case["reported_at"] == "2020-01-01T10:00:00Z"
    assert [one["code"] for one in case["warnings"]] == ["reported_at_odd"]
    assert not case["warranty"]["under_warranty"]


def test_a_case_is_refused_by_a_named_lead_with_a_reason(town: Town) -> None:
    device_id, _ = sold(town)
    case = opened(town.network, device_id)
    assert move(town.lead, case, "refused").json()["code"] == "reason_missing"
    assert move(town.network, case, "refused", reason="non").status_code == 403
    assert move(town.technician, case, "refused", reason="non").status_code == 403
    assert move(town.lead, case, "repaired", reason="x").json()["code"] == "by_resource"
    refused = move(town.lead, case, "refused", reason="Boisson renversée").json()
    assert (refused["status"], refused["reason"], refused["owed_back"]) == ("refused", "Boisson renversée", False)
    assert move(town.lead, case, "in_repair").json()["code"] == "move_not_allowed"
    history = [one["verb"] for one in town.network.get(f"/v1/devices/{device_id}/history").json()["items"]]
    assert history[-2:] == ["warranty_case_opened", "warranty_case_moved"]


def test_nothing_is_repaired_before_it_is_back(town: Town) -> None:
    device_id, _ = sold(town)
    case = opened(town.network, device_id)
    early = move(town.technician, case, "in_repair")
    assert (early.status_code, early.json()["missing"]) == (409, ["return"])
    back = town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "clavier"}).json()
    assert back["warranty_case"] == {"id": case["id"], "number": case["number"]}
    assert move(town.technician, case, "in_repair").json()["status"] == "in_repair"


def test_a_repaired_device_goes_home_at_no_price_and_its_warranty_goes_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, first, case = at_bench(town)
    until = date.fromisoformat(first["lines"][0]["warranty_until"])
    early = hand_back(town.lead, case)
    assert early.status_code == 409
    assert {"sanitized", "tested", "approved"} <= set(early.json()["missing"])
    repaired(town, device_id)
    later(monkeypatch, days=10)
    answer = hand_back(town.lead, case, signature={"role": "network", "name": "reseau-1"})
    assert answer.status_code == 201, answer.text
    home = answer.json()
    assert (home["total"]["amount_minor"], home["paid"]) == (0, None)
    assert home["beneficiary"]["pseudonym"] == FAMILY["pseudonym"]
    assert home["network_id"] == first["network_id"]
    assert status_of(town.network, device_id) == "handed_over"
    longer = date.fromisoformat(home["lines"][0]["warranty_until"])
    assert 6 * 28 + 10 <= (longer - until).days <= 6 * 31 + 10
    assert home["lines"][0]["presumption_until"] == first["lines"][0]["presumption_until"]
    ended = shown(town.network, case)
    assert (ended["status"], ended["remedy_handover_id"]) == ("repaired", home["id"])
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
        assert len(first_handovers(session)) == 1


def test_a_hand_back_is_not_counted_twice_in_or_out_of_term(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    device_id, _ = sold(town)
    once = impact_of(town)
    for days in (0, 1200):
        later(monkeypatch, days=days)
        case = opened(town.network, device_id, take_back=True)
        assert case["warranty"]["under_warranty"] is (days == 0)
        move(town.technician, case, "in_repair")
        repaired(town, device_id)
        assert hand_back(town.network, case).status_code == 201
        assert impact_of(town) == once
    quality = town.lead.get("/v1/quality").json() if town.lead.get("/v1/quality").status_code == 200 else None
    assert quality is None or quality["handed_over"] == 1


def test_a_refused_device_is_still_its_holders_and_goes_home_or_is_given_up(town: Town) -> None:
    device_id, first, case = at_bench(town)
    refused = move(town.lead, case, "refused", reason="Boisson renversée").json()
    assert refused["owed_back"]
    repaired(town, device_id)
    listing = town.lead.post(f"/v1/devices/{device_id}/listing")
    assert (listing.status_code, listing.json()["missing"]) == (409, ["warranty_case"])
    assert case["number"] in listing.json()["detail"]
    home = hand_back(town.lead, case).json()
    assert home["lines"][0]["warranty_until"] == first["lines"][0]["warranty_until"]
    ended = shown(town.network, case)
    assert (ended["status"], ended["owed_back"]) == ("refused", False)
    assert town.lead.get(f"/v1/devices/{device_id}").json()["claim"] is None
    assert hand_back(town.lead, case).status_code == 409


def test_the_next_steps_of_a_device_under_a_case_end_with_its_way_home(town: Town) -> None:
    device_id, _ = sold(town)
    case = opened(town.network, device_id, take_back=True)

    def steps() -> list[str]:
        found = town.lead.get(f"/v1/devices/{device_id}").json()
        assert found["claim"] == case["number"]
        return [one["step"] for one in found["next_steps"]]

    assert steps() == ["start_work", "hand_back"]
    move(town.technician, case, "in_repair")
    town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"})
    assert steps()[-2:] == ["approve", "hand_back"]
    made_ready_again(town, device_id)
    assert steps() == ["hand_back"]
    queue = next(one for one in town.lead.get("/v1/queues").json()["queues"] if one["step"] == "hand_back")
    assert queue["devices"] == 1


def test_a_device_that_nobody_wants_back_is_stock_again(town: Town) -> None:
    device_id, _, case = at_bench(town)
    move(town.lead, case, "refused", reason="Boisson renversée")
    assert move(town.network, case, "given_up", reason="La famille y renonce").json()["owed_back"] is False
    repaired(town, device_id)
    offered(town, [device_id])
    handed_over(town.other_network, reserved(town.other_network, [device_id]))


def test_a_device_under_an_open_case_is_given_to_nobody_else(town: Town) -> None:
    (device_id,) = listed_devices(town)
    reservation = reserved(town.other_network, [device_id])
    with transaction(town.house.database) as session:
        device = session.get_one(Device, UUID(device_id))
        device.claim = "GAR-2026-000001"  # whatever way it came to be reserved
        session.add(device)
    refused = town.other_network.post(f"/v1/reservations/{reservation['id']}/handovers", {"device_ids": [device_id]})
    assert refused.json()["code"] == "warranty_case_open"
    assert "GAR-2026-000001" in refused.json()["detail"]


def test_an_exchange_moves_the_price_and_the_person_and_leaves_the_old_device_here(town: Town) -> None:
    old, first = sold(town)
    (new,) = listed_devices(town, score=55)
    case = opened(town.network, old, take_back=True)
    before = impact_of(town)
    assert town.lead.get(f"/v1/devices/{new}").json()["price"] != first["total"]
    answer = exchange(town.lead, case, new)
    assert answer.status_code == 201, answer.text
    given = answer.json()
    assert given["total"] == first["total"]
    assert given["paid"] == first["paid"]
    assert given["beneficiary"] == first["beneficiary"]
    assert given["lines"][0]["warranty_until"] == first["lines"][0]["warranty_until"]
    assert (status_of(town.network, new), status_of(town.lead, old)) == ("handed_over", "returned")
    ended = shown(town.network, case)
    assert (ended["status"], ended["new_device_id"]) == ("exchanged", new)
    assert [one["id"] for one in town.network.get(f"/v1/warranty-cases?device_id={new}").json()["items"]] == [
        case["id"]
    ]
    assert impact_of(town)[1] > before[1]
    repaired(town, old)
    offered(town, [old])
    handed_over(town.other_network, reserved(town.other_network, [old]))
    again = opened(town.network, new)
    assert again["warranty"]["until"] == first["lines"][0]["warranty_until"]


def test_after_a_repair_that_was_not_carried_out_an_exchange_has_a_term_of_its_own(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, first, case = at_bench(town)
    (new,) = listed_devices(town)
    later(monkeypatch, days=40)
    given = exchange(town.network, case, new).json()
    old, fresh = (date.fromisoformat(one["lines"][0]["warranty_until"]) for one in (first, given))
    assert (fresh - old).days == pytest.approx(40, abs=2)
    assert given["lines"][0]["presumption_until"] > first["lines"][0]["presumption_until"]
    assert device_id != new


def test_the_donor_sees_both_devices_where_they_are_after_an_exchange(town: Town) -> None:
    old, _ = sold(town)
    (new,) = listed_devices(town)
    case = opened(town.network, old, take_back=True)
    assert exchange(town.network, case, new).status_code == 201
    for device_id, status in ((old, "returned"), (new, "handed_over")):
        donation = town.company.get(f"/v1/devices/{device_id}").json()["donation_id"]
        (way,) = town.company.get(f"/v1/donations/{donation}/devices").json()["items"]
        assert way["status"] == status
        assert (way["recipient"] is None) is (status == "returned")
    assert COMPLAINT["words"] not in town.company.get(f"/v1/devices/{old}/history").text


def test_an_exchange_asks_every_gate(town: Town) -> None:
    old, first = sold(town, score=95)
    case = opened(town.network, old)
    (flagged, new) = listed_devices(town, 2)
    early = exchange(town.network, case, new)
    assert early.json()["missing"] == ["return"]
    town.network.post(f"/v1/devices/{old}/returns", {"reason": "clavier"})
    ready = ready_devices(town)[0]
    assert exchange(town.network, case, ready).json()["missing"] == ["listing"]
    kept = reserved(town.other_network, [flagged])
    assert exchange(town.network, case, flagged).json()["missing"] == ["listing"]
    assert kept["lines"][0]["device_id"] == flagged
    assert exchange(town.network, case, old).status_code == 404
    own = reserved(town.network, [new])
    assert exchange(town.network, case, new).status_code == 201
    lines = town.network.get(f"/v1/reservations/{own['id']}").json()
    assert (lines["status"], lines["lines"][0]["state"]) == ("handed_over", "under_warranty")
    assert first["total"]["amount_minor"] > 0


def test_what_was_paid_never_moves_above_the_cap_of_the_new_devices_provenance(town: Town) -> None:
    old, first = sold(town)
    with transaction(town.house.database) as session:
        line = session.exec(select(HandoverLine).where(HandoverLine.device_id == UUID(old))).one()
        line.price_minor = 25_000
        session.add(line)
    case = opened(town.network, old, take_back=True)
    (capped,) = listed_devices(town, legal_basis="public_free_transfer", donor=town.council)
    refused = exchange(town.network, case, capped)
    assert (refused.status_code, refused.json()["missing"]) == (409, ["legal_cap"])
    assert shown(town.network, case)["status"] == "open"
    assert status_of(town.lead, capped) == "listed"
    assert first["number"]


def test_a_remedy_counts_for_no_quota(town: Town) -> None:
    old, _ = sold(town)
    (new,) = listed_devices(town)
    with transaction(town.house.database) as session:
        territory = session.get_one(Device, UUID(old)).territory_id
        session.add(Quota(id=clock.new_id(), territory_id=territory, period="year", most=1))
    refused = town.network.post("/v1/reservations", {"device_ids": [new]})
    assert refused.json()["code"] == "quota_reached"
    case = opened(town.network, old, take_back=True)
    assert exchange(town.network, case, new).status_code == 201


def test_a_device_repaired_for_a_network_abroad_needs_its_file_again(town: Town) -> None:
    tunis = network_of(town, "TN")
    (device_id,) = offered(town, proved_devices(town))
    reservation = reserved(tunis, [device_id])
    departed(town, drafted_export(town, [device_id], tunis))
    handed_over(tunis, reservation)
    case = opened(tunis, device_id, take_back=True)
    move(town.technician, case, "in_repair")
    repaired(town, device_id)
    assert hand_back(town.lead, case).json()["missing"] == ["export"]


def test_a_refund_is_what_was_paid_at_most_and_once(town: Town) -> None:
    device_id, first = sold(town)
    paid = first["paid"]["amount_minor"]
    case = opened(town.network, device_id)
    whole = refund(town.lead, case, paid)
    assert (whole.status_code, whole.json()["missing"]) == (409, ["return"])
    assert refund(town.network, case, 100).status_code == 403
    assert refund(town.technician, case, 100).status_code == 403
    assert refund(town.lead, case, 100, currency="TND").json()["code"] == "currency_differs"
    assert refund(town.lead, case, 100, method=CARD).json()["code"] == "card_number"
    assert refund(town.lead, case, 100, on="2019-01-01").json()["code"] == "refund_day"
    town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "clavier"})
    assert refund(town.lead, case, paid + 1).json()["code"] == "refund_too_high"
    done = refund(town.lead, case, paid)
    assert done.status_code == 201, done.text
    assert done.json()["number"].startswith("AV-")
    assert refund(town.lead, case, 1).json()["code"] == "move_not_allowed"
    ended = shown(town.network, case)
    assert ended["status"] == "refunded"
    assert ended["refund"]["amount"] == first["paid"]
    assert shown(town.lead, case)["refund"]["by"] == "lead-1"
    assert ended["refund"]["by"].startswith("P-")


def test_the_sum_of_refunds_of_a_line_never_passes_what_was_paid_nor_does_an_exchange_renew_it(town: Town) -> None:
    old, first = sold(town)
    paid = first["paid"]["amount_minor"]
    one = opened(town.network, old)
    assert refund(town.lead, one, 1000).status_code == 201
    two = opened(town.network, old, take_back=True)
    assert refund(town.lead, two, paid - 999).json()["code"] == "refund_too_high"
    (new,) = listed_devices(town)
    given = exchange(town.lead, two, new).json()
    assert given["total"]["amount_minor"] == paid - 1000
    three = opened(town.network, new, take_back=True)
    assert refund(town.lead, three, paid - 999).json()["code"] == "refund_too_high"
    assert refund(town.lead, three, paid - 1000).status_code == 201


def test_what_is_paid_back_after_a_hand_back_is_the_first_line(town: Town) -> None:
    device_id, first, case = at_bench(town)
    repaired(town, device_id)
    assert hand_back(town.network, case).status_code == 201
    again = opened(town.network, device_id, take_back=True)
    assert again["warranty"]["under_warranty"]
    done = refund(town.lead, again, first["paid"]["amount_minor"])
    assert done.status_code == 201, done.text
    assert done.json()["handover_id"] == first["id"]


def test_where_less_was_paid_less_is_given_back(town: Town) -> None:
    (device_id,) = listed_devices(town)
    reservation = reserved(town.network, [device_id])
    handed_over(town.network, reservation, payment={"amount_minor": 1500, "currency": "EUR", "method": "cash"})
    case = opened(town.network, device_id, take_back=True)
    assert refund(town.lead, case, 1501).json()["code"] == "refund_too_high"
    assert refund(town.lead, case, 1500).status_code == 201


def raced(*asks: Callable[[], Response]) -> list[int]:
    with ThreadPoolExecutor(len(asks)) as pool:
        return sorted(one.result().status_code for one in [pool.submit(ask) for ask in asks])


def test_of_an_exchange_and_a_refund_at_once_one_wins(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        old, first = sold(town)
        (new,) = listed_devices(town)
        case = opened(town.network, old, take_back=True)
        amount = first["paid"]["amount_minor"]
        statuses = raced(lambda: exchange(town.network, case, new), lambda: refund(town.lead, case, amount))
        assert statuses == [201, 409]
        ended = shown(town.lead, case)
        assert (status_of(town.lead, new) == "handed_over") is (ended["status"] == "exchanged")
        assert (ended["refund"] is not None) is (ended["status"] == "refunded")


def test_of_two_exchanges_at_once_one_wins(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        old, _ = sold(town)
        new = listed_devices(town, 2)
        case = opened(town.network, old, take_back=True)
        statuses = raced(lambda: exchange(town.network, case, new[0]), lambda: exchange(town.lead, case, new[1]))
        assert statuses == [201, 409]
        assert sorted(status_of(town.lead, one) for one in new) == ["handed_over", "listed"]


def test_of_two_cases_opened_at_once_one_is(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        device_id, _ = sold(town)
        body = {"device_id": device_id, "complaint": COMPLAINT}
        asks = [lambda desk=desk: desk.post("/v1/warranty-cases", body) for desk in (town.network, town.lead)]
        assert raced(*asks) == [201, 409]
        with reading(any_house.database) as session:
            assert len(session.exec(select(WarrantyCase)).all()) == 1


def printed(town: Town, document_id: str) -> str:
    answer = town.network.get(f"/v1/documents/{document_id}/content")
    assert answer.status_code == 200
    return " ".join("\n".join(p.extract_text() for p in PdfReader(io.BytesIO(answer.content)).pages).split())


def test_every_remedy_has_its_paper(town: Town) -> None:
    device_id, first, case = at_bench(town)
    repaired(town, device_id)
    home = hand_back(town.lead, case).json()
    second = opened(town.network, device_id, take_back=True)
    (new,) = listed_devices(town)
    given = exchange(town.lead, second, new).json()
    third = opened(town.network, new, take_back=True)
    back = refund(town.lead, third, first["paid"]["amount_minor"]).json()
    wait_for_background(town.house)
    slip, receipt = (
        printed(town, town.network.get(f"/v1/handovers/{one['id']}").json()["receipt_document_id"])
        for one in (home, given)
    )
    note = printed(town, shown(town.network, third)["refund"]["document_id"])
    for said in ("Bon de restitution sous garantie", case["number"], first["number"], "Rien n’est à payer", "L217-13"):
        assert said in slip
    assert "Touches manquantes ou muettes" in slip
    for said in ("Reçu d’échange sous garantie", second["number"], "l’appareil rendu (1)", "La garantie court"):
        assert said in receipt
    for said in ("Avoir", back["number"], third["number"], given["number"], "Montant rendu"):
        assert said in note


def test_a_workshop_next_door_decides_nothing(town: Town) -> None:
    device_id, _ = sold(town)
    case = opened(town.network, device_id)
    shop = make_organisation(town.house, "Autre atelier", Activity.workshop)
    lead = Desk(town.client, make_key(town.house, shop, person="lead-9"), shop.id)
    for answer in (move(lead, case, "refused", reason="non"), refund(lead, case, 1), hand_back(lead, case)):
        assert answer.status_code == 404
    stale = town.lead.post(
        f"/v1/warranty-cases/{case['id']}/moves",
        {"to": "refused", "reason": "non"},
        headers={"If-Match": '"9"'},
    )
    assert stale.status_code == 412
