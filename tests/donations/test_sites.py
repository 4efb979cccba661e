"""Where a donation waits: several sites with access and wishes, each known by an id that stays."""

from typing import Any

import pytest

from donating import accepted, draft, planned
from makers import Town

HALL = {
    "name": "Mairie annexe",
    "address": {"street": "3 quai du Port", "city": "Grand-Port"},
    "contact": "agent-1, poste 12",
    "access": {
        "hours": "8 h à 12 h",
        "stairs": "2 étages",
        "lift": False,
        "dock": True,
        "parking": "cour",
        "note": "badge",
    },
    "slot_wishes": [{"from": "2026-03-02T08:00:00+01:00", "to": "2026-03-02T12:00:00+01:00"}],
}
LIBRARY = {"name": "Médiathèque", "address": "1 place du Marché, Grand-Port"}


def change(town: Town, donation: dict[str, Any], **body: Any) -> Any:
    return town.council.ask("PATCH", f"/v1/donations/{donation['id']}", json=body)


def test_a_donation_waits_at_several_sites_and_tells_them_as_they_were_said(town: Town) -> None:
    donation = draft(town.council, sites=[HALL, LIBRARY], contacts=[{"name": "agent-1", "phone": "+33 1 00 00 00 00"}])
    first, second = donation["sites"]
    wishes = [{"from": "2026-03-02T07:00:00Z", "to": "2026-03-02T11:00:00Z"}]
    assert {**first, "id": None, "slot_wishes": None} == {**HALL, "id": None, "slot_wishes": None}
    assert first["slot_wishes"] == wishes
    assert (second["name"], second["address"], second["contact"], second["slot_wishes"]) == (
        *LIBRARY.values(),
        None,
        [],
    )
    assert donation["contacts"][0]["phone"] == "+33 1 00 00 00 00"
    listed = town.council.get("/v1/donations").json()["items"]
    assert listed[0]["sites"] == town.council.get(f"/v1/donations/{donation['id']}").json()["sites"] == [first, second]


def test_a_site_keeps_its_id_when_its_facts_change_and_another_comes_before_it(town: Town) -> None:
    donation = draft(town.council, sites=[HALL, LIBRARY])
    hall, library = (site["id"] for site in donation["sites"])
    renamed = {"id": hall, "name": "Annexe", "address": "4 quai du Port"}
    depot = {"name": "Dépôt", "address": "rue des Ateliers"}
    changed = change(town, donation, sites=[depot, LIBRARY, renamed]).json()["sites"]
    assert [(one["id"], one["name"]) for one in changed[1:]] == [(library, "Médiathèque"), (hall, "Annexe")]
    assert changed[0]["id"] not in {hall, library}
    left = change(town, donation, sites=[LIBRARY]).json()
    assert [one["id"] for one in left["sites"]] == [library]
    assert change(town, donation, notes="x").json()["sites"] == left["sites"]


@pytest.mark.parametrize(
    ("site", "pointer"),
    [
        ({**LIBRARY, "id": "018f0000-0000-7000-8000-000000000000"}, "/sites/0/id"),
        ({"name": "", "address": "x"}, "/sites/0/name"),
        ({"name": "x"}, "/sites/0/address"),
        ({**LIBRARY, "access": {"elevator": True}}, "/sites/0/access/elevator"),
        ({**LIBRARY, "slot_wishes": [{"from": "2026-03-02T08:00:00", "to": "2026-03-02T12:00:00Z"}]}, "/sites/0/slot"),
        ({**LIBRARY, "slot_wishes": [{"from": "2026-03-02T12:00:00Z", "to": "2026-03-02T08:00:00Z"}]}, "/sites/0/slot"),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_its_place_and_changes_nothing(
    town: Town, site: dict[str, Any], pointer: str
) -> None:
    donation = draft(town.council, sites=[LIBRARY])
    answer = change(town, donation, sites=[site])
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation


def test_sites_are_still_corrected_after_acceptance_but_none_is_taken_from_a_planned_round(town: Town) -> None:
    donation = accepted(town, sites=[HALL, LIBRARY], lines=[{"category": "laptop", "quantity": 2}])
    corrected = change(town, donation, sites=[LIBRARY, {**HALL, "access": {"lift": True}}])
    assert corrected.status_code == 200, corrected.text
    planned(town, donation)
    refused = change(town, donation, sites=[LIBRARY])
    assert (refused.status_code, refused.json()["code"]) == (409, "site_planned")
    assert len(town.council.get(f"/v1/donations/{donation['id']}").json()["sites"]) == 2
    mixed = change(town, donation, sites=[LIBRARY, HALL], lines=[])
    assert (mixed.status_code, mixed.json()["code"]) == (409, "not_editable")
