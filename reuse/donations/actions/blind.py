"""Blind intake: devices that nobody has declared, or not yet, taken in with labels from the workshop's roll."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.actions.byhand import Origin, known_category, usable_serial
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.identity import Binding, NewDevice, add_devices, bind_codes
from reuse.devices.models import Code, Device
from reuse.devices.rules import Milestone, Status
from reuse.donations.actions.merging import merge_sure_ones
from reuse.donations.models import Donation
from reuse.donations.queries import donation_for
from reuse.donations.rules import DonationStatus
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.people.rules import Caller

TAKES_DEVICES = frozenset(
    {DonationStatus.ACCEPTED, DonationStatus.SCHEDULED, DonationStatus.COLLECTED, DonationStatus.RECEIVED}
)
LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Blind:
    """A device as it stands on the dock, with the blank label that was stuck on it; `since` is when it came."""

    label: Code
    since: datetime
    category: str
    donation_id: UUID | None = None
    serial: str | None = None
    imei: str | None = None
    asset_tag: str | None = None
    manufacturer: str | None = None
    model: str | None = None


def blank_labels(session: Session, organisation_id: UUID, normals: Sequence[str]) -> dict[str, Code]:
    """The workshop's printed labels that are on no device yet, by normalised code, held until the transaction ends."""
    found: dict[str, Code] = {}
    for start in range(0, len(normals), LOOKUP):
        statement = select(Code).where(
            col(Code.normal).in_(normals[start : start + LOOKUP]),
            Code.kind == "label",
            col(Code.device_id).is_(None),
            Code.organisation_id == organisation_id,
        )
        locked = statement.order_by(col(Code.id)).with_for_update().execution_options(populate_existing=True)
        found.update({code.normal: code for code in session.exec(locked)})
    return found


def take_in_blind(session: Session, caller: Caller, arrived: Sequence[Blind]) -> list[Device]:
    """Receive devices under blank labels, in few statements; what a list already names by a sure number is merged.

    Invalid for a category, serial or donation that is none, Conflict for a donation that takes no devices now or a
    label that has just been used.
    """
    origins = {one.donation_id: origin_of(session, caller, one.donation_id) for one in arrived}
    new = [_new(caller, one, origins[one.donation_id]) for one in arrived]
    devices = add_devices(session, caller.actor, new, verb="received")
    bindings = [Binding(device, "label", one.label.value) for device, one in zip(devices, arrived, strict=True)]
    bind_codes(session, caller.actor, bindings)
    labelled = [Change(device, "labelled", milestone=Milestone.labelled, at=device.custody_since) for device in devices]
    change_devices(session, caller.actor, labelled)
    find_on_list(session, caller, devices)
    return devices


def _new(caller: Caller, one: Blind, origin: Origin | None) -> NewDevice:
    return NewDevice(
        category=known_category(one.category),
        status=Status.received,
        territory_id=origin.territory_id if origin else caller.territory_id,
        donation_id=origin.donation_id if origin else None,
        donor_id=origin.donor_id if origin else None,
        workshop_id=caller.organisation_id,
        manufacturer=one.manufacturer,
        model=one.model,
        serial=usable_serial(one.serial) if one.serial else None,
        imei=one.imei,
        asset_tag=one.asset_tag,
        custody_since=one.since,
    )


def find_on_list(session: Session, caller: Caller, devices: Sequence[Device]) -> None:
    """Merge devices that came in blind with the listed ones that a serial number or IMEI tells them to be."""
    by_donation: dict[UUID, list[Device]] = {}
    for device in devices:
        if device.donation_id is not None:
            by_donation.setdefault(device.donation_id, []).append(device)
    for donation_id, own in sorted(by_donation.items()):
        merge_sure_ones(session, caller.actor, session.get_one(Donation, donation_id), own)


def origin_of(session: Session, caller: Caller, donation_id: UUID | None) -> Origin | None:
    """The donation named; Invalid for one of another workshop, Conflict for one that is over or not accepted yet."""
    if donation_id is None:
        return None
    try:
        found = donation_for(session, caller, donation_id)
    except NotFound:
        found = None
    if found is None or found.workshop_id != caller.organisation_id:
        sentence = f"There is no donation {donation_id} in your workshop."
        raise Invalid(sentence, code="unknown_donation", errors=(Fault("/donation_id", "unknown_donation", sentence),))
    if found.status not in TAKES_DEVICES:
        sentence = f"Donation {found.number} is {found.status} and takes no devices now."
        raise Conflict(sentence, code="donation_not_open")
    return Origin(found.id, found.donor_id, found.territory_id)
