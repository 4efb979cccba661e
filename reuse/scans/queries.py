from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy
from sqlalchemy import BindParameter, bindparam, or_
from sqlmodel import Session, col, select

from reuse.devices.models import Code, Device
from reuse.devices.rules import Status
from reuse.donations.models import Collection as Journey
from reuse.donations.models import CollectionDonation
from reuse.donations.queries import ON_THE_WAY
from reuse.people.models import Territory
from reuse.scans.models import Scan

AtHand = dict[str, list[tuple[Device, str]]]

# Built once: a single scan asks each of these, and building a statement costs as much as running it.
_ME: BindParameter[UUID] = bindparam("me")
_AT_HAND = (
    select(Code.normal, Code.kind, Device)
    .join(Device, col(Device.id) == col(Code.device_id))
    .where(
        col(Code.normal).in_(bindparam("normals", expanding=True)),
        or_(col(Device.workshop_id) == _ME, col(Device.network_id) == _ME),
    )
    .order_by(col(Device.id))
    .execution_options(populate_existing=True)
)
_AT_HAND_LOCKED = _AT_HAND.with_for_update(of=Device)
_REMEMBERED = sqlalchemy.select(
    col(Scan.id), col(Scan.device_id), col(Scan.action), col(Scan.code), col(Scan.status)
).where(col(Scan.organisation_id) == _ME, col(Scan.id).in_(bindparam("scan_ids", expanding=True)))
_LANGUAGES = select(Territory.id, Territory.language).where(col(Territory.id).in_(bindparam("ids", expanding=True)))


def devices_at_hand(session: Session, organisation_id: UUID, normals: Collection[str], *, locked: bool) -> AtHand:
    """By code, the devices in this workshop's or network's hands that it finds, with the kind of the code.

    `locked` holds them until the transaction ends (PostgreSQL), always in the same order, so that two processes that
    write the same devices wait for each other instead of locking each other out.
    """
    found: AtHand = {}
    statement = _AT_HAND_LOCKED if locked else _AT_HAND
    for normal, kind, device in session.exec(statement, params={"me": organisation_id, "normals": list(normals)}):
        found.setdefault(normal, []).append((device, kind))
    return found


def devices_to_fetch(session: Session, organisation_id: UUID, normals: Collection[str]) -> AtHand:
    """By code, the devices that this carrier fetches or has on its lorry, with the kind of the code; locked."""
    fetched = (
        select(CollectionDonation.donation_id)
        .join(Journey, col(Journey.id) == col(CollectionDonation.collection_id))
        .where(Journey.carrier_id == organisation_id, col(Journey.status).in_(ON_THE_WAY))
    )
    here = col(Device.status).in_((Status.declared, Status.collected, Status.received))
    statement = (
        select(Code.normal, Code.kind, Device)
        .join(Device, col(Device.id) == col(Code.device_id))
        .where(
            col(Code.normal).in_(normals),
            or_(col(Device.donation_id).in_(fetched) & here, col(Device.carrier_id) == organisation_id),
        )
        .order_by(col(Device.id))
        .with_for_update(of=Device)
    )
    found: AtHand = {}
    for normal, kind, device in session.exec(statement.execution_options(populate_existing=True)):
        found.setdefault(normal, []).append((device, kind))
    return found


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of a scan that took effect before."""

    id: UUID
    device_id: UUID
    action: str
    code: str
    status: str


def remembered(session: Session, organisation_id: UUID, scan_ids: Collection[UUID]) -> dict[UUID, Remembered]:
    """The organisation's scans with these ids that took effect before."""
    rows = session.connection().execute(_REMEMBERED, {"me": organisation_id, "scan_ids": list(scan_ids)})
    return {row[0]: Remembered(*row) for row in rows}


def languages_of(session: Session, territory_ids: Collection[UUID]) -> dict[UUID, str]:
    """The language of each territory."""
    return {row[0]: row[1] for row in session.connection().execute(_LANGUAGES, {"ids": list(territory_ids)})}
