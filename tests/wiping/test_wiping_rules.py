"""The pure rules: trust, levels, serials, which report rules, and when the gate opens."""

import ast
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reuse.errors import Invalid
from reuse.wiping import rules
from reuse.wiping.rules import MediumState, Policy, Standing, judge_medium, match_serial, sanitization_missing

RECEIVED = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
REASONS = json.loads((Path(rules.__file__).parents[1] / "data" / "reasons.json").read_text("utf-8"))["reasons"]


@dataclass(frozen=True, slots=True)
class Report:
    verdict: str = "pass"
    ended_at: datetime | None = RECEIVED + timedelta(hours=2)
    method: str = "clear"
    verification: str = "last"
    reasons: tuple[str, ...] = ()
    tool: str = "nwipe"
    tool_version: str | None = "0.38"
    kind: str | None = "hdd"


def judge(
    *reports: Report, required: str = "clear", policy: Policy | None = None, kind: str | None = None
) -> MediumState:
    return judge_medium(reports, RECEIVED, required, policy or Policy(), kind=kind)


# Trust --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "version", "trust"),
    [
        ("nwipe", "0.28", "untrusted"),
        ("nwipe", "0.30", "recheck"),
        ("nwipe", "0.33", "recheck"),
        ("nwipe", "0.34", "trusted"),
        ("nwipe", "0.42", "trusted"),
        ("nwipe", "0.4", "untrusted"),  # 0.4 came long before 0.34: versions are numbers, not decimals
        ("nwipe", "1.0", "untrusted"),
        ("nwipe", "new", "untrusted"),
        ("nwipe", None, "untrusted"),
        ("shredos", "0.38", "trusted"),
        ("ereuse-workbench", "11.0b11", "trusted"),
        ("ereuse-workbench", "12.0b0", "untrusted"),
        ("ereuse-workbench-script", "0.0.1", "untrusted"),
        ("blancco", None, "trusted"),
        ("hdparm", None, "recheck"),
        ("anything", "1", "untrusted"),
    ],
)
def test_a_tool_is_trusted_by_its_version_and_not_where_the_table_is_silent(
    tool: str, version: str | None, trust: str
) -> None:
    assert rules.trust_of(tool, version) == trust


def test_the_trust_table_is_the_one_handed_over_by_the_spec() -> None:
    assert set(rules._trust_table()) == {
        "nwipe",
        "ereuse-workbench",
        "ereuse-workbench-script",
        "blancco",
        "nvme-cli",
        "hdparm",
    }


# Levels -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "kind", "tool", "level"),
    [
        ("clear", "hdd", "nwipe", "clear"),
        ("clear", "ssd_sata", "nwipe", "clear"),
        ("clear", "ssd_nvme", "nwipe", "clear"),
        ("clear", "emmc", "nwipe", "clear"),
        ("clear", "usb", "nwipe", "none"),
        ("clear", "sd", "nwipe", "none"),
        ("clear", "phone", "blancco", "none"),
        ("purge", "phone", "checklist", "purge"),
        ("purge", "hdd", "hdparm", "purge"),
        ("destroy", "hdd", "hand", "destroy"),
        ("none", "hdd", "nwipe", "none"),
        ("shiny", "hdd", "nwipe", "none"),
    ],
)
def test_the_level_depends_on_what_was_done_to_which_medium(method: str, kind: str, tool: str, level: str) -> None:
    assert rules.level_reached(method, kind, tool=tool) == level


def test_a_level_meets_the_ones_below_it_and_none_meets_nothing() -> None:
    order = ("clear", "purge", "destroy")
    assert [[rules.meets(level, required) for required in order] for level in order] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not rules.meets("none", "none")
    with pytest.raises(Invalid):
        rules.meets("clear", "shiny")


