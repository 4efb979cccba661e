"""Every status against every move, and the reconciliation of what came with what was promised."""

from itertools import product

import pytest

from reuse.donations.rules import (
    BY_COLLECTION,
    MOVE_ROLES,
    MOVES,
    CollectionMode,
    DeclaredItem,
    Difference,
    DifferenceReason,
    DonationStatus,
    LegalBasis,
    ReceptionOutcome,
    ReconciliationLine,
    SeenDevice,
    acceptance_missing,
    check_generic_move,
    check_move,
    closing_missing,
    declared_quantity,
    reconcile,
)
from reuse.errors import Conflict

# The sentence of the process, written out a second time on purpose: the table must not change unnoticed.
ALLOWED = {
    ("draft", "submitted"),
    ("draft", "cancelled"),
    ("submitted", "accepted"),
    ("submitted", "declined"),
    ("submitted", "cancelled"),
    ("accepted", "scheduled"),
    ("accepted", "cancelled"),
    ("scheduled", "collected"),
    ("scheduled", "received"),
    ("scheduled", "accepted"),
    ("scheduled", "cancelled"),
    ("collected", "received"),
    ("received", "closed"),
}


@pytest.mark.parametrize(("present", "to"), list(product(DonationStatus, DonationStatus)))
def test_every_status_against_every_move(present: DonationStatus, to: DonationStatus) -> None:
    if (present.value, to.value) in ALLOWED:
        check_move(present, to)
    else:
        with pytest.raises(Conflict) as refusal:
            check_move(present, to)
        assert refusal.value.code == "move_not_allowed"


@pytest.mark.parametrize(("present", "to"), list(product(DonationStatus, DonationStatus)))
def test_what_a_collection_brings_about_is_never_a_generic_move(present: DonationStatus, to: DonationStatus) -> None:
    by_collection = to in {"scheduled", "collected", "received"} or (present, to) == ("scheduled", "accepted")
    if (present.value, to.value) in ALLOWED and not by_collection:
        check_generic_move(present, to)
    else:
        with pytest.raises(Conflict):
            check_generic_move(present, to)


def test_each_generic_move_has_roles_and_each_status_its_row() -> None:
    assert set(MOVES) == set(DonationStatus)
    reachable = {to for targets in MOVES.values() for to in targets}
    assert set(MOVE_ROLES) == reachable - BY_COLLECTION
    assert MOVE_ROLES[DonationStatus.ACCEPTED] == {"lead"}


def test_the_modes_of_collection_are_those_of_the_contract() -> None:
    assert {mode.value for mode in CollectionMode} == {"pickup", "drop_off", "parcel"}


@pytest.mark.parametrize(
    ("basis", "quality", "missing"),
    [
        (LegalBasis.PUBLIC_FREE_TRANSFER, None, ("recipient_quality",)),
        (LegalBasis.PUBLIC_FREE_TRANSFER, "company", ("recipient_quality",)),
        (LegalBasis.PUBLIC_FREE_TRANSFER, "esus", ()),
        (LegalBasis.PUBLIC_FREE_TRANSFER, "rup", ()),
        (LegalBasis.PUBLIC_FREE_TRANSFER, "general_interest", ()),
        (LegalBasis.COMPANY_GIFT, None, ()),
        (LegalBasis.SALE, None, ()),
        (LegalBasis.OTHER, None, ()),
    ],
)
def test_a_public_gift_goes_only_to_whom_the_law_names(
    basis: LegalBasis, quality: str | None, missing: tuple[str, ...]
) -> None:
    assert acceptance_missing(basis, quality) == missing


def test_a_donation_does_not_close_while_a_removed_medium_is_open() -> None:
    assert closing_missing(open_removed_media=1) == ("removed_media",)
    assert closing_missing(open_removed_media=0) == ()


def test_items_fill_the_line_and_may_go_beyond_it() -> None:
    assert (declared_quantity(40, 12), declared_quantity(10, 12)) == (40, 12)


def laptops(count: int) -> list[DeclaredItem]:
    return [DeclaredItem(f"laptop-{n}", "laptop", serial=f"SN-{n}") for n in range(count)]


def seen(item: DeclaredItem, **changes: object) -> SeenDevice:
    facts: dict[str, object] = {"category": item.category, "device_id": item.device_id, "serial": item.serial}
    return SeenDevice(**(facts | changes))  # pyright: ignore[reportArgumentType]  # a maker takes any field


def test_a_donation_received_as_declared_has_no_difference() -> None:
    items = laptops(3)
    result = reconcile({"laptop": 3}, {"laptop": 3}, [seen(item) for item in items], items)
    assert result.lines == (ReconciliationLine("laptop", 3, 3, 3),)
    assert result.differences == ()


def test_a_listed_device_that_is_missing_is_named_whether_said_or_simply_not_seen() -> None:
    items = laptops(3)
    received = [seen(items[0]), seen(items[1], outcome=ReceptionOutcome.MISSING)]
    result = reconcile({"laptop": 3}, {"laptop": 3}, received, items)
    assert result.lines == (ReconciliationLine("laptop", 3, 3, 1),)
    assert [(one.reason, one.device_id) for one in result.differences] == [
        (DifferenceReason.MISSING, "laptop-1"),
        (DifferenceReason.MISSING, "laptop-2"),
    ]


