from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.models import Listing, PriceGrid
from reuse.catalogue.queries.buyers import may_go_to
from reuse.catalogue.rules import HIGHEST_AMOUNT, Cap, Priced, legal_cap, load_default_grid, price_of
from reuse.devices.models import Device, FlagRow
from reuse.devices.queries import gate_facts
from reuse.devices.rules import Milestone, Status, missing_for_ready
from reuse.donations.models import Donation
from reuse.donations.queries import donation_of
from reuse.errors import Conflict, NotFound
from reuse.people.models import Territory
from reuse.people.queries import sight
from reuse.people.rules import Activity, Caller
from reuse.workshop.models import Grading

MOST_MEMORY_GB = 1_000_000  # a bound of the column, far beyond any machine


def visible_grids(caller: Caller) -> ColumnElement[bool]:
    """Everybody may read the prices of the own territory: they are public to those who pay them."""
    own = col(PriceGrid.territory_id) == caller.territory_id
    return sight(caller, dict.fromkeys(Activity, own))


def grid_row_in_force(session: Session, territory_id: UUID, at: datetime) -> PriceGrid | None:
    """The territory's own grid that counts at this moment; None before its first."""
    return session.exec(
        select(PriceGrid)
        .where(PriceGrid.territory_id == territory_id, col(PriceGrid.valid_from) <= at)
        .order_by(col(PriceGrid.valid_from).desc(), col(PriceGrid.id).desc())
        .limit(1)
    ).first()


def grid_in_force(session: Session, territory: Territory, at: datetime) -> dict[str, Any]:
    """The prices that count now: the territory's own, else the shipped ones where they are in its currency.

    Conflict `price_rule` where there are none.
    """
    row = grid_row_in_force(session, territory.id, at)
    if row is not None:
        return row.document
    shipped = load_default_grid()
    if shipped["currency"] != territory.currency:
        raise Conflict(
            f"The territory {territory.name} has no price grid in {territory.currency}: "
            "send one to POST /v1/price-grids.",
            code="price_rule",
            missing=("price_rule",),
        )
    return shipped


def provenance(session: Session, device: Device) -> Donation:
    """The donation that brought the device; Conflict `provenance` without one: its legal cap would be a guess."""
    donation = donation_of(session, device)
    if donation is None or device.donor_id is None:
        raise Conflict(
            "Nobody knows who gave this device, so whether it may be sold and for how much is unknown; "
            "bind it to its donation first.",
            code="provenance",
            missing=("provenance",),
        )
    return donation


def cap_of(session: Session, device: Device, donation: Donation) -> Cap | None:
    """The highest price that the law allows for this device, None where it sets none."""
    territory = session.get_one(Territory, device.territory_id)
    return legal_cap(device.category, donation.legal_basis, territory.country)


def price_now(
    session: Session, device: Device, donation: Donation, *, as_gift: bool = False
) -> tuple[Priced, Cap | None]:
    """What the device costs today, and the legal cap it was held against; Conflict without a score or a price."""
    if device.score is None:
        sentence = "This device has no score, which its price comes from; grade it first."
        raise Conflict(sentence, code="gate_closed", missing=("graded",))
    territory = session.get_one(Territory, device.territory_id)
    grid, cap = grid_in_force(session, territory, clock.now()), cap_of(session, device, donation)
    price = price_of(device.category, device.score, donation.legal_basis, grid=grid, cap=cap, as_gift=as_gift)
    return price, cap


def score_lines(session: Session, device: Device) -> list[dict[str, Any]]:
    """The lines that add up to the device's score, as it was graded last; none where the score came otherwise."""
    grading = session.exec(
        select(Grading).where(Grading.device_id == device.id).order_by(col(Grading.id).desc()).limit(1)
    ).first()
    return grading.explanation if grading is not None and grading.score == device.score else []


def present_listing(session: Session, device: Device) -> Listing:
    """The offer under which the device is listed, reserved or was handed over; NotFound where it is not offered."""
    listing = session.exec(
        select(Listing)
        .where(Listing.device_id == device.id)
        .order_by(col(Listing.created_at).desc(), col(Listing.id).desc())
        .limit(1)
    ).first()
    if listing is None or device.status not in {Status.listed, Status.reserved, Status.handed_over}:
        raise NotFound(f"The device {device.id} is {device.status}, it has no price now.")
    return listing