# Serials ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "media", "answer"),
    [
        ("Z3TBK1234", ["Z3TBK1234", "OTHER777"], (0, "exact")),
        ("z3tbk1234", ["Z3TBK1234"], (0, "normalised")),
        ("WD-WCC 6Y5KJ", ["WD-WCC6Y5KJ"], (0, "normalised")),
        ("0x5002538e40a1b2c3", ["5 002538 e40a1b2c3"], (0, "normalised")),
        ("AA000000000000012345", ["AA00000000000001234567"], (0, "truncated")),
        ("AA000000000000012345", ["AA00000000000001234567", "AA00000000000001234599"], (None, "ambiguous")),
        ("AA000000000000012345", ["AA000000000000012345", "AA00000000000001234599"], (0, "exact")),
        ("AA00000000000001234", ["AA00000000000001234567"], (None, "none")),
        ("0012345", ["12345"], (None, "none")),
        ("12345", ["0012345"], (None, "none")),
        ("Z3TBK1234", ["Z3TBK1234", "Z3TBK1234"], (None, "ambiguous")),
        ("abc123", ["ABC123", "Abc123"], (None, "ambiguous")),
        ("XXXXXXXX", ["XXXXXXXX"], (None, "placeholder")),
        ("0", ["0"], (None, "placeholder")),
        (None, ["Z3TBK1234"], (None, "placeholder")),
        ("Default string", ["Default string"], (None, "placeholder")),
        ("Z3TBK1234", [None, ""], (None, "none")),
    ],
)
def test_a_report_finds_its_medium_by_serial_only_where_one_answers(
    report: str | None, media: list[str | None], answer: tuple[int | None, str]
) -> None:
    assert match_serial(report, enumerate(media)) == answer


def test_placeholders_of_the_spec_identify_nothing() -> None:
    for text in (
        "To be filled by O.E.M.",
        "Default string",
        "0",
        "None",
        "XXXXXXXX",
        "",
        " ",
        None,
        "[No Information Foun",
        "unknown",
    ):
        assert rules.is_placeholder(text)
    for text in ("28FB81XXK3QP", "QM00003", "0012345", "Z3TBK1234"):
        assert not rules.is_placeholder(text)


@dataclass(frozen=True, slots=True)
class Drive:
    model: str | None
    size_bytes: int | None


def test_model_and_size_only_suggest() -> None:
    drives = [
        (1, Drive("SAMSUNG SSD PM871b M.2 2280 256GB", 256_060_514_304)),
        (2, Drive("SAMSUNG SSD PM871b M.2 2280 256GB", 512_110_190_592)),
        (3, Drive(None, None)),
    ]
    assert rules.suggest(Drive("SAMSUNG SSD PM87", 256_060_514_304), drives) == (1,)
    assert rules.suggest(Drive("SAMSUNG SSD PM87", None), drives) == ()


# The ruling report ----------------------------------------------------------------------------------------------------


def test_a_passing_report_after_reception_proves_the_medium_erased() -> None:
    assert judge(Report()) == MediumState(erased=True, missing=(), ruling=0, level="clear")


def test_no_report_is_missing() -> None:
    assert judge().missing == ("no_report",)


@pytest.mark.parametrize("ended_at", [RECEIVED, RECEIVED - timedelta(days=90)])
def test_a_wipe_that_ended_before_the_device_came_does_not_count(ended_at: datetime) -> None:
    assert judge(Report(ended_at=ended_at)).missing == ("report_before_custody",)


def test_a_device_never_received_asks_for_no_moment() -> None:
    assert judge_medium([Report(ended_at=None)], None, "clear", Policy()).erased


def test_a_report_that_tells_no_time_does_not_count_for_a_received_device() -> None:
    assert judge(Report(ended_at=None)).missing == ("time_unknown",)


def test_a_report_from_the_future_does_not_count() -> None:
    assert judge_medium([Report()], RECEIVED, "clear", Policy(), now=RECEIVED + timedelta(hours=1)).missing == (
        "report_in_future",
    )
    assert judge_medium([Report()], RECEIVED, "clear", Policy(), now=RECEIVED + timedelta(hours=3)).erased


def test_a_later_fail_withdraws_an_earlier_pass_and_a_later_pass_repairs_it() -> None:
    fail = Report(verdict="fail", ended_at=RECEIVED + timedelta(hours=5), reasons=("errors_reported",))
    assert judge(Report(), fail).missing == ("verdict_fail",)
    assert judge(fail, Report(ended_at=RECEIVED + timedelta(hours=8))).erased


def test_at_the_same_moment_the_worse_report_rules() -> None:
    assert judge(Report(), Report(verdict="fail")).missing == ("verdict_fail",)
    assert judge(Report(verdict="unknown", reasons=("truncated",)), Report()).missing == ("verdict_unknown",)


def test_a_listing_or_a_verify_only_run_after_a_wipe_does_not_take_it_away() -> None:
    look = Report(verdict="unknown", method="none", reasons=("verify_only",), ended_at=RECEIVED + timedelta(hours=9))
    assert judge(Report(), look).erased
    assert judge(look).missing == ("verdict_unknown", "level_too_low")
    failed_look = Report(verdict="fail", method="none", ended_at=RECEIVED + timedelta(hours=9))
    assert not judge(Report(), failed_look).erased


