"""Warranty by law, beneficiaries without names, and a protected word."""

from datetime import date

import pytest

from reuse.handovers.rules import (
    HandoverKind,
    age_bands,
    beneficiary_faults,
    handover_kind,
    may_say_reconditioned,
    warranty_ends,
    warranty_for,
    within_warranty,
)


def test_a_sale_has_two_years_and_twelve_months_of_presumption() -> None:
    warranty = warranty_for(handover_kind(4000))
    assert warranty is not None
    assert (warranty.months, warranty.presumption_months, warranty.statutory) == (24, 12, True)


def test_a_pure_gift_is_outside_the_legal_warranty() -> None:
    warranty = warranty_for(handover_kind(0))
    assert warranty is not None
    assert (warranty.kind, warranty.months, warranty.statutory) == (HandoverKind.GIFT, 0, False)
    assert not within_warranty(date(2026, 11, 23), date(2026, 11, 23), warranty)


def test_a_country_whose_rule_is_not_known_has_no_term_of_ours() -> None:
    assert warranty_for(HandoverKind.SALE, "TN") is None
    assert not within_warranty(date(2026, 1, 1), date(2026, 1, 2), None)


def test_a_territory_may_bring_its_own_terms() -> None:
    row = {"months": 6, "presumption_months": 6, "statutory": True, "source": "law", "text": {"fr": "x", "en": "y"}}
    warranty = warranty_for(HandoverKind.SALE, "MA", {"MA": {"sale": row}})
    assert warranty is not None
    assert warranty.months == 6


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 11, 23), 24, date(2028, 11, 23)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 10, 31), 2, date(2026, 12, 31)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(start: date, months: int, end: date) -> None:
    assert warranty_ends(start, months) == end


@pytest.mark.parametrize(("today", "under"), [(date(2028, 11, 23), True), (date(2028, 11, 24), False)])
def test_the_last_day_of_the_warranty_counts(today: date, *, under: bool) -> None:
    assert within_warranty(date(2026, 11, 23), today, warranty_for(HandoverKind.SALE)) is under


@pytest.mark.parametrize(
    ("gate", "untested", "allowed"), [(True, (), True), (True, ("camera",), False), (False, (), False)]
)
def test_reconditionne_needs_the_gate_and_every_function_tested(
    *, gate: bool, untested: tuple[str, ...], allowed: bool
) -> None:
    assert may_say_reconditioned(gate_one_passed=gate, untested=untested) is allowed


def test_a_full_beneficiary_is_accepted_and_an_anonymous_one_too() -> None:
    full = {
        "pseudonym": "B-0042",
        "commune_insee": "59350",
        "qpv": "yes",
        "age_band": "26-39",
        "prescriber": "CCAS",
        "eligible": True,
    }
    assert beneficiary_faults(full) == ()
    assert beneficiary_faults({"eligible": True}) == ()


@pytest.mark.parametrize("commune", ["59350", "01001", "2A004", "2B033", "2a004", "75056", "97411", "98818"])
def test_insee_codes_are_accepted(commune: str) -> None:
    assert beneficiary_faults({"eligible": True, "commune_insee": commune}) == ()


@pytest.mark.parametrize("commune", ["5935", "593500", "20000", "2C004", "00001", "96001", "99100", "Lille", "", 59350])
def test_what_is_no_insee_code_is_refused(commune: object) -> None:
    faults = beneficiary_faults({"eligible": True, "commune_insee": commune})
    assert [(fault.pointer, fault.code) for fault in faults] == [("/beneficiary/commune_insee", "commune_insee_shape")]


def test_another_country_has_its_own_commune_codes() -> None:
    assert beneficiary_faults({"eligible": True, "commune_insee": "Sousse-Ville"}, country="TN") == ()


@pytest.mark.parametrize("band", [*age_bands(), "40-44", "25-34", "18-64", "65+"])
def test_age_bands_are_accepted(band: str) -> None:
    assert beneficiary_faults({"eligible": True, "age_band": band}) == ()


@pytest.mark.parametrize("band", ["42", "42-42", "40-43", "34-25", "young", "", 42])
def test_an_age_or_a_band_that_is_nearly_one_is_refused(band: object) -> None:
    faults = beneficiary_faults({"eligible": True, "age_band": band})
    assert [fault.code for fault in faults] == ["age_band_shape"]


@pytest.mark.parametrize("qpv", ["yes", "no", "unknown"])
def test_qpv_is_one_of_three_words(qpv: str) -> None:
    assert beneficiary_faults({"eligible": True, "qpv": qpv}) == ()


@pytest.mark.parametrize("qpv", ["maybe", True, "", "YES"])
def test_another_word_for_qpv_is_refused(qpv: object) -> None:
    assert [fault.code for fault in beneficiary_faults({"eligible": True, "qpv": qpv})] == ["qpv_shape"]


@pytest.mark.parametrize("eligible", [None, False, "true", 1])
def test_eligibility_is_attested(eligible: object) -> None:
    assert [fault.code for fault in beneficiary_faults({"eligible": eligible})] == ["not_attested"]


@pytest.mark.parametrize("pseudonym", ["", "   ", "x" * 81, "amina@example.org", 7])
def test_a_pseudonym_is_a_short_text_and_no_address(pseudonym: object) -> None:
    assert [fault.code for fault in beneficiary_faults({"eligible": True, "pseudonym": pseudonym})] == [
        "pseudonym_shape"
    ]


def test_a_name_an_income_or_a_paper_has_no_field() -> None:
    faults = beneficiary_faults({"eligible": True, "name": "x", "income": 900})
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/beneficiary/income", "unknown_field"),
        ("/beneficiary/name", "unknown_field"),
    ]
