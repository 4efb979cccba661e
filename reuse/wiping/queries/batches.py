from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Device
from reuse.devices.rules import Status
from reuse.people.rules import Caller

AT_WORK = (Status.received, Status.in_workshop, Status.ready, Status.listed, Status.reserved)
"""Where a device is in the workshop's hands, so that somebody can answer for its media."""


def devices_at_work(session: Session, caller: Caller, donation_id: UUID) -> list[UUID]:
    """The donation's devices in the hands of the caller's workshop, in the order in which they came."""
    statement = select(Device.id).where(
        Device.donation_id == donation_id,
        Device.workshop_id == caller.organisation_id,
        col(Device.merged_into_id).is_(None),
        col(Device.status).in_(AT_WORK),
    )
    return list(session.exec(statement.order_by(col(Device.id))))
