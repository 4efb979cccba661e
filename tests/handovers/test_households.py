"""One device per household and period, where a territory asks for it: known by a keyed hash, and by nothing else."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from makers import Desk, Town, open_doors, overlapping, settle_town
from makers_distribution import (
    FAMILY,
    ask_handover,
    caller_of,
    everything_kept,
    handed_over,
    listed_devices,
    made_ready_again,
    ready_devices,
    reserved,
)
from reuse import clock
from reuse.handovers.actions.households import forget_households
from reuse.handovers.actions.returns import take_back_device
from reuse.handovers.models import HouseholdServed
from reuse.handovers.rules.households import devices_for_a_household, recognised, within_territory
from reuse.house import House
from reuse.sealing import household_key
from reuse.transactions import reading, transaction

HOME = "12 bis, rue des Lilas - 59640 Grand-Port / famille 0412"
SAME = "  12 BIS rue dès lilas, 59640 grand port (Famille 0412) "
OTHER = "14 rue des Lilas, 59640 Grand-Port"


def with_rule(town: Town, months: int | None = 12) -> None:
    assert town.region.post("/v1/handover-rules", {"household_months": months}).status_code == 200


def ask(town: Town, household: str | None = HOME, *, desk: Desk | None = None, devices: int = 1, **more: Any) -> Any:
    who = desk or town.network
    about = {} if household is None else {"household": household}
    return ask_handover(who, reserved(who, listed_devices(town, devices)), beneficiary=FAMILY, **about, **more)


def later(monkeypatch: pytest.MonkeyPatch, **span: float) -> None:
    source = clock.source
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(**span))


def test_a_household_is_known_again_however_it_is_written_and_only_with_the_key_and_in_its_territory(
    town: Town,
) -> None:
    key = household_key(town.house.settings)
    assert key == household_key(town.house.settings)
    assert recognised(key, HOME) == recognised(key, SAME) != recognised(key, OTHER)
    assert recognised(b"k" * 32, HOME) != recognised(key, HOME)
    here, there = town.network.organisation_id, town.lead.organisation_id
    assert within_territory(recognised(key, HOME), here) != within_territory(recognised(key, HOME), there)


def test_a_second_device_within_the_period_is_refused_and_only_the_day_is_told(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rule(town)
    made = ask(town).json()
    refused = ask(town, SAME, desk=town.other_network)
    day = f"{int(made['at'][:4]) + 1}-{made['at'][5:10]}"
    assert (refused.status_code, refused.json()["code"]) == (409, "household_served")
    assert refused.json()["detail"] == f"This household was served already; it may be again from {day} on."
    assert made["id"] not in refused.text
    assert ask(town, OTHER).status_code == 201
    later(monkeypatch, days=367)
    assert ask(town, SAME).status_code == 201


def test_nothing_but_the_keyed_hash_is_kept_and_it_is_forgotten_when_the_period_is_over(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rule(town, 6)
    assert ask(town, headers={"Idempotency-Key": "once"}).status_code == 201
    kept = everything_kept(town.house)
    assert "Lilas" not in kept
    assert "lilas" not in kept
    with transaction(town.house.database) as session:
        (row,) = session.exec(select(HouseholdServed)).all()
        assert row.household_hmac == within_territory(
            recognised(household_key(town.house.settings), HOME), row.territory_id
        )
        assert forget_households(session) == 0
    later(monkeypatch, days=190)
    with transaction(town.house.database) as session:
        assert forget_households(session) == 1


def test_the_rule_is_off_by_default_and_then_nothing_is_kept(town: Town) -> None:
    first, second = ask(town).json(), ask(town).json()
    assert [[one["code"] for one in made["warnings"]] for made in (first, second)] == [["household_not_kept"]] * 2
    with reading(town.house.database) as session:
        assert session.exec(select(HouseholdServed)).all() == []
    with_rule(town)
    missing = ask(town, None)
    assert (missing.status_code, missing.json()["code"]) == (400, "household_required")
    stock = ask_handover(town.network, reserved(town.network, listed_devices(town)))
    assert stock.status_code == 201, "what goes into a network's stock has no household"


def test_a_lead_may_set_the_rule_aside_with_a_reason_that_is_recorded(town: Town) -> None:
    with_rule(town)
    assert ask(town).status_code == 201
    reason = {"override_reason": "Premier appareil volé, plainte déposée"}
    assert ask(town, **reason).status_code == 403
    reservation = reserved(town.network, listed_devices(town))
    made = ask_handover(town.lead, reservation, beneficiary=FAMILY, household=HOME, **reason)
    assert made.status_code == 201, made.text
    assert "volé" in everything_kept(town.house)
    assert ask(town, SAME).json()["code"] == "household_served"
    homeless = reserved(town.network, listed_devices(town))
    assert ask_handover(town.lead, homeless, beneficiary=FAMILY, **reason).status_code == 201


def test_a_household_gets_one_device_and_a_bundle_is_one(town: Town) -> None:
    with_rule(town)
    assert ask(town, devices=2).json()["code"] == "household_one_device"
    parts = [ready_devices(town, category=category)[0] for category in ("desktop", "monitor", "peripheral")]
    assert town.lead.post("/v1/bundles", {"device_ids": parts}).status_code == 201
    reservation = reserved(town.network, parts)
    assert ask_handover(town.network, reservation, beneficiary=FAMILY, household=HOME).status_code == 201
    assert devices_for_a_household([("laptop", None), ("peripheral", None), ("peripheral", None)]) == 1
    assert devices_for_a_household([("desktop", None), ("monitor", None)]) == 2


def test_a_device_that_came_back_frees_the_household(town: Town) -> None:
    with_rule(town)
    made = ask(town).json()
    assert ask(town).json()["code"] == "household_served"
    back = {"reason": "Ne démarre plus"}
    assert town.network.post(f"/v1/devices/{made['lines'][0]['device_id']}/returns", back).status_code == 201
    assert ask(town).status_code == 201
    assert ask(town).json()["code"] == "household_served"


def under_case(town: Town, device_id: str, **more: Any) -> dict[str, Any]:
    body = {"device_id": device_id, "complaint": {"words": "Ne démarre plus"}, **more}
    answer = town.network.post("/v1/warranty-cases", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("is_back_before", [True, False], ids=["back-then-complained", "complained-then-back"])
def test_a_device_that_is_back_for_its_repair_keeps_its_household_served(town: Town, *, is_back_before: bool) -> None:
    with_rule(town)
    device_id = ask(town).json()["lines"][0]["device_id"]
    if is_back_before:
        town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "Ne démarre plus"})
    case = under_case(town, device_id, take_back=not is_back_before)
    assert ask(town).json()["code"] == "household_served"
    place = f"/v1/warranty-cases/{case['id']}/moves"
    assert town.lead.post(place, {"to": "refused", "reason": "Boisson renversée"}).json()["owed_back"]
    assert ask(town).json()["code"] == "household_served"
    assert town.network.post(place, {"to": "given_up", "reason": "La famille y renonce"}).status_code == 200
    assert ask(town).status_code == 201


def test_a_household_whose_device_went_home_or_was_exchanged_stays_served_and_whose_was_refunded_is_free(
    town: Town,
) -> None:
    with_rule(town)
    made = ask(town).json()
    device_id, price = made["lines"][0]["device_id"], made["lines"][0]["price"]
    case = under_case(town, device_id, take_back=True)
    assert town.technician.post(f"/v1/warranty-cases/{case['id']}/moves", {"to": "in_repair"}).status_code == 200
    assert town.technician.post(f"/v1/devices/{device_id}/moves", {"to": "in_workshop"}).status_code == 200
    made_ready_again(town, device_id)
    assert town.network.post(f"/v1/warranty-cases/{case['id']}/handbacks", {}).status_code == 201
    assert ask(town).json()["code"] == "household_served"
    case, (new,) = under_case(town, device_id, take_back=True), listed_devices(town)
    assert town.network.post(f"/v1/warranty-cases/{case['id']}/exchanges", {"device_id": new}).status_code == 201
    assert ask(town).json()["code"] == "household_served"
    case = under_case(town, new, take_back=True)
    answer = town.lead.post(f"/v1/warranty-cases/{case['id']}/refunds", {**price, "method": "cash"})
    assert answer.status_code == 201, answer.text
    assert ask(town).status_code == 201


def test_a_household_is_free_only_once_all_of_its_bundle_is_back(town: Town) -> None:
    with_rule(town)
    parts = [ready_devices(town, category=category)[0] for category in ("desktop", "monitor")]
    assert town.lead.post("/v1/bundles", {"device_ids": parts}).status_code == 201
    handed_over(town.network, reserved(town.network, parts), beneficiary=FAMILY, household=HOME)
    for device_id, code in ((parts[0], "household_served"), (parts[1], None)):
        assert town.network.post(f"/v1/devices/{device_id}/returns", {"reason": "x"}).status_code == 201
        assert ask(town).json().get("code") == code


def test_a_household_is_free_when_both_of_its_devices_come_back_at_once(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        with_rule(town)
        why = {"override_reason": "Deux enfants à l'école"}
        two = reserved(town.network, listed_devices(town, 2))
        assert ask_handover(town.lead, two, beneficiary=FAMILY, household=HOME, **why).status_code == 201
        me = town.network.organisation_id

        def back(line: dict[str, Any]) -> Callable[[Session], Any]:
            return lambda session: take_back_device(
                session, caller_of(session, me), UUID(line["device_id"]), reason="Panne"
            )

        overlapping(any_house, *map(back, two["lines"]))
        assert ask(town).status_code == 201


def test_a_device_given_in_exchange_keeps_the_household_served(town: Town) -> None:
    with_rule(town)
    made = ask(town).json()
    complaint = {"words": "Ne démarre plus", "defect": None}
    body = {"device_id": made["lines"][0]["device_id"], "complaint": complaint, "take_back": True}
    case = town.network.post("/v1/warranty-cases", body)
    assert case.status_code == 201, case.text
    (other,) = listed_devices(town)
    given = town.network.post(f"/v1/warranty-cases/{case.json()['id']}/exchanges", {"device_id": other})
    assert given.status_code == 201, given.text
    assert ask(town, SAME).json()["code"] == "household_served"
    assert town.network.post(f"/v1/devices/{other}/returns", {"reason": "x"}).status_code == 201
    assert ask(town, SAME).status_code == 201


def test_of_two_hand_overs_to_one_household_at_once_one_is_done(any_house: House) -> None:
    with open_doors(any_house) as client:
        town = settle_town(any_house, client)
        with_rule(town)
        desks = [town.network, town.other_network]
        both = [(desk, reserved(desk, listed_devices(town))) for desk in desks]
        start = threading.Barrier(len(both))

        def act(one: tuple[Desk, dict[str, Any]]) -> str | None:
            start.wait()
            return ask_handover(*one, beneficiary=FAMILY, household=HOME).json().get("code")

        with ThreadPoolExecutor(len(both)) as pool:
            answers = Counter(pool.map(act, both))
        assert answers == {None: 1, "household_served": 1}
        with reading(any_house.database) as session:
            assert len(session.exec(select(HouseholdServed)).all()) == 1
