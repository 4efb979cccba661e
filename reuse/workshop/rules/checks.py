"""Tests and locks against their templates: what still stands against the milestones `tested` and `unlocked`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, cast

from reuse.errors import Fault, Invalid
from reuse.workshop.rules.tables import read_table


class CheckOutcome(StrEnum):
    """What a person says of one check."""

    PASS = "pass"  # noqa: S105  # a word of the contract, no password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to try, with the unit of its value where it has one."""

    code: str
    title_fr: str
    title_en: str
    required: bool
    not_applicable: bool
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class TestTemplate:
    """The checks of one category; a changed template has a higher version."""

    __test__ = False  # the name is the workshop's word; it is no test case

    category: str
    version: int
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found for one check; `reason` is the note that a waiver needs."""

    check: str
    outcome: CheckOutcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Defect:
    """One entry of the coded catalogue of defects."""

    code: str
    component: str
    title_fr: str
    title_en: str
    severity: str


@cache
def load_test_templates() -> Mapping[str, TestTemplate]:
    """Return the template in force for each category."""
    found: dict[str, TestTemplate] = {}
    for row in sorted(read_table("test_templates.json")["templates"], key=lambda row: row["version"]):
        checks = tuple(_check(one["code"], one, one) for one in row["checks"])
        found[row["category"]] = TestTemplate(row["category"], row["version"], checks)
    return found


@cache
def load_unlock_checks() -> Mapping[str, tuple[Check, ...]]:
    """Return the locks that a device of each category must be free of; none for what holds no lock."""
    document = read_table("unlock_checks.json")
    return {
        category: tuple(
            _check(row["check"], document["checks"][row["check"]], {"required": True} | row) for row in rows
        )
        for category, rows in document["categories"].items()
    }


def _check(code: str, words: dict[str, Any], terms: dict[str, Any]) -> Check:
    return Check(
        code=code,
        title_fr=words["title"]["fr"],
        title_en=words["title"]["en"],
        required=terms["required"],
        not_applicable=terms["not_applicable"],
        unit=terms.get("unit"),
    )


@cache
def load_defects() -> Mapping[str, Defect]:
    """Return the catalogue of defects, by code."""
    return {
        row["code"]: Defect(row["code"], row["component"], row["title"]["fr"], row["title"]["en"], row["severity"])
        for row in read_table("defects.json")["defects"]
    }


def result_faults(template: TestTemplate, results: Iterable[CheckResult]) -> tuple[Fault, ...]:
    """Return what is wrong with results that are sent in: unknown checks, waivers without reason, wrong n/a."""
    return _faults({check.code: check for check in template.checks}, results, waivable=True)


def unlock_faults(results: Iterable[CheckResult]) -> tuple[Fault, ...]:
    """Return what is wrong with unlock results: any known lock may be answered for any category, none is waived."""
    known = {code: _check(code, row, {"required": True, "not_applicable": True}) for code, row in _locks().items()}
    return _faults(known, results, waivable=False)


def _locks() -> dict[str, dict[str, Any]]:
    return cast("dict[str, dict[str, Any]]", read_table("unlock_checks.json")["checks"])


def _faults(known: Mapping[str, Check], results: Iterable[CheckResult], *, waivable: bool) -> tuple[Fault, ...]:
    faults: list[Fault] = []
    for index, result in enumerate(results):
        place = f"/results/{index}"
        if result.check not in known:
            codes = ", ".join(known)
            faults.append(Fault(f"{place}/check", "unknown_check", f"No check {result.check}; there are: {codes}."))
        elif result.outcome is CheckOutcome.NOT_APPLICABLE and not known[result.check].not_applicable:
            sentence = f"The check {result.check} applies to every device of this category."
            faults.append(Fault(f"{place}/outcome", "always_applies", sentence))
        elif result.outcome is CheckOutcome.WAIVED and not waivable:
            faults.append(Fault(f"{place}/outcome", "never_waived", "A lock is removed or not; it is never waived."))
        elif result.outcome is CheckOutcome.WAIVED and not _has_reason(result):
            faults.append(Fault(f"{place}/note", "reason_missing", "A waived check needs its reason in the note."))
    return tuple(faults)


def _has_reason(result: CheckResult) -> bool:
    return bool(result.reason and result.reason.strip())


def tested(template: TestTemplate, outcomes: Iterable[CheckResult]) -> tuple[str, ...]:
    """Return the required checks that still stand against the milestone `tested`; none means that it is met.

    Outcomes come oldest first and a later one takes the place of an earlier one. A check is settled by a pass, by a
    waiver with its reason, or by "not applicable" where the template allows that.
    """
    latest = {result.check: result for result in outcomes}
    required = (check for check in template.checks if check.required)
    return tuple(check.code for check in required if not _settled(check, latest.get(check.code), waivable=True))


def unlocked(category: str, outcomes: Iterable[CheckResult]) -> tuple[str, ...]:
    """Return the locks that still stand against the milestone `unlocked`; none means that it is met."""
    checks = load_unlock_checks().get(category)
    if checks is None:
        raise Invalid(f"There is no category {category}.", code="unknown_category")
    latest = {result.check: result for result in outcomes}
    return tuple(check.code for check in checks if not _settled(check, latest.get(check.code), waivable=False))


def _settled(check: Check, result: CheckResult | None, *, waivable: bool) -> bool:
    if result is None:
        return False
    match result.outcome:
        case CheckOutcome.PASS:
            return True
        case CheckOutcome.NOT_APPLICABLE:
            return check.not_applicable
        case CheckOutcome.WAIVED:
            return waivable and _has_reason(result)
        case CheckOutcome.FAIL:
            return False


def failing(template: TestTemplate, outcomes: Iterable[CheckResult]) -> tuple[str, ...]:
    """Return the checks, required or not, whose last outcome is a failure or a waiver: they lower the grade."""
    latest = {result.check: result.outcome for result in outcomes}
    lowering = {CheckOutcome.FAIL, CheckOutcome.WAIVED}
    return tuple(check.code for check in template.checks if latest.get(check.code) in lowering)


def untested(template: TestTemplate, outcomes: Iterable[CheckResult]) -> tuple[str, ...]:
    """Return every check of the template without a pass or an allowed "not applicable".

    "Reconditionné" needs tests of all functions (code de la consommation R122-4), so here a waiver does not count
    and a check that the milestone does not require does.
    """
    latest = {result.check: result for result in outcomes}
    return tuple(check.code for check in template.checks if not _settled(check, latest.get(check.code), waivable=False))
