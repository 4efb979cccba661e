from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.catalogue.models import Listing, PriceGrid
from reuse.catalogue.queries import cap_of, check_gates, grid_in_force, provenance
from reuse.catalogue.rules import Cap, Priced, PriceLine, apply_cap, check_sale, price_for, validate_grid
from reuse.devices.actions.moves import check_version, lock_device, move_device
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.devices.rules import Status, categories, check_move
from reuse.donations.models import Donation
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.models import Organisation, Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.workshop.rules import score_table_faults


def add_grid(
    session: Session,
    caller: Caller,
    document: dict[str, Any],
    *,
    valid_from: datetime | None = None,
    territory_id: UUID | None = None,
) -> PriceGrid:
    """Enter a territory's prices, in force from `valid_from` or at once.

    Only an operator names another territory than its own. Invalid with every place that is wrong; Conflict where the
    territory has a grid of this version already.
    """
    require_role(caller, Role.territory, Role.operator)
    territory = _territory(session, caller, territory_id)
    faults = list(validate_grid(document, categories=categories(), currency=territory.currency))
    if document.get("score_table") is not None:
        faults += score_table_faults(document["score_table"])
    if faults:
        sentence = "This price grid cannot be used as it is: see errors for each place."
        raise Invalid(sentence, code="price_grid", errors=tuple(faults))
    grid = PriceGrid(
        id=clock.new_id(),
        territory_id=territory.id,
        version=document["version"],
        currency=document["currency"],
        valid_from=valid_from or clock.now(),
        document=document,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(grid)
    try:
        session.flush()
    except IntegrityError as error:
        sentence = f"The territory has a price grid {grid.version} already; a changed grid takes a version of its own."
        raise Conflict(sentence, code="version_taken") from error
    what = {"version": grid.version, "valid_from": grid.valid_from, "territory_id": territory.id}
    record(session, caller.actor, thing="price_grid", thing_id=grid.id, verb="entered", data=what)
    return grid


def _territory(session: Session, caller: Caller, territory_id: UUID | None) -> Territory:
    wanted = territory_id or caller.territory_id
    found = session.get(Territory, wanted) if caller.sees_all or wanted == caller.territory_id else None
    if found is None:
        sentence = f"There is no territory {territory_id} that you set prices for."
        fault = Fault("/territory_id", "unknown_territory", sentence)
        raise Invalid(sentence, code="unknown_territory", errors=(fault,))
    return found


def list_device(
    session: Session, caller: Caller, device: Device, *, as_gift: bool = False, version: int | None = None
) -> Listing:
    """Offer a ready device to the networks of its territory, at the price of the grid in force.

    `as_gift` asks for nothing, which anybody may. Conflict with `missing` where the provenance is unknown, the gate is
    closed, the grid has no price, or the workshop may not sell what a public body gave (CG3P L3212-3).
    """
    require_role(caller, Role.lead)
    device = lock_device(session, workshop_device(session, caller, device.id).id)
    check_version(device, version)
    check_move(Status(device.status), Status.listed)
    donation = provenance(session, device)
    check_gates(session, [device])
    price, cap = _price(session, device, donation, as_gift=as_gift)
    check_sale(session.get_one(Organisation, caller.organisation_id).quality, donation.legal_basis, price.amount_minor)
    listing = _listing(device, donation, price, cap)
    session.add(listing)
    what = {"price_minor": price.amount_minor, "currency": price.currency, "grid_version": price.grid_version}
    move_device(
        session,
        caller.actor,
        device,
        Status.listed,
        verb="listed",
        data=what,
        price_minor=price.amount_minor,
        price_currency=price.currency,
        listed_at=listing.created_at,
    )
    return listing


def _listing(device: Device, donation: Donation, price: Priced, cap: Cap | None) -> Listing:
    return Listing(
        id=clock.new_id(),
        device_id=device.id,
        territory_id=device.territory_id,
        workshop_id=device.workshop_id,
        price_minor=price.amount_minor,
        currency=price.currency,
        price_class=price.price_class,
        grid_version=price.grid_version,
        explanation=[asdict(line) for line in price.explanation],
        legal_basis=donation.legal_basis,
        cap_minor=cap.amount_minor if cap else None,
        cap_source=cap.source if cap else None,
        created_at=clock.now(),
    )


def _price(session: Session, device: Device, donation: Donation, *, as_gift: bool) -> tuple[Priced, Cap | None]:
    if device.score is None:
        sentence = "This device has no score, which its price comes from; grade it first."
        raise Conflict(sentence, code="gate_closed", missing=("graded",))
    territory = session.get_one(Territory, device.territory_id)
    cap = cap_of(session, device, donation)
    price = apply_cap(price_for(device.category, device.score, grid_in_force(session, territory, clock.now())), cap)
    if as_gift and price.amount_minor > 0:
        given = PriceLine("Donné : aucun prix n'est demandé", "Given: no price is asked", 0)
        price = replace(price, amount_minor=0, explanation=(*price.explanation, given))
    return price, cap


def take_down_device(session: Session, caller: Caller, device: Device, *, version: int | None = None) -> Device:
    """Take the device off the catalogue, back to ready; Conflict where it is reserved or was never listed."""
    require_role(caller, Role.lead)
    device = lock_device(session, workshop_device(session, caller, device.id).id)
    if device.status != Status.listed:
        sentence = f"This device is {device.status}, not listed; only a listed device can be taken down."
        raise Conflict(sentence, code="move_not_allowed")
    columns: dict[str, Any] = {"price_minor": None, "price_currency": None, "listed_at": None}
    return move_device(session, caller.actor, device, Status.ready, verb="taken_down", version=version, **columns)
