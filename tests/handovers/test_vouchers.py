"""A prescriber attests eligibility by a voucher: shown once, kept as a keyed hash, taken by one hand-over."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response

from makers import Desk, Town, make_key, make_organisation, make_territory, open_doors, settle_town
from makers_distribution import (
    FAMILY,
    ask_handover,
    everything_kept,
    handed_over,
    listed_devices,
    printed,
    ready_devices,
    reserved,
    status_of,
)
from reuse import clock
from reuse.errors import Invalid
from reuse.handovers.rules.vouchers import code_of, fingerprint_of
from reuse.house import House
from reuse.people.rules import Activity

PERSON = {name: value for name, value in FAMILY.items() if name not in {"eligible", "prescriber"}}


def issued(desk: Desk, **facts: Any) -> dict[str, Any]:
    answer = desk.post("/v1/vouchers", {"prescriber": "Mission locale", **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()


def code(desk: Desk, **facts: Any) -> str:
    return str(issued(desk, **facts)["vouchers"][0]["code"])


def laptop(town: Town, desk: Desk | None = None) -> dict[str, Any]:
    return reserved(desk or town.network, listed_devices(town))


def test_a_code_is_read_however_it_is_written_and_a_mistyped_one_is_told_as_such() -> None:
    secret, one = b"s" * 32, uuid4()
    written = code_of(secret, one)
    assert code_of(secret, one) == written != code_of(b"t" * 32, one)
    kept = fingerprint_of(secret, written)
    misread = written.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert fingerprint_of(secret, misread) == kept != fingerprint_of(b"t" * 32, written)
    plain = written.replace("-", "")
    for wrong in (plain[1] + plain[0] + plain[2:], plain[:-1], plain + "0", "", "ÀÉ" * 8, "1" * 15 + "2"):
        if wrong != plain:
            with pytest.raises(Invalid):
                fingerprint_of(secret, wrong)


def test_a_voucher_attests_in_place_of_eligible_and_serves_once(town: Town) -> None:
    batch = issued(town.region, quantity=2, category="laptop", valid_until="2999-12-31")
    first, second = (one["code"] for one in batch["vouchers"])
    made = handed_over(town.network, laptop(town), beneficiary=PERSON, voucher=first.lower())
    assert (made["kind"], made["beneficiary"]["prescriber"]) == ("person", "Mission locale")
    again = laptop(town, town.other_network)
    for body in ({"beneficiary": PERSON}, {}):
        refused = ask_handover(town.other_network, again, voucher=first, **body)
        assert (refused.status_code, refused.json()["code"]) == (409, "voucher_used")
    assert status_of(town.other_network, again["lines"][0]["device_id"]) == "reserved"
    bare = handed_over(town.other_network, again, voucher=second)
    assert (bare["kind"], bare["beneficiary"]["pseudonym"]) == ("person", None)
    told = town.region.get(f"/v1/vouchers?batch_id={batch['batch_id']}").json()["items"]
    assert [(one["status"], one["handover_id"]) for one in told] == [("used", made["id"]), ("used", bare["id"])]


def test_codes_are_shown_once_and_kept_nowhere(town: Town) -> None:
    keyed = {"headers": {"Idempotency-Key": "vouchers-1"}}
    body = {"prescriber": "Mission locale", "quantity": 4}
    first = town.network.post("/v1/vouchers", body, **keyed)
    again = town.network.post("/v1/vouchers", body, **keyed)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    batch = first.json()
    codes = [one["code"] for one in batch["vouchers"]]
    assert len(set(codes)) == 4
    job = town.network.done(Response(202, headers={"Location": f"/v1/jobs/{batch['sheet_job']}"}))
    sheet = job["result"]["document_id"]
    read = printed(town.network, sheet)
    assert all(one in read for one in (*codes, "Mission locale"))
    for desk in (town.region, town.other_network, town.lead):
        assert desk.get(f"/v1/documents/{sheet}/content").status_code == 404
    listed = town.network.get("/v1/vouchers").text
    kept = everything_kept(town.house)
    for one in codes:
        for written in (one, one.replace("-", "")):
            assert written not in listed
            assert written not in kept
    lying = [
        path for path in Path(town.house.settings.data_dir).rglob("*") if path.suffix in {".db", ".sqlite", ".db-wal"}
    ]
    assert [path.name for path in lying for one in codes if one.encode() in path.read_bytes()] == []


def test_a_voucher_that_does_not_count_is_refused_with_the_reason(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    short, phone, gone = (
        code(town.region, valid_until=tomorrow),
        code(town.region, category="smartphone"),
        issued(town.region),
    )
    revoked = town.region.post(f"/v1/vouchers/{gone['vouchers'][0]['id']}/revocation", {"reason": "Perdu"})
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    far = make_organisation(
        town.house, "Là-bas", Activity.network, territory_id=make_territory(town.house, "Ailleurs").id
    )
    elsewhere = code(Desk(town.client, make_key(town.house, far, person="x"), far.id))
    reservation = laptop(town)

    def refusal(voucher: str, **more: Any) -> tuple[int, str]:
        answer = ask_handover(town.network, reservation, voucher=voucher, **more)
        return answer.status_code, answer.json()["code"]

    assert refusal(phone) == (409, "voucher_category")
    assert refusal(gone["vouchers"][0]["code"]) == (409, "voucher_revoked")
    assert refusal(elsewhere) == (409, "voucher_unknown")
    assert refusal(short[:-1]) == (400, "voucher_misread")
    assert refusal(short, beneficiary={**PERSON, "prescriber": "CCAS"}) == (400, "prescriber_differs")
    assert refusal(short, beneficiary={**PERSON, "eligible": False}) == (400, "beneficiary")
    source = clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=2))
    assert refusal(short) == (409, "voucher_expired")
    monkeypatch.setattr(clock, "source", source)
    assert ask_handover(town.network, reservation, voucher=short).status_code == 201


def test_a_voucher_of_one_category_is_good_for_a_bundle_with_it(town: Town) -> None:
    parts = [ready_devices(town, category=category)[0] for category in ("desktop", "monitor")]
    assert town.lead.post("/v1/bundles", {"device_ids": parts}).status_code == 201
    reservation = reserved(town.network, parts)
    assert ask_handover(town.network, reservation, voucher=code(town.region, category="desktop")).status_code == 201


def test_vouchers_are_for_networks_and_territories_and_seen_by_them(town: Town) -> None:
    for desk in (town.lead, town.technician, town.company):
        assert desk.post("/v1/vouchers", {"prescriber": "x", "quantity": 1}).status_code == 403
    mine = issued(town.network, quantity=3)
    one = mine["vouchers"][0]["id"]
    assert town.other_network.post(f"/v1/vouchers/{one}/revocation", {"reason": "x"}).status_code == 404
    assert [len(desk.get("/v1/vouchers").json()["items"]) for desk in (town.network, town.region)] == [3, 3]
    assert town.other_network.get("/v1/vouchers").json()["items"] == []
    handed_over(town.network, laptop(town), voucher=mine["vouchers"][1]["code"])
    whole = town.region.post(f"/v1/vouchers/{one}/revocation", {"reason": "Feuille perdue", "whole_batch": True})
    assert whole.status_code == 200
    counted = Counter(item["status"] for item in town.network.get("/v1/vouchers").json()["items"])
    assert counted == {"revoked": 2, "used": 1}
    assert len(town.network.get("/v1/vouchers?status=used").json()["items"]) == 1
    again = town.network.post(f"/v1/vouchers/{one}/revocation", {"reason": "x"})
    used = town.network.post(f"/v1/vouchers/{mine['vouchers'][1]['id']}/revocation", {"reason": "x"})
    assert [answer.json()["code"] for answer in (again, used)] == ["voucher_revoked", "voucher_used"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 101},
        {"quantity": 0},
        {"valid_until": "2001-01-01"},
        {"prescriber": ""},
        {"prescriber": "4111111111111111"},
        {"prescriber": "accueil@ccas.example"},
    ],
)
def test_what_no_voucher_can_be_is_refused(town: Town, wrong: dict[str, Any]) -> None:
    assert town.network.post("/v1/vouchers", {"prescriber": "CCAS", "quantity": 1, **wrong}).status_code == 400


def test_a_territory_may_ask_persons_for_a_voucher(town: Town) -> None:
    rules = {"voucher_required": True}
    assert town.network.post("/v1/handover-rules", rules).status_code == 403
    assert town.network.get("/v1/handover-rules").json()["voucher_required"] is False
    assert town.region.post("/v1/handover-rules", rules).json()["household_months"] is None
    reservation = laptop(town)
    refused = ask_handover(town.network, reservation, beneficiary=FAMILY)
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (
        409,
        "voucher_required",
        ["voucher"],
    )
    assert ask_handover(town.network, reservation, beneficiary=PERSON, voucher=code(town.network)).status_code == 201
    assert ask_handover(town.network, laptop(town)).status_code == 201, "a network's own stock needs none"


def test_of_two_hand_overs_with_one_voucher_at_once_one_is_done(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        voucher = code(town.region)
        both = [(desk, laptop(town, desk)) for desk in (town.network, town.other_network)] * 2
        start = threading.Barrier(len(both))

        def act(one: tuple[Desk, dict[str, Any]]) -> tuple[int, str | None]:
            start.wait()
            answer = ask_handover(*one, voucher=voucher)
            return answer.status_code, answer.json().get("code")

        with ThreadPoolExecutor(len(both)) as pool:
            answers = Counter(pool.map(act, both))
        assert answers[201, None] == 1
        assert {status for status, _ in answers} == {201, 409}
        out = [status_of(desk, one["lines"][0]["device_id"]) for desk, one in both[:2]]
        assert sorted(out) == ["handed_over", "reserved"]
        (told,) = town.region.get("/v1/vouchers").json()["items"]
        assert UUID(told["handover_id"])
