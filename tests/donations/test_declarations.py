"""What a donor declares: asked by template, refused at once where the law forbids it, told while it is missing."""

from typing import Any

import pytest

from donating import HEADER, accepted, draft, listed, submitted
from makers import Desk, Town, make_key, make_organisation, make_territory
from reuse.people.rules import Activity

WHOLE = {
    "decision_reference": "DEL-2026-041",
    "decision_date": "2026-02-12",
    "legal_basis_text": "CG3P art. L3212-2 3°",
    "unit_value": {"amount_minor": 30000, "currency": "EUR"},
    "classified": False,
    "special_security": False,
}
PUBLIC = {"legal_basis": "public_free_transfer", "required_erasure": "purge"}


def change(desk: Desk, donation: dict[str, Any], **body: Any) -> Any:
    return desk.ask("PATCH", f"/v1/donations/{donation['id']}", json=body)


def tunis(town: Town) -> Desk:
    """A council of a territory whose country has no template of its own."""
    territory = make_territory(town.house, "Tunis", country="TN", currency="TND", timezone="Africa/Tunis")
    council = make_organisation(town.house, "Commune de Tunis", Activity.donor, territory_id=territory.id)
    return Desk(town.client, make_key(town.house, council, person="agent-9"), council.id)


def test_each_legal_basis_has_a_template_that_names_the_law_and_its_date(town: Town) -> None:
    items = town.council.get("/v1/donation-templates").json()["items"]
    assert {one["legal_basis"] for one in items} == {"public_free_transfer", "company_gift", "sale", "other"}
    public = next(one for one in items if one["legal_basis"] == "public_free_transfer")
    asked = {one["key"]: one for one in public["declarations"]}
    assert public["version"]
    assert set(WHOLE) <= {key for key, one in asked.items() if one["required"]}
    assert asked["unit_value"]["at_most"] == {"amount_minor": 30000, "currency": "EUR"}
    assert (asked["classified"]["must_be"], asked["special_security"]["must_be"]) == (False, False)
    assert public["age_limit"]["years"] == 10
    for one in (public, *asked.values()):
        assert one["source"]
        assert one["date"][:2] in {"18", "20"}
        assert one["titles"]["fr"] != one["titles"]["en"]


def test_a_country_without_rules_of_its_own_asks_for_nothing_and_limits_nothing(town: Town) -> None:
    desk = tunis(town)
    items = desk.get("/v1/donation-templates").json()["items"]
    asked = [one for template in items for one in template["declarations"]]
    assert {template["country"] for template in items} == {None}
    assert not [one for one in asked if one["required"] or one["at_most"] or one["must_be"] is not None]
    donation = draft(desk, **PUBLIC)
    assert (donation["missing_declarations"], donation["over_age"]) == ([], None)
    french = desk.get("/v1/donation-templates?country=fr").json()["items"]
    assert {template["country"] for template in french} == {"FR"}


def test_what_is_missing_is_told_and_blocks_neither_submission_nor_acceptance(town: Town) -> None:
    donation = draft(town.council, **PUBLIC)
    assert donation["missing_declarations"] == [*WHOLE]
    partly = change(town.council, donation, declarations={"classified": False, "decision_reference": " DEL-1 "}).json()
    assert partly["declarations"] == {"classified": False, "decision_reference": "DEL-1"}
    assert partly["missing_declarations"] == ["decision_date", "legal_basis_text", "unit_value", "special_security"]
    taken = accepted(town, **PUBLIC)
    assert taken["missing_declarations"] == [*WHOLE]
    completed = change(town.council, taken, declarations=WHOLE).json()
    assert (completed["missing_declarations"], completed["declarations"]) == ([], WHOLE)


def test_a_declaration_is_added_to_the_others_and_taken_back_by_null(town: Town) -> None:
    donation = draft(town.council, **PUBLIC, declarations=WHOLE)
    changed = change(town.council, donation, declarations={"decision_reference": None, "inventory_written_off": True})
    assert changed.json()["declarations"] == {
        **{key: value for key, value in WHOLE.items() if key != "decision_reference"},
        "inventory_written_off": True,
    }
    assert changed.json()["missing_declarations"] == ["decision_reference"]


