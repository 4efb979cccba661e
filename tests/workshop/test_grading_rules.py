"""Templates, locks, and grades that explain themselves."""

import json
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from importlib import resources
from itertools import product
from typing import Any

import pytest

from reuse.errors import Invalid
from reuse.workshop.rules.checks import (
    Check,
    CheckOutcome,
    CheckResult,
    TestTemplate,
    failing,
    load_defects,
    load_test_templates,
    load_unlock_checks,
    result_faults,
    unlock_faults,
    unlocked,
    untested,
)
from reuse.workshop.rules.checks import tested as standing_tests  # pytest would take a name in test for a test
from reuse.workshop.rules.grading import (
    BYTES_PER_GIB,
    Cosmetic,
    GradeFacts,
    forbidden_words,
    grade,
    load_score_table,
    score_table_faults,
)

CATEGORIES = {
    "laptop",
    "desktop",
    "monitor",
    "smartphone",
    "feature_phone",
    "tablet",
    "printer",
    "multifunction",
    "server",
    "network",
    "peripheral",
    "other",
}
TEMPLATE = TestTemplate(
    "laptop",
    1,
    (
        Check("screen", "Écran", "Screen", required=True, not_applicable=False),
        Check("camera", "Caméra", "Camera", required=True, not_applicable=True),
        Check("optical", "Lecteur", "Drive", required=False, not_applicable=True),
    ),
)
PASS, FAIL, NOT_APPLICABLE, WAIVED = CheckOutcome


def done(**outcomes: CheckOutcome) -> list[CheckResult]:
    return [CheckResult(check, outcome, "no part to be had") for check, outcome in outcomes.items()]


def passed(category: str) -> list[CheckResult]:
    return [CheckResult(check.code, PASS) for check in load_test_templates()[category].checks]


@pytest.mark.parametrize(
    ("check", "outcome", "settled"),
    [
        ("screen", PASS, True),
        ("screen", FAIL, False),
        ("screen", NOT_APPLICABLE, False),
        ("screen", WAIVED, True),
        ("camera", PASS, True),
        ("camera", FAIL, False),
        ("camera", NOT_APPLICABLE, True),
        ("camera", WAIVED, True),
    ],
)
def test_every_outcome_of_a_required_check(check: str, outcome: CheckOutcome, *, settled: bool) -> None:
    others = {"screen": PASS, "camera": PASS} | {check: outcome}
    assert standing_tests(TEMPLATE, done(**others)) == (() if settled else (check,))


def test_a_check_without_outcome_stands_against_the_milestone() -> None:
    assert standing_tests(TEMPLATE, []) == ("screen", "camera")


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_a_waiver_without_reason_settles_nothing(reason: str | None) -> None:
    results = [CheckResult("screen", WAIVED, reason), CheckResult("camera", PASS)]
    assert standing_tests(TEMPLATE, results) == ("screen",)
    assert [fault.code for fault in result_faults(TEMPLATE, results)] == ["reason_missing"]


def test_the_latest_outcome_counts() -> None:
    assert standing_tests(TEMPLATE, [*done(screen=FAIL, camera=PASS), *done(screen=PASS)]) == ()
    assert standing_tests(TEMPLATE, [*done(screen=PASS, camera=PASS), *done(screen=FAIL)]) == ("screen",)


def test_an_optional_check_that_fails_lowers_the_grade_and_blocks_nothing() -> None:
    results = done(screen=PASS, camera=PASS, optical=FAIL)
    assert standing_tests(TEMPLATE, results) == ()
    assert failing(TEMPLATE, results) == ("optical",)


def test_all_functions_tested_takes_neither_waivers_nor_gaps() -> None:
    assert untested(TEMPLATE, done(screen=WAIVED, camera=PASS)) == ("screen", "optical")
    assert untested(TEMPLATE, done(screen=PASS, camera=NOT_APPLICABLE, optical=NOT_APPLICABLE)) == ()