def torn_apart(session: Session, devices: Sequence[Device]) -> set[UUID]:
    """Those of the devices that stand in a bundle whose other parts are on offer too and are not among them."""
    bundles = {device.bundle_id for device in devices if device.bundle_id is not None}
    if not bundles:
        return set()
    others = session.exec(
        select(Device.bundle_id).where(
            col(Device.bundle_id).in_(bundles),
            col(Device.status) == Status.listed,
            col(Device.id).not_in([device.id for device in devices]),
        )
    )
    torn = set(others)
    return {one.id for one in devices if one.bundle_id in torn and one.status == Status.listed}


def closed_gates(session: Session, devices: Sequence[Device]) -> dict[UUID, tuple[str, ...]]:
    """What holds each device back from being listed, reserved or handed over; only devices that something does.

    Listed parts of a bundle are held back (`bundle`) unless all of them are among the devices: they go together.
    `repaired` is derived by the workshop and stands behind the approval: opening a repair withdraws that.
    """
    torn = torn_apart(session, devices)
    closed: dict[UUID, tuple[str, ...]] = {}
    for device_id, facts in gate_facts(session, devices).items():
        missing = [word for word in missing_for_ready(facts) if word != Milestone.repaired]
        if Milestone.approved not in facts.milestones:
            missing.append(Milestone.approved.value)
        if device_id in torn:
            missing.append("bundle")
        if missing:
            closed[device_id] = tuple(missing)
    return closed


def check_gates(session: Session, devices: Sequence[Device]) -> None:
    """Conflict, naming what is missing, where one of the devices must not leave."""
    closed = closed_gates(session, devices)
    if closed:
        missing = tuple(sorted({word for words in closed.values() for word in words}))
        raise Conflict(
            f"Held back: {', '.join(str(device_id) for device_id in closed)}; missing: {', '.join(missing)}.",
            code="gate_closed",
            missing=missing,
        )


def check_claim(device: Device, case_number: str | None = None) -> None:
    """Conflict `warranty_case` for a device that is its holder's who complained of it, but under that very case."""
    if device.claim is not None and device.claim != case_number:
        raise Conflict(
            f"The device {device.id} is its holder's, under the warranty case {device.claim}: hand it back under the "
            "case, or end that first.",
            code="warranty_case_open",
            missing=("warranty_case",),
        )


def without_flag() -> ColumnElement[bool]:
    """No flag is up on the device."""
    return ~exists().where(col(FlagRow.device_id) == col(Device.id))


def on_offer(territory_id: UUID) -> ColumnElement[bool]:
    """What networks of the territory may reserve: listed, with a price, under no flag."""
    return (
        (col(Device.territory_id) == territory_id)
        & (col(Device.status) == Status.listed)
        & col(Device.price_minor).is_not(None)
        & without_flag()
    )


def visible_offers(caller: Caller) -> ColumnElement[bool]:
    """The offers that a caller may see: a network what it may have, a territory all of its own, a workshop its own."""
    offered = (col(Device.status) == Status.listed) & col(Device.price_minor).is_not(None) & without_flag()
    in_territory = on_offer(caller.territory_id)
    return sight(
        caller,
        {
            Activity.network: in_territory & may_go_to(caller.organisation_id),
            Activity.territory: in_territory,
            Activity.workshop: offered & (col(Device.workshop_id) == caller.organisation_id),
        },
        operator=offered,
    )


def wished(
    *,
    category: str | None = None,
    min_ram_gb: int | None = None,
    max_price_minor: int | None = None,
    grade: str | None = None,
    with_bundles: bool = False,
) -> list[ColumnElement[bool]]:
    """What devices must be to meet a wish (reservations.rules.meets says the same of one); None asks for nothing.

    A part of a bundle meets no wish for a device of its own, unless `with_bundles`: it is reserved with all the others.
    """
    conditions: list[ColumnElement[bool]] = [] if with_bundles else [col(Device.bundle_id).is_(None)]
    if category is not None:
        conditions.append(col(Device.category) == category)
    if min_ram_gb is not None:
        conditions.append(col(Device.ram_gb) >= min(max(min_ram_gb, 0), MOST_MEMORY_GB))
    if max_price_minor is not None:
        conditions.append(col(Device.price_minor) <= min(max(max_price_minor, -1), HIGHEST_AMOUNT))
    if grade is not None:
        conditions.append(col(Device.grade) == grade)
    return conditions
