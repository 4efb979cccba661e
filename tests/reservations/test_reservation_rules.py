"""Every status against every move, the end of a hold, and what meets a wish."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from reuse.errors import Conflict
from reuse.reservations.rules import (
    ASKED_FOR,
    BYTES_PER_GB,
    HOLD_TERM,
    LIVE,
    MOVES,
    Allowance,
    Criteria,
    OfferedDevice,
    Period,
    ReservationStatus,
    Waiting,
    check_move,
    expires_at,
    extended_until,
    first_day,
    has_expired,
    is_live,
    meets,
    places,
    ram_gb,
    take_within,
    waiting_order,
    within_quota,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALLOWED = {
    ("held", "confirmed"),
    ("held", "handed_over"),
    ("held", "cancelled"),
    ("held", "expired"),
    ("confirmed", "handed_over"),
    ("confirmed", "cancelled"),
}


@pytest.mark.parametrize(("present", "to"), list(product(ReservationStatus, ReservationStatus)))
def test_every_status_against_every_move(present: ReservationStatus, to: ReservationStatus) -> None:
    if (present.value, to.value) in ALLOWED:
        check_move(present, to)
    else:
        with pytest.raises(Conflict) as refusal:
            check_move(present, to)
        assert refusal.value.code == "move_not_allowed"


def test_the_live_statuses_are_those_that_can_still_move() -> None:
    assert {status for status, targets in MOVES.items() if targets} == LIVE
    assert {"confirmed", "cancelled"} == ASKED_FOR


@pytest.mark.parametrize("status", list(ReservationStatus))
def test_only_a_hold_expires_and_it_does_at_its_very_end(status: ReservationStatus) -> None:
    held = status is ReservationStatus.HELD
    assert not has_expired(status, NOON + timedelta(microseconds=1), NOON)
    assert has_expired(status, NOON, NOON) is held
    assert has_expired(status, NOON - timedelta(days=1), NOON) is held
    assert not has_expired(status, None, NOON)


@pytest.mark.parametrize("status", list(ReservationStatus))
def test_a_hold_past_its_end_keeps_nothing_though_no_sweep_has_passed(status: ReservationStatus) -> None:
    assert is_live(status, NOON - timedelta(seconds=1), NOON) is (status is ReservationStatus.CONFIRMED)
    assert is_live(status, NOON + timedelta(seconds=1), NOON) is (status in {"held", "confirmed"})


def test_a_hold_lasts_its_term() -> None:
    assert expires_at(NOON) == NOON + HOLD_TERM
    assert expires_at(NOON, timedelta(hours=1)) == NOON + timedelta(hours=1)


@pytest.mark.parametrize(("captured", "sold"), [(8.0, 8), (7.6, 8), (7.0, 7), (3.9, 4), (16.0, 16)])
def test_memory_counts_as_it_is_sold(captured: float, sold: int) -> None:
    assert ram_gb(int(captured * BYTES_PER_GB)) == sold


LAPTOP = OfferedDevice("laptop", price_minor=9000, ram_bytes=8 * BYTES_PER_GB, grade="B")


@pytest.mark.parametrize(
    ("criteria", "fits"),
    [
        (Criteria("laptop"), True),
        (Criteria("desktop"), False),
        (Criteria("laptop", min_ram_gb=8), True),
        (Criteria("laptop", min_ram_gb=9), False),
        (Criteria("laptop", max_price_minor=9000), True),
        (Criteria("laptop", max_price_minor=8999), False),
        (Criteria("laptop", max_price_minor=0), False),
        (Criteria("laptop", grade="B"), True),
        (Criteria("laptop", grade="A"), False),
    ],
)
def test_a_device_meets_a_wish_or_it_does_not(criteria: Criteria, *, fits: bool) -> None:
    assert meets(criteria, LAPTOP) is fits


def test_an_unknown_fact_does_not_meet_a_wish_about_it() -> None:
    unknown = OfferedDevice("laptop", price_minor=0)
    assert not meets(Criteria("laptop", min_ram_gb=1), unknown)
    assert not meets(Criteria("laptop", grade="A"), unknown)
    assert meets(Criteria("laptop", max_price_minor=0), unknown)


def test_a_quota_counts_what_is_live_and_what_is_asked() -> None:
    assert within_quota(quota=10, live=7, wanted=3)
    assert not within_quota(quota=10, live=7, wanted=4)
    assert within_quota(quota=None, live=700, wanted=400)


def test_the_waiting_list_serves_the_oldest_need_weighted_by_what_is_unmet() -> None:
    old_and_nearly_met = Waiting("old", NOON - timedelta(days=20), quantity=10, served=9)
    young_and_empty = Waiting("young", NOON - timedelta(days=5), quantity=10, served=0)
    older_and_empty = Waiting("older", NOON - timedelta(days=6), quantity=1, served=0)
    met = Waiting("met", NOON - timedelta(days=90), quantity=2, served=2)
    order = waiting_order([old_and_nearly_met, met, young_and_empty, older_and_empty], NOON)
    assert [need.need_id for need in order] == ["older", "young", "old"]


def test_needs_of_equal_weight_keep_a_stable_order() -> None:
    twins = [Waiting(name, NOON, quantity=1, served=0) for name in ("b", "a")]
    assert [need.need_id for need in waiting_order(twins, NOON)] == ["a", "b"]


def test_every_place_can_be_recomputed_from_its_numbers() -> None:
    needs = [
        Waiting("half", NOON - timedelta(days=10), quantity=4, served=2),
        Waiting("full", NOON - timedelta(days=8), quantity=20, served=0),
        Waiting("ahead", NOON + timedelta(days=1), quantity=1, served=0),
        Waiting("too much", NOON - timedelta(days=50), quantity=1, served=2),
    ]
    found = places(needs, NOON)
    assert [(one.place, one.need_id, one.age_days, one.unmet_share) for one in found] == [
        (1, "full", 8, 1),
        (2, "half", 10, Decimal("0.5")),
        (3, "ahead", 0, 1),
    ]
    assert [one.weight for one in found] == [one.age_days * one.unmet_share for one in found]


@pytest.mark.parametrize(
    ("period", "begins"),
    [(Period.MONTH, date(2026, 11, 1)), (Period.QUARTER, date(2026, 10, 1)), (Period.YEAR, date(2026, 1, 1))],
)
def test_a_quota_counts_from_the_first_day_of_its_period(period: Period, begins: date) -> None:
    assert first_day(date(2026, 11, 25), period) == begins
    assert first_day(begins, period) == begins


def test_a_device_counts_against_every_quota_that_covers_it_or_against_none() -> None:
    all_of_them, laptops = Allowance(None, 2, "2 devices a month"), Allowance("laptop", 1, "1 laptop a month")
    both = [all_of_them, laptops]
    assert take_within(both, "laptop") is None
    assert take_within(both, "laptop") == "1 laptop a month"
    assert (all_of_them.left, laptops.left) == (1, 0)
    assert take_within(both, "monitor") is None
    assert take_within(both, "monitor") == "2 devices a month"


def test_a_hold_is_extended_by_a_term_once() -> None:
    assert extended_until(NOON, timedelta(hours=72), is_extended=False) == NOON + timedelta(hours=72)
    with pytest.raises(Conflict) as refusal:
        extended_until(NOON, timedelta(hours=72), is_extended=True)
    assert refusal.value.code == "extended_already"
