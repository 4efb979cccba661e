"""The worked examples of the method, and what must hold for any figure."""

import hashlib
from dataclasses import replace
from decimal import Decimal, localcontext
from importlib import resources

import pytest

from reuse.errors import Conflict, Invalid
from reuse.impact.rules import (
    InsertionStructure,
    Scenario,
    avoided,
    device_impact,
    full_time_equivalents,
    load_factor_sets,
    low_central_high,
    raw_material_kg,
    reverse,
    rounded,
    suppress_small_counts,
    total,
)

ADEME = load_factor_sets()["fr-ademe-2026-07"]
CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("category", "years", "displacement", "expected"),
    [
        ("laptop", "3", "1", "81.0"),
        ("laptop", "4", "1", "118.1"),
        ("laptop", "3", "0.5", "25.4"),
        ("smartphone", "2", "1", "49.2"),
    ],
)
def test_the_worked_examples_of_the_method(category: str, years: str, displacement: str, expected: str) -> None:
    result = avoided(category, factors=ADEME, extra_years=Decimal(years), displacement=Decimal(displacement))
    assert rounded(result) == Decimal(expected)


def test_ten_laptops_and_four_monitors_avoid_910_8_kg() -> None:
    lines = [device_impact("laptop", factors=ADEME)] * 10 + [device_impact("monitor", factors=ADEME)] * 4
    assert rounded(total(lines).central) == Decimal("910.8")


@pytest.mark.parametrize(
    ("category", "low", "central", "high"),
    [
        ("laptop", "25.38", "81.00", "107.90"),
        ("smartphone", "15.08", "49.20", "59.37"),
        ("tablet", "8.97", "29.00", "32.05"),
        ("desktop", "23.75", "76.50", "102.34"),
        ("monitor", "7.75", "25.20", "25.20"),
    ],
)
def test_the_default_low_central_and_high(category: str, low: str, central: str, high: str) -> None:
    shown = tuple(rounded(value, CENT) for value in low_central_high(category, factors=ADEME))
    assert shown == (Decimal(low), Decimal(central), Decimal(high))
    line = device_impact(category, factors=ADEME)
    assert tuple(rounded(value, CENT) for value in (line.low, line.central, line.high)) == shown


@pytest.mark.parametrize(
    ("category", "home", "gross_year", "net_year"),
    [
        ("smartphone", False, "34.12", "24.6"),
        ("feature_phone", False, "9.36", "6.8"),
        ("tablet", False, "20.03", "14.5"),
        ("laptop", False, "37.08", "27"),
        ("desktop", True, "44.68", "32.4"),
        ("desktop", False, "35.17", "25.5"),
        ("monitor", False, "11.63", "8.4"),
    ],
)
def test_the_factors_are_the_published_table(category: str, *, home: bool, gross_year: str, net_year: str) -> None:
    factor = ADEME.factor_for(category, home=home)
    assert factor is not None
    assert rounded(factor.new_device / factor.life_new_years, CENT) == Decimal(gross_year)
    assert factor.net_avoided_per_year == Decimal(net_year)
    years = Decimal(2) if category in {"smartphone", "feature_phone", "tablet"} else Decimal(3)
    assert factor.extra_years_default == years


def test_a_published_factor_set_never_changes() -> None:
    file = resources.files("reuse") / "data" / "impact" / "factor_set.fr-ademe-2026-07.json"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest == "bd0aee9c20dbecffc643568879bed30733f1072f42644d5deffcb8d6e81f9e8c", "a new edition is a new file"


def test_a_desktop_takes_the_professional_row_unless_the_donor_says_home() -> None:
    office = device_impact("desktop", factors=ADEME)
    home = device_impact("desktop", factors=ADEME, scenario=Scenario(home=True))
    assert (office.factor, home.factor) == ("desktop", "desktop_home")
    assert (office.central, home.central) == (Decimal("76.500"), Decimal("97.200"))


def test_home_changes_nothing_where_there_is_one_row() -> None:
    assert device_impact("laptop", factors=ADEME, scenario=Scenario(home=True)).factor == "laptop"


def test_a_negative_result_stays_negative() -> None:
    scenario = Scenario(extra_years=Decimal(1), extra_kwh=Decimal(300), country="MA")
    line = device_impact("laptop", factors=ADEME, scenario=scenario)
    assert line.central == Decimal("-180.660")
    assert line.low == Decimal("-199.200")
    assert total([line]).central < 0


@pytest.mark.parametrize(
    ("country", "factor"), [("FR", "0.098"), ("EU", "0.38"), ("TN", "0.471"), ("MA", "0.625"), ("BJ", "0.652")]
)
def test_extra_electricity_is_counted_with_the_country_of_use(country: str, factor: str) -> None:
    without = avoided("laptop", factors=ADEME)
    with_it = avoided("laptop", factors=ADEME, extra_kwh=Decimal(10), country=country)
    assert without - with_it == Decimal(10) * 3 * Decimal(factor)


def test_electricity_of_an_unknown_country_is_refused_and_not_asked_for_where_there_is_none() -> None:
    assert avoided("laptop", factors=ADEME, country="ZZ") == Decimal(81)
    with pytest.raises(Invalid) as refusal:
        avoided("laptop", factors=ADEME, extra_kwh=Decimal(1), country="ZZ")
    assert refusal.value.code == "electricity_unknown"


