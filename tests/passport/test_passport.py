"""What one sees of devices: lists, single ones, codes; who sees what; how many questions it takes."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from makers import Town, wait_for_background
from reuse.devices.actions.identity import NewDevice, NewMedium, add_devices, add_media, bind_code
from reuse.devices.actions.milestones import set_milestone
from reuse.devices.actions.moves import move_device
from reuse.devices.models import Device
from reuse.devices.rules import Milestone, Status, mint_code
from reuse.history.rules import Actor
from reuse.transactions import in_transaction

DONATION = "0197f000-0000-7000-8000-00000000d0d0"


def settle(town: Town, count: int = 1, *, to: tuple[Status, ...] = (), **more: Any) -> list[str]:
    """Devices of the council in the workshop, each with label, medium and milestone; moved as told."""
    territory = UUID(town.technician.get("/v1/me").json()["organisation"]["territory_id"])
    actor = Actor(town.technician.organisation_id, "tech-1")
    known = {
        "category": "laptop",
        "status": Status.received,
        "territory_id": territory,
        "workshop_id": town.technician.organisation_id,
        "donor_id": town.council.organisation_id,
        "donation_id": UUID(DONATION),
        **more,
    }

    def make(session: Any) -> list[str]:
        devices = add_devices(session, actor, [NewDevice(**known) for _ in range(count)])
        for device in devices:
            bind_code(session, actor, device, kind="label", value=mint_code())
            if device.category == "laptop":
                add_media(session, actor, device, [NewMedium("S-" + device.id.hex[-6:], "hdd")], source="lshw")
            set_milestone(session, actor, device, Milestone.labelled)
            for status in to:
                move_device(session, actor, device, status)
        return [str(device.id) for device in devices]

    return in_transaction(town.house.database, make)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_each_filter_narrows_the_list(town: Town) -> None:
    [laptop] = settle(town, serial="PF0ABC", model="ThinkPad T14", manufacturer="Lenovo")
    [screen] = settle(town, category="monitor", to=(Status.in_workshop,))
    get = town.technician.get
    assert ids(get("/v1/devices?status=in_workshop")) == [screen]
    assert ids(get("/v1/devices?category=laptop")) == [laptop]
    assert ids(get(f"/v1/devices?donation_id={DONATION}&limit=1")) == [laptop]
    assert ids(get("/v1/devices?donation_id=0197f000-0000-7000-8000-000000000001")) == []
    for words in ("pf0", "PF-0ab", "thinkpad", "LENOVO"):
        assert ids(get(f"/v1/devices?q={words}")) == [laptop]
    assert ids(get("/v1/devices?q=%25")) == []
    assert ids(get("/v1/devices?milestone=labelled")) == [laptop, screen]
    assert ids(get("/v1/devices?milestone=sanitized")) == [screen]
    assert ids(get("/v1/devices?milestone=!sanitized")) == [laptop]


@pytest.mark.parametrize("query", ["status=lost", "milestone=polished", "limit=0", "cursor=x", "donation_id=1"])
def test_a_filter_that_means_nothing_is_refused(town: Town, query: str) -> None:
    assert town.technician.get(f"/v1/devices?{query}").status_code == 400


def test_a_list_is_walked_page_by_page(town: Town) -> None:
    made = settle(town, 5)
    first = town.technician.get("/v1/devices?limit=3")
    rest = town.technician.get(f"/v1/devices?limit=3&cursor={first.json()['next_cursor']}")
    assert ids(first) + ids(rest) == made
    assert 'rel="next"' in first.headers["Link"]


def test_a_full_page_takes_as_many_questions_as_one_device(town: Town) -> None:
    settle(town, 30)
    asked: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def questions(path: str) -> int:
        """The fewest of three times: the relay and the hour's upkeep may ask something of their own meanwhile."""
        numbers: list[int] = []
        for _ in range(3):
            wait_for_background(town.house)
            asked.clear()
            town.technician.get(path)
            numbers.append(len(asked))
        return min(numbers)

    event.listen(town.house.database.reader, "before_cursor_execute", count)
    try:
        assert questions("/v1/devices?limit=30") <= questions("/v1/devices?limit=1")
    finally:
        event.remove(town.house.database.reader, "before_cursor_execute", count)


