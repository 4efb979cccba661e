from collections.abc import Collection
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.people.models import Territory
from reuse.scans.models import Scan


def devices_at_hand(
    session: Session, organisation_id: UUID, normals: Collection[str], *, locked: bool
) -> dict[str, list[tuple[Device, str]]]:
    """By code, the devices in this workshop's or network's hands that it finds, with the kind of the code.

    `locked` holds them until the transaction ends (PostgreSQL), always in the same order, so that two processes that
    write the same devices wait for each other instead of locking each other out.
    """
    statement = (
        select(Code.normal, Code.kind, Device)
        .join(Device, col(Device.id) == col(Code.device_id))
        .where(
            col(Code.normal).in_(normals),
            or_(col(Device.workshop_id) == organisation_id, col(Device.network_id) == organisation_id),
        )
        .order_by(col(Device.id))
    )
    if locked:
        statement = statement.with_for_update(of=Device)
    found: dict[str, list[tuple[Device, str]]] = {}
    for normal, kind, device in session.exec(statement.execution_options(populate_existing=True)):
        found.setdefault(normal, []).append((device, kind))
    return found


def remembered(session: Session, organisation_id: UUID, scan_ids: Collection[UUID]) -> dict[UUID, Scan]:
    """The organisation's scans with these ids that took effect before."""
    statement = select(Scan).where(Scan.organisation_id == organisation_id, col(Scan.id).in_(scan_ids))
    return {scan.id: scan for scan in session.exec(statement)}


def language_of(session: Session, territory_id: UUID) -> str:
    """The language of a territory."""
    return session.exec(select(Territory.language).where(Territory.id == territory_id)).one()
