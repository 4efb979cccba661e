"""Tests and locks against their templates: what still stands against the milestones `tested` and `unlocked`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, cast
from uuid import UUID

from reuse.errors import Fault, Invalid
from reuse.workshop.rules.measures import ValueRule
from reuse.workshop.rules.tables import read_table

SHIPPED = "shipped"


class CheckOutcome(StrEnum):
    """What a person says of one check."""

    PASS = "pass"  # noqa: S105  # a word of the contract, no password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to try, with the unit of its value where it has one.

    `lead_waives` where only a lead's waiver counts; `rule` says which values are possible and with which a pass is
    believed.
    """

    code: str
    title_fr: str
    title_en: str
    required: bool
    not_applicable: bool
    unit: str | None = None
    lead_waives: bool = True
    rule: ValueRule | None = None


@dataclass(frozen=True, slots=True)
class TestTemplate:
    """The checks of one category; a changed template has a higher version.

    `scope` is `shipped`, `territory` or `workshop`; one that is not shipped has an id, and refuses values that its
    rules do not allow.
    """

    __test__ = False  # the name is the workshop's word; it is no test case

    category: str
    version: int
    checks: tuple[Check, ...]
    scope: str = SHIPPED
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found for one check; `reason` is the note that a waiver needs, `by_lead` whether a lead said it."""

    check: str
    outcome: CheckOutcome
    reason: str | None = None
    value: str | None = None
    by_lead: bool = True


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
    return {category: template for (category, _), template in sorted(_shipped_templates().items())}


def shipped_template(category: str, version: int) -> TestTemplate | None:
    """Return one version of the template that is shipped for a category; None where there is no such version."""
    return _shipped_templates().get((category, version))


@cache
def _shipped_templates() -> Mapping[tuple[str, int], TestTemplate]:
    """Return every version that is shipped, by category and version."""
    rows = [template_of(row) for row in read_table("test_templates.json")["templates"]]
    return {(one.category, one.version): one for one in rows}


def template_of(row: Mapping[str, Any], *, scope: str = SHIPPED, template_id: UUID | None = None) -> TestTemplate:
    """Return the template that a row of data describes."""
    checks = tuple(_check(one["code"], one, one) for one in row["checks"])
    return TestTemplate(row["category"], row["version"], checks, scope, template_id)


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
        lead_waives=terms.get("waived_by", "lead" if terms["required"] else "anyone") == "lead",
        rule=ValueRule(**terms["value"]) if terms.get("value") else None,
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
    waiver with its reason of somebody who may waive it, or by "not applicable" where the template allows that.
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
            return waivable and _has_reason(result) and (result.by_lead or not check.lead_waives)
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


def value_faults(template: TestTemplate, results: Iterable[CheckResult]) -> tuple[Fault, ...]:
    """Return the values that their check's rule does not allow, each with its place."""
    known = {check.code: check for check in template.checks}
    found: list[Fault] = []
    for index, result in enumerate(results):
        check = known.get(result.check)
        if check is None or check.rule is None:
            continue
        is_pass = result.outcome is CheckOutcome.PASS
        if (fault := check.rule.fault(result.value, is_pass=is_pass, unit=check.unit or "")) is not None:
            found.append(Fault(f"/results/{index}/value", *fault))
    return tuple(found)


def waiver_warnings(template: TestTemplate, results: Iterable[CheckResult]) -> tuple[Fault, ...]:
    """Return the waivers that do not count before a lead says the same."""
    leads_own = {check.code for check in template.checks if check.lead_waives}
    return tuple(
        Fault(
            f"/results/{index}/outcome",
            "lead_waives",
            f"The waiver of {result.check} is kept and counts once a lead of the workshop has sent it too.",
        )
        for index, result in enumerate(results)
        if result.outcome is CheckOutcome.WAIVED and not result.by_lead and result.check in leads_own
    )
