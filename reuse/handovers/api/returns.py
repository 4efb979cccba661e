from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromPath, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.devices.api.inputs import Reason
from reuse.handovers.actions.returns import take_back_device
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.web import Shape, door


class ReturnInput(Shape):
    """Why a device comes back."""

    reason: Reason
    note: Annotated[str | None, Field(max_length=4000)] = None


class ReturnShape(Shape):
    """A device that came back, and whether it is under warranty; `version` is the device's."""

    device_id: UUID
    handover_id: UUID
    status: str
    version: int
    reason: str
    note: str | None
    returned_at: datetime
    warranty_until: date | None
    under_warranty: bool


@door("POST", "/v1/devices/{device_id:uuid}/returns", status=201, tags=["handovers"])
def return_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[ReturnInput],
) -> ReturnShape:
    """Take a handed-over device back; it stays returned until the workshop starts work on it."""
    device, line = take_back_device(session, caller, device_id, reason=data.reason, note=data.note, version=if_match)
    territory = session.get_one(Territory, device.territory_id)
    returned_at = line.returned_at or line.at
    day = returned_at.astimezone(ZoneInfo(territory.timezone)).date()
    return ReturnShape(
        device_id=device.id,
        handover_id=line.handover_id,
        status=device.status,
        version=device.version,
        reason=data.reason,
        note=data.note,
        returned_at=returned_at,
        warranty_until=line.warranty_until,
        under_warranty=line.warranty_until is not None and day <= line.warranty_until,
    )


doors = [return_device]
