"""Devices taken in blind, and the donor's list that comes later: one device with two names, or two again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx import Response

from donating import HEADER, accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, open_doors, settle_town
from reuse.history.queries import verify_history
from reuse.house import House
from reuse.invariants import violations
from reuse.transactions import reading


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def take_in(town: Town, donation: dict[str, Any] | None, **facts: Any) -> dict[str, Any]:
    """A device as it stands on the dock."""
    body = {"category": "laptop", **({"donation_id": donation["id"]} if donation else {}), **facts}
    answer = town.technician.post("/v1/devices", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def merge(desk: Desk, donation: dict[str, Any], *pairs: tuple[str, str], **more: Any) -> Response:
    body = {"pairs": [{"device_id": one, "listed_device_id": other, **more} for one, other in pairs]}
    return desk.post(f"/v1/donations/{donation['id']}/merges", json=body)


def of_donation(town: Town, donation: dict[str, Any], **filters: str) -> list[dict[str, Any]]:
    params = {"donation_id": donation["id"], "limit": "200", **filters}
    return town.lead.get("/v1/devices", params=params).json()["items"]


def proposals(town: Town, donation: dict[str, Any]) -> list[dict[str, Any]]:
    answer = town.lead.get(f"/v1/donations/{donation['id']}/merges/proposals")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def in_order(town: Town) -> None:
    """Every invariant of the house holds."""
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
        assert {words: found for words, found in violations(session, town.house.files).items() if found} == {}


def test_a_merge_keeps_both_identities_and_the_old_id_and_every_code_find_the_device_in_hand(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    (declared,) = of_donation(town, donation)
    device = take_in(town, donation, serial="SN-OOOO1X", asset_tag="INV-99")
    answer = merge(town.lead, donation, (device["id"], declared["id"]), reason="le même, mal lu")
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["items"]
    assert (made["by"], made["device_id"], made["listed_device_id"]) == ("hand", device["id"], declared["id"])
    for desk in (town.lead, town.council):
        found = desk.get(f"/v1/devices/{declared['id']}").json()
        assert found["id"] == device["id"]
        assert found["merged_ids"] == [declared["id"]]
        assert (found["status"], found["serial"], found["model"]) == ("received", "SN-OOOO1X", "Latitude 5490")
        values = [code["value"] for code in found["codes"]]
        assert {"SN-OOOO1X", "INV-99", "SN-00001", "INV-00001"} == set(values)
        assert len(values) == len(set(values))
        for code in values:
            assert [one["id"] for one in desk.get(f"/v1/codes/{code}").json()["matches"]] == [device["id"]]
        told = desk.get(f"/v1/devices/{declared['id']}/history").json()["items"]
        assert [(one["device_id"] == device["id"], one["verb"]) for one in told] == [
            (False, "declared"),
            (True, "received"),
            (False, "merged"),
            (True, "merged_with"),
        ]
    assert [one["id"] for one in of_donation(town, donation)] == [device["id"]]
    in_order(town)


def test_the_history_of_a_merged_device_comes_whole_in_pages(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    (declared,) = of_donation(town, donation)
    device = take_in(town, donation)
    merge(town.lead, donation, (device["id"], declared["id"]))
    whole = town.lead.get(f"/v1/devices/{device['id']}/history").json()["items"]
    paged: list[dict[str, Any]] = []
    cursor: str | None = None
    while cursor is not None or not paged:
        params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = town.lead.get(f"/v1/devices/{device['id']}/history", params=params).json()
        paged += page["items"]
        cursor = page["next_cursor"]
    assert paged == whole
    assert len(whole) == 4


def test_a_device_that_comes_in_under_a_listed_serial_is_merged_without_asking(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    device = take_in(town, donation, serial="sn 00001")
    assert device["merged_ids"] != []
    (made,) = town.council.get(f"/v1/donations/{donation['id']}/merges").json()["items"]
    assert (made["by"], made["device_id"]) == ("serial", device["id"])
    assert sorted(one["status"] for one in of_donation(town, donation)) == ["declared", "received"]
    again = take_in(town, donation, serial="SN-00001")
    assert again["merged_ids"] == []
    in_order(town)


def test_two_listed_devices_with_one_serial_are_never_guessed_between(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    first, second = of_donation(town, donation)
    for one in (first, second):
        code = {"kind": "serial", "value": "TWICE-1"}
        assert town.lead.post(f"/v1/devices/{one['id']}/codes", json=code).status_code == 201
    device = take_in(town, donation, serial="TWICE-1")
    assert device["merged_ids"] == []
    assert [one["by"] for one in proposals(town, donation)] == []


def test_a_list_that_comes_later_finds_what_was_taken_in_by_serial_and_is_not_asked_again(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    known = take_in(town, donation, serial="SN-00002")
    unread = take_in(town, donation, manufacturer="Dell", model="Latitude 5490")
    result = listed(town.council, donation, laptops(3))
    assert (result["known"], result["devices"]) == (1, 2)
    assert known["id"] in {one["id"] for one in of_donation(town, donation, status="received")}
    assert [one["by"] for one in proposals(town, donation)] == []  # two listed are left, so none is the only one
    third = next(one for one in of_donation(town, donation) if one["serial"] == "SN-00003")
    assert merge(town.lead, donation, (unread["id"], third["id"])).status_code == 201
    told = town.lead.get(f"/v1/devices/{known['id']}").json()
    assert (told["manufacturer"], told["model"]) == ("Dell", "Latitude 5490")
    assert ("asset_tag", "INV-00002") in {(code["kind"], code["value"]) for code in told["codes"]}
    again = listed(town.council, donation, laptops(3))
    assert (again["known"], again["devices"]) == (3, 0)
    assert len(of_donation(town, donation)) == 3


def test_proposals_go_from_the_strongest_sign_to_the_only_one_of_its_kind_and_change_nothing(town: Town) -> None:
    donation = accepted(town)
    rows = HEADER.replace("Quantité", "IMEI") + "\n"
    rows += "portable;Dell;Latitude 5490;SN-1;INV-1;\nportable;Dell;Latitude 5490;SN-2;INV-2;\n"
    rows += "smartphone;Fairphone;FP4;;;356938035643809\nécran;Dell;P2419H;MON-9;INV-9;\n"
    rows += "tablette;Apple;iPad;TAB-1;;\n"
    listed(town.council, donation, rows)
    by_serial = take_in(town, None, serial="SN-1")
    by_tag = take_in(town, donation, asset_tag="inv 2", serial="SN-2X")
    phone = take_in(town, None, category="smartphone", imei="356938035643809")
    screen = take_in(town, donation, category="monitor", manufacturer="DELL", model="p2419h")
    tablet = take_in(town, donation, category="tablet", manufacturer="Samsung", model="Tab A")
    take_in(town, None, category="printer")
    before = of_donation(town, donation)
    found = proposals(town, donation)
    assert [(one["device_id"], one["by"], one["differs"]) for one in found] == [
        (by_serial["id"], "serial", []),
        (by_tag["id"], "asset_tag", ["serial"]),
        (phone["id"], "imei", []),
        (screen["id"], "model", []),
        (tablet["id"], "category", ["manufacturer", "model"]),
    ]
    assert of_donation(town, donation) == before
    pairs = [(one["device_id"], one["listed_device_id"]) for one in found]
    made = merge(town.technician, donation, *pairs)
    assert made.status_code == 201, made.text
    assert [one["by"] for one in made.json()["items"]] == ["serial", "asset_tag", "imei", "hand", "hand"]
    assert proposals(town, donation) == []
    assert town.lead.get(f"/v1/devices/{phone['id']}").json()["donation_id"] == donation["id"]
    in_order(town)


def test_a_merge_can_be_reversed_and_everything_is_as_it_was(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    (declared,) = of_donation(town, donation)
    device = take_in(town, None, asset_tag="INV-77")
    (made,) = merge(town.lead, donation, (device["id"], declared["id"])).json()["items"]
    answer = town.lead.post(f"/v1/merges/{made['id']}/reversal", json={"reason": "deux machines"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["reversed_at"] is not None
    ours, theirs = (town.lead.get(f"/v1/devices/{one['id']}").json() for one in (device, declared))
    same = set(device) - {"version", "milestones", "next_steps"}
    assert {name: ours[name] for name in same} == {name: device[name] for name in same}
    assert {name: theirs[name] for name in same} == {name: declared[name] for name in same}
    assert [one["id"] for one in of_donation(town, donation)] == [declared["id"]]
    again = town.lead.post(f"/v1/merges/{made['id']}/reversal", json={"reason": "deux machines"})
    assert (again.status_code, again.json()["code"]) == (409, "reversed_already")
    assert merge(town.lead, donation, (device["id"], declared["id"])).status_code == 201
    assert len(town.lead.get(f"/v1/donations/{donation['id']}/merges").json()["items"]) == 2
    in_order(town)


def test_a_merge_stays_once_the_device_has_left_or_both_sides_have_agreed(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(2))
    first, second = of_donation(town, donation)
    left, agreed = take_in(town, donation), take_in(town, donation)
    pairs = [(left["id"], first["id"]), (agreed["id"], second["id"])]
    gone, kept = merge(town.lead, donation, *pairs).json()["items"]
    answer = town.lead.post(f"/v1/devices/{left['id']}/moves", json={"to": "refused", "reason": "cassé"})
    assert answer.status_code == 200, answer.text
    refused = town.lead.post(f"/v1/merges/{gone['id']}/reversal", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_final")
    receive(town, picked_up(town, planned(town, donation)))
    answers = {"all": "accepted"}
    settled = town.council.post(f"/v1/donations/{donation['id']}/reconciliation/answers", json=answers)
    assert settled.json()["state"] == "agreed", settled.text
    refused = town.lead.post(f"/v1/merges/{kept['id']}/reversal", json={"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "agreed_already")


@pytest.mark.parametrize(
    ("pair", "place", "code", "status"),
    [
        (("device", "device"), "listed_device_id", "listed_twice", 400),
        (("declared", "other"), "device_id", "not_taken_in", 400),
        (("device", "second"), "listed_device_id", "not_awaited", 400),
        (("device", "strange"), "listed_device_id", "unknown_device", 400),
        (("known", "declared"), "device_id", "already_merged", 409),
    ],
)
def test_what_cannot_be_merged_is_told_at_its_place_and_changes_nothing(
    town: Town, pair: tuple[str, str], place: str, code: str, status: int
) -> None:
    donation, other_donation = accepted(town), accepted(town)
    listed(town.council, donation, laptops(3))
    listed(town.council, other_donation, laptops(1, first=50))
    serials = {one["serial"]: one["id"] for one in of_donation(town, donation)}
    ids = {
        "declared": serials["SN-00001"],
        "other": serials["SN-00002"],
        "device": take_in(town, donation)["id"],
        "second": take_in(town, donation)["id"],
        "known": take_in(town, donation, serial="SN-00003")["id"],
        "strange": of_donation(town, other_donation)[0]["id"],
    }
    before = of_donation(town, donation)
    answer = merge(town.lead, donation, (ids[pair[0]], ids[pair[1]]))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/pairs/0/{place}"]
    assert of_donation(town, donation) == before


def test_only_named_people_of_the_workshop_merge(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    (declared,) = of_donation(town, donation)
    device = take_in(town, donation)
    pair = (device["id"], declared["id"])
    assert merge(town.council, donation, pair).status_code == 403
    assert merge(town.data_security, donation, pair).status_code == 403
    assert merge(town.company, donation, pair).status_code == 404
    assert merge(town.technician, donation, pair).status_code == 201


def test_two_who_merge_the_same_device_at_once_make_one_merge(any_town: Town) -> None:
    town = any_town
    donation = accepted(town)
    listed(town.council, donation, laptops(4))
    first, *others = of_donation(town, donation)
    device = take_in(town, donation)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: merge(town.lead, donation, (device["id"], one["id"])), [first, *others]))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert len(of_donation(town, donation)) == 4
    in_order(town)
