"""A workshop accepts a part: what is refused is told with its reason, and nobody later calls it missing."""

from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from donating import HEADER, accepted, laptops, listed, picked_up, planned, receive, submitted
from makers import Town

LINES = [{"category": "laptop", "quantity": 8}, {"category": "monitor", "quantity": 4}]
OLD = "Trop ancien"


def accept(town: Town, donation: dict[str, Any], *refused: dict[str, Any], **more: Any) -> Response:
    body = {"to": "accepted", "refused": list(refused), **more}
    return town.lead.post(f"/v1/donations/{donation['id']}/moves", json=body)


def devices(town: Town, donation: dict[str, Any]) -> list[dict[str, Any]]:
    return town.council.get(f"/v1/devices?donation_id={donation['id']}&limit=200").json()["items"]


def declared(donation: dict[str, Any]) -> dict[str, int]:
    return {line["category"]: line["declared"] for line in donation["lines"]}


def shown(town: Town, donation: dict[str, Any]) -> dict[str, Any]:
    return town.council.get(f"/v1/donations/{donation['id']}").json()


def test_what_is_refused_by_count_is_taken_off_the_line_and_the_reason_stays_on_it(town: Town) -> None:
    donation = submitted(town.council, lines=LINES)
    answer = accept(town, donation, {"category": "monitor", "quantity": 3, "reason": OLD})
    assert answer.status_code == 200, answer.text
    laptop, monitor = shown(town, donation)["lines"]
    assert (laptop["declared"], laptop["refused"]) == (8, [])
    assert (monitor["quantity"], monitor["declared"]) == (4, 1)
    assert monitor["refused"] == [{"quantity": 3, "reason": OLD, "device_id": None}]
    assert answer.json()["media"] == {"always": 8, "possible": 0, "never": 1}


def test_a_refused_device_is_withdrawn_with_the_reason_in_its_history(town: Town) -> None:
    donation = submitted(town.council)
    listed(town.council, donation, laptops(3))
    first, *others = devices(town, donation)
    answer = accept(town, donation, {"device_id": first["id"], "reason": OLD})
    assert answer.status_code == 200, answer.text
    assert [(line["quantity"], line["declared"]) for line in answer.json()["lines"]] == [(3, 2)]
    assert answer.json()["lines"][0]["refused"] == [{"quantity": 1, "reason": OLD, "device_id": first["id"]}]
    assert town.council.get(f"/v1/devices/{first['id']}").json()["status"] == "withdrawn"
    last = town.council.get(f"/v1/devices/{first['id']}/history").json()["items"][-1]
    assert (last["verb"], last["data"]["reason"]) == ("refused", OLD)
    assert {town.council.get(f"/v1/devices/{one['id']}").json()["status"] for one in others} == {"declared"}


def test_a_large_part_is_taken_off_several_lines_the_last_first(town: Town) -> None:
    lines = [{"category": "laptop", "quantity": count} for count in (5, 3, 2)]
    donation = submitted(town.council, lines=lines)
    answer = accept(town, donation, {"category": "laptop", "quantity": 4, "reason": OLD}).json()
    assert [line["declared"] for line in answer["lines"]] == [5, 1, 0]
    assert [[one["quantity"] for one in line["refused"]] for line in answer["lines"]] == [[], [2], [2]]


def test_everything_refused_is_a_decline_and_says_so(town: Town) -> None:
    donation = submitted(town.council, lines=LINES)
    everything = [{"category": line["category"], "quantity": line["quantity"], "reason": OLD} for line in LINES]
    answer = accept(town, donation, *everything)
    assert (answer.status_code, answer.json()["code"]) == (409, "all_refused")
    assert "decline" in answer.json()["detail"]
    assert shown(town, donation) == donation


@pytest.mark.parametrize(
    ("refused", "pointer", "code"),
    [
        ({"category": "laptop", "quantity": 9, "reason": OLD}, "/refused/0/quantity", "too_many_refused"),
        ({"category": "tablet", "quantity": 1, "reason": OLD}, "/refused/0/quantity", "too_many_refused"),
        ({"device_id": str(uuid4()), "reason": OLD}, "/refused/0/device_id", "unknown_device"),
        ({"category": "laptop", "quantity": 1}, "/refused/0/reason", "invalid"),
        ({"category": "laptop", "quantity": 1, "reason": ""}, "/refused/0/reason", "invalid"),
        ({"category": "laptop", "reason": OLD}, "/refused/0", "invalid"),
        ({"category": "laptop", "quantity": 1, "device_id": str(uuid4()), "reason": OLD}, "/refused/0", "invalid"),
    ],
)
def test_a_refusal_that_means_nothing_here_changes_nothing(
    town: Town, refused: dict[str, Any], pointer: str, code: str
) -> None:
    donation = submitted(town.council, lines=LINES)
    answer = accept(town, donation, refused)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert shown(town, donation) == donation


