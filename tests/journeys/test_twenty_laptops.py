"""A network that needs twenty laptops gets them over three weeks of arrivals, in fair order against two others."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from makers import Desk, Town, make_key, make_organisation, wait_for_background
from makers_distribution import handed_over, listed_devices
from reuse import clock
from reuse.history.queries import verify_history
from reuse.people.rules import Activity
from reuse.transactions import reading

ARRIVALS = (3, 2, 4, 1, 3, 2, 3, 4, 2, 3, 2, 3, 1, 2, 1)
"""Laptops that the workshop lists on each working day of three weeks: 36, which all three needs together ask for."""


def fairest(needs: list[dict[str, Any]], got: Counter[str], days: float) -> str:
    """Who comes first by the rule as a person reads it: age in days times the share still unmet, the older of two."""
    unmet = [one for one in needs if got[one["id"]] < one["quantity"]]
    weighed = [((days - one["day"]) * (one["quantity"] - got[one["id"]]) / one["quantity"], one) for one in unmet]
    return max(weighed, key=lambda pair: pair[0])[1]["id"]


def test_twenty_laptops_come_over_three_weeks_in_fair_order(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    source, day = clock.source, 0.0
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=day))
    made = make_organisation(town.house, "Accueil de la Gare", Activity.network)
    third = Desk(town.client, make_key(town.house, made, person="reseau-3"), made.id)
    assert town.region.post("/v1/sharing-rules", {"offer_hours": 72}).status_code == 200
    needs: list[dict[str, Any]] = []
    desks: dict[str, Desk] = {}
    for day, desk, quantity in ((0.0, town.other_network, 10), (2.3, town.network, 20), (5.1, third, 6)):
        stated = desk.post("/v1/needs", {"category": "laptop", "quantity": quantity}).json()
        needs.append({**stated, "day": day})
        desks[stated["id"]] = desk
    wait_for_background(town.house)
    got: Counter[str] = Counter()
    for working_day, count in enumerate(ARRIVALS):
        day = 7.0 + working_day // 5 * 7 + working_day % 5
        for _ in range(count):
            first = fairest(needs, got, day)
            place = desks[first].get(f"/v1/needs/{first}/place").json()
            assert place["place"] == 1, place
            (device_id,) = listed_devices(town)
            wait_for_background(town.house)
            (offer,) = desks[first].get("/v1/reservations?offered=true&status=held").json()["items"]
            assert [(line["device_id"], line["need_id"]) for line in offer["lines"]] == [(device_id, first)]
            answer = desks[first].post(f"/v1/reservations/{offer['id']}/moves", {"to": "confirmed"})
            assert answer.status_code == 200, answer.text
            got[first] += 1
            if desks[first] is town.network:
                handed_over(town.network, answer.json())
    assert [got[one["id"]] for one in needs] == [10, 20, 6]
    homes = town.network.get("/v1/handovers?limit=50").json()["items"]
    assert len({line["device_id"] for one in homes for line in one["lines"]}) == 20
    assert desks[needs[1]["id"]].get(f"/v1/needs/{needs[1]['id']}/place").json()["place"] is None
    with reading(town.house.database) as session:
        assert verify_history(session).breaks == ()