def test_faulty_results_are_told_one_by_one() -> None:
    results = [CheckResult("lid", PASS), CheckResult("screen", NOT_APPLICABLE), CheckResult("camera", PASS)]
    faults = result_faults(TEMPLATE, results)
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/results/0/check", "unknown_check"),
        ("/results/1/outcome", "always_applies"),
    ]


def test_every_category_has_a_template_locks_and_points() -> None:
    assert set(load_test_templates()) == CATEGORIES
    assert set(load_unlock_checks()) == CATEGORIES
    assert set(load_score_table()["categories"]) == CATEGORIES


@pytest.mark.parametrize("category", sorted(CATEGORIES))
def test_a_template_can_be_met_and_has_distinct_codes(category: str) -> None:
    template = load_test_templates()[category]
    assert standing_tests(template, passed(category)) == ()
    assert len({check.code for check in template.checks}) == len(template.checks)
    assert any(check.required for check in template.checks)


@pytest.mark.parametrize("category", ["monitor", "peripheral"])
def test_what_holds_no_lock_is_unlocked(category: str) -> None:
    assert unlocked(category, []) == ()


def test_a_laptop_is_unlocked_when_every_lock_is_answered() -> None:
    assert unlocked("laptop", []) == ("activation_lock", "mdm", "bios_password", "stolen_list")
    free = done(activation_lock=NOT_APPLICABLE, mdm=PASS, bios_password=PASS, stolen_list=PASS)
    assert unlocked("laptop", free) == ()
    assert unlocked("laptop", [*free, *done(mdm=FAIL)]) == ("mdm",)


def test_a_lock_is_never_waived_and_a_phone_always_has_an_activation_lock_to_check() -> None:
    assert unlocked("smartphone", done(activation_lock=NOT_APPLICABLE, mdm=WAIVED, stolen_list=PASS)) == (
        "activation_lock",
        "mdm",
    )
    assert [fault.code for fault in unlock_faults(done(mdm=WAIVED, bios_password=PASS, lid=PASS))] == [
        "never_waived",
        "unknown_check",
    ]


def test_an_unknown_category_is_refused() -> None:
    for attempt in (lambda: unlocked("toaster", []), lambda: grade(GradeFacts("toaster"), Cosmetic.A)):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert refusal.value.code == "unknown_category"


def laptop(table: dict[str, Any], index: int) -> dict[str, Any]:
    return table["categories"]["laptop"][index]


def cpu(table: dict[str, Any], **changes: object) -> None:
    laptop(table, 1)["models"][0].update(changes)


GOOD_LAPTOP = GradeFacts(
    "laptop",
    ram_bytes=8 * BYTES_PER_GIB,
    cpu="Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz",
    storage_bytes=256_060_514_304,
    solid_state=True,
    screen_inches=Decimal("14.0"),
    battery_percent=Decimal(85),
)


def test_a_grade_is_explained_line_by_line() -> None:
    result = grade(GOOD_LAPTOP, Cosmetic.B)
    assert [(line.text_en, line.points) for line in result.explanation] == [
        ("Memory: 8 GB", 16),
        ("Processor: Intel Core, 8th or 9th generation", 20),
        ("Storage: 256 GB, SSD", 16),
        ("Screen: 14.0 in", 7),
        ("Battery: 85 %", 12),
        ("Appearance: B", 8),
    ]
    assert (result.grade, result.score, result.table_version) == (Cosmetic.B, 79, "2026-11")
    assert result.explanation[0].text_fr == "Mémoire vive : 8 Go"


