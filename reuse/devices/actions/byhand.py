"""What people do with one device at a desk: move it, note its waste, tell its media and codes."""

from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlmodel import Session
from stdnum.fr import siret

from reuse import clock
from reuse.devices.actions.components import fit_components, part_of
from reuse.devices.actions.identity import NewDevice, NewMedium, add_devices, add_media, bind_code, retire_code
from reuse.devices.actions.milestones import note_work, set_milestone, withdraw_milestones
from reuse.devices.actions.moves import change_device, check_version, move_device
from reuse.devices.models import Code, Device, Medium
from reuse.devices.queries import codes_of, gate_facts
from reuse.devices.rules import (
    MediaPolicy,
    Milestone,
    Status,
    Work,
    categories,
    check_generic_move,
    check_works,
    is_hazardous,
    is_label_code,
    media_policy,
    normal_code,
    waste_faults,
)
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.placeholders import identifies_nothing


def known_category(category: str) -> str:
    """The category, if we know it; Invalid otherwise."""
    if category not in categories():
        raise _invalid("/category", "unknown_category", f"{category} is no category: {', '.join(categories())}.")
    return category


def usable_serial(serial: str) -> str:
    """The serial number, if it tells one thing from another; Invalid for what makers print where there is none."""
    if identifies_nothing(serial):
        sentence = f"{serial} is what makers print where there is no serial number; read it on the thing itself."
        raise _invalid("/serial", "placeholder", sentence)
    return serial


@dataclass(frozen=True, slots=True)
class Origin:
    """The donation that a device came with, its donor and its territory."""

    donation_id: UUID
    donor_id: UUID
    territory_id: UUID


def take_in_device(
    session: Session,
    caller: Caller,
    *,
    category: str,
    code: str | None = None,
    serial: str | None = None,
    imei: str | None = None,
    asset_tag: str | None = None,
    manufacturer: str | None = None,
    model: str | None = None,
    origin: Origin | None = None,
) -> Device:
    """Receive a device that nobody declared; a blank label's `code` is claimed, and being on it, was scanned."""
    new = NewDevice(
        category=known_category(category),
        status=Status.received,
        territory_id=origin.territory_id if origin else caller.territory_id,
        donation_id=origin.donation_id if origin else None,
        donor_id=origin.donor_id if origin else None,
        workshop_id=caller.organisation_id,
        manufacturer=manufacturer,
        model=model,
        serial=usable_serial(serial) if serial else None,
        imei=imei,
        asset_tag=asset_tag,
        custody_since=clock.now(),
    )
    device = add_devices(session, caller.actor, [new], verb="received")[0]
    if code is not None:
        is_label = is_label_code(normal_code(code))
        add_code(session, caller, device, kind="label" if is_label else "external", value=code)
        if is_label:
            set_milestone(session, caller.actor, device, Milestone.labelled)
    return device


@dataclass(frozen=True, slots=True)
class Waste:
    """How a device left as waste: mass in grams, code of the European list of waste (decision 2014/955/EU)."""

    mass_grams: int
    waste_code: str
    destination: str
    treatment: str
    slip: str | None = None
    destination_siret: str | None = None


def move_by_hand(
    session: Session,
    caller: Caller,
    device: Device,
    to: Status,
    *,
    reason: str | None = None,
    version: int | None = None,
    waste: Waste | None = None,
) -> Device:
    """Move a device where no resource of its own does; back from the workshop to the shelf needs the lead's reason."""
    if to is Status.received and device.status == Status.in_workshop:
        require_role(caller, Role.lead)
        if reason is None:
            raise _invalid("/reason", "required", "Say why the device leaves the workshop again.")
    if waste is not None and to is not Status.recycled:
        raise _invalid("/waste", "not_waste", "Only a device that becomes recycled leaves as waste.")
    if waste is not None:
        _check_waste(session, device, waste)
    check_version(device, version)
    check_generic_move(to, gate_facts(session, [device])[device.id])
    changes: dict[str, Any] = {"custody_since": clock.now()} if to is Status.received else {}
    data: dict[str, Any] = {}
    if waste is not None:
        data["waste"] = {**asdict(waste), "hazardous": is_hazardous(waste.waste_code)}
        changes.update(mass_grams=waste.mass_grams, notes={**device.notes, **data})
    move_device(session, caller.actor, device, to, reason=reason, data=data, **changes)
    if to is Status.in_workshop:  # whoever sends a device back to work asks for a new sign-off
        withdraw_milestones(session, caller.actor, device, [], reason=reason or "back to the workshop")
    return device


def _check_waste(session: Session, device: Device, waste: Waste) -> None:
    country = session.get_one(Territory, device.territory_id).country
    faults = waste_faults(
        waste_code=waste.waste_code,
        treatment=waste.treatment,
        slip=waste.slip,
        destination_siret=waste.destination_siret,
        country=country,
        is_siret=siret.is_valid,
    )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), code="bad_waste", errors=faults)


def add_code(session: Session, caller: Caller, device: Device, *, kind: str, value: str) -> Code:
    """Let a code find the device; Invalid for one without a letter or digit, or a label that is none of ours."""
    normal = normal_code(value)
    if not normal:
        raise _invalid("/value", "empty_code", "A code needs a letter or a digit.")
    if kind == "label" and not is_label_code(normal):
        sentence = f"{value} is no label of ours (its check character is wrong): scan it again, or bind it as external."
        raise _invalid("/value", "bad_label", sentence)
    return bind_code(session, caller.actor, device, kind=kind, value=value)


def remove_code(session: Session, caller: Caller, device: Device, value: str) -> None:
    """Retire every live code of the device that is written so; NotFound where there is none."""
    normal = normal_code(value)
    found = [code for code in codes_of(session, [device.id])[device.id] if code.live and code.normal == normal]
    if not found:
        raise NotFound(f"This device has no live code {value}.")
    for code in found:
        retire_code(session, caller.actor, device, code)


def enter_medium(session: Session, caller: Caller, device: Device, found: NewMedium) -> Medium:
    """Note a storage medium that somebody read with their own eyes; it sets `captured`, with the source manual."""
    check_works(Status(device.status))
    usable_serial(found.serial or "")
    if media_policy(device.category) is MediaPolicy.never:
        sentence = f"A {device.category} holds no storage media; correct the category before you note one."
        raise Conflict(sentence, code="category_without_media")
    medium = add_media(session, caller.actor, device, [found], source="manual")[0]
    if device.identity_open is None:
        fit_components(session, caller.actor, device, [part_of(medium)])
        set_milestone(session, caller.actor, device, Milestone.captured, source="manual")
    else:  # whether this is the right machine is answered by confirming its capture, not by typing
        change_device(session, device)
    note_work(session, caller.actor, device, Work.capture)
    return medium


def _invalid(pointer: str, code: str, sentence: str) -> Invalid:
    return Invalid(sentence, code=code, errors=(Fault(pointer, code, sentence),))
