from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.catalogue.actions.offering import leave_bundle, put_on_offer
from reuse.catalogue.models import Bundle, BundlePart, Listing
from reuse.catalogue.queries import check_gates, price_now, provenance
from reuse.catalogue.queries.bundles import bundle_for, devices_of_bundle
from reuse.catalogue.rules import Cap, check_sale
from reuse.catalogue.rules.bundles import Bundled, bundle_kinds, kind_of_bundle, price_bundle
from reuse.devices.actions.moves import lock_device, move_devices
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.devices.rules import Status
from reuse.donations.models import Donation
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.models import Organisation
from reuse.people.rules import Caller, Role, require_role


def bundle_devices(session: Session, caller: Caller, device_ids: Sequence[UUID], *, as_gift: bool = False) -> Bundle:
    """Offer ready devices together at one price, at most the legal cap of the set; the parts share it.

    The cap is that of the main part's provenance. Invalid `bundle_parts` where the devices make no bundle, Conflict for
    a part that is not ready, and for whatever keeps a part from being listed alone.
    """
    require_role(caller, Role.lead)
    devices = _parts(session, caller, device_ids)
    categories = [device.category for device in devices]
    kind = kind_of_bundle(categories)
    donations = [provenance(session, device) for device in devices]
    check_gates(session, devices)
    priced = [price_now(session, *pair, as_gift=as_gift) for pair in zip(devices, donations, strict=True)]
    main = categories.index(bundle_kinds()[kind]["main"])
    bundled = price_bundle(kind, categories, [price for price, _ in priced], priced[main][1])
    seller = session.get_one(Organisation, caller.organisation_id)
    for donation, part in zip(donations, bundled.parts, strict=True):
        check_sale(seller.quality, donation.legal_basis, part.amount_minor)
    bundle = _enter(session, caller, kind, devices, bundled, priced[main][1])
    caps = [cap for _, cap in priced]
    _offer(session, caller, bundle, devices, donations, bundled, caps, as_gift=as_gift)
    what = {"kind": kind, "device_ids": [device.id for device in devices], "price_minor": bundle.price_minor}
    record(session, caller.actor, thing="bundle", thing_id=bundle.id, verb="bundled", data=what)
    return bundle


def _parts(session: Session, caller: Caller, device_ids: Sequence[UUID]) -> list[Device]:
    """The devices in the order of the request, locked in the order of their ids; each has to be ready."""
    ids = [workshop_device(session, caller, one).id for one in device_ids]
    twice = [place for place, one in enumerate(ids) if one in ids[:place]]
    if twice:
        faults = tuple(Fault(f"/device_ids/{place}", "bundle_parts", "This device is named twice.") for place in twice)
        raise Invalid("A device is in a bundle once.", code="bundle_parts", errors=faults)
    locked = {one: lock_device(session, one) for one in sorted(ids)}
    unready = [one for one in ids if locked[one].status != Status.ready]
    if unready:
        told = ", ".join(f"{one} is {locked[one].status}" for one in unready)
        sentence = f"Only ready devices can be bundled: {told}. Take a listed one off the catalogue first."
        raise Conflict(sentence, code="move_not_allowed")
    if len({device.territory_id for device in locked.values()}) > 1:
        raise Conflict("The parts of a bundle are offered in one territory.", code="bundle_parts")
    return [locked[one] for one in ids]


def _enter(
    session: Session, caller: Caller, kind: str, devices: Sequence[Device], bundled: Bundled, cap: Cap | None
) -> Bundle:
    bundle = Bundle(
        id=clock.new_id(),
        kind=kind,
        territory_id=devices[0].territory_id,
        workshop_id=caller.organisation_id,
        price_minor=bundled.amount_minor,
        currency=bundled.currency,
        explanation=[asdict(line) for line in bundled.explanation],
        cap_minor=cap.amount_minor if cap else None,
        cap_source=cap.source if cap else None,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(bundle)
    session.flush()
    return bundle


def _offer(
    session: Session,
    caller: Caller,
    bundle: Bundle,
    devices: Sequence[Device],
    donations: Sequence[Donation],
    bundled: Bundled,
    caps: Sequence[Cap | None],
    *,
    as_gift: bool,
) -> None:
    for place, (device, donation, part, cap) in enumerate(zip(devices, donations, bundled.parts, caps, strict=True)):
        listing = put_on_offer(session, caller, device, donation, part, cap, as_gift=as_gift, bundle_id=bundle.id)
        session.flush()
        session.add(_part(bundle, device, place, listing))
    try:
        session.flush()
    except IntegrityError as error:
        sentence = "One of these devices stands in another bundle already; look at them again."
        raise Conflict(sentence, code="in_bundle", missing=("bundle",)) from error


def _part(bundle: Bundle, device: Device, place: int, listing: Listing) -> BundlePart:
    return BundlePart(
        bundle_id=bundle.id,
        device_id=device.id,
        place=place,
        share_minor=listing.price_minor,
        listing_id=listing.id,
    )


def take_bundle_apart(session: Session, caller: Caller, bundle_id: UUID) -> Bundle:
    """End a bundle: what of it is listed is ready again, without a price; Conflict where a part is reserved or gone."""
    require_role(caller, Role.lead)
    bundle = bundle_for(session, caller, bundle_id)
    if bundle.taken_apart_at is not None:
        raise Conflict("This bundle has been taken apart already.", code="bundle_ended")
    found = [(device.listed_at or clock.now(), device.id) for device in devices_of_bundle(session, bundle.id)]
    devices = [device for _, one in sorted(found) if (device := lock_device(session, one)).bundle_id == bundle.id]
    if any(device.status in {Status.reserved, Status.handed_over} for device in devices):
        sentence = "A part of this bundle is reserved or handed over; it can be taken apart once it is free again."
        raise Conflict(sentence, code="in_bundle", missing=("bundle",))
    for device in devices:
        leave_bundle(session, device)
    listed = [device for device in devices if device.status == Status.listed]
    columns = {"price_minor": None, "price_currency": None, "listed_at": None, "bundle_id": None}
    move_devices(session, caller.actor, listed, Status.ready, verb="taken_down", **columns)
    bundle.taken_apart_at = clock.now()
    session.add(bundle)
    what = {"device_ids": [device.id for device in listed]}
    record(session, caller.actor, thing="bundle", thing_id=bundle.id, verb="taken_apart", data=what)
    return bundle
