"""What the doors of the workshop share: who works there, and how long a note may be."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import Session

from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.people.rules import Caller, Role, require_role

FLOOR = (Role.technician, Role.lead)
Note = Annotated[str, Field(max_length=2000)]


def on_the_floor(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, for those who work on it; NotFound outside their workshop."""
    require_role(caller, *FLOOR)
    return workshop_device(session, caller, device_id)