def test_a_device_is_shown_whole_with_its_version_as_etag(town: Town) -> None:
    [device_id] = settle(town, serial="PF0ABC")
    answer = town.technician.get(f"/v1/devices/{device_id}")
    device = answer.json()
    assert answer.headers["ETag"] == f'"{device["version"]}"'
    assert sorted(device["milestones"]) == sorted(milestone.value for milestone in Milestone)
    assert device["milestones"]["labelled"]["by"] == "tech-1"
    assert device["milestones"]["captured"] is None
    assert [code["kind"] for code in device["codes"]] == ["serial", "label"]
    assert device["media"][0]["kind"] == "hdd"
    assert device["donation_id"] == DONATION


def test_a_monitors_storage_milestones_are_not_applicable_and_not_missing(town: Town) -> None:
    [screen] = settle(town, category="monitor")
    milestones = town.technician.get(f"/v1/devices/{screen}").json()["milestones"]
    assert milestones["sanitized"] == {"at": None, "by": None, "source": None, "not_applicable": True}
    assert milestones["tested"] is None


def test_the_donor_sees_its_device_without_the_names_of_the_workshop(town: Town) -> None:
    [device_id] = settle(town)
    device = town.council.get(f"/v1/devices/{device_id}").json()
    assert device["milestones"]["labelled"]["at"] is not None
    assert device["milestones"]["labelled"]["by"] is None
    assert town.company.get(f"/v1/devices/{device_id}").status_code == 404


def test_a_network_sees_what_is_listed_without_whose_it_was(town: Town) -> None:
    [hidden] = settle(town, asset_tag="MAIRIE-1")
    [offered] = settle(town, asset_tag="MAIRIE-2", to=(Status.in_workshop, Status.ready, Status.listed))
    assert ids(town.network.get("/v1/devices")) == [offered]
    assert town.network.get(f"/v1/devices/{hidden}").status_code == 404
    device = town.network.get(f"/v1/devices/{offered}").json()
    assert (device["donation_id"], device["donor_id"]) == (None, None)
    assert [code["kind"] for code in device["codes"]] == ["label"]


def test_any_writing_of_a_code_finds_the_device(town: Town) -> None:
    [device_id] = settle(town, asset_tag="INV/2024-17")
    device = town.technician.get(f"/v1/devices/{device_id}").json()
    label = next(code["value"] for code in device["codes"] if code["kind"] == "label")
    for path in (f"/v1/codes/{label}", f"/v1/codes/{label.lower().replace('-', '')}"):
        assert town.technician.get(path).json()["matches"] == [device]
    for value in ("INV/2024-17", f"https://reemploi.example/d/{label}"):
        answer = town.technician.get("/v1/codes", params={"value": value})
        assert answer.json()["matches"] == [device]


def test_an_unknown_code_and_anothers_code_are_alike(town: Town) -> None:
    settle(town, serial="PF0ABC")
    unknown, anothers = town.technician.get("/v1/codes/NEVER1"), town.stranger.get("/v1/codes/PF0ABC")
    assert (unknown.status_code, anothers.status_code) == (404, 404)
    assert unknown.json()["code"] == anothers.json()["code"] == "unknown_code"
    assert town.technician.get("/v1/codes?value=%20").status_code == 400


def test_devices_come_as_csv_where_asked(town: Town) -> None:
    settle(town, model="=cmd()")
    answer = town.technician.get("/v1/devices", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "'=cmd()" in answer.text


def test_the_price_is_money(town: Town) -> None:
    [device_id] = settle(town)

    def price(session: Any) -> None:
        device = session.get(Device, UUID(device_id))
        device.price_minor, device.price_currency = 0, "EUR"

    in_transaction(town.house.database, price)
    assert town.technician.get(f"/v1/devices/{device_id}").json()["price"] == {"amount_minor": 0, "currency": "EUR"}
