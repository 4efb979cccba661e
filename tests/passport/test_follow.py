"""Each device's way from declared to its end on one row, and the days of a donation; for whom, in which words."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Town
from makers_distribution import handed_over, made_ready_again, reserved
from reuse.devices.actions.moves import move_devices
from reuse.devices.models import Device
from reuse.devices.rules import MOVES, Status
from reuse.history.rules import Actor
from reuse.house import House
from reuse.passport.rules import Event, languages, stations_of, where_in_words
from reuse.transactions import transaction

FAMILY = {"pseudonym": "F-118", "commune_insee": "59183", "qpv": "yes", "age_band": "26-39", "eligible": True}
WASTE = {
    "mass_grams": 1850,
    "waste_code": "16 02 14",
    "destination": "Centre de tri",
    "treatment": "R12",
    "slip": "B-1",
}


def rows(town: Town, donation: dict[str, Any], desk: Any = None, **headers: str) -> list[dict[str, Any]]:
    answer = (desk or town.council).get(f"/v1/donations/{donation['id']}/devices", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def told(town: Town) -> dict[str, Any]:
    """A donation of five laptops: handed over, recycled, missing, in the workshop and ready."""
    donation = accepted(town)
    listed(town.council, donation, laptops(5))
    collection = picked_up(town, planned(town, donation))
    ids = [row["device_id"] for row in rows(town, donation)]
    came = [{"device_id": one, "outcome": "missing" if n == 2 else "received"} for n, one in enumerate(ids)]
    assert receive(town, collection, devices=came).status_code == 200
    for n in (0, 1, 3, 4):
        answer = town.lead.post(f"/v1/devices/{ids[n]}/moves", {"to": "in_workshop"})
        assert answer.status_code == 200, answer.text
    made_ready_again(town, ids[0])
    made_ready_again(town, ids[4])
    assert town.lead.post(f"/v1/devices/{ids[1]}/moves", {"to": "recycled", "waste": WASTE}).status_code == 200
    with transaction(town.house.database) as session:
        device = session.get_one(Device, UUID(ids[0]))
        device.price_minor, device.price_currency = 4200, "EUR"
        move_devices(session, Actor(town.lead.organisation_id, "lead-1"), [device], Status.listed)
    handed_over(town.network, reserved(town.network, [ids[0]]), beneficiary=FAMILY)
    return donation


def test_each_device_tells_its_whole_way_on_one_row(town: Town) -> None:
    gone, waste, missing, at_work, ready = rows(town, donation := told(town))
    assert [gone["status"], waste["status"], missing["status"], at_work["status"], ready["status"]] == [
        *("handed_over", "recycled", "missing", "in_workshop", "ready")
    ]
    for row in (gone, waste, at_work, ready):
        assert row["declared_at"]
        assert row["collected_at"] == row["received_at"] == "2026-03-02T08:30:00Z"
    assert (missing["received_at"], missing["collected_at"]) == (None, "2026-03-02T08:30:00Z")
    assert missing["missing_at"]
    assert gone["handed_over_at"] >= gone["ready_at"]
    assert waste["recycled_at"]
    assert at_work["ready_at"] is None
    assert {"kind": "asset_tag", "value": "INV-00001", "live": True} in gone["codes"]
    assert town.council.get(gone["history"]).status_code == 200
    assert gone["where"] == "Remis à son nouvel utilisateur"
    assert donation["id"] not in str(gone)


def test_a_donor_learns_of_the_recipient_what_kind_and_which_commune_and_of_persons_pseudonyms(town: Town) -> None:
    donation = told(town)
    (gone, *_) = rows(town, donation)
    assert gone["recipient"] == {"kind": "beneficiary", "commune_insee": "59183", "network_id": None}
    assert gone["wiped_by"] == gone["ready_by"]
    assert gone["ready_by"].startswith("P-")
    text = town.council.get(f"/v1/donations/{donation['id']}/devices").text
    for secret in ("lead-1", "F-118", "26-39", str(town.network.organisation_id), "4200"):
        assert secret not in text
    (inside, *_) = rows(town, donation, town.lead)
    assert inside["ready_by"] == "lead-1"
    assert inside["recipient"]["network_id"] == str(town.network.organisation_id)
    assert [row["device_id"] for row in rows(town, donation, town.region)] == [
        row["device_id"] for row in rows(town, donation)
    ]


def test_where_it_is_now_is_told_in_the_language_asked_for(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(1))
    said = {
        language: rows(town, donation, **{"Accept-Language": language})[0]["where"]
        for language in ("fr", "en", "ar-TN,fr;q=0.5", "de")
    }
    assert said == {
        "fr": "Encore chez le donateur",
        "en": "Still with the donor",
        "ar-TN,fr;q=0.5": "لا يزال لدى المتبرّع",
        "de": "Encore chez le donateur",
    }


def test_every_status_has_its_words_in_every_language() -> None:
    assert languages() == {"fr", "en", "ar"}
    words = [where_in_words(status, language) for status in MOVES for language in languages()]
    assert len(set(words)) == len(MOVES) * 3


@pytest.mark.parametrize("what", ["devices", "timeline"])
def test_who_is_no_party_to_a_donation_finds_nothing(town: Town, what: str) -> None:
    donation = accepted(town)
    for desk in (town.company, town.network, town.stranger):
        assert desk.get(f"/v1/donations/{donation['id']}/{what}").status_code == 404
        assert desk.get(f"/v1/donations/{uuid4()}/{what}").status_code == 404


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    asked: list[str] = []

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(house.database.reader, "before_cursor_execute", count)
    try:
        yield asked
    finally:
        event.remove(house.database.reader, "before_cursor_execute", count)


def test_a_full_page_takes_as_many_questions_as_one_device(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(200))
    path = f"/v1/donations/{donation['id']}/devices"
    with counted(town.house) as for_one:
        assert len(town.council.get(f"{path}?limit=1").json()["items"]) == 1
    with counted(town.house) as for_many:
        assert len(town.council.get(f"{path}?limit=200").json()["items"]) == 200
    assert len(for_many) == len(for_one) <= 13


def test_the_rows_are_walked_page_by_page_and_come_as_csv(town: Town) -> None:
    donation = accepted(town)
    listed(town.council, donation, laptops(5).replace("Latitude 5490", "=HYPERLINK(1)"))
    path = f"/v1/donations/{donation['id']}/devices?limit=3"
    first = town.council.get(path)
    rest = town.council.get(f"{path}&cursor={first.json()['next_cursor']}").json()
    assert [len(first.json()["items"]), len(rest["items"]), rest["next_cursor"]] == [3, 2, None]
    sheet = town.council.get(path, headers={"Accept": "text/csv"})
    read = list(csv.DictReader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert [row["model"] for row in read] == ["'=HYPERLINK(1)"] * 3
    assert read[0]["where"] == "Encore chez le donateur"


def event_of(verb: str, before: str | None, after: str | None, day: int) -> Event:
    return Event(verb, before, after, day, None, None, {})  # type: ignore[arg-type]


def test_a_scan_taken_back_never_happened() -> None:
    moves = [
        event_of("declared", None, "declared", 1),
        event_of("moved", "declared", "received", 2),
        event_of("scan_undone", "received", "declared", 3),
    ]
    assert {name: station.at for name, station in stations_of(moves).items()} == {"declared": 1}
    again = [*moves, event_of("moved", "declared", "received", 4)]
    assert stations_of(again)["received"].at == 4


def test_a_device_found_again_is_not_missing_and_one_sent_back_to_the_shelf_is_not_received_anew() -> None:
    moves = [
        event_of("declared", None, "declared", 1),
        event_of("moved", "declared", "missing", 2),
        event_of("moved", "missing", "received", 3),
        event_of("moved", "received", "in_workshop", 4),
        event_of("moved", "in_workshop", "received", 5),
        event_of("moved", "received", "in_workshop", 6),
    ]
    assert {name: station.at for name, station in stations_of(moves).items()} == {
        "declared": 1,
        "received": 3,
        "in_workshop": 6,
    }


def test_the_days_of_a_donation_count_what_happened_to_it_and_its_devices(town: Town) -> None:
    donation = told(town)
    answer = town.council.get(f"/v1/donations/{donation['id']}/timeline")
    days = {day["day"]: day for day in answer.json()["items"]}
    fetched = {(one["thing"], one["verb"], one["to_state"]): one["count"] for one in days["2026-03-02"]["events"]}
    assert [count for (thing, _, to), count in fetched.items() if (thing, to) == ("device", "collected")] == [5]
    assert days["2026-03-02"]["count"] == sum(fetched.values())
    assert list(days) == sorted(days)
    whole = [one for day in days.values() for one in day["events"]]
    assert sum(one["count"] for one in whole if one["to_state"] == "declared") == 5
    assert sum(one["count"] for one in whole if (one["verb"], one["milestone"]) == ("milestone_met", "sanitized")) == 2
    assert "lead-1" not in answer.text
