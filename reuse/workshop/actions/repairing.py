from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.identity import NewMedium, add_media
from reuse.devices.actions.milestones import note_work, withdraw_milestones
from reuse.devices.actions.moves import change_device, lock_device
from reuse.devices.models import Device, Medium
from reuse.devices.rules import Milestone, Status, Work, check_works
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.history.actions import record
from reuse.people.rules import Caller
from reuse.workshop.actions.checking import FUNCTION, void_checks
from reuse.workshop.actions.stocking import use_part
from reuse.workshop.models import Repair, WorkSession
from reuse.workshop.rules import load_defects


def open_repair(
    session: Session,
    caller: Caller,
    device: Device,
    *,
    defect: str,
    action: str,
    parts: Sequence[dict[str, Any]] = (),
    minutes: int | None = None,
) -> Repair:
    """Begin a repair of a coded defect; it withdraws `tested`, and what was tested before must be tested again."""
    device = lock_device(session, device.id)
    check_works(Status(device.status))
    if defect not in load_defects():
        sentence = f"{defect} is no defect of the catalogue; there are: {', '.join(load_defects())}."
        raise Invalid(sentence, code="unknown_defect", errors=(Fault("/defect", "unknown_defect", sentence),))
    repair = Repair(
        id=clock.new_id(),
        device_id=device.id,
        defect=defect,
        action=action,
        parts=list(parts),
        minutes=minutes,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(repair)
    _fit_parts(session, caller, device, repair)
    change_device(session, device, open_repairs=device.open_repairs + 1)
    note_work(session, caller.actor, device, Work.repair)
    what = {"repair": str(repair.id), "defect": defect, "action": action, "parts": repair.parts}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="repair_opened", data=what)
    void_checks(session, device, FUNCTION)
    withdraw_milestones(session, caller.actor, device, [Milestone.tested], reason="a repair was begun")
    return repair


def _fit_parts(session: Session, caller: Caller, device: Device, repair: Repair) -> None:
    """Take the parts named by id off the shelf; what the stock knows of them is kept with the repair.

    A medium among them is a new medium of this device, which has to be accounted for like any other.
    """
    session.flush()
    told: list[dict[str, Any]] = []
    for part in repair.parts:
        if not part.get("part_id"):
            told.append(part)
            continue
        used = use_part(session, caller, UUID(str(part["part_id"])), repair_id=repair.id, device=device)
        serial = part.get("serial") or used.serial
        origin = str(used.from_device_id) if used.from_device_id else used.source
        told.append({**part, "part_id": str(used.id), "serial": serial, "source": part.get("source") or origin})
        if used.medium_id is not None:
            medium = session.get_one(Medium, used.medium_id)
            found = NewMedium(medium.serial, medium.kind, medium.size_bytes, medium.manufacturer, medium.model)
            add_media(session, caller.actor, device, [found], source="part")
    repair.parts = told
    session.add(repair)
    session.flush()


def complete_repair(session: Session, caller: Caller, repair_id: UUID, *, minutes: int | None = None) -> Repair:
    """End a repair, once; NotFound for another workshop's, Conflict where it has been completed already."""
    repair = session.exec(
        select(Repair).where(Repair.id == repair_id, Repair.organisation_id == caller.organisation_id)
    ).first()
    if repair is None:
        raise NotFound(f"There is no repair {repair_id} in your workshop.")
    ended = session.exec(
        update(Repair)
        .where(col(Repair.id) == repair_id, col(Repair.completed_at).is_(None))
        .values(completed_at=clock.now(), **({"minutes": minutes} if minutes is not None else {}))
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount != 1:
        raise Conflict("This repair has been completed already.", code="repair_completed")
    session.refresh(repair)
    device = session.get_one(Device, repair.device_id)
    change_device(session, device, open_repairs=device.open_repairs - 1)
    note_work(session, caller.actor, device, Work.repair)
    what = {"repair": str(repair.id)}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="repair_completed", data=what)
    return repair


def log_work(
    session: Session,
    caller: Caller,
    *,
    activity: str,
    person: str,
    minutes: int,
    at: datetime,
    device: Device | None = None,
) -> WorkSession:
    """Note working time, in minutes, of a person known by workshop pseudonym."""
    work = WorkSession(
        id=clock.new_id(),
        organisation_id=caller.organisation_id,
        device_id=device.id if device else None,
        activity=activity,
        person=person,
        minutes=minutes,
        at=at,
        created_at=clock.now(),
    )
    session.add(work)
    session.flush()
    return work
