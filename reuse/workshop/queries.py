from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device, Medium
from reuse.devices.rules import is_label_code, normal_code
from reuse.people.rules import Caller
from reuse.workshop.captures.shape import Identity
from reuse.workshop.models import Capture
from reuse.workshop.rules.matching import Told

MOST_TOLD = 20
"""So many devices are suggested for one capture; more tell a person nothing."""


def media_of_capture(session: Session, capture: Capture) -> list[Medium]:
    """The media that a capture found, in its order, wherever they are now."""
    ids = [UUID(medium_id) for medium_id in capture.medium_ids]
    found = {medium.id: medium for medium in session.exec(select(Medium).where(col(Medium.id).in_(ids)))}
    return [found[medium_id] for medium_id in ids]


def visible_captures(caller: Caller) -> ColumnElement[bool]:
    """Captures are their workshop's own affair."""
    return col(Capture.organisation_id) == caller.organisation_id


def devices_told_by(
    session: Session, caller: Caller, who: Identity, *, media: Sequence[str] = ()
) -> list[Told[Device]]:
    """Devices of the caller's workshop that the capture's serial, asset tag, label or media name; at most twenty."""
    by: dict[UUID, set[str]] = {}
    devices: dict[UUID, Device] = {}
    for value, kinds in ((who.serial, ("serial",)), (who.asset_tag, ("asset_tag", "label"))):
        normal = normal_code(value) if value else ""
        if not normal:
            continue
        wanted = ("label",) if is_label_code(normal) else kinds
        statement = (
            select(Device, Code.kind)
            .join(Code, col(Code.device_id) == col(Device.id))
            .where(
                Code.normal == normal,
                col(Code.kind).in_(wanted),
                col(Device.workshop_id) == caller.organisation_id,
                col(Device.merged_into_id).is_(None),
            )
            .order_by(col(Device.id))
            .limit(MOST_TOLD)
        )
        for device, kind in session.exec(statement):
            devices[device.id] = device
            by.setdefault(device.id, set()).add(kind)
    for device in _with_media(session, caller, media):
        devices.setdefault(device.id, device)
        by.setdefault(device.id, set()).add("medium")
    return [Told(devices[device_id], frozenset(names)) for device_id, names in list(by.items())[:MOST_TOLD]]


def _with_media(session: Session, caller: Caller, serials: Sequence[str]) -> list[Device]:
    keys = [key for serial in serials[:MOST_TOLD] if (key := normal_code(serial))]
    if not keys:
        return []
    statement = (
        select(Device)
        .join(Medium, col(Medium.device_id) == col(Device.id))
        .where(col(Medium.normal_serial).in_(keys), col(Device.workshop_id) == caller.organisation_id)
        .order_by(col(Device.id))
        .limit(MOST_TOLD)
    )
    return list(session.exec(statement))
