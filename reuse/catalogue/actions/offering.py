from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, update

from reuse import clock
from reuse.catalogue.models import BundlePart, Listing
from reuse.catalogue.queries import check_claim, check_gates, price_now, provenance, score_lines
from reuse.catalogue.rules import Cap, Priced, check_sale
from reuse.devices.actions.moves import check_version, lock_device, move_device
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.devices.rules import Status, check_move
from reuse.donations.models import Donation
from reuse.errors import Conflict
from reuse.people.models import Organisation
from reuse.people.rules import Caller, Role, require_role


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
    price, cap = price_now(session, device, donation, as_gift=as_gift)
    check_sale(session.get_one(Organisation, caller.organisation_id).quality, donation.legal_basis, price.amount_minor)
    return put_on_offer(session, caller, device, donation, price, cap, as_gift=as_gift)


def put_on_offer(
    session: Session,
    caller: Caller,
    device: Device,
    donation: Donation,
    price: Priced,
    cap: Cap | None,
    *,
    as_gift: bool,
    bundle_id: UUID | None = None,
) -> Listing:
    """Write the offer of a locked device that may be listed, and move it; it leaves the bundle that it last was in.

    Conflict `warranty_case` for one that is still its holder's.
    """
    check_claim(device)
    leave_bundle(session, device)
    listing = _listing(device, donation, price, cap)
    listing.as_gift, listing.bundle_id, listing.score_explanation = as_gift, bundle_id, score_lines(session, device)
    session.add(listing)
    what = {"price_minor": price.amount_minor, "currency": price.currency, "grid_version": price.grid_version}
    move_device(
        session,
        caller.actor,
        device,
        Status.listed,
        verb="listed",
        data=what if bundle_id is None else {**what, "bundle_id": bundle_id},
        price_minor=price.amount_minor,
        price_currency=price.currency,
        listed_at=listing.created_at,
        bundle_id=bundle_id,
    )
    return listing


def leave_bundle(session: Session, device: Device) -> None:
    """End the device's place in the bundle that it was last offered with."""
    if device.bundle_id is not None:
        session.flush()
        session.exec(
            update(BundlePart)
            .where(col(BundlePart.device_id) == device.id, col(BundlePart.live))
            .values(live=False)
            .execution_options(synchronize_session="fetch")
        )


def _listing(device: Device, donation: Donation, price: Priced, cap: Cap | None) -> Listing:
    return Listing(
        score=device.score or 0,
        category=device.category,
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


def take_down_device(session: Session, caller: Caller, device: Device, *, version: int | None = None) -> Device:
    """Take the device off the catalogue, back to ready; Conflict where it is reserved or was never listed."""
    require_role(caller, Role.lead)
    device = lock_device(session, workshop_device(session, caller, device.id).id)
    if device.status != Status.listed:
        sentence = f"This device is {device.status}, not listed; only a listed device can be taken down."
        raise Conflict(sentence, code="move_not_allowed")
    if device.bundle_id is not None:
        sentence = f"This device is offered with the bundle {device.bundle_id}; take that apart first."
        raise Conflict(sentence, code="in_bundle", missing=("bundle",))
    columns: dict[str, Any] = {"price_minor": None, "price_currency": None, "listed_at": None}
    return move_device(session, caller.actor, device, Status.ready, verb="taken_down", version=version, **columns)
