"""Export of used equipment: when a file is needed, what it must hold, and how it moves.

Source: Directive 2012/19/EU, Annex VI, whose points stand with their words in `reuse/data/exports.json`.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from reuse import moves
from reuse.devices.rules import Status
from reuse.errors import Fault
from reuse.workshop.rules import CheckOutcome, CheckResult, TestTemplate, untested


class ExportStatus(StrEnum):
    """Where an export stands: being put together, gone with its file complete, or given up."""

    draft = "draft"
    departed = "departed"
    cancelled = "cancelled"


MOVES: Mapping[ExportStatus, frozenset[ExportStatus]] = {
    ExportStatus.draft: frozenset({ExportStatus.departed, ExportStatus.cancelled}),
    ExportStatus.departed: frozenset(),
    ExportStatus.cancelled: frozenset(),
}
"""The one table of allowed moves; what has departed is proof, and stays as it is."""

MAY_LEAVE = frozenset({Status.ready, Status.listed, Status.reserved})
"""What the workshop has signed off and still holds."""


def check_move(present: ExportStatus, to: ExportStatus) -> None:
    """Conflict where the table does not allow the move."""
    moves.check_move(MOVES, "An export", present, to)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a record, in both languages of the file."""

    title_fr: str
    title_en: str
    outcome: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is proved of one device; `not_functional` are checks without which it does not count as functional.

    `hazards` is None until somebody evaluated them, and empty where nothing was found. `gates` are the words of what
    holds the device back in the house itself, flags among them.
    """

    category: str
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    year: int | None = None
    code: str = ""
    test_kind: str = ""
    tested_on: date | None = None
    tester: str = ""
    tests: tuple[Finding, ...] = ()
    not_functional: tuple[str, ...] = ()
    hazards: tuple[str, ...] | None = None
    hazards_by: str = ""
    hazards_on: date | None = None
    certificates: tuple[str, ...] = ()
    sanitized: bool = False
    status: str = ""
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What is known of the load as a whole."""

    workshop_address: str | None = None
    consignee_name: str | None = None
    consignee_address: str | None = None
    contract: Mapping[str, Any] | None = None
    declaration: Mapping[str, Any] | None = None
    packing: Mapping[str, Any] | None = None
    transport: Mapping[str, Any] | None = None


@cache
def _data() -> dict[str, Any]:
    text = resources.files("reuse.data").joinpath("exports.json").read_text("utf-8")
    return json.loads(text)


def points() -> tuple[dict[str, str], ...]:
    """Every point that a file must answer, with its word, its place in Annex VI and its title in each language."""
    return tuple(_data()["points"])


def hazard_titles() -> dict[str, dict[str, str]]:
    """What an evaluation may find, with its title in each language."""
    return _data()["hazards"]


def item_names(category: str) -> dict[str, str]:
    """The name and the category of Annexes III and IV in each language; empty where the annexes know no such thing."""
    row = _data()["categories"].get(category)
    if row is None:
        return {}
    number = str(row["annex_category"])
    titles = _data()["annex_categories"][number]
    return {
        "fr": row["name"]["fr"],
        "en": row["name"]["en"],
        "annex_category": number,
        "annex_fr": titles["fr"],
        "annex_en": titles["en"],
    }


def not_functional(templates: Iterable[TestTemplate], outcomes: Collection[CheckResult]) -> tuple[str, ...]:
    """Return the checks that keep a device from counting as functional, each once, in the order of the templates.

    Annex VI, 3, step 1: the key functions are tested, so every required check needs a pass, and no waiver stands for
    one. A check that nobody requires may be left out; one that failed counts all the same.
    """
    failed = {code for code, one in _latest(outcomes).items() if one.outcome is CheckOutcome.FAIL}
    found: dict[str, None] = {}
    for template in templates:
        required = {check.code for check in template.checks if check.required}
        found.update(dict.fromkeys(code for code in untested(template, outcomes) if code in required | failed))
    return tuple(found)


def _latest(outcomes: Iterable[CheckResult]) -> dict[str, CheckResult]:
    return {one.check: one for one in outcomes}


def missing_of_item(record: ItemRecord) -> tuple[str, ...]:
    """Return the words of what a device's record lacks, in the order of Annex VI, then what the house itself asks."""
    lacks = {
        "item_name": not item_names(record.category),
        "serial": not record.serial,
        "function_tests": bool(record.not_functional) or not record.tests,
        "test_date": record.tested_on is None,
        "tester": not record.tester,
        "test_kind": not record.test_kind,
        "hazard_evaluation": record.hazards is None,
        "sanitized": not record.sanitized,
        "ready": record.status not in MAY_LEAVE,
    }
    words = [word for word, lacking in lacks.items() if lacking]
    return (*words, *(word for word in record.gates if word not in words))


def missing_of_load(load: LoadFacts) -> tuple[str, ...]:
    """Return the words of what the load as a whole lacks, in the order of the table of points."""
    contract, declaration = load.contract or {}, load.declaration or {}
    lacks = {
        "workshop_address": not load.workshop_address,
        "consignee_address": not (load.consignee_name and load.consignee_address),
        "contract": not contract.get("reference"),
        "contract_statement": contract.get("states_reuse") is not True,
        "declaration": declaration.get("none_is_waste") is not True,
        "responsibility": declaration.get("takes_responsibility") is not True,
        "packing": (load.packing or {}).get("protects") is not True,
        "transport_document": not (load.transport or {}).get("reference"),
    }
    return tuple(word for word, lacking in lacks.items() if lacking)


def hazard_faults(found: Iterable[Iterable[str]]) -> tuple[Fault, ...]:
    """Return the words of evaluations that the table does not know, each with its place."""
    known = hazard_titles()
    return tuple(
        Fault(
            f"/hazards/{place}/found/{at}", "unknown_hazard", f"{word!r} is not in the table; use {', '.join(known)}."
        )
        for place, words in enumerate(found)
        for at, word in enumerate(words)
        if word not in known
    )
