"""Hand-overs without a connection: a printed slip is entered once, and what it says counts from its own day."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from agreeing import SCAN
from makers import Desk, Town, open_doors, settle_town
from makers_distribution import FAMILY, ask_handover, listed_devices, printed, reserved, status_of
from reuse import clock
from reuse.handovers.models import PaperSlip
from reuse.house import House
from reuse.transactions import reading


def slips_of(desk: Desk, reservation: dict[str, Any], **facts: Any) -> tuple[list[str], str]:
    """The numbers of slips just printed, and what the document says."""
    answer = desk.post(f"/v1/reservations/{reservation['id']}/paper-slips", facts)
    assert answer.status_code == 202, answer.text
    read = printed(desk, desk.done(answer)["result"]["document_id"])
    return sorted({word for word in read.split() if word.startswith("BRP-")}), read


def on_paper(slip: str, at: str) -> dict[str, Any]:
    return {"paper": {"slip": slip, "handed_over_at": at}}


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    source = clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(**span))


def test_a_slip_holds_the_devices_and_fields_for_a_pen_and_confirms_the_hold(town: Town) -> None:
    reservation = reserved(town.network, listed_devices(town, 2))
    numbers, read = slips_of(town.lead, reservation, count=3)
    assert len(numbers) == 3
    for said in ("Part", "Latitude 5490", "Pseudonyme du bénéficiaire", "Réglé (montant, moyen)", "Date et signature"):
        assert read.count(said) >= 3
    assert town.network.get(f"/v1/reservations/{reservation['id']}").json()["status"] == "confirmed"
    path = f"/v1/reservations/{reservation['id']}/paper-slips"
    assert (town.technician.post(path, {}).status_code, town.other_network.post(path, {}).status_code) == (403, 404)
    assert town.network.post(path, {"count": 51}).status_code == 400
    ask_handover(town.network, reservation)
    assert town.network.post(path, {}).json()["code"] == "move_not_allowed"


def test_what_was_written_is_entered_later_and_counts_from_its_own_day(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = listed_devices(town, 2)
    reservation = reserved(town.network, [first, second])
    (slip,), _ = slips_of(town.network, reservation)
    handed_over_at = clock.now().isoformat()
    later(monkeypatch, days=6)
    entered = ask_handover(town.network, reservation, [first], beneficiary=FAMILY, **on_paper(slip, handed_over_at))
    assert entered.status_code == 201, entered.text
    made = entered.json()
    assert datetime.fromisoformat(made["at"]) == datetime.fromisoformat(handed_over_at)
    assert datetime.fromisoformat(made["recorded_at"]) - datetime.fromisoformat(made["at"]) > timedelta(days=5)
    assert (made["slip_number"], made["lines"][0]["warranty_until"][5:]) == (slip, made["at"][5:10])
    again = ask_handover(town.network, reservation, [second], **on_paper(slip.lower(), handed_over_at))
    assert (again.status_code, again.json()["code"], again.json()["missing"]) == (409, "slip_used", ["slip"])
    assert made["number"] in again.json()["detail"]
    assert status_of(town.network, second) == "reserved"


def test_the_code_of_a_slip_leads_to_it_and_to_what_it_was_entered_as(town: Town) -> None:
    reservation = reserved(town.network, listed_devices(town))
    (slip,), _ = slips_of(town.network, reservation)
    made = ask_handover(town.network, reservation, **on_paper(slip, clock.now().isoformat())).json()

    with reading(town.house.database) as session:
        (row,) = session.exec(select(PaperSlip)).all()
    for desk in (town.network, town.lead, town.region):
        shown = desk.get(f"/v1/paper-slips/{row.id}").json()
        assert (shown["number"], shown["reservation_id"], shown["handover_id"]) == (slip, reservation["id"], made["id"])
    for desk in (town.other_network, town.company):
        assert desk.get(f"/v1/paper-slips/{row.id}").status_code == 404


def test_a_slip_is_of_one_reservation_and_its_time_neither_ahead_nor_before_it(town: Town) -> None:
    before = clock.now() - timedelta(minutes=1)
    reservation, other = reserved(town.network, listed_devices(town)), reserved(town.network, listed_devices(town))
    (slip,), _ = slips_of(town.network, reservation)
    now = clock.now()
    strange = ask_handover(town.network, other, **on_paper(slip, now.isoformat()))
    assert (strange.status_code, strange.json()["code"]) == (400, "unknown_slip")
    for at in (before, now + timedelta(hours=1)):
        refused = ask_handover(town.network, reservation, **on_paper(slip, at.isoformat()))
        assert (refused.json()["code"], refused.json()["errors"][0]["pointer"]) == (
            "paper_time",
            "/paper/handed_over_at",
        )
    assert ask_handover(town.network, reservation, **on_paper("BRP-2026-999999", now.isoformat())).status_code == 400
    assert ask_handover(town.network, reservation, **on_paper(slip, now.isoformat())).status_code == 201


def test_the_signed_slip_is_kept_with_the_hand_over(town: Town) -> None:
    reservation = reserved(town.network, listed_devices(town))
    made = ask_handover(town.network, reservation).json()
    path = f"/v1/handovers/{made['id']}/signed-copies"
    sent = [town.network.ask("POST", path, files={"file": ("scan.pdf", SCAN)}) for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 201]
    assert sent[0].json() == sent[1].json()
    kept = f"/v1/documents/{sent[0].json()['document_id']}/content"
    assert [desk.get(kept).status_code for desk in (town.network, town.lead, town.region)] == [200] * 3
    assert [desk.get(kept).status_code for desk in (town.other_network, town.company)] == [404] * 2
    assert town.network.ask("POST", path, files={"file": ("x.txt", b"nothing")}).status_code == 415
    assert town.other_network.ask("POST", path, files={"file": ("scan.pdf", SCAN)}).status_code == 404


def test_of_two_that_enter_one_slip_at_once_one_does(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        devices = listed_devices(town, 2)
        reservation = reserved(town.network, devices)
        (slip,), _ = slips_of(town.network, reservation)
        at, start = clock.now().isoformat(), threading.Barrier(2)

        def act(one: tuple[Desk, str]) -> str | None:
            start.wait()
            return ask_handover(one[0], reservation, [one[1]], **on_paper(slip, at)).json().get("code")

        with ThreadPoolExecutor(2) as pool:
            answers = Counter(pool.map(act, zip((town.network, town.lead), devices, strict=True)))
        assert answers == {None: 1, "slip_used": 1}