def test_a_measured_refurbishment_takes_the_place_of_the_derived_one() -> None:
    assert avoided("laptop", factors=ADEME, refurbishment=Decimal(20)) == Decimal("91.24")


def test_the_three_numbers_keep_their_order_where_the_measured_cost_is_small() -> None:
    low, central, high = low_central_high("laptop", factors=ADEME, scenario=Scenario(refurbishment=Decimal(0)))
    assert central == Decimal("111.24")
    assert low <= central <= high


def test_known_extra_electricity_is_taken_off_all_three_numbers() -> None:
    plain = low_central_high("laptop", factors=ADEME)
    thirsty = low_central_high("laptop", factors=ADEME, scenario=Scenario(extra_kwh=Decimal(50)))
    assert [before - after for before, after in zip(plain, thirsty, strict=True)] == [Decimal("14.7")] * 3


def test_a_callers_decimal_precision_does_not_change_a_result() -> None:
    with localcontext() as context:
        context.prec = 3
        assert device_impact("tablet", factors=ADEME).low == Decimal("8.967")


def test_a_category_without_factor_is_counted_as_not_covered_and_never_as_zero() -> None:
    lines = [device_impact(category, factors=ADEME) for category in ("laptop", "printer", "printer", "server")]
    result = total(lines)
    assert result.not_covered == {"printer": 2, "server": 1}
    assert (result.devices, result.covered, result.central) == (4, 1, Decimal(81))
    with pytest.raises(Invalid) as refusal:
        avoided("printer", factors=ADEME)
    assert refusal.value.code == "not_covered"


def test_the_lines_of_a_report_add_up_to_its_total_to_the_gram() -> None:
    lines = [device_impact("tablet", factors=ADEME)] * 3 + [device_impact("monitor", factors=ADEME)] * 7
    result = total(lines)
    for name in ("low", "central", "high"):
        column = [getattr(line, name) for line in lines]
        assert all(value == value.quantize(Decimal("0.001")) for value in column)
        assert sum(column) == getattr(result, name)
    assert result.low == Decimal("81.151")


def test_a_return_within_warranty_is_reversed_to_nothing() -> None:
    entries = [device_impact("tablet", factors=ADEME), device_impact("printer", factors=ADEME)]
    result = total([*entries, *(reverse(entry) for entry in entries)])
    assert (result.devices, result.covered, result.not_covered) == (0, 0, {})
    assert (result.low, result.central, result.high) == (0, 0, 0)


def test_results_of_different_factor_sets_are_never_added_up() -> None:
    makers = replace(device_impact("laptop", factors=ADEME), factor_set="makers-2023-02")
    with pytest.raises(Conflict) as refusal:
        total([device_impact("laptop", factors=ADEME), makers])
    assert refusal.value.code == "factor_sets_mixed"


def test_nothing_adds_up_to_nothing() -> None:
    result = total([])
    assert (result.factor_set, result.devices, result.central) == (None, 0, Decimal(0))


def test_rounding_goes_half_away_from_zero_on_both_sides() -> None:
    assert rounded(Decimal("0.05")) == Decimal("0.1")
    assert rounded(Decimal("-0.05")) == Decimal("-0.1")
    assert rounded(Decimal("0.0005"), Decimal("0.001")) == Decimal("0.001")


def test_avoided_raw_material_is_told_where_it_is_published() -> None:
    assert raw_material_kg("smartphone", factors=ADEME, years=Decimal(2)) == Decimal("153.8")
    assert raw_material_kg("laptop", factors=ADEME, years=Decimal(1)) == Decimal(127)
    assert raw_material_kg("tablet", factors=ADEME, years=Decimal(1)) is None
    assert raw_material_kg("server", factors=ADEME, years=Decimal(1)) is None
    assert Decimal("0.314") == ADEME.e_waste_kg_per_year_computer


def test_hours_of_insertion_work_become_full_time_posts() -> None:
    assert full_time_equivalents(Decimal(910), InsertionStructure.ACI) == Decimal("0.5")
    assert full_time_equivalents(Decimal(3010), InsertionStructure.EI) == Decimal(2)


def test_counts_under_five_are_withheld() -> None:
    result = suppress_small_counts({"Lille": 40, "Roubaix": 4, "Lens": 1, "Douai": 5})
    assert result.counts == {"Lille": 40, "Roubaix": None, "Lens": None, "Douai": 5}
    assert result.total == 50


def test_the_one_complement_that_would_reveal_a_count_is_withheld_too() -> None:
    result = suppress_small_counts({"Lille": 40, "Roubaix": 3, "Douai": 7})
    assert result.counts == {"Lille": 40, "Roubaix": None, "Douai": None}
    assert result.total == 50


def test_two_counts_that_their_sum_would_reveal_take_a_third_with_them() -> None:
    result = suppress_small_counts({"Lille": 40, "Roubaix": 4, "Douai": 4})
    assert result.counts == {"Lille": None, "Roubaix": None, "Douai": None}


def test_the_total_is_withheld_where_nothing_else_can_hide_a_count() -> None:
    assert suppress_small_counts({"Lens": 3}).total is None
    assert suppress_small_counts({"Lens": 4, "Douai": 4}).total is None
    assert suppress_small_counts({"Lens": 1, "Douai": 2}).total is None


def test_large_counts_are_all_published() -> None:
    result = suppress_small_counts({"Lens": 5, "Douai": 6})
    assert (result.counts, result.total) == ({"Lens": 5, "Douai": 6}, 11)
