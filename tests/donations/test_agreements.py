"""Donor and workshop agree on what came: versions of the count, answers, disputes, and the final note."""

import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from pypdf import PdfReader

from donating import accepted, laptops, listed, picked_up, planned, receive
from makers import Desk, Town, make_key, open_doors, settle_town
from reuse.history.queries import history_of, verify_history
from reuse.house import House
from reuse.people.models import Organisation
from reuse.transactions import reading

DAY = "2026-03-03T08:00:00Z"


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    """A town on each database in turn."""
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def count(desk: Desk, donation: dict[str, Any]) -> dict[str, Any]:
    """The present reconciliation."""
    answer = desk.get(f"/v1/donations/{donation['id']}/reconciliation")
    assert answer.status_code == 200, answer.text
    return answer.json()


def answer_with(desk: Desk, donation: dict[str, Any], body: dict[str, Any]) -> Response:
    return desk.post(f"/v1/donations/{donation['id']}/reconciliation/answers", json=body)


def resolve(desk: Desk, donation: dict[str, Any], *resolutions: dict[str, Any]) -> Response:
    body = {"resolutions": list(resolutions)}
    return desk.post(f"/v1/donations/{donation['id']}/reconciliation/resolutions", json=body)


def received_with_two_differences(town: Town) -> dict[str, Any]:
    """Four laptops were listed and signed for; one is missing, and one has another serial."""
    donation = accepted(town)
    listed(town.council, donation, laptops(4))
    devices = [
        {"serial": "SN-00001"},
        {"asset_tag": "INV-00002", "serial": "SN-AUTRE"},
        {"serial": "SN-00003"},
        {"serial": "SN-00004", "outcome": "missing"},
    ]
    answer = receive(town, picked_up(town, planned(town, donation)), devices=devices)
    assert answer.status_code == 200, answer.text
    return donation


