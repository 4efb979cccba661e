"""Warranty cases: moves, terms, what a remedy adds to them, how much may be given back."""

from datetime import date

import pytest

from reuse.errors import Conflict
from reuse.handovers.rules.cases import (
    MOVES,
    Absence,
    CaseStatus,
    PaidFor,
    Remedies,
    Term,
    check_move,
    check_word,
    remedies_in,
    term_after_exchange,
    term_after_repair,
)

FIRST = Term(date(2028, 3, 2), date(2027, 3, 2))
TEN_DAYS = Absence(reported_on=date(2026, 6, 1), returned_on=date(2026, 6, 4), over_on=date(2026, 6, 11))
FRANCE = remedies_in("FR")

ALLOWED = {
    ("open", "in_repair"),
    ("open", "exchanged"),
    ("open", "refunded"),
    ("open", "refused"),
    ("open", "withdrawn"),
    ("in_repair", "repaired"),
    ("in_repair", "exchanged"),
    ("in_repair", "refunded"),
    ("in_repair", "refused"),
    ("in_repair", "withdrawn"),
    ("refused", "given_up"),
    ("withdrawn", "given_up"),
    ("refunded", "given_up"),
}


@pytest.mark.parametrize("present", list(CaseStatus))
@pytest.mark.parametrize("to", list(CaseStatus))
def test_a_case_moves_as_the_table_says_and_in_no_other_way(present: CaseStatus, to: CaseStatus) -> None:
    if (present.value, to.value) in ALLOWED:
        check_move(present, to)
        return
    with pytest.raises(Conflict) as refused:
        check_move(present, to)
    assert refused.value.code == "move_not_allowed"
    assert to not in MOVES[present]


@pytest.mark.parametrize("to", ["repaired", "exchanged", "refunded"])
def test_a_remedy_comes_by_what_is_done_and_never_by_a_word(to: str) -> None:
    with pytest.raises(Conflict) as refused:
        check_word(CaseStatus(to))
    assert refused.value.code == "by_resource"


@pytest.mark.parametrize(
    ("day", "covered", "presumed"),
    [
        (date(2026, 3, 2), True, True),
        (date(2027, 3, 2), True, True),
        (date(2027, 3, 3), True, False),
        (date(2028, 3, 2), True, False),
        (date(2028, 3, 3), False, False),
    ],
)
def test_the_last_day_counts(day: date, *, covered: bool, presumed: bool) -> None:
    assert FIRST.covers(day) is covered
    assert FIRST.presumes(day) is presumed
    assert not Term(None, None).covers(day)


def test_a_repair_adds_six_months_and_the_days_without_the_device_in_france() -> None:
    after = term_after_repair(FIRST, TEN_DAYS, FRANCE, under_warranty=True)
    assert after == Term(date(2028, 9, 12), FIRST.presumption_until)


def test_a_repair_adds_nothing_at_goodwill_nor_where_no_law_says_so() -> None:
    assert term_after_repair(FIRST, TEN_DAYS, FRANCE, under_warranty=False) == FIRST
    assert term_after_repair(FIRST, TEN_DAYS, remedies_in("TN"), under_warranty=True) == FIRST
    assert term_after_repair(Term(None, None), TEN_DAYS, FRANCE, under_warranty=False) == Term(None, None)
    assert remedies_in("TN") == Remedies()


def test_the_days_without_it_count_from_the_report_or_the_return_whichever_is_earlier() -> None:
    assert TEN_DAYS.days == 10
    assert Absence(date(2026, 6, 4), date(2026, 6, 1), date(2026, 6, 11)).days == 10
    assert Absence(date(2026, 6, 4), date(2026, 6, 4), date(2026, 6, 4)).days == 0


def test_an_exchange_keeps_the_first_term_and_a_failed_repair_begins_a_new_one() -> None:
    kept = term_after_exchange(FIRST, TEN_DAYS, "FR", under_warranty=True, repair_failed=False)
    assert kept == Term(date(2028, 3, 12), FIRST.presumption_until)
    new = term_after_exchange(FIRST, TEN_DAYS, "FR", under_warranty=True, repair_failed=True)
    assert new == Term(date(2028, 6, 11), date(2027, 6, 11))
    assert term_after_exchange(FIRST, TEN_DAYS, "FR", under_warranty=False, repair_failed=True) == FIRST


@pytest.mark.parametrize(
    ("price", "paid", "of_line", "of_all", "left"),
    [
        (8500, None, 0, 0, 8500),
        (8500, 8500, 0, 0, 8500),
        (8500, 3000, 0, 0, 3000),
        (8500, 17000, 8000, 8000, 500),
        (8500, 17000, 0, 12000, 5000),
        (8500, 8500, 8500, 8500, 0),
        (0, None, 0, 0, 0),
    ],
)
def test_no_more_is_given_back_than_was_paid(
    price: int, paid: int | None, of_line: int, of_all: int, left: int
) -> None:
    assert PaidFor(price, paid, of_line, of_all).left == left
