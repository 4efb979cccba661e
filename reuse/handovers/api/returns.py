from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromPath, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.devices.api.inputs import Reason
from reuse.handovers.actions.returns import take_back_device
from reuse.handovers.queries.cases import open_case_of
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.web import Shape, door


class ReturnInput(Shape):
    """Why a device comes back."""

    reason: Reason
    note: Annotated[str | None, Field(max_length=4000)] = None


class CaseReference(Shape):
    """The warranty case for which a device came back."""

    id: UUID
    number: str


class ReturnShape(Shape):
    """A device that came back, and whether it is under warranty; `version` is the device's.

    `warranty_case` is the case that is open for it; without one, `POST /v1/warranty-cases` opens it now too.
    """

    device_id: UUID
    handover_id: UUID
    status: str
    version: int
    reason: str
    note: str | None
    returned_at: datetime
    warranty_until: date | None
    under_warranty: bool
    warranty_case: CaseReference | None


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
    returned_at, case = line.returned_at or line.at, open_case_of(session, device.id)
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
        warranty_case=CaseReference(id=case.id, number=case.number) if case else None,
    )


doors = [return_device]
