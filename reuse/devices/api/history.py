from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session

from reuse.devices.queries import device_for, history_page
from reuse.devices.rules import pseudonym
from reuse.history.models import HistoryRecord
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door

NAMES = frozenset(
    {"person", "name", "signatures", "signature", "contact", "witness", "beneficiary", "pseudonym", "note"}
)
"""What a record may say of persons: it stays inside the organisation that wrote it."""


class RecordShape(Shape):
    """One thing that happened; `at` is when it happened as the actor says, `recorded_at` when it was written."""

    seq: int
    verb: str
    from_state: str | None
    to_state: str | None
    at: datetime
    recorded_at: datetime
    organisation_id: UUID | None
    by: str | None
    data: dict[str, Any]
    hash: str


def record_shape(row: HistoryRecord, caller: Caller, secret: bytes) -> RecordShape:
    """The record as this caller sees it: the persons of other organisations by a pseudonym that stays the same."""
    is_own = row.organisation_id in {None, caller.organisation_id}
    by, data = row.person, row.data
    if not is_own:
        by = pseudonym(secret, row.organisation_id, row.person) if row.person else None
        data = {key: value for key, value in row.data.items() if key not in NAMES}
    return RecordShape(
        seq=row.seq,
        verb=row.verb,
        from_state=row.from_state,
        to_state=row.to_state,
        at=row.at,
        recorded_at=row.recorded_at,
        organisation_id=row.organisation_id,
        by=by,
        data=data,
        hash=row.hash,
    )


@door("GET", "/v1/devices/{device_id:uuid}/history")
def list_device_history(
    session: Session,
    caller: Caller,
    house: House,
    device_id: FromPath[UUID],
    limit: FromQuery[int] = 200,
    cursor: FromQuery[str | None] = None,
) -> Page[RecordShape]:
    """What happened to a device, oldest first; other organisations' persons appear by pseudonym."""
    device = device_for(session, caller, device_id)
    rows, next_cursor = history_page(session, device.id, limit=limit, cursor=cursor)
    return Page(items=[record_shape(row, caller, house.secret_key) for row in rows], next_cursor=next_cursor)


doors = [list_device_history]