@pytest.mark.parametrize(("category", "cosmetic"), list(product(sorted(CATEGORIES), Cosmetic)))
def test_the_score_is_the_sum_of_its_lines_and_stays_within_a_hundred(category: str, cosmetic: Cosmetic) -> None:
    best = GradeFacts(
        category,
        ram_bytes=512 * BYTES_PER_GIB,
        cpu="Apple M2",
        storage_bytes=8 * 10**12,
        solid_state=True,
        screen_inches=Decimal(32),
        battery_percent=Decimal(100),
    )
    for facts in (best, GradeFacts(category), GradeFacts(category, failures=tuple("abcdefghijkl"))):
        result = grade(facts, cosmetic)
        assert result.score == sum(line.points for line in result.explanation)
        assert 0 <= result.score <= 100
        assert all(line.text_fr and line.text_en for line in result.explanation)
    assert (grade(best, Cosmetic.A).score == 100) is True


def test_each_failing_function_costs_points_and_one_letter() -> None:
    sound = grade(GOOD_LAPTOP, Cosmetic.A)
    failures = ("camera", "audio")
    facts = GradeFacts("laptop", ram_bytes=GOOD_LAPTOP.ram_bytes, cpu=GOOD_LAPTOP.cpu, failures=failures)
    hurt = grade(facts, Cosmetic.A)
    assert sound.grade is Cosmetic.A
    assert hurt.grade is Cosmetic.C
    assert [line.points for line in hurt.explanation[-2:]] == [-10, -10]
    assert "camera" in hurt.explanation[-2].text_en


def test_a_grade_never_falls_below_d_nor_a_score_below_nought() -> None:
    ruin = grade(GradeFacts("other", failures=tuple("abcdefghijkl")), Cosmetic.C)
    assert (ruin.grade, ruin.score) == (Cosmetic.D, 0)


@pytest.mark.parametrize(("percent", "letter"), [(50, Cosmetic.A), (49, Cosmetic.B)])
def test_a_weak_battery_lowers_the_letter(percent: int, letter: Cosmetic) -> None:
    assert grade(GradeFacts("laptop", battery_percent=Decimal(percent)), Cosmetic.A).grade is letter


@pytest.mark.parametrize(
    ("cpu", "points"),
    [
        ("Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", 25),
        ("11th Gen Intel(R) Core(TM) i5-11320H", 25),
        ("Intel(R) Core(TM) i5-10210U CPU @ 1.60GHz", 25),
        ("Intel(R) Core(TM) Ultra 5 125U", 25),
        ("Apple M1", 25),
        ("Intel(R) Core(TM) i5-7200U CPU @ 2.50GHz", 14),
        ("Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz", 10),
        ("Intel(R) Core(TM) i3-3220 CPU", 6),
        ("AMD Ryzen 5 PRO 4650U with Radeon Graphics", 25),
        ("AMD Ryzen 5 2500U with Radeon Vega Mobile Gfx", 18),
        ("Intel(R) Xeon(R) CPU E5-2620", 16),
        ("Intel(R) Core(TM)2 Duo CPU E8400", 3),
        ("Intel(R) Celeron(R) CPU N3060", 3),
    ],
)
def test_processors_earn_their_generation(cpu: str, points: int) -> None:
    lines = grade(GradeFacts("desktop", cpu=cpu), Cosmetic.A).explanation
    assert lines[1].points == points


def test_a_processor_of_no_known_line_is_taken_by_its_cores_and_else_as_unknown() -> None:
    by_cores = grade(GradeFacts("desktop", cpu="QEMU Virtual CPU", cpu_cores=4), Cosmetic.A).explanation[1]
    unknown = grade(GradeFacts("desktop"), Cosmetic.A).explanation[1]
    assert (by_cores.points, by_cores.text_en) == (12, "Processor: 4 core(s)")
    assert (unknown.points, unknown.text_en) == (4, "Processor: not known")


def test_a_territory_may_bring_its_own_table() -> None:
    table = {
        "version": "tn-1",
        "failure": {"points": 50, "grades": 2, "title": {"fr": "Panne", "en": "Fault"}},
        "weak_battery": load_score_table()["weak_battery"],
        "categories": {"laptop": [load_score_table()["categories"]["laptop"][-1]]},
    }
    result = grade(GradeFacts("laptop", failures=("camera",)), Cosmetic.A, table)
    assert (result.grade, result.score, result.table_version) == (Cosmetic.C, 0, "tn-1")