@pytest.mark.parametrize(
    ("said", "key", "code"),
    [
        ({"unit_value": {"amount_minor": 30001, "currency": "EUR"}}, "unit_value", "declaration_over_limit"),
        ({"unit_value": {"amount_minor": 100, "currency": "USD"}}, "unit_value", "bad_declaration"),
        ({"unit_value": {"amount_minor": -1, "currency": "EUR"}}, "unit_value", "bad_declaration"),
        ({"unit_value": {"amount_minor": True, "currency": "EUR"}}, "unit_value", "bad_declaration"),
        ({"unit_value": {"amount_minor": 1, "currency": "ZZZ"}}, "unit_value", "bad_declaration"),
        ({"unit_value": 150}, "unit_value", "bad_declaration"),
        ({"classified": True}, "classified", "declaration_excluded"),
        ({"classified": "no"}, "classified", "bad_declaration"),
        ({"special_security": True}, "special_security", "declaration_excluded"),
        ({"decision_date": "12/02/2026"}, "decision_date", "bad_declaration"),
        ({"decision_date": "2026-02-30"}, "decision_date", "bad_declaration"),
        ({"decision_reference": ["x"]}, "decision_reference", "bad_declaration"),
        ({"decision_reference": "x" * 4001}, "decision_reference", "bad_declaration"),
        ({"colour/size": "red"}, "colour~1size", "unknown_declaration"),
    ],
)
def test_a_declaration_against_the_law_is_refused_at_once_with_its_place(
    town: Town, said: dict[str, Any], key: str, code: str
) -> None:
    at_once = town.council.post("/v1/donations", json={**PUBLIC, "lines": [], "declarations": said})
    donation = draft(town.council, **PUBLIC, declarations={"decision_reference": "DEL-1"})
    later = change(town.council, donation, declarations=said)
    for answer in (at_once, later):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (400, code), answer.text
        assert [fault["pointer"] for fault in problem["errors"]] == [f"/declarations/{key}"]
    assert town.council.get(f"/v1/donations/{donation['id']}").json() == donation
    assert len(town.council.get("/v1/donations").json()["items"]) == 1


def test_every_fault_of_several_declarations_is_named(town: Town) -> None:
    said = {"classified": True, "decision_date": "soon", "unit_value": {"amount_minor": 90000, "currency": "EUR"}}
    problem = town.council.post("/v1/donations", json={**PUBLIC, "declarations": said}).json()
    assert {fault["pointer"].removeprefix("/declarations/") for fault in problem["errors"]} == set(said)
    assert "900.00 EUR" in problem["detail"]
    assert "300.00 EUR" in problem["detail"]


def test_on_another_basis_only_what_it_knows_stays_declared(town: Town) -> None:
    donation = draft(town.council, **PUBLIC, declarations=WHOLE)
    other = change(town.council, donation, legal_basis="other").json()
    assert other["declarations"] == {"legal_basis_text": WHOLE["legal_basis_text"]}
    gift = change(town.council, donation, legal_basis="company_gift", declarations={"owned": False})
    assert (gift.status_code, gift.json()["code"]) == (400, "declaration_excluded")


def test_lines_say_whether_their_devices_hold_media_and_the_donation_counts_them(town: Town) -> None:
    lines = [("laptop", 40), ("printer", 3), ("monitor", 20), ("smartphone", 2)]
    donation = draft(town.council, lines=[{"category": name, "quantity": count} for name, count in lines])
    assert [line["media"] for line in donation["lines"]] == ["always", "possible", "never", "always"]
    assert donation["media"] == {"always": 42, "possible": 3, "never": 20}


def test_listed_devices_of_a_public_body_that_are_surely_over_ten_years_old_are_counted(town: Town) -> None:
    donation = submitted(town.council, **PUBLIC)
    rows = [f"portable;Dell;Latitude;SN-{year};;1;{year}" for year in (2009, 2012, 2024, 2025)]
    listed(town.council, donation, "\n".join([f"{HEADER};Année", *rows]))
    shown = town.council.get(f"/v1/donations/{donation['id']}").json()
    assert shown["over_age"] == {"years": 10, "devices": 2}
    company = draft(town.company)
    assert company["over_age"] is None
