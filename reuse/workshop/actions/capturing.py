from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from reuse import clock
from reuse.canonical import as_json, canonical_json, sha256_hex
from reuse.devices.actions.components import Part, fit_components, miss_components, part_of
from reuse.devices.actions.identity import NewMedium, add_media, bind_code
from reuse.devices.actions.milestones import note_work, set_milestone, withdraw_milestones
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Device, Medium
from reuse.devices.rules import Milestone, Status, Work, check_works, normal_code
from reuse.errors import Conflict, Fault, NotFound
from reuse.history.actions import record
from reuse.people.rules import Caller, require_person
from reuse.workshop.captures.shape import CaptureFound, found_from
from reuse.workshop.models import Capture
from reuse.workshop.queries import media_of_capture


def new_capture(caller: Caller, found: CaptureFound, *, upload_sha256: str) -> Capture:
    """The row of a capture that has no device yet; only the stripped form is kept, under its own hash."""
    kept = as_json(found.kept)
    return Capture(
        id=clock.new_id(),
        format=found.format,
        partial=found.partial,
        identity=as_json(asdict(found.identity)),
        kept=kept,
        kept_sha256=sha256_hex(canonical_json(kept)),
        warnings=[asdict(warning) for warning in found.warnings],
        upload_sha256=upload_sha256,
        organisation_id=caller.organisation_id,
        person=caller.person,
        key_id=caller.key_id,
        created_at=clock.now(),
    )


def take_capture(
    session: Session, caller: Caller, device: Device, found: CaptureFound, *, upload_sha256: str
) -> Capture:
    """Take what tools found in a machine, sent for this device."""
    capture = new_capture(caller, found, upload_sha256=upload_sha256)
    capture.device_id, capture.matched_by = device.id, "sender"
    return learn_from(session, caller, device, capture, found)


def learn_from(session: Session, caller: Caller, device: Device, capture: Capture, found: CaptureFound) -> Capture:
    """Take what tools found in a machine: its identity, its facts and every medium, in the order found.

    It sets `captured`, unless the capture tells only a part, or names another serial number than the device's own:
    then somebody must say first that this is the right machine (`confirm_capture`).
    """
    check_works(Status(device.status))
    begun = clock.now()
    differs = _differing_serial(device, found)
    if differs is not None:
        capture.warnings = [*capture.warnings, asdict(_differs(device, differs))]
        change_device(session, device, identity_open=str(capture.id))
        withdraw_milestones(session, caller.actor, device, [Milestone.captured], reason="another serial was captured")
    else:
        _learn(session, caller, device, found)
    media = add_media(session, caller.actor, device, [_medium(one) for one in found.media], source=found.format)
    capture.medium_ids = [str(medium.id) for medium in media]
    session.add(capture)
    if differs is None:
        told = _fit(session, caller, device, capture, media, since=begun)
        capture.warnings = [*capture.warnings, *(asdict(one) for one in told)]
    note_work(session, caller.actor, device, Work.capture)
    what = {"capture": str(capture.id), "format": found.format, "media": [medium.serial for medium in media]}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="captured", data=what)
    if not found.partial and differs is None:
        set_milestone(session, caller.actor, device, Milestone.captured, source=found.format)
    return capture


def confirm_capture(session: Session, caller: Caller, device: Device, capture: Capture, *, reason: str) -> Capture:
    """Say that this is the right machine although its serial differs; both serial numbers go on finding it."""
    require_person(caller)
    if device.identity_open != str(capture.id):
        raise Conflict("No question about this machine's identity is open for this capture.", code="nothing_to_confirm")
    capture.confirmed_reason = reason
    session.add(capture)
    serial = capture.identity.get("serial")
    if serial:
        bind_code(session, caller.actor, device, kind="serial", value=serial)
    change_device(session, device, identity_open=None)
    what = {"capture": str(capture.id), "serial": serial, "reason": reason}
    record(session, caller.actor, thing="device", thing_id=device.id, verb="identity_confirmed", data=what)
    media = media_of_capture(session, capture)
    told = _fit(session, caller, device, capture, media, since=clock.now())
    capture.warnings = [*capture.warnings, *(asdict(one) for one in told)]
    if not capture.partial:
        set_milestone(session, caller.actor, device, Milestone.captured, source=capture.format)
    return capture


def capture_for(session: Session, caller: Caller, capture_id: UUID) -> tuple[Capture, Device]:
    """The capture and its device, if it is of the caller's workshop; NotFound otherwise."""
    found = session.exec(
        select(Capture, Device)
        .join(Device, col(Device.id) == col(Capture.device_id))
        .where(Capture.id == capture_id, col(Device.workshop_id) == caller.organisation_id)
    ).first()
    if found is None:
        raise NotFound(f"There is no capture {capture_id} in your workshop.")
    return found[0], found[1]


def _differing_serial(device: Device, found: CaptureFound) -> str | None:
    """The serial that a tool gives and that is not the device's own; also where another tool gives the right one."""
    if device.serial is None:
        return None
    told = [said.value for one in found.conflicts if one.field == "serial" for said in one.values]
    serials = [serial for serial in (found.identity.serial, *told) if serial is not None]
    return next((serial for serial in serials if normal_code(serial) != normal_code(device.serial)), None)


def _differs(device: Device, serial: str) -> Fault:
    sentence = (
        f"This machine says that its serial number is {serial}, and the device's is {device.serial}. "
        "Check the label; if it is the right machine, confirm the capture."
    )
    return Fault("/identity/serial", "serial_differs", sentence)


FITTED = ("memory", "battery", "display")
"""Parts that are followed from device to device, beside the storage media."""


def _fit(
    session: Session, caller: Caller, device: Device, capture: Capture, media: Sequence[Medium], *, since: datetime
) -> list[Fault]:
    """Note where the parts are now; of those that this capture would have shown and did not, tell it."""
    found = found_from(capture.kept)
    parts = [
        Part(one.kind, one.serial, one.manufacturer, one.model, one.size_bytes, one.health_percent)
        for one in found.components
        if one.kind in FITTED
    ]
    told = fit_components(session, caller.actor, device, [*map(part_of, media), *parts])
    kinds = {part.kind for part in parts}
    if not found.partial:
        kinds.add("medium")
    return [*told, *miss_components(session, caller.actor, device, since=since, kinds=kinds)]


def _medium(found: Any) -> NewMedium:  # noqa: ANN401  # a MediumFound, field by field
    return NewMedium(
        serial=found.serial,
        kind=found.kind,
        size_bytes=found.size_bytes,
        manufacturer=found.manufacturer,
        model=found.model,
        soldered=found.soldered,
    )


def _learn(session: Session, caller: Caller, device: Device, found: CaptureFound) -> None:
    """Fill what was not known of the device, and keep the newest hardware facts."""
    identity = found.identity
    facts = {name: value for name, value in asdict(found.facts).items() if value is not None}
    changes: dict[str, Any] = {"facts": {**device.facts, **as_json({**facts, "captured_from": found.format})}}
    if found.facts.ram_bytes:  # as memory is sold: graphics that keep back a part of 8 GB leave 8 GB
        changes["ram_gb"] = -(-found.facts.ram_bytes // 2**30)
    if identity.virtual_machine:
        changes["facts"]["virtual_machine"] = True
    for name in ("manufacturer", "model", "serial"):
        if getattr(device, name) is None and getattr(identity, name) is not None:
            changes[name] = getattr(identity, name)
    change_device(session, device, **changes)
    for kind, value in (("serial", identity.serial), ("asset_tag", identity.asset_tag)):
        if value:
            bind_code(session, caller.actor, device, kind=kind, value=value)
