"""One payment has one device, or is given back: no case, exchange or refund makes more of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx import Response

from makers import Desk, Town, open_doors, settle_town
from makers_distribution import FAMILY, handed_over, listed_devices, made_ready_again, reserved
from reuse.house import House

COMPLAINT = {"words": "Trois touches ne répondent plus"}


def sold(town: Town, count: int = 1, *, paid: int | None = None) -> tuple[list[str], int]:
    """Laptops that a family took home with one hand-over, and the price of each; all is paid but where `paid` says."""
    ids = listed_devices(town, count)
    reservation = reserved(town.network, ids)
    prices = [line["price"]["amount_minor"] for line in reservation["lines"]]
    payment = {"amount_minor": sum(prices) if paid is None else paid, "currency": "EUR", "method": "cash"}
    handed_over(town.network, reservation, beneficiary=FAMILY, payment=payment)
    return ids, prices[0]


def complain(desk: Desk, device_id: str, **more: Any) -> Response:
    return desk.post("/v1/warranty-cases", {"device_id": device_id, "complaint": COMPLAINT, **more})


def back(town: Town, device_id: str) -> dict[str, Any]:
    """The case under which the device was taken back."""
    answer = complain(town.network, device_id, take_back=True)
    assert answer.status_code == 201, answer.text
    return answer.json()


def end(desk: Desk, case: dict[str, Any], how: str, **body: Any) -> Response:
    return desk.post(f"/v1/warranty-cases/{case['id']}/{how}", body)


def exchanged(town: Town, case: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What was given in the place of the device of the case, and the hand-over."""
    (new,) = listed_devices(town)
    answer = end(town.network, case, "exchanges", device_id=new)
    assert answer.status_code == 201, answer.text
    return new, answer.json()


def refund(town: Town, case: dict[str, Any], amount: int) -> Response:
    return end(town.lead, case, "refunds", amount_minor=amount, currency="EUR", method="cash")


def repaired(town: Town, device_id: str) -> None:
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    made_ready_again(town, device_id)


def shown(town: Town, case: dict[str, Any]) -> dict[str, Any]:
    return town.network.get(f"/v1/warranty-cases/{case['id']}").json()


@pytest.mark.parametrize("desk", ["network", "technician"])
def test_a_device_that_was_exchanged_is_not_complained_of_again(town: Town, desk: str) -> None:
    (old,), _ = sold(town)
    case = back(town, old)
    new, _ = exchanged(town, case)
    for prepare in (lambda: None, lambda: repaired(town, old)):
        prepare()
        again = complain(getattr(town, desk), old)
        assert (again.status_code, again.json()["code"]) == (409, "case_settled")
        assert case["number"] in again.json()["detail"]
    assert complain(town.network, new).status_code == 201, "what its holder has now may be"


def test_a_device_whose_money_was_given_back_is_not_complained_of_again(town: Town) -> None:
    (old,), price = sold(town)
    case = back(town, old)
    assert refund(town, case, price).status_code == 201
    assert shown(town, case)["may_become"] == []
    assert end(town.network, case, "moves", to="given_up", reason="x").json()["code"] == "move_not_allowed"
    assert complain(town.network, old).json()["code"] == "case_settled"


def test_a_device_that_is_owed_back_has_no_second_case_until_it_is_home(town: Town) -> None:
    (device_id,), _ = sold(town)
    case = back(town, device_id)
    assert end(town.lead, case, "moves", to="refused", reason="Boisson renversée").json()["owed_back"]
    again = complain(town.network, device_id)
    assert (again.status_code, again.json()["missing"]) == (409, ["warranty_case"])
    assert case["number"] in again.json()["detail"]
    repaired(town, device_id)
    assert end(town.lead, case, "handbacks").status_code == 201
    assert complain(town.network, device_id).status_code == 201


def test_a_device_that_was_given_up_is_not_complained_of_again(town: Town) -> None:
    (device_id,), _ = sold(town)
    case = back(town, device_id)
    end(town.lead, case, "moves", to="refused", reason="Boisson renversée")
    assert end(town.network, case, "moves", to="given_up", reason="La famille y renonce").status_code == 200
    assert complain(town.network, device_id).json()["code"] == "case_settled"


def test_a_part_given_back_while_the_device_was_out_leaves_it_its_holders(town: Town) -> None:
    (device_id,), _ = sold(town)
    case = complain(town.network, device_id).json()
    assert refund(town, case, 1000).status_code == 201
    assert not shown(town, case)["owed_back"]
    town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "clavier"})
    assert complain(town.network, device_id).status_code == 201


def test_refunds_after_an_exchange_never_add_up_to_more_than_was_paid_for_the_whole_hand_over(town: Town) -> None:
    _, each = sold(town)
    paid = each * 3 // 2
    (first, second), price = sold(town, 2, paid=paid)
    assert price == each
    new, given = exchanged(town, back(town, first))
    moved = given["paid"]["amount_minor"]
    assert refund(town, back(town, new), moved).status_code == 201
    last = back(town, second)
    assert refund(town, last, paid - moved + 1).json()["code"] == "refund_too_high"
    assert refund(town, last, paid - moved).status_code == 201


def test_two_exchanges_of_one_hand_over_move_no_more_than_was_paid_for_both(town: Town) -> None:
    _, each = sold(town)
    paid = each * 3 // 2
    ids, _ = sold(town, 2, paid=paid)
    moved = [exchanged(town, back(town, one))[1]["paid"]["amount_minor"] for one in ids]
    assert moved == [each, paid - each]


def test_two_exchanges_of_one_hand_over_at_once_move_no_more_than_was_paid_for_both(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        ids, each = sold(town, 2, paid=20_000)
        cases = [back(town, one) for one in ids]
        with ThreadPoolExecutor(2) as pool:
            asks = zip(cases, listed_devices(town, 2), (town.network, town.lead), strict=True)
            done = list(pool.map(lambda one: end(one[2], one[0], "exchanges", device_id=one[1]), asks))
        assert [one.status_code for one in done] == [201, 201]
        moved = sorted(one.json()["paid"]["amount_minor"] for one in done)
        assert moved == [20_000 - each, each]


def test_a_part_given_back_for_a_device_that_is_here_leaves_it_its_holders_until_it_is_home(town: Town) -> None:
    (device_id,), price = sold(town)
    case = back(town, device_id)
    assert refund(town, case, 100).status_code == 201
    owed = shown(town, case)
    assert (owed["status"], owed["owed_back"], owed["may_become"]) == ("refunded", True, ["given_up"])
    repaired(town, device_id)
    listing = town.lead.post(f"/v1/devices/{device_id}/listing")
    assert (listing.status_code, listing.json()["missing"]) == (409, ["warranty_case"])
    home = end(town.network, case, "handbacks")
    assert (home.status_code, home.json()["total"]["amount_minor"]) == (201, 0)
    assert (shown(town, case)["status"], shown(town, case)["owed_back"]) == ("refunded", False)
    again = back(town, device_id)
    assert refund(town, again, price - 99).json()["code"] == "refund_too_high"
    assert refund(town, again, price - 100).status_code == 201


def test_who_got_a_part_of_the_price_may_leave_the_device_here(town: Town) -> None:
    (device_id,), _ = sold(town)
    case = back(town, device_id)
    assert refund(town, case, 100).status_code == 201
    assert end(town.network, case, "moves", to="given_up", reason="La famille y renonce").status_code == 200
    repaired(town, device_id)
    assert town.lead.post(f"/v1/devices/{device_id}/listing").status_code == 200
