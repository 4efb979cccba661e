"""What the doors of the workshop share: who works there, and how long a note may be."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import QueryParameter
from pydantic import Field
from sqlmodel import Session

from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.people.queries import territory_of
from reuse.people.rules import Caller, Role, require_role

Since = Annotated[date | None, QueryParameter(name="from")]
Until = Annotated[date | None, QueryParameter(name="to")]
"""A period by its days, both included, as the territory's calendar has them."""
FLOOR = (Role.technician, Role.lead)
Note = Annotated[str, Field(max_length=2000)]


def on_the_floor(session: Session, caller: Caller, device_id: UUID) -> Device:
    """The device, for those who work on it; NotFound outside their workshop."""
    require_role(caller, *FLOOR)
    return workshop_device(session, caller, device_id)


def instants_of(
    session: Session, organisation_id: UUID, since: date | None, until: date | None
) -> tuple[datetime | None, datetime | None]:
    """The instant at which a period of days begins, and that at which it is over; None where it is open."""
    zone = ZoneInfo(territory_of(session, organisation_id).timezone)
    begins = None if since is None else datetime.combine(since, time(), zone)
    ends = None if until is None or until == date.max else datetime.combine(until + timedelta(days=1), time(), zone)
    return begins, ends
