from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select, update

from reuse import clock
from reuse.devices.actions.awaiting import tell_who_waits
from reuse.devices.actions.changes import Change, change_devices
from reuse.devices.actions.custody import begin_custody
from reuse.devices.actions.milestones import withdraw_milestones
from reuse.devices.actions.moves import change_device
from reuse.devices.models import Code, Device, Medium
from reuse.devices.queries import CHUNK
from reuse.devices.rules import WORKED_IN, Milestone, Status, mint_code, normal_code
from reuse.errors import Conflict
from reuse.history.actions import Happening, record, record_all
from reuse.history.rules import Actor
from reuse.jobs.actions import enqueue

CODE_KINDS = ("label", "asset_tag", "serial", "imei", "donor_reference", "external")


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What is known of a device when it first appears."""

    category: str
    status: Status
    territory_id: UUID
    donation_id: UUID | None = None
    donor_id: UUID | None = None
    workshop_id: UUID | None = None
    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    imei: str | None = None
    asset_tag: str | None = None
    year: int | None = None
    condition: str | None = None
    comment: str | None = None
    notes: dict[str, Any] | None = None
    custody_since: datetime | None = None


DEVICE_COLUMNS = (
    "id", "status", "category", "manufacturer", "model", "serial", "year", "condition", "comment", "notes",
    "donation_id", "donor_id", "workshop_id", "territory_id", "custody_since", "created_at",
)  # fmt: skip
CODE_COLUMNS = ("id", "device_id", "kind", "value", "normal", "created_at")


def add_devices(session: Session, actor: Actor, new: Sequence[NewDevice], *, verb: str = "declared") -> list[Device]:
    """Create devices with the codes that find them and the first record of each, in few statements."""
    now = clock.now()
    rows = [device_row(one, now) for one in new]
    devices = [Device(**dict(zip(DEVICE_COLUMNS, row, strict=True))) for row in rows]
    session.add_all(devices)
    session.flush()
    session.add_all(
        [Code(**dict(zip(CODE_COLUMNS, row, strict=True))) for row in code_rows([d.id for d in devices], new, now)]
    )
    begin_custody(session, [device for device in devices if device.status != Status.declared], verb)
    record_all(session, actor, first_happenings([d.id for d in devices], new, verb))
    tell_who_waits(session, actor, [device.id for device in devices if device.status in WORKED_IN])
    return devices


def device_row(one: NewDevice, now: datetime) -> tuple[Any, ...]:
    """A device's first values, in the order of `DEVICE_COLUMNS`."""
    return (
        clock.new_id(), one.status, one.category, one.manufacturer, one.model, one.serial, one.year, one.condition,
        one.comment, one.notes or {}, one.donation_id, one.donor_id, one.workshop_id, one.territory_id,
        one.custody_since, now,
    )  # fmt: skip


def code_rows(ids: Sequence[UUID], new: Sequence[NewDevice], now: datetime) -> Iterator[tuple[Any, ...]]:
    """The codes that find the devices from the first day, in the order of `CODE_COLUMNS`."""
    for device_id, one in zip(ids, new, strict=True):
        for kind, value in (("serial", one.serial), ("imei", one.imei), ("asset_tag", one.asset_tag)):
            if value:
                yield clock.new_id(), device_id, kind, value, normal_code(value), now


def first_happenings(ids: Sequence[UUID], new: Sequence[NewDevice], verb: str) -> list[Happening]:
    """The first record of each device."""
    return [
        Happening("device", device_id, verb, None, one.status, {"category": one.category, "serial": one.serial})
        for device_id, one in zip(ids, new, strict=True)
    ]


def _code(device_id: UUID | None, kind: str, value: str, now: datetime) -> Code:
    return Code(
        id=clock.new_id(),
        device_id=device_id,
        kind=kind,
        value=value,
        normal=normal_code(value),
        created_at=now,
        bound_at=now if device_id else None,
    )


def mint_blank_codes(session: Session, actor: Actor, *, count: int) -> list[Code]:
    """Label codes of the actor's organisation that no device has yet."""
    codes = [_code(None, "label", mint_code(), clock.now()) for _ in range(count)]
    for code in codes:
        code.organisation_id = actor.organisation_id
    session.add_all(codes)
    session.flush()
    return codes


