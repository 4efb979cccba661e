"""Rules of registration without a database: shares of a refusal, what no refusal makes missing, states and scans."""

import struct
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreeing import PHOTO, SCAN, picture
from reuse.donations.rules import (
    AgreementState,
    DeclaredItem,
    Difference,
    DifferenceReason,
    DonationStatus,
    LegalBasis,
    agreement_state,
    basis_clause,
    changed_parts,
    donation_templates,
    kind_of_copy,
    merged_declarations,
    missing_declarations,
    oldest_year,
    processing_clauses,
    reconcile,
    resale_clause,
    shared_out,
    template_for,
    without_refused,
)
from reuse.errors import Invalid, UnknownFormat

FRENCH = template_for("FR", "public_free_transfer")


@given(st.integers(0, 500), st.lists(st.integers(0, 100), max_size=8))
def test_a_refused_quantity_is_shared_out_whole_and_no_line_gives_more_than_it_has(
    quantity: int, declared: list[int]
) -> None:
    shares = shared_out(quantity, list(enumerate(declared)))
    assert sum(share for _, share in shares) == min(quantity, sum(declared))
    assert all(0 < share <= declared[line] for line, share in shares)
    untouched = [line for line, has in enumerate(declared) if has and line not in dict(shares)]
    assert all(line <= min(dict(shares)) for line in untouched if shares)


@given(
    said=st.integers(1, 30),
    refused=st.integers(0, 30),
    listed=st.integers(0, 40),
    came=st.integers(0, 40),
)
def test_whatever_was_refused_by_count_only_what_is_still_declared_can_be_missing(
    said: int, refused: int, listed: int, came: int
) -> None:
    refused = min(refused, said)
    declared = max(said, listed) - refused
    items = [DeclaredItem(str(number), "laptop", f"SN-{number}") for number in range(listed)]
    seen = [
        Difference(DifferenceReason.MISSING, "laptop", device_id=item.device_id) for item in items[min(came, listed) :]
    ]
    open_places = max(declared - listed, 0)
    whole = [*seen, *([Difference(DifferenceReason.MISSING, "laptop", quantity=open_places)] if open_places else [])]
    spare = {"laptop": listed - declared} if refused else {}
    kept = without_refused(whole, spare, said_missing=())
    missing = sum(one.quantity for one in kept)
    assert missing == max(declared - min(came, listed), 0)
    assert [one for one in whole if one in kept] == list(kept)


def test_what_the_dock_itself_said_to_be_missing_stays_missing() -> None:
    lost = [Difference(DifferenceReason.MISSING, "laptop", device_id=name) for name in ("a", "b")]
    assert without_refused(lost, {"laptop": 2}, said_missing={"a"}) == (lost[0],)


def test_without_refusals_the_three_way_count_is_untouched() -> None:
    found = reconcile({"laptop": 2}, None, [], [DeclaredItem("a", "laptop")]).differences
    assert without_refused(found, {}, said_missing=()) == found


@pytest.mark.parametrize(
    ("sides", "status", "is_latest", "state"),
    [
        ((), "submitted", True, "drafted"),
        (("donor",), "submitted", True, "accepted_by_donor"),
        (("workshop",), "accepted", True, "accepted_by_workshop"),
        (("donor", "workshop"), "accepted", True, "in_force"),
        (("donor", "workshop"), "closed", True, "in_force"),
        (("donor", "workshop"), "accepted", False, "superseded"),
        (("donor", "workshop"), "cancelled", True, "lapsed"),
        (("donor",), "declined", False, "lapsed"),
    ],
)
def test_how_far_an_agreement_is(sides: tuple[str, ...], status: str, state: str, *, is_latest: bool) -> None:
    assert agreement_state(sides, DonationStatus(status), is_latest=is_latest) == AgreementState(state)


def test_a_better_wording_touches_no_agreement_in_force_and_a_changed_line_does() -> None:
    agreed, now = {"lines": [1], "terms": "old", "caps": [1]}, {"lines": [1], "terms": "new", "caps": [2]}
    assert changed_parts(agreed, now, in_force=False) == ("caps", "terms")
    assert changed_parts(agreed, now, in_force=True) == ()
    assert changed_parts(agreed, {**now, "lines": [2]}, in_force=True) == ("lines",)


def test_every_basis_has_clauses_in_two_languages_and_those_of_other_countries_cite_no_french_law() -> None:
    for country in ("FR", "TN", "IE"):
        texts: list[dict[str, str]] = []
        for basis in LegalBasis:
            clause = basis_clause(country, basis)
            found = [resale_clause(clause, quality) for quality in (None, "rup", "esus", "general_interest")]
            texts += [clause["text"], *(one["text"] for one in found if one)]
        processing = processing_clauses(country)
        texts += [processing["titles"], processing["intro"], *(one["text"] for one in processing["clauses"])]
        assert all(set(text) == {"fr", "en"} and all(text.values()) for text in texts)
        told = " ".join(text["en"] for text in texts)
        assert ("CG3P" in told) is (country == "FR")
        assert ("GDPR" in told) is (country != "TN")


def test_whoever_may_not_resell_is_shown_no_price() -> None:
    clause = basis_clause("FR", LegalBasis.PUBLIC_FREE_TRANSFER)
    with_caps = {one: resale_clause(clause, one) for one in ("rup", "general_interest", "esus", None)}
    assert [quality for quality, found in with_caps.items() if found and found["prints_caps"]] == [
        "rup",
        "general_interest",
    ]


def test_each_country_has_one_template_for_each_basis_and_keys_are_told_once() -> None:
    assert set(Counter((one.country, one.legal_basis) for one in donation_templates()).values()) == {1}
    assert {one.legal_basis for one in donation_templates() if one.country is None} == {
        basis.value for basis in LegalBasis
    }
    for one in donation_templates():
        keys = [declaration.key for declaration in one.declarations]
        assert sorted(keys) == sorted(set(keys))


@given(
    st.dictionaries(
        st.sampled_from(["decision_reference", "unit_value", "classified", "decision_date", "strange"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=14), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=5,
    )
)
def test_any_json_as_declarations_is_taken_or_refused_with_its_place(said: dict[str, Any]) -> None:
    places: set[str] = set()
    whole: dict[str, Any] = {}
    try:
        whole = merged_declarations(FRENCH, {}, said)
    except Invalid as refused:
        places = {fault.pointer.removeprefix("/declarations/") for fault in refused.errors}
    assert places <= set(said)
    assert bool(places) or {key for key, value in whole.items() if value is not None} == set(whole)
    assert set(missing_declarations(FRENCH, whole)).isdisjoint(whole)
    assert merged_declarations(FRENCH, whole, {}) == whole


def test_only_what_is_surely_over_the_age_is_counted() -> None:
    assert oldest_year(FRENCH, 2026) == 2016
    assert oldest_year(template_for("FR", "company_gift"), 2026) is None


def test_scans_are_told_by_their_bytes_and_a_cut_anywhere_is_noticed() -> None:
    kinds = {"application/pdf": SCAN, "image/jpeg": PHOTO, "image/png": picture()}
    for media_type, content in kinds.items():
        assert kind_of_copy(content)[0] == media_type
        for end in range(len(content) - 8):
            with pytest.raises((Invalid, UnknownFormat)):
                kind_of_copy(content[:end])


@given(st.binary(max_size=400))
def test_no_other_bytes_pass_for_a_scan(content: bytes) -> None:
    with pytest.raises((Invalid, UnknownFormat)):
        kind_of_copy(struct.pack(">I", len(content)) + content)
