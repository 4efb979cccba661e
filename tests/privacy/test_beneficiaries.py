"""What a person may ask of the network that knows them: everything that is kept, and to be forgotten."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from makers import Desk, Town, open_doors, overlapping, settle_town, wait_for_background
from makers_distribution import caller_of, handed_over, listed_devices, made_ready_again, reserved
from marks import CONTACT, FAMILY, MARK, SEALED, everything_kept, handed_to
from reuse import clock
from reuse.devices.models import FlagRow
from reuse.devices.rules import Flag
from reuse.errors import Conflict
from reuse.handovers.actions.hand_over import hand_over
from reuse.handovers.actions.orders import HandoverOrder
from reuse.handovers.actions.warranty.giving import hand_back
from reuse.handovers.models import Handover
from reuse.history.queries import history_of, verify_history
from reuse.house import House
from reuse.invariants import violations
from reuse.jobs.models import Job
from reuse.people.models import AccessRecord
from reuse.privacy.actions.beneficiaries import erase_beneficiary
from reuse.privacy.queries import PERSON
from reuse.transactions import reading, transaction

PERSON_PATH = f"/v1/beneficiaries/{FAMILY['pseudonym']}"


def signed(**more: Any) -> dict[str, Any]:
    return {"signature": {"role": "beneficiary", "name": FAMILY["pseudonym"]}, **more}


def stirred(town: Town) -> dict[str, Any]:
    """A hand-over with everything that can be said of a person, one device come back with words, all printed."""
    device_ids = listed_devices(town, 2)
    order = {"device_ids": device_ids, "beneficiary": FAMILY, "contact": CONTACT, **signed()}
    path = f"/v1/reservations/{reserved(town.network, device_ids)['id']}/handovers"
    made = town.network.post(path, order, headers={"Idempotency-Key": "k-1"})
    assert made.status_code == 201, made.text
    came = {"reason": "Panne", "note": f"Chez {MARK}"}
    back = town.network.post(f"/v1/devices/{device_ids[0]}/returns", came, headers={"Idempotency-Key": "k-2"})
    assert back.status_code == 201, back.text
    wait_for_background(town.house)
    return {**made.json(), "path": path, "order": order}


def test_a_person_gets_everything_that_is_kept_of_them(town: Town) -> None:
    made = stirred(town)
    answer = town.network.get(PERSON_PATH, params={"reason": "Demande au guichet"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (one,) = told["handovers"]
    assert told["pseudonym"] == FAMILY["pseudonym"]
    assert one["handover"]["id"] == made["id"]
    assert one["handover"]["beneficiary"] == {name: FAMILY[name] for name in one["handover"]["beneficiary"]}
    assert {name: one["contact"][name] for name in CONTACT} == CONTACT
    assert one["return_notes"] == [f"Chez {MARK}"]
    (paper,) = one["papers"]
    assert paper["kind"] == "handover_receipt"
    assert int(paper["kept_until"][:4]) == int(made["at"][:4]) + 10
    assert int(one["forgotten_after"][:4]) == int(made["at"][:4]) + 2
    again = town.network.get(PERSON_PATH).json()
    assert [(seen["act"], seen["by"], seen["reason"]) for seen in again["accesses"]] == [
        ("exported", "reseau-1", "Demande au guichet")
    ]


def test_a_network_knows_its_own_persons_only(town: Town) -> None:
    handed_to(town)
    wait_for_background(town.house)
    for desk, status in ((town.other_network, 404), (town.lead, 403), (town.region, 403), (town.operator, 403)):
        assert town.client  # the same doors
        assert desk.get(PERSON_PATH).status_code == status
        assert desk.ask("DELETE", PERSON_PATH).status_code == status
    with reading(town.house.database) as session:
        assert session.exec(select(AccessRecord)).all() == []
        assert session.exec(select(Handover.beneficiary_pseudonym)).all() == [FAMILY["pseudonym"]]


def test_a_forgotten_person_stands_nowhere_but_on_the_receipt_that_the_law_keeps(town: Town) -> None:
    made = stirred(town)
    impact = town.network.get("/v1/impact").json()
    answer = town.network.ask("DELETE", PERSON_PATH, headers={"Idempotency-Key": "k-3"})
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["forgotten"]
    assert (one["handover_id"], one["contact_erased"]) == (made["id"], True)
    assert [paper["document_id"] for paper in one["papers_kept"]] == [
        town.network.get(f"/v1/handovers/{made['id']}").json()["receipt_document_id"]
    ]
    assert answer.json()["warnings"][0]["code"] == "warranty_open"
    replay = town.network.ask("DELETE", PERSON_PATH, headers={"Idempotency-Key": "k-3"})
    assert replay.headers["Idempotency-Replayed"] == "true"
    assert town.network.ask("DELETE", PERSON_PATH).json()["code"] == "no_beneficiary"
    assert town.network.get(PERSON_PATH).status_code == 404
    repeated = town.network.post(made["path"], made["order"], headers={"Idempotency-Key": "k-1"})
    assert (repeated.status_code, repeated.json()["id"]) == (201, made["id"])
    wait_for_background(town.house)
    kept = everything_kept(town)
    assert MARK not in kept
    assert SEALED not in kept
    left = town.network.get(f"/v1/handovers/{made['id']}").json()
    assert (left["kind"], left["total"], len(left["lines"])) == (PERSON, made["total"], 2)
    assert set(left["beneficiary"].values()) == {None}
    assert left["forgotten_at"] is not None
    assert town.network.get("/v1/impact").json() == impact
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
        assert not any(violations(session, town.house.files).values())
        verbs = [one.verb for one in history_of(session, "handover", UUID(made["id"]))]
    assert verbs == ["handed_over", "contact_erased", "person_forgotten"]


def test_the_credit_note_of_a_refund_is_kept_by_law_and_what_it_was_printed_from_is_not(town: Town) -> None:
    (device_id,) = listed_devices(town)
    reservation = reserved(town.network, [device_id])
    price = reservation["lines"][0]["price"]
    handed_over(town.network, reservation, beneficiary=FAMILY, payment={**price, "method": "cash"})
    told = {"device_id": device_id, "complaint": {"words": f"{MARK} dit : cassé"}, "take_back": True}
    case = town.network.post("/v1/warranty-cases", told).json()
    wait_for_background(town.house)
    given = {**price, "method": "cash"}
    assert town.lead.post(f"/v1/warranty-cases/{case['id']}/refunds", given).status_code == 201
    wait_for_background(town.house)
    shown = town.network.get(PERSON_PATH).json()["handovers"][0]["papers"]
    kept = town.network.ask("DELETE", PERSON_PATH).json()["forgotten"][0]["papers_kept"]
    assert [one["kind"] for one in shown] == [one["kind"] for one in kept] == ["handover_receipt", "credit_note"]
    with reading(town.house.database) as session:
        assert MARK not in str([one.payload for one in session.exec(select(Job))])


def test_where_and_how_old_stays_where_five_persons_share_it(town: Town) -> None:
    def about(number: int, **more: str) -> dict[str, Any]:
        return {**FAMILY, "pseudonym": f"famille-{number}", **more}

    for number in range(4):
        handed_to(town, beneficiary=about(number))
    handed_to(town, beneficiary=about(4, age_band="75+"))
    handed_to(town, beneficiary=about(5, commune_insee="59350"))
    for _ in range(5):
        handed_to(town, beneficiary=about(6, commune_insee="62193"))
    wait_for_background(town.house)

    def left(number: int) -> tuple[str | None, ...]:
        answer = town.network.ask("DELETE", f"/v1/beneficiaries/famille-{number}").json()["forgotten"]
        (kept,) = {(one["commune_insee"], one["qpv"], one["age_band"]) for one in answer}
        return kept

    assert left(4) == ("59183", "yes", None)  # five of the commune and district, one of the age
    assert left(5) == (None, None, None)
    assert left(6) == (None, None, None)  # five hand-overs, one person
    handed_to(town, beneficiary=about(7))
    wait_for_background(town.house)
    assert left(0) == ("59183", "yes", "26-39")


def test_a_legal_hold_keeps_what_it_must_until_it_is_lifted(town: Town) -> None:
    made = handed_to(town)
    wait_for_background(town.house)
    device_id = UUID(made["lines"][0]["device_id"])
    with transaction(town.house.database) as session:
        session.add(FlagRow(device_id=device_id, name=Flag.legal_hold, reason="Litige", at=clock.now()))
    answer = town.network.ask("DELETE", PERSON_PATH).json()
    assert (answer["on_hold"], answer["forgotten"]) == ([made["id"]], [])
    with transaction(town.house.database) as session:
        session.delete(session.get_one(FlagRow, (device_id, Flag.legal_hold)))
    assert len(town.network.ask("DELETE", PERSON_PATH).json()["forgotten"]) == 1


def test_what_was_said_in_a_case_goes_once_it_is_over_and_an_open_one_is_told(town: Town) -> None:
    closed, still_open = handed_to(town), handed_to(town)
    complaint = {"complaint": {"words": f"Écran noir chez {MARK}"}}
    cases = [
        town.network.post("/v1/warranty-cases", {"device_id": made["lines"][0]["device_id"], **complaint}).json()
        for made in (closed, still_open)
    ]
    ended = town.network.post(f"/v1/warranty-cases/{cases[0]['id']}/moves", {"to": "withdrawn", "reason": "Réglé"})
    assert ended.status_code == 200, ended.text
    wait_for_background(town.house)
    warned = town.network.ask("DELETE", PERSON_PATH).json()["warnings"]
    assert [one["code"] for one in warned].count("case_open") == 1
    left = [town.network.get(f"/v1/warranty-cases/{one['id']}").text for one in cases]
    assert [MARK in text for text in left] == [False, True]


def test_a_pseudonym_that_would_cut_an_address_in_two_is_refused(town: Town) -> None:
    reservation = reserved(town.network, listed_devices(town))
    body = {"device_ids": [line["device_id"] for line in reservation["lines"]], "beneficiary": FAMILY}
    body["beneficiary"] = {**FAMILY, "pseudonym": "F/118"}
    refused = town.network.post(f"/v1/reservations/{reservation['id']}/handovers", body)
    assert refused.json()["errors"][0]["code"] == "pseudonym_shape"


def test_a_hand_over_that_is_under_way_is_forgotten_with_the_others(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        handed_to(town)
        waiting = reserved(town.network, listed_devices(town))
        wait_for_background(any_house)
        me = town.network.organisation_id
        device_ids = tuple(UUID(line["device_id"]) for line in waiting["lines"])

        def give(session: Session) -> None:
            made = hand_over(
                session,
                caller_of(session, me),
                UUID(waiting["id"]),
                HandoverOrder(device_ids=device_ids, beneficiary=dict(FAMILY)),
            )
            made.receipt_job_id = first_job  # its own is not printed before it commits

        def erase(session: Session) -> int:
            return len(
                erase_beneficiary(session, caller_of(session, me), FAMILY["pseudonym"], reason="asked").forgotten
            )

        with reading(any_house.database) as session:
            first_job = session.exec(select(Handover.receipt_job_id)).one()
        assert overlapping(any_house, give, erase) == 2
        wait_for_background(any_house)
        with reading(any_house.database) as session:
            assert session.exec(select(Handover.id).where(col(Handover.beneficiary_pseudonym).is_not(None))).all() == []


@pytest.mark.parametrize("erases_first", [True, False])
def test_a_person_who_is_forgotten_stays_so_while_a_device_goes_home_under_its_case(
    any_house: House, *, erases_first: bool
) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        (device_id,) = [line["device_id"] for line in handed_to(town)["lines"]]
        told = {"device_id": device_id, "complaint": {"words": "Ne démarre plus"}, "take_back": True}
        case = town.network.post("/v1/warranty-cases", told).json()
        for path in (f"/v1/warranty-cases/{case['id']}/moves", f"/v1/devices/{device_id}/moves"):
            to = "in_repair" if "cases" in path else "in_workshop"
            assert town.technician.post(path, {"to": to}).status_code == 200
        made_ready_again(town, device_id)
        wait_for_background(any_house)
        me = town.network.organisation_id

        def give(session: Session) -> None:
            hand_back(session, caller_of(session, me), UUID(case["id"]))

        def erase(session: Session) -> None:
            erase_beneficiary(session, caller_of(session, me), FAMILY["pseudonym"], reason="asked")

        if erases_first:
            overlapping(any_house, erase, give)
        else:
            with pytest.raises(Conflict, match="still being printed"):
                overlapping(any_house, give, erase)
            wait_for_background(any_house)
            assert len(town.network.ask("DELETE", PERSON_PATH).json()["forgotten"]) == 2
        with reading(any_house.database) as session:
            assert list(session.exec(select(Handover.beneficiary_pseudonym))) == [None, None]


def test_of_eight_who_erase_at_once_one_does_and_the_others_find_nothing(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        handed_to(town)
        wait_for_background(any_house)
        start = threading.Barrier(8)

        def act(desk: Desk) -> int:
            start.wait()
            return desk.ask("DELETE", PERSON_PATH).status_code

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(act, [town.network] * 8)) == [200] + [404] * 7
        with reading(any_house.database) as session:
            assert [one.act for one in session.exec(select(AccessRecord))] == ["erased"]