def mint_label_codes(session: Session, actor: Actor, devices: Sequence[Device]) -> dict[UUID, Code]:
    """The live label code of each device, made where it has none; of several the one that was fixed last."""
    found = _newest_labels(session, [device.id for device in devices])
    without = [device for device in devices if device.id not in found]
    fresh = {device.id: _code(device.id, "label", mint_code(), clock.now()) for device in without}
    session.add_all(fresh.values())
    changes = [
        Change(device, "code_bound", data={"kind": "label", "value": fresh[device.id].value}) for device in without
    ]
    change_devices(session, actor, changes)
    return {**found, **fresh}


def _newest_labels(session: Session, device_ids: Sequence[UUID]) -> dict[UUID, Code]:
    """By device; a blank label is as new as its being claimed, however long it lay in a drawer."""
    found: dict[UUID, Code] = {}
    for start in range(0, len(device_ids), CHUNK):
        some = device_ids[start : start + CHUNK]
        live = select(Code).where(col(Code.device_id).in_(some), Code.kind == "label", col(Code.live))
        for code in session.exec(live.order_by(col(Code.bound_at), col(Code.id))):
            if code.device_id is not None:
                found[code.device_id] = code
    return found


def bind_code(session: Session, actor: Actor, device: Device, *, kind: str, value: str) -> Code:
    """Let a code find the device; a blank label is claimed. Conflict for a label that belongs to another device.

    Older codes of the device go on finding it: re-tagging kills none.
    """
    normal = normal_code(value)
    session.flush()
    known = list(session.exec(select(Code).where(Code.normal == normal, Code.kind == kind)))
    for code in known:
        if code.device_id == device.id:
            return code
    code = known[0] if kind == "label" and known else None
    if code is None:
        code = _code(device.id, kind, value, clock.now())
    else:
        check_free(code, actor)
        _claim(session, code, device)
    change_device(session, device)
    session.add(code)
    record(session, actor, thing="device", thing_id=device.id, verb="code_bound", data={"kind": kind, "value": value})
    tell_who_waits(session, actor, [device.id])
    return code


@dataclass(frozen=True, slots=True)
class Binding:
    """A code that is to find a device from now on."""

    device: Device
    kind: str
    value: str


def bind_codes(session: Session, actor: Actor, bindings: Sequence[Binding]) -> None:
    """Let many codes find many devices in few statements, as `bind_code` does one; a code known already is left.

    Conflict for a label that is on another device, belongs to another organisation, or is bound twice here.
    """
    session.flush()
    wanted = {(one.device.id, one.kind, normal_code(one.value)): one for one in bindings}
    known = _known_codes(session, {normal for _, _, normal in wanted})
    fresh: list[Code] = []
    claims: list[dict[str, Any]] = []
    turns: list[list[Change]] = []
    turn_of: Counter[UUID] = Counter()
    for (device_id, kind, normal), one in wanted.items():
        have = known.setdefault((kind, normal), [])
        if any(code.device_id == device_id for code in have):
            continue
        if kind == "label" and have:
            check_free(have[0], actor)
            claims.append({"of_code": have[0].id, "to_device": device_id})
            set_committed_value(have[0], "device_id", device_id)
        else:
            fresh.append(_code(device_id, kind, one.value, clock.now()))
            have.append(fresh[-1])
        if turn_of[device_id] == len(turns):
            turns.append([])
        turns[turn_of[device_id]].append(Change(one.device, "code_bound", data={"kind": kind, "value": one.value}))
        turn_of[device_id] += 1
    if claims and session.connection().execute(_CLAIM, claims).rowcount != len(claims):
        raise Conflict("One of these labels has just been put on another device.", code="label_taken")
    session.add_all(fresh)
    for changes in turns:
        change_devices(session, actor, changes)
    tell_who_waits(session, actor, turn_of)


def _known_codes(session: Session, normals: Collection[str]) -> dict[tuple[str, str], list[Code]]:
    known: dict[tuple[str, str], list[Code]] = {}
    every = sorted(normals)
    for start in range(0, len(every), CHUNK):
        for code in session.exec(select(Code).where(col(Code.normal).in_(every[start : start + CHUNK]))):
            known.setdefault((code.kind, code.normal), []).append(code)
    return known


