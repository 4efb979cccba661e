from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.milestones import note_work, withdraw_milestones
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device, Medium
from reuse.devices.queries import gate_facts, workshop_device
from reuse.devices.rules import Milestone, Status, Work
from reuse.donations.queries import donation_for
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.rules import Caller
from reuse.workshop.actions.checking import FUNCTION, void_checks
from reuse.workshop.models import Part
from reuse.workshop.queries import workshop_part
from reuse.workshop.rules import HARVESTED_IN, PartSource, PartState, part_kinds, unsafe_to_harvest


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part as it is put on the shelf; `medium_id` for a storage medium that was taken out of the device named."""

    kind: str
    source: PartSource
    serial: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    notes: str | None = None
    from_device_id: UUID | None = None
    medium_id: UUID | None = None
    donation_id: UUID | None = None


def stock_part(session: Session, caller: Caller, new: NewPart) -> Part:
    """Put a part on the workshop's shelf; one that is harvested leaves its trace in its device's history.

    Invalid for a kind that is none, or an origin that is not told; Conflict where the device must stay whole.
    """
    _check(new)
    if new.donation_id is not None:
        donation_for(session, caller, new.donation_id)
    medium = _take_out(session, caller, new) if new.from_device_id is not None else None
    part = Part(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        kind=new.kind,
        source=new.source,
        serial=new.serial or (medium.serial if medium else None),
        manufacturer=new.manufacturer or (medium.manufacturer if medium else None),
        model=new.model or (medium.model if medium else None),
        notes=new.notes,
        from_device_id=new.from_device_id,
        donation_id=new.donation_id,
        medium_id=new.medium_id,
        person=caller.person,
        created_at=clock.now(),
    )
    _enter(session, part)
    record(session, caller.actor, thing="part", thing_id=part.id, verb="stocked", data={"kind": part.kind})
    if part.from_device_id is not None:
        what = {"part_id": str(part.id), "kind": part.kind, "serial": part.serial}
        record(session, caller.actor, thing="device", thing_id=part.from_device_id, verb="part_harvested", data=what)
    return part


def _check(new: NewPart) -> None:
    faults: list[Fault] = []
    if new.kind not in part_kinds():
        faults.append(Fault("/kind", "unknown_part", f"{new.kind} is no kind of part: {', '.join(part_kinds())}."))
    is_harvested = new.source is PartSource.harvested
    if is_harvested and new.from_device_id is None:
        faults.append(Fault("/from_device_id", "required", "Say which device the part was taken out of."))
    if not is_harvested and new.from_device_id is not None:
        faults.append(Fault("/source", "not_harvested", "A part out of one of your devices is harvested; say so."))
    if is_harvested and new.kind == "storage" and new.medium_id is None:
        sentence = "Say which of the device's media this is (medium_id), so that its data is not forgotten."
        faults.append(Fault("/medium_id", "required", sentence))
    if new.medium_id is not None and not (is_harvested and new.kind == "storage"):
        faults.append(Fault("/medium_id", "no_medium", "Only storage harvested from a device is one of its media."))
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), code="bad_part", errors=tuple(faults))


def _take_out(session: Session, caller: Caller, new: NewPart) -> Medium | None:
    """Open the device: its tests and its grade no longer hold, and a medium must have been said to be removed."""
    if new.from_device_id is None:
        return None
    device = lock_device(session, workshop_device(session, caller, new.from_device_id).id)
    if Status(device.status) not in HARVESTED_IN:
        sentence = f"This device is {device.status}; parts are taken out while it is in_workshop or parts."
        raise Conflict(sentence, code="not_in_workshop")
    held = unsafe_to_harvest(new.kind, gate_facts(session, [device])[device.id].flags)
    if held:
        sentence = f"Nothing of this kind is taken out of this device: {', '.join(held)}. Ask the lead."
        raise Conflict(sentence, code="flagged", missing=held)
    medium = _removed_medium(session, device, new.medium_id)
    change_device(session, device)
    note_work(session, caller.actor, device, Work.repair)
    void_checks(session, device, FUNCTION)
    why = f"a part was taken out: {new.kind}"
    withdraw_milestones(session, caller.actor, device, [Milestone.tested, Milestone.graded], reason=why)
    return medium


def _removed_medium(session: Session, device: Device, medium_id: UUID | None) -> Medium | None:
    if medium_id is None:
        return None
    medium = session.exec(select(Medium).where(Medium.id == medium_id, Medium.device_id == device.id)).first()
    if medium is None:
        sentence = "This medium is none of the device's; look at the device's list of media."
        raise Invalid(sentence, code="bad_part", errors=(Fault("/medium_id", "unknown_medium", sentence),))
    if not medium.kept_apart:
        raise Conflict(
            "Say first that the medium is removed (POST /v1/media/{id}/disposals, kind removed): until it is erased or "
            "destroyed its data is still to be answered for.",
            code="medium_in_place",
            missing=("medium_removed",),
        )
    return medium


def _enter(session: Session, part: Part) -> None:
    try:
        with session.begin_nested():
            session.add(part)
    except IntegrityError as error:
        raise Conflict("This medium stands in the stock of parts already.", code="part_taken") from error


def use_part(session: Session, caller: Caller, part_id: UUID, *, repair_id: UUID, device: Device) -> Part:
    """Take a part off the shelf for a repair, once: Conflict where it is used or scrapped, by whomever.

    The trace stands with the part, with the device that it goes into, and with the one that it came from.
    """
    part = workshop_part(session, caller.organisation_id, part_id)
    if part.from_device_id == device.id:
        raise Conflict("This part came out of this very device; fit it without a part of the stock.", code="own_part")
    session.flush()
    taken = session.exec(
        update(Part)
        .where(col(Part.id) == part.id, col(Part.state) == PartState.in_stock)
        .values(state=PartState.used, repair_id=repair_id, used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:
        raise Conflict("This part is no longer in stock; take another one.", code="part_taken")
    session.refresh(part)
    what = {"part_id": str(part.id), "kind": part.kind, "device_id": str(device.id)}
    record(session, caller.actor, thing="part", thing_id=part.id, verb="used", data=what)
    if part.from_device_id is not None:
        record(session, caller.actor, thing="device", thing_id=part.from_device_id, verb="part_given", data=what)
    return part


def scrap_part(session: Session, caller: Caller, part_id: UUID, *, reason: str) -> Part:
    """Take a part off the shelf for good; Conflict where it is no longer there."""
    part = workshop_part(session, caller.organisation_id, part_id)
    gone = session.exec(
        update(Part)
        .where(col(Part.id) == part.id, col(Part.state) == PartState.in_stock)
        .values(state=PartState.scrapped)
        .execution_options(synchronize_session=False)
    )
    if gone.rowcount != 1:
        raise Conflict("This part is no longer in stock.", code="part_taken")
    session.refresh(part)
    record(session, caller.actor, thing="part", thing_id=part.id, verb="scrapped", data={"reason": reason})
    return part
