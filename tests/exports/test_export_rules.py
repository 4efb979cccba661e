"""What the file of an export must hold, point by point of Annex VI, and when one is needed."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reuse.devices.rules import Status, categories
from reuse.errors import Conflict
from reuse.exports.rules import (
    MOVES,
    ExportStatus,
    Finding,
    ItemRecord,
    LoadFacts,
    check_move,
    hazard_titles,
    item_names,
    missing_of_item,
    missing_of_load,
    not_functional,
    points,
)
from reuse.people.rules import leaves_the_union
from reuse.workshop.rules import CheckOutcome, CheckResult, load_test_templates

COMPLETE = ItemRecord(
    category="laptop",
    manufacturer="Dell",
    model="Latitude 5490",
    serial="5CG8210XKZ",
    year=2018,
    code="7K3M-9QX2-BV4",
    test_kind="laptop 1",
    tested_on=date(2026, 3, 2),
    tester="Atelier Deuxième Souffle, P-9RJTF42D",
    tests=(Finding("Écran", "Display", "pass"),),
    hazards=(),
    hazards_on=date(2026, 3, 2),
    sanitized=True,
    status="reserved",
)
LOAD = LoadFacts(
    workshop_address="3 quai du Port, 59140 Dunkerque, France",
    consignee_name="Association Carthage Numérique",
    consignee_address="12 rue de Marseille, 1000 Tunis, Tunisie",
    contract={"reference": "C-2026-7", "states_reuse": True},
    declaration={"none_is_waste": True, "takes_responsibility": True},
    packing={"protects": True},
    transport={"reference": "CMR 4711"},
)
WITHOUT: dict[str, dict[str, Any]] = {
    "item_name": {"category": "other"},
    "serial": {"serial": ""},
    "function_tests": {"not_functional": ("keyboard",)},
    "test_date": {"tested_on": None},
    "tester": {"tester": ""},
    "test_kind": {"test_kind": ""},
    "hazard_evaluation": {"hazards": None},
    "sanitized": {"sanitized": False},
    "ready": {"status": "in_workshop"},
}
LOAD_WITHOUT: dict[str, dict[str, Any]] = {
    "workshop_address": {"workshop_address": None},
    "consignee_address": {"consignee_address": None},
    "contract": {"contract": {"states_reuse": True}},
    "contract_statement": {"contract": {"reference": "C-2026-7", "states_reuse": False}},
    "declaration": {"declaration": {"none_is_waste": False, "takes_responsibility": True}},
    "responsibility": {"declaration": {"none_is_waste": True}},
    "packing": {"packing": {"protects": False}},
    "transport_document": {"transport": None},
}


def test_a_complete_record_and_a_complete_load_lack_nothing() -> None:
    assert missing_of_item(COMPLETE) == ()
    assert missing_of_load(LOAD) == ()


@pytest.mark.parametrize("word", [point["word"] for point in points() if point["of"] == "item"])
def test_every_point_of_annex_vi_is_asked_of_a_record(word: str) -> None:
    assert missing_of_item(replace(COMPLETE, **WITHOUT[word])) == (word,)


@pytest.mark.parametrize("word", [point["word"] for point in points() if point["of"] == "load"])
def test_every_point_of_annex_vi_is_asked_of_a_load(word: str) -> None:
    assert missing_of_load(replace(LOAD, **LOAD_WITHOUT[word])) == (word,)


def test_what_holds_a_device_back_in_the_house_holds_it_back_here() -> None:
    flagged = replace(COMPLETE, gates=("sanitized", "flag:damaged_battery"), sanitized=False)
    assert missing_of_item(flagged) == ("sanitized", "flag:damaged_battery")


def test_the_year_is_told_where_it_is_known_and_asked_for_nowhere() -> None:
    assert missing_of_item(replace(COMPLETE, year=None)) == ()


def test_key_functions_need_a_pass_and_no_waiver_stands_for_one() -> None:
    template = load_test_templates()["laptop"]
    passed = [CheckResult(check.code, CheckOutcome.PASS) for check in template.checks if check.required]
    assert not_functional([template], passed) == ()
    assert not_functional([template], passed[1:]) == (passed[0].check,)
    waived = CheckResult("keyboard", CheckOutcome.WAIVED, "no time")
    assert not_functional([template], [*passed, waived]) == ("keyboard",)
    optional = next(check.code for check in template.checks if not check.required)
    assert not_functional([template], [*passed, CheckResult(optional, CheckOutcome.WAIVED, "no time")]) == ()
    assert not_functional([template], [*passed, CheckResult(optional, CheckOutcome.FAIL)]) == (optional,)
    assert not_functional([template, template], passed[1:]) == (passed[0].check,)


@pytest.mark.parametrize(
    ("origin", "destination", "leaves"),
    [
        ("FR", "TN", True),
        ("FR", "MA", True),
        ("BE", "BJ", True),
        ("FR", "GB", True),
        ("FR", "CH", True),
        ("FR", "tn", True),
        ("FR", "BE", False),
        ("FR", "NO", False),
        ("FR", "RE", False),
        ("TN", "TN", False),
        ("MA", "TN", False),
        ("TN", "FR", False),
    ],
)
def test_a_file_is_needed_where_a_device_leaves_the_union(origin: str, destination: str, *, leaves: bool) -> None:
    assert leaves_the_union(origin, destination) is leaves


@pytest.mark.parametrize("present", list(ExportStatus))
@pytest.mark.parametrize("to", list(ExportStatus))
def test_only_a_draft_departs_or_is_cancelled(present: ExportStatus, to: ExportStatus) -> None:
    if present is ExportStatus.draft and to is not ExportStatus.draft:
        check_move(present, to)
        return
    with pytest.raises(Conflict) as refused:
        check_move(present, to)
    assert refused.value.code == "move_not_allowed"
    assert set(MOVES) == set(ExportStatus)


def test_every_category_but_other_has_a_name_and_a_category_of_the_directive() -> None:
    named = {category for category in categories() if item_names(category)}
    assert named == set(categories()) - {"other"}


def test_every_point_and_every_hazard_is_told_in_both_languages() -> None:
    assert {status.value for status in Status} >= {"ready", "listed", "reserved"}
    for row in [*points(), *hazard_titles().values()]:
        assert row["fr"]
        assert row["en"]
    assert {point["word"] for point in points()} == WITHOUT.keys() | LOAD_WITHOUT.keys()