def test_a_device_on_no_list_is_extra() -> None:
    items = laptops(1)
    result = reconcile({"laptop": 1}, {"laptop": 1}, [seen(items[0]), SeenDevice("monitor", serial="M1")], items)
    assert result.lines == (ReconciliationLine("laptop", 1, 1, 1), ReconciliationLine("monitor", 0, 0, 1))
    assert result.differences == (Difference(DifferenceReason.EXTRA, "monitor", found="M1"),)


def test_unlisted_devices_fill_the_open_places_of_their_line_before_they_are_extra() -> None:
    about_four = [SeenDevice("laptop", reference=f"box-{n}") for n in range(5)]
    result = reconcile({"laptop": 4}, None, about_four, [])
    assert result.lines == (ReconciliationLine("laptop", 4, None, 5),)
    assert [(one.reason, one.reference) for one in result.differences] == [(DifferenceReason.EXTRA, "box-4")]


def test_places_that_nobody_fills_are_missing_as_a_count() -> None:
    result = reconcile({"laptop": 40}, {"laptop": 38}, [SeenDevice("laptop")] * 38, [])
    assert result.differences == (Difference(DifferenceReason.MISSING, "laptop", quantity=2),)


def test_a_device_of_another_category_counts_where_it_was_found_and_once_as_a_difference() -> None:
    items = laptops(2)
    received = [seen(items[0]), seen(items[1], category="tablet")]
    result = reconcile({"laptop": 2}, {"laptop": 2}, received, items)
    assert result.lines == (ReconciliationLine("laptop", 2, 2, 1), ReconciliationLine("tablet", 0, 0, 1))
    assert [(one.reason, one.expected, one.found) for one in result.differences] == [
        (DifferenceReason.CATEGORY_DIFFERS, "laptop", "tablet")
    ]


def test_another_serial_is_a_difference_and_another_spelling_is_not() -> None:
    items = laptops(2)
    result = reconcile({"laptop": 2}, None, [seen(items[0], serial="sn 0"), seen(items[1], serial="SN-9")], items)
    assert [(one.reason, one.device_id, one.expected, one.found) for one in result.differences] == [
        (DifferenceReason.SERIAL_DIFFERS, "laptop-1", "SN-1", "SN-9")
    ]


def test_a_damaged_device_has_been_received_and_is_told() -> None:
    items = laptops(1)
    result = reconcile({"laptop": 1}, None, [seen(items[0], outcome=ReceptionOutcome.DAMAGED)], items)
    assert result.lines[0].received == 1
    assert [(one.reason, one.device_id) for one in result.differences] == [(DifferenceReason.DAMAGED, "laptop-0")]


def test_one_device_may_differ_in_several_ways() -> None:
    items = laptops(1)
    received = [seen(items[0], category="tablet", serial="other", outcome=ReceptionOutcome.DAMAGED)]
    reasons = {one.reason for one in reconcile({"laptop": 1}, None, received, items).differences}
    assert reasons == {
        DifferenceReason.CATEGORY_DIFFERS,
        DifferenceReason.SERIAL_DIFFERS,
        DifferenceReason.DAMAGED,
    }


def test_devices_lost_between_pick_up_and_dock_are_missing_even_where_the_declaration_is_met() -> None:
    result = reconcile({"laptop": 8}, {"laptop": 10}, [SeenDevice("laptop")] * 8, [])
    assert result.differences == (Difference(DifferenceReason.MISSING, "laptop", quantity=2),)


def test_more_at_the_dock_than_was_signed_for_is_told() -> None:
    result = reconcile({"laptop": 10}, {"laptop": 8}, [SeenDevice("laptop")] * 10, [])
    assert result.differences == (Difference(DifferenceReason.EXTRA, "laptop", quantity=2),)


def test_a_loss_is_told_once_though_pick_up_and_declaration_both_show_it() -> None:
    items = laptops(3)
    result = reconcile({"laptop": 3}, {"laptop": 3}, [seen(item) for item in items[:2]], items)
    assert sum(one.quantity for one in result.differences) == 1


def test_a_device_matched_with_another_donations_list_is_extra_here() -> None:
    result = reconcile({}, None, [SeenDevice("laptop", device_id="elsewhere")], [])
    assert [(one.reason, one.device_id) for one in result.differences] == [(DifferenceReason.EXTRA, "elsewhere")]


def test_a_list_longer_than_its_line_leaves_no_place_for_unlisted_devices() -> None:
    items = laptops(3)
    unlisted = [SeenDevice("laptop", reference=f"box-{n}") for n in range(3)]
    result = reconcile({"laptop": 1}, None, [*(seen(item) for item in items), *unlisted], items)
    assert [(one.reason, one.reference) for one in result.differences] == [
        (DifferenceReason.EXTRA, "box-0"),
        (DifferenceReason.EXTRA, "box-1"),
        (DifferenceReason.EXTRA, "box-2"),
    ]
