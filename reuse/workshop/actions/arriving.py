"""A capture that does not say of which machine it is: found by what it tells, or waiting for a person's word."""

from uuid import UUID

from sqlmodel import Session, col, select, update

from reuse.devices.actions.awaiting import await_codes, stop_awaiting
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.history.actions import record
from reuse.people.queries import organisation
from reuse.people.rules import Activity, Caller, Role, require_person
from reuse.workshop.actions.capturing import learn_from, new_capture
from reuse.workshop.captures.shape import CaptureFound, found_from
from reuse.workshop.models import Capture
from reuse.workshop.queries import devices_told_by
from reuse.workshop.rules.matching import match_machine


def receive_capture(
    session: Session, caller: Caller, found: CaptureFound, *, upload_sha256: str
) -> tuple[Capture, bool]:
    """Give the capture to the device that its serial, asset tag or label names; else let it wait, with why.

    Returns the capture and whether it is new: what waits already is not entered twice.
    """
    waiting = session.exec(
        select(Capture).where(
            Capture.organisation_id == caller.organisation_id,
            Capture.upload_sha256 == upload_sha256,
            col(Capture.device_id).is_(None),
        )
    ).first()
    told = devices_told_by(session, caller, found.identity)
    device, reasons = match_machine(found.identity, told)
    capture = waiting or new_capture(caller, found, upload_sha256=upload_sha256)
    if device is None:
        capture.match_reasons = list(reasons)
        session.add(capture)
        if waiting is None:
            who = found.identity
            codes = [code for code in (who.serial, who.asset_tag) if code]
            await_codes(session, caller.organisation_id, capture_id=capture.id, codes=codes)
            what = {"format": found.format, "reasons": list(reasons)}
            record(session, caller.actor, thing="capture", thing_id=capture.id, verb="received", data=what)
        return capture, waiting is None
    if waiting is not None:
        _take(session, waiting, device.id, by="+".join(reasons))
    capture.device_id, capture.matched_by, capture.match_reasons = device.id, "+".join(reasons), []
    return learn_from(session, caller, workshop_device(session, caller, device.id), capture, found), waiting is None


def look_again(session: Session, capture_id: UUID) -> UUID | None:
    """Give a waiting capture to the device that it names by now, as its sender; returns the device, or None.

    Conflict where the device cannot take what the capture tells; then it goes on waiting.
    """
    capture = session.exec(select(Capture).where(Capture.id == capture_id).with_for_update()).one()
    if capture.device_id is not None:
        return None
    sender = _sender(session, capture)
    found = found_from(capture.kept)
    device, reasons = match_machine(found.identity, devices_told_by(session, sender, found.identity))
    if device is None:
        if capture.match_reasons != list(reasons):
            capture.match_reasons = list(reasons)
            session.add(capture)
        return None
    by = "+".join(reasons)
    _take(session, capture, device.id, by=by)
    capture.match_reasons = []
    what = {"capture": str(capture.id), "by": by}
    record(session, sender.actor, thing="device", thing_id=device.id, verb="capture_matched", data=what)
    learn_from(session, sender, device, capture, found)
    return device.id


def _sender(session: Session, capture: Capture) -> Caller:
    """Who sent the capture: what it tells is their work, whenever it finds its device."""
    workshop = organisation(session, capture.organisation_id)
    what, roles = frozenset({Activity.workshop}), frozenset({Role.technician})
    return Caller(workshop.id, workshop.territory_id, what, roles, capture.key_id, capture.person)


def match_capture(session: Session, caller: Caller, capture_id: UUID, *, device_id: UUID, reason: str) -> Capture:
    """A named person says of which machine a waiting capture is; what it tells is taken as if it were sent for it.

    Another serial than the device's still holds `captured` until it is confirmed. Conflict where it has its device.
    """
    person = require_person(caller)
    capture = waiting_capture(session, caller, capture_id)
    try:
        device = workshop_device(session, caller, device_id)
    except NotFound as unknown:
        fault = Fault("/device_id", "not_found", unknown.detail)
        raise Invalid(unknown.detail, code="unknown_reference", errors=(fault,)) from unknown
    _take(session, capture, device.id, by="person")
    capture.match_note, capture.match_reasons = reason, []
    what = {"capture": str(capture.id), "by": person, "reason": reason}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="capture_matched", data=what)
    return learn_from(session, caller, device, capture, found_from(capture.kept))


def waiting_capture(session: Session, caller: Caller, capture_id: UUID) -> Capture:
    """The capture of the caller's workshop, whether it waits or not; NotFound outside."""
    capture = session.get(Capture, capture_id)
    if capture is None or capture.organisation_id != caller.organisation_id:
        raise NotFound(f"There is no capture {capture_id} in your workshop.")
    return capture


def _take(session: Session, capture: Capture, device_id: UUID, *, by: str) -> None:
    """Give the capture its device, unless somebody was faster."""
    session.flush()
    done = session.exec(
        update(Capture)
        .where(col(Capture.id) == capture.id, col(Capture.device_id).is_(None))
        .values(device_id=device_id, matched_by=by)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict("This capture has its device already.", code="already_matched")
    session.refresh(capture)
    stop_awaiting(session, capture.id)


def told_devices(session: Session, caller: Caller, capture: Capture) -> list[tuple[Device, list[str]]]:
    """The devices that a waiting capture may be of, each with what speaks for it; a person decides."""
    found = found_from(capture.kept)
    told = devices_told_by(session, caller, found.identity, media=[one.serial for one in found.media if one.serial])
    return [(one.device, sorted(one.by)) for one in told]
