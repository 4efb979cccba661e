"""What a territory sees of supply beside need."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from makers import Town, open_doors, settle_town
from makers_distribution import handed_over, listed_devices, ready_devices, reserved
from reuse import clock
from reuse.house import House
from reuse.reservations.rules import months_until

STOCK = ("received", "in_workshop", "captured", "sanitized", "tested", "graded", "ready", "listed")


@pytest.fixture
def any_town(any_house: House) -> Iterator[Town]:
    with open_doors(any_house) as client:
        yield settle_town(any_house, client)


def supply(town: Town, query: str = "") -> list[dict[str, Any]]:
    answer = town.region.get(f"/v1/supply{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_supply_stands_beside_need_by_category_and_month(any_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town, source = any_town, clock.source
    town.network.post("/v1/needs", {"category": "laptop", "quantity": 10})
    town.other_network.post("/v1/needs", {"category": "monitor", "quantity": 3})
    first, second, third, _ = listed_devices(town, 4)
    ready_devices(town, 2)
    handed_over(town.network, reserved(town.network, [first]))
    reserved(town.other_network, [third])
    laptop, monitor = supply(town, "?months=1")
    counts = {"needed": 10, "served": 1, "unmet": 9, "offered": 0, "reserved": 1, "handed_over": 1}
    assert {name: laptop[name] for name in counts} == counts
    assert {name: laptop[name] for name in STOCK} == {**dict.fromkeys(STOCK, 0), "ready": 2, "listed": 2}
    assert (monitor["category"], monitor["needed"], monitor["unmet"], monitor["listed"]) == ("monitor", 3, 3, 0)
    monkeypatch.setattr(clock, "source", lambda: source() + timedelta(days=31))
    reserved(town.network, [second])
    then, now = (one for one in supply(town, "?months=2") if one["category"] == "laptop")
    assert then["month"] < now["month"]
    assert (then["needed"], then["served"], then["reserved"], then["handed_over"]) == (10, 2, 0, 1)
    assert (now["needed"], now["reserved"], now["handed_over"], now["listed"]) == (0, 1, 0, 1)
    assert [then[name] for name in STOCK] == [None] * len(STOCK)


def test_supply_is_a_table_where_a_table_is_asked_for(town: Town) -> None:
    town.network.post("/v1/needs", {"category": "laptop", "quantity": 10})
    answer = town.region.get("/v1/supply", headers={"Accept": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["category"], row["needed"], row["unmet"], row["listed"]) == ("laptop", "10", "10", "0")


def test_supply_is_for_the_territory_and_for_three_years_at_most(town: Town) -> None:
    for desk in (town.network, town.lead, town.company, town.operator):
        assert desk.get("/v1/supply").status_code == 403
    for months in (0, 37):
        assert town.region.get(f"/v1/supply?months={months}").json()["code"] == "months"


def test_months_run_over_the_turn_of_the_year() -> None:
    day = clock.now().date().replace(year=2026, month=2, day=28)
    assert [f"{one:%Y-%m}" for one in months_until(day, 3)] == ["2025-12", "2026-01", "2026-02", "2026-03"]