def test_the_shipped_score_table_has_no_fault() -> None:
    assert score_table_faults(load_score_table()) == ()


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    table = deepcopy(load_score_table())
    change(table)
    return table


@pytest.mark.parametrize(
    ("table", "pointer"),
    [
        ([], "/score_table"),
        (broken(lambda table: table.pop("version")), "/score_table/version"),
        (broken(lambda table: table["failure"].update(points="ten")), "/score_table/failure"),
        (broken(lambda table: table["weak_battery"].update(below_percent=-1)), "/score_table/weak_battery"),
        (broken(lambda table: table["weak_battery"].update(title={"fr": "Batterie"})), "/score_table/weak_battery"),
        (broken(lambda table: table.update(categories={})), "/score_table/categories"),
        (broken(lambda table: table["categories"].update(laptop="all")), "/score_table/categories/laptop"),
        (broken(lambda table: table["categories"].update(laptop=[1])), "/score_table/categories/laptop"),
        (broken(lambda table: laptop(table, 0).pop("title")), "/score_table/categories/laptop/0"),
        (broken(lambda table: laptop(table, 0).update(kind="charm")), "/score_table/categories/laptop/0"),
        (broken(lambda table: laptop(table, 0).update(unknown=True)), "/score_table/categories/laptop/0"),
        (broken(lambda table: laptop(table, 0).pop("unit")), "/score_table/categories/laptop/0"),
        (broken(lambda table: laptop(table, 0)["bands"].reverse()), "/score_table/categories/laptop/0"),
        (broken(lambda table: laptop(table, 0).update(bands=[])), "/score_table/categories/laptop/0"),
        (broken(lambda table: cpu(table, pattern="(a+)+$")), "/score_table/categories/laptop/1"),
        (broken(lambda table: cpu(table, pattern="(")), "/score_table/categories/laptop/1"),
        (broken(lambda table: cpu(table, pattern="i" * 200)), "/score_table/categories/laptop/1"),
        (broken(lambda table: cpu(table, text="Core")), "/score_table/categories/laptop/1"),
        (broken(lambda table: laptop(table, 2).pop("solid_state")), "/score_table/categories/laptop/2"),
        (broken(lambda table: laptop(table, 5)["points"].pop("D")), "/score_table/categories/laptop/5"),
    ],
)
def test_a_faulty_score_table_is_told_where(table: object, pointer: str) -> None:
    assert [fault.pointer for fault in score_table_faults(table)] == [pointer]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PC comme neuf !", ("comme neuf",)),
        ("Écran en ÉTAT  NEUF", ("état neuf",)),
        ("e\N{COMBINING ACUTE ACCENT}tat neuf", ("état neuf",)),
        ("remis à neuf", ("à neuf",)),
        ("tablette comme neuve", ("comme neuve",)),
        ("neuf écrans en bon état", ()),
        ("9 à neuvième", ()),
        ("Très bon état", ()),
    ],
)
def test_words_that_the_law_forbids_are_found(text: str, found: tuple[str, ...]) -> None:
    assert forbidden_words(text) == found


@pytest.mark.parametrize("name", ["grades.json", "score_table.json", "test_templates.json", "defects.json"])
def test_no_word_of_ours_is_forbidden(name: str) -> None:
    document = json.loads((resources.files("reuse") / "data" / name).read_text(encoding="utf-8"))
    document.pop("forbidden", None)
    assert forbidden_words(json.dumps(document, ensure_ascii=False)) == ()


def test_defects_have_known_severities_and_a_way_out_for_the_unforeseen() -> None:
    assert {defect.severity for defect in load_defects().values()} == {"blocking", "major", "minor"}
    assert "other" in load_defects()