def test_a_fail_without_a_time_rules_unless_its_arrival_orders_it() -> None:
    fail = Report(verdict="fail", ended_at=None)
    assert judge(Report(), fail).missing[0] == "verdict_fail"
    came = [RECEIVED + timedelta(hours=3), RECEIVED + timedelta(hours=1)]
    assert judge_medium([Report(), fail], RECEIVED, "clear", Policy(), received=came).erased


@pytest.mark.parametrize(("required", "erased"), [("clear", True), ("purge", False), ("destroy", False)])
def test_a_report_below_the_level_demanded_keeps_the_gate_shut(required: str, erased: bool) -> None:
    state = judge(Report(), required=required)
    assert (state.erased, state.missing) == (erased, () if erased else ("level_too_low",))


def test_the_kind_in_the_capture_overrides_what_the_report_says() -> None:
    assert judge(Report(kind=None), kind="usb").missing == ("level_too_low",)


NOT_VERIFIED = Report(verdict="unknown", verification="none", reasons=("not_verified",))


def test_an_unverified_wipe_counts_only_where_the_territory_says_so_and_the_tool_is_trusted() -> None:
    accepts = Policy(accept_not_verified=True)
    assert judge(NOT_VERIFIED).missing == ("not_verified",)
    assert judge(NOT_VERIFIED, policy=accepts).erased
    recheck = Report(verdict="unknown", verification="none", reasons=("not_verified",), tool_version="0.33")
    assert judge(recheck, policy=accepts).missing == ("tool_needs_verification",)
    both = Report(verdict="unknown", verification="none", reasons=("not_verified", "inconsistent"))
    assert judge(both, policy=accepts).missing == ("verdict_unknown",)


def test_a_pass_that_was_never_read_back_needs_the_territory_too() -> None:
    basic = Report(verification="none", reasons=("not_verified",), tool="ereuse-workbench", tool_version="11.0b11")
    assert judge(basic).missing == ("not_verified",)
    assert judge(basic, policy=Policy(accept_not_verified=True)).erased


# The gate -------------------------------------------------------------------------------------------------------------


def test_the_gate_opens_when_every_medium_is_wiped_destroyed_removed_or_absent() -> None:
    erased, bare = judge(Report()), judge()
    assert (
        sanitization_missing(
            [Standing(erased), Standing(bare, "destroyed"), Standing(bare, "removed"), Standing(bare, "absent")]
        )
        == ()
    )
    assert sanitization_missing([Standing(erased), Standing(bare)]) == ("no_report",)
    assert sanitization_missing([Standing(bare, "lost")]) == ("no_report",)
    assert sanitization_missing([Standing(bare), Standing(judge(Report(verdict="fail"))), Standing(bare)]) == (
        "no_report",
        "verdict_fail",
    )


def test_a_device_that_always_has_media_and_shows_none_is_missing_one() -> None:
    assert sanitization_missing([]) == ("no_medium",)
    assert sanitization_missing([], media_required=False) == ()


# Sentences ------------------------------------------------------------------------------------------------------------


def codes_written_in(path: Path) -> set[str]:
    """Collect the codes that a source file adds to faults, doubts, missing, reasons or warnings."""
    found: set[str] = set()
    names = {"doubts", "fails", "faults", "missing", "warnings", "reasons"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        parts: list[ast.AST] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            parts = [*node.args] if getattr(node.func.value, "id", "") in names else []
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            parts = [node.value] if getattr(target, "id", "") in names else []
        elif isinstance(node, ast.keyword) and node.arg in names:
            parts = [node.value]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.List | ast.Tuple):
            parts = [*node.value.elts]
        found |= {
            leaf.value
            for part in parts
            for leaf in ast.walk(part)
            if isinstance(leaf, ast.Constant)
            and isinstance(leaf.value, str)
            and leaf.value.count("_")
            and leaf.value.islower()
        }
    return found


def test_every_code_has_a_sentence_in_french_and_english() -> None:
    folder = Path(rules.__file__).parent
    codes = set().union(
        *(codes_written_in(path) for path in [folder / "rules.py", *(folder / "evidence").glob("*.py")])
    )
    assert {"no_identity", "not_verified", "level_too_low", "hidden_area", "one_person"} <= codes
    known_other = {"last_pass"}
    assert codes - set(REASONS) - known_other == set()


def test_sentences_are_whole_in_both_languages() -> None:
    for code, sentences in REASONS.items():
        assert set(sentences) == {"fr", "en"}
        for language, sentence in sentences.items():
            assert sentence.endswith("."), code
            assert rules.sentence_of(code, language) == sentence