def printed(town: Town, donation: dict[str, Any], number: str) -> str:
    """The text of a note, as the donor reads it once it is rendered."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        documents = town.council.get("/v1/documents", params={"donation_id": donation["id"]}).json()["items"]
        if found := [one for one in documents if one["number"] == number]:
            content = town.council.get(f"/v1/documents/{found[0]['id']}/content").content
            pages = PdfReader(io.BytesIO(content)).pages
            return " ".join(" ".join(page.extract_text() for page in pages).split())
        time.sleep(0.02)
    raise AssertionError(f"{number} was never printed")


def test_nothing_can_be_agreed_on_before_something_has_come(town: Town) -> None:
    donation = accepted(town)
    answer = town.council.get(f"/v1/donations/{donation['id']}/reconciliation")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_received")
    answer = answer_with(town.council, donation, {"all": "accepted"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_received")


def test_a_donor_who_accepts_everything_has_agreed_and_a_final_note_is_printed(any_town: Town) -> None:
    town = any_town
    donation = received_with_two_differences(town)
    before = count(town.council, donation)
    assert (before["version"], before["state"], before["is_current"], before["agreed_at"]) == (1, "open", True, None)
    assert {one["reason"] for one in before["differences"]} == {"missing", "serial_differs"}
    assert len({one["id"] for one in before["differences"]}) == 2
    answer = answer_with(town.council, donation, {"all": "accepted", "version": 1})
    assert answer.status_code == 200, answer.text
    after = count(town.lead, donation)
    assert (after["version"], after["state"], after["agreed_by"]) == (1, "agreed", "agent-1")
    assert all(one["answer"]["answer"] == "accepted" for one in after["differences"])
    (version,) = after["versions"]
    assert version["agreed_at"] == after["agreed_at"]
    assert version["note"]["number"] != version["agreed_note"]["number"]
    text = printed(town, donation, version["agreed_note"]["number"])
    assert "accepté par le donateur" in text
    assert "agent-1" in text
    shown = town.council.get(f"/v1/donations/{donation['id']}").json()
    assert shown["reception"] == {"state": "agreed", "version": 1, "agreed_at": after["agreed_at"]}
    again = answer_with(town.council, donation, {"all": "accepted"})
    assert (again.status_code, again.json()["code"]) == (409, "agreed_already")
    with reading(town.house.database) as session:
        verbs = [row.verb for row in history_of(session, "donation", UUID(donation["id"]))]
        assert verbs[-2:] == ["differences_answered", "reception_agreed"]
        assert verify_history(session).breaks == ()


def test_a_disputed_difference_stays_open_until_the_lead_answers_it(any_town: Town) -> None:
    town = any_town
    donation = received_with_two_differences(town)
    ids = {one["reason"]: one["id"] for one in count(town.council, donation)["differences"]}
    said = [
        {"difference_id": ids["missing"], "answer": "disputed", "comment": "il était dans la palette 2"},
        {"difference_id": ids["serial_differs"], "answer": "accepted"},
    ]
    answer = answer_with(town.council, donation, {"answers": said})
    assert answer.json()["state"] == "open"
    word = {"difference_id": ids["missing"], "kind": "upheld", "comment": "palette 2 ouverte à deux, vide"}
    assert resolve(town.council, donation, word).status_code == 403
    answer = resolve(town.lead, donation, word)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["state"], after["agreed_by"]) == ("agreed", "lead-1")
    missing = next(one for one in after["differences"] if one["id"] == ids["missing"])
    assert (missing["answer"]["comment"], missing["resolution"]["answer"]) == (said[0]["comment"], "upheld")
    text = printed(town, donation, after["versions"][-1]["agreed_note"]["number"])
    for words in (
        "contesté par le donateur",
        "il était dans la palette 2",
        "maintenu par l\u2019atelier",
        "lead-1",
        "agent-1",
    ):
        assert words in text


def test_a_device_that_is_found_after_a_dispute_makes_a_new_version_with_a_note_of_its_own(any_town: Town) -> None:
    town = any_town
    donation = received_with_two_differences(town)
    ids = {one["reason"]: one["id"] for one in count(town.council, donation)["differences"]}
    said = [
        {"difference_id": ids["missing"], "answer": "disputed", "comment": "cherchez encore"},
        {"difference_id": ids["serial_differs"], "answer": "accepted"},
    ]
    answer_with(town.council, donation, {"answers": said})
    found = {"difference_id": ids["missing"], "kind": "found", "comment": "sous la table"}
    early = resolve(town.lead, donation, found)
    assert (early.status_code, early.json()["code"]) == (409, "still_missing")
    scan = {"id": "0193d0c2-7b1e-7c3a-9a4f-000000000001", "code": "SN-00004", "action": "receive", "at": DAY}
    done = town.lead.post("/v1/scans", json={"scans": [scan]}).json()["results"]
    assert done[0]["outcome"] == "applied", done
    assert count(town.council, donation)["is_current"] is False
    answer = resolve(town.lead, donation, found)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["version"], after["state"], after["is_current"]) == (2, "agreed", True)
    assert [(one["reason"], one["id"]) for one in after["differences"]] == [("serial_differs", ids["serial_differs"])]
    first, second = after["versions"]
    assert (first["because"], second["because"]) == ("reception", "resolution")
    assert first["agreed_at"] is None
    assert f"{first['note']['number']}" in printed(town, donation, second["note"]["number"])
    numbers = {first["note"]["number"], second["note"]["number"], second["agreed_note"]["number"]}
    assert len(numbers) == 3


def test_what_is_answered_wrongly_is_told_at_its_place_and_changes_nothing(town: Town) -> None:
    donation = received_with_two_differences(town)
    before = count(town.council, donation)
    known = before["differences"][0]["id"]
    strange = "0193d0c2-7b1e-7c3a-9a4f-00000000ffff"
    dispute = {"difference_id": known, "answer": "disputed"}
    for body, status, code in (
        ({"answers": [dispute]}, 400, "comment_required"),
        ({"answers": [{**dispute, "difference_id": strange, "comment": "x"}]}, 400, "unknown_difference"),
        ({"answers": [{"difference_id": known, "answer": "accepted"}] * 2}, 400, "listed_twice"),
        ({}, 400, "one_selector"),
        ({"all": "accepted", "answers": [{"difference_id": known, "answer": "accepted"}]}, 400, "one_selector"),
        ({"all": "accepted", "version": 7}, 409, "reconciliation_changed"),
    ):
        answer = answer_with(town.council, donation, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    word = {"difference_id": known, "kind": "upheld", "comment": "non"}
    answer = resolve(town.lead, donation, word)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_disputed")
    assert count(town.council, donation) == before


def test_only_a_named_person_of_the_donor_answers_and_a_stranger_sees_nothing(town: Town) -> None:
    donation = received_with_two_differences(town)
    assert answer_with(town.lead, donation, {"all": "accepted"}).status_code == 403
    assert answer_with(town.company, donation, {"all": "accepted"}).status_code == 404
    assert town.company.get(f"/v1/donations/{donation['id']}/reconciliation").status_code == 404
    assert town.region.get(f"/v1/donations/{donation['id']}/reconciliation").status_code == 200
    with reading(town.house.database) as session:
        council = session.get_one(Organisation, town.council.organisation_id)
    station = Desk(town.client, make_key(town.house, council), council.id)
    answer = answer_with(station, donation, {"all": "accepted"})
    assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_a_merge_after_an_agreement_opens_it_again_and_keeps_answers_that_still_hold(town: Town) -> None:
    donation = accepted(town, lines=[{"category": "laptop", "quantity": 3}])
    listed(town.council, donation, laptops(3))
    body = {"category": "laptop", "donation_id": donation["id"], "serial": "SN-ILLISIBLE"}
    device = town.technician.post("/v1/devices", json=body).json()
    receive(town, picked_up(town, planned(town, donation)), devices=[{"serial": "SN-00001"}])
    agreed = answer_with(town.council, donation, {"all": "accepted"}).json()
    assert agreed["state"] == "agreed"
    assert sorted(one["reason"] for one in agreed["differences"]) == ["extra", "missing", "missing"]
    lost = town.lead.get("/v1/codes/SN-00002").json()["matches"][0]
    pair = {"device_id": device["id"], "listed_device_id": lost["id"]}
    merged = town.lead.post(f"/v1/donations/{donation['id']}/merges", json={"pairs": [pair]})
    assert merged.status_code == 201, merged.text
    now = count(town.council, donation)
    assert (now["version"], now["state"]) == (2, "open")
    answered = {one["reason"]: one["answer"] for one in now["differences"]}
    assert set(answered) == {"missing", "serial_differs"}
    assert answered["missing"]["answer"] == "accepted"
    assert answered["serial_differs"] is None
    assert now["versions"][0]["agreed_at"] is not None


def test_a_list_that_comes_after_the_reception_draws_up_a_new_count(any_town: Town) -> None:
    town = any_town
    donation = accepted(town, lines=[{"category": "laptop", "quantity": 2}])
    for serial in ("SN-00001", "SN-00002"):
        body = {"category": "laptop", "donation_id": donation["id"], "serial": serial}
        assert town.technician.post("/v1/devices", json=body).status_code == 201
    receive(town, picked_up(town, planned(town, donation), counts=[{"category": "laptop", "quantity": 2}]))
    assert count(town.council, donation)["differences"] == []
    listed(town.council, donation, laptops(3))
    until = time.monotonic() + 20
    while count(town.council, donation)["version"] == 1 and time.monotonic() < until:
        time.sleep(0.02)
    now = count(town.council, donation)
    assert (now["version"], now["versions"][1]["because"]) == (2, "list")
    assert [(one["reason"], one["expected"]) for one in now["differences"]] == [("missing", "SN-00003")]
    listed(town.council, donation, laptops(3))
    assert town.lead.post(f"/v1/donations/{donation['id']}/reconciliation").json()["version"] == 2


def test_a_donation_closes_for_clients_that_know_nothing_of_agreements(town: Town) -> None:
    donation = received_with_two_differences(town)
    answer = town.lead.post(f"/v1/donations/{donation['id']}/moves", json={"to": "closed"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["reception"] == {"state": "open", "version": 1, "agreed_at": None}


def test_two_people_of_the_donor_who_accept_at_once_agree_once(any_town: Town) -> None:
    town = any_town
    donation = received_with_two_differences(town)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: answer_with(town.council, donation, {"all": "accepted"}), range(3)))
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    with reading(town.house.database) as session:
        verbs = [row.verb for row in history_of(session, "donation", UUID(donation["id"]))]
    assert verbs.count("reception_agreed") == 1