def check_free(code: Code, actor: Actor) -> None:
    """Conflict for a label that is on a device, or belongs to another organisation's stock."""
    if code.device_id is not None:
        raise Conflict(f"The label {code.value} is on another device already; take a fresh one.", code="label_taken")
    if code.organisation_id not in {None, actor.organisation_id}:
        raise Conflict(
            f"The label {code.value} belongs to another organisation's stock; take one of yours.", code="label_taken"
        )


_CLAIM = (
    update(Code)
    .where(col(Code.id) == bindparam("of_code"), col(Code.device_id).is_(None))
    .values(device_id=bindparam("to_device"))
)


def _claim(session: Session, code: Code, device: Device) -> None:
    """Stick a blank label on the device, unless another station has just used it."""
    done = session.exec(
        update(Code)
        .where(col(Code.id) == code.id, col(Code.device_id).is_(None))
        .values(device_id=device.id, bound_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise Conflict(f"The label {code.value} is on another device already; take a fresh one.", code="label_taken")
    session.refresh(code)


def retire_code(session: Session, actor: Actor, device: Device, code: Code) -> None:
    """The code is no longer shown as the device's own; it still finds it."""
    change_device(session, device)
    code.live = False
    session.add(code)
    record(session, actor, thing="device", thing_id=device.id, verb="code_retired", data={"value": code.value})


@dataclass(frozen=True, slots=True)
class NewMedium:
    """A storage medium as a capture or a person tells it; sizes in bytes."""

    serial: str | None
    kind: str
    size_bytes: int | None = None
    manufacturer: str | None = None
    model: str | None = None
    soldered: bool = False


def add_media(
    session: Session, actor: Actor, device: Device, found: Sequence[NewMedium], *, source: str
) -> list[Medium]:
    """The device's media for what was found, made where they are new; in the order found.

    A new medium withdraws `sanitized` and has waiting erasure reports matched again. So does one that was kept apart
    and is back; whatever else was said of a medium's leaving ends, by a job, with its being found again.
    """
    known = list(session.exec(select(Medium).where(Medium.device_id == device.id)))
    media: list[Medium] = []
    fresh: list[Medium] = []
    for one in found:
        medium = next((m for m in known if _is_same(m, one) and m not in media), None)
        if medium is None:
            medium = Medium(
                id=clock.new_id(),
                device_id=device.id,
                serial=one.serial,
                normal_serial=normal_code(one.serial) if one.serial else None,
                kind=one.kind,
                manufacturer=one.manufacturer,
                model=one.model,
                size_bytes=one.size_bytes,
                soldered=one.soldered,
                source=source,
                created_at=clock.now(),
            )
            fresh.append(medium)
            known.append(medium)
        media.append(medium)
    if fresh:
        session.add_all(fresh)
        session.flush()
        what = {"media": [{"serial": m.serial, "kind": m.kind} for m in fresh], "source": source}
        record(session, actor, thing="device", thing_id=device.id, verb="media_found", data=what)
        withdraw_milestones(session, actor, device, [Milestone.sanitized], reason="a new storage medium was found")
        enqueue(session, "wiping.match", actor=actor, payload={"device_id": str(device.id)})
    if again := [medium for medium in media if medium not in fresh]:
        _note_found_again(session, actor, device, again)
    return media


def _note_found_again(session: Session, actor: Actor, device: Device, again: Sequence[Medium]) -> None:
    back = [medium for medium in again if medium.kept_apart]
    for medium in back:
        medium.kept_apart = False
        session.add(medium)
    if back:
        why = "a storage medium that had been removed is back"
        withdraw_milestones(session, actor, device, [Milestone.sanitized], reason=why)
    payload = {"device_id": device.id, "medium_ids": [medium.id for medium in again], "at": clock.now()}
    enqueue(session, "wiping.found_again", actor=actor, payload=payload)


def _is_same(medium: Medium, found: NewMedium) -> bool:
    if found.serial is None or medium.serial is None:
        return found.serial is medium.serial and (medium.kind, medium.size_bytes) == (found.kind, found.size_bytes)
    return medium.normal_serial == normal_code(found.serial)
