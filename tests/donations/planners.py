"""Calendars, vehicles, carriers and rounds, for tests."""

from typing import Any

from donating import accepted, planned
from makers import Desk, Town, make_key, make_organisation
from reuse.people.rules import Activity

DAY = "2030-03-04"  # a Monday, far enough ahead to be free
MORNING = {"from": f"{DAY}T08:00:00Z", "to": f"{DAY}T10:00:00Z"}
AT_NINE = f"{DAY}T09:00:00Z"
LAPTOPS = [{"category": "laptop", "quantity": 40}]


def slot(town: Town, **facts: Any) -> dict[str, Any]:
    """A slot of the workshop's calendar, for one collection unless said."""
    answer = town.lead.post("/v1/collection-slots", {**MORNING, **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()


def vehicle(desk: Desk, **facts: Any) -> dict[str, Any]:
    """A van of 800 kg and 8 m³."""
    answer = desk.post("/v1/vehicles", {"name": "Fourgon 1", "payload_kg": 800, "volume_m3": 8, **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()


def carrier(town: Town, name: str = "Transports du Littoral") -> Desk:
    """A carrier of its own, with its dispatcher."""
    organisation = make_organisation(town.house, name, Activity.carrier)
    return Desk(town.client, make_key(town.house, organisation, person="chauffeur-1"), organisation.id)


def to_fetch(town: Town, donor: Desk | None = None, **facts: Any) -> dict[str, Any]:
    """A collection planned at nine, of a donation of forty laptops; the donation's own facts come before `plan`."""
    plan = facts.pop("plan", {})
    donation = accepted(town, donor or town.council, **{"lines": LAPTOPS, **facts})
    return planned(town, donation, **{"planned_at": AT_NINE, **plan})


def tour(town: Town, *collections: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """A round of these collections."""
    chosen = {} if "stops" in facts else {"collection_ids": [one["id"] for one in collections]}
    answer = town.lead.post("/v1/rounds", {"date": DAY, **chosen, **facts})
    assert answer.status_code == 201, answer.text
    return answer.json()