def test_listed_devices_are_refused_by_name_and_not_by_count(town: Town) -> None:
    donation = submitted(town.council, lines=[{"category": "laptop", "quantity": 5}])
    listed(town.council, donation, laptops(3))
    by_count = {"category": "laptop", "quantity": 3, "reason": OLD}
    answer = accept(town, donation, by_count)
    assert (answer.status_code, answer.json()["code"]) == (400, "too_many_refused")
    device = devices(town, donation)[0]
    twice = {"device_id": device["id"], "reason": OLD}
    assert accept(town, donation, twice, twice).json()["errors"][0]["pointer"] == "/refused/1/device_id"
    both = accept(town, donation, {**by_count, "quantity": 2}, twice)
    assert declared(both.json()) == {"laptop": 2}


def test_parts_are_refused_only_at_acceptance_and_only_by_the_workshop(town: Town) -> None:
    donation = submitted(town.council, lines=LINES)
    refused = [{"category": "laptop", "quantity": 1, "reason": OLD}]
    path = f"/v1/donations/{donation['id']}/moves"
    early = town.lead.post(path, json={"to": "declined", "reason": "x", "refused": refused})
    assert (early.status_code, early.json()["errors"][0]["pointer"]) == (400, "/refused")
    assert town.council.post(path, json={"to": "accepted", "refused": refused}).status_code == 403
    assert town.stranger.post(path, json={"to": "accepted", "refused": refused}).status_code == 404
    assert shown(town, donation) == donation


def test_what_was_refused_is_missing_in_no_reconciliation(town: Town) -> None:
    donation = submitted(town.council, lines=LINES)
    listed(town.council, donation, laptops(5))
    by_name = {"device_id": devices(town, donation)[0]["id"], "reason": OLD}
    by_count = {"category": "laptop", "quantity": 2, "reason": OLD}
    whole_line = {"category": "monitor", "quantity": 4, "reason": "Cassés"}
    assert accept(town, donation, by_name, by_count, whole_line).status_code == 200
    collection = planned(town, donation)
    picked_up(town, collection, counts=[{"category": "laptop", "quantity": 5}])
    came = [one for one in devices(town, donation) if one["status"] == "collected"]
    assert len(came) == 4
    seen = [{"device_id": one["id"], "outcome": "received"} for one in came]
    answer = receive(town, collection, devices=seen, extra=[{"category": "laptop", "serial": "NEW-1"}])
    assert answer.status_code == 200, answer.text
    found = answer.json()["reconciliation"]
    assert found["differences"] == []
    assert {"category": "laptop", "declared": 5, "picked_up": 5, "received": 5} in found["lines"]


def test_a_list_that_comes_later_and_names_what_was_refused_by_count_makes_nothing_missing(town: Town) -> None:
    donation = submitted(town.council, lines=[{"category": "laptop", "quantity": 6}])
    assert accept(town, donation, {"category": "laptop", "quantity": 2, "reason": OLD}).status_code == 200
    listed(town.council, donation, laptops(6))
    assert declared(shown(town, donation)) == {"laptop": 4}
    collection = planned(town, donation)
    came = devices(town, donation)[:3]
    picked_up(town, collection, serials=[one["serial"] for one in came])
    answer = receive(town, collection, devices=[{"device_id": one["id"], "outcome": "received"} for one in came])
    missing = [one for one in answer.json()["reconciliation"]["differences"] if one["reason"] == "missing"]
    assert len(missing) == 1  # four were still declared and three came: the two that were refused are no loss
    lines = answer.json()["reconciliation"]["lines"]
    assert lines == [{"category": "laptop", "declared": 4, "picked_up": 3, "received": 3}]


def test_sending_the_list_again_brings_no_refused_device_back(town: Town) -> None:
    donation = submitted(town.council)
    listed(town.council, donation, laptops(3))
    refused = devices(town, donation)[0]["id"]
    accept(town, donation, {"device_id": refused, "reason": OLD})
    again = listed(town.council, donation, f"{HEADER}\n" + laptops(4).split("\n", 1)[1])
    assert (again["known"], again["devices"]) == (3, 1)
    assert declared(shown(town, donation)) == {"laptop": 3}
    assert town.council.get(f"/v1/devices/{refused}").json()["status"] == "withdrawn"


def test_a_plain_acceptance_is_what_it_was(town: Town) -> None:
    donation = accepted(town, lines=LINES)
    assert declared(donation) == {"laptop": 8, "monitor": 4}
    assert [line["refused"] for line in donation["lines"]] == [[], []]
