from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.params import FromPath, FromQuery
from sqlmodel import Session

from reuse.devices.api.shapes import OPEN_CODES, knows_origin
from reuse.devices.queries import device_for, history_page
from reuse.devices.rules import shown_person
from reuse.history.models import HistoryRecord
from reuse.history.rules import PERSONAL
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door


class RecordShape(Shape):
    """One thing that happened; `at` is when it happened as the actor says, `recorded_at` when it was written.

    `device_id` tells whose chain it stands in: the device's own, or that of one that was merged into it.
    """

    device_id: UUID
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


ORIGIN = frozenset({"donation_id", "collection_id", "donor_id", "declared"})
"""What a record may say of where the device came from: for those who may know whose it was."""


def record_shape(row: HistoryRecord, caller: Caller, secret: bytes, *, hidden_id: UUID | None = None) -> RecordShape:
    """The record as this caller sees it: the persons of other organisations by a pseudonym that stays the same.

    `hidden_id` is the donor, for whoever must not learn who that was: then neither its name nor its codes are told.
    """
    is_own = row.organisation_id in {None, caller.organisation_id}
    by, data, organisation_id = row.person, row.data, row.organisation_id
    if hidden_id is not None:
        data = {key: value for key, value in data.items() if key not in ORIGIN}
        if data.get("kind", "label") not in OPEN_CODES or row.verb == "code_retired":
            data = {key: value for key, value in data.items() if key != "value"}
        if organisation_id == hidden_id:
            organisation_id = by = None
    if not is_own:
        by = shown_person(secret, by, of=row.organisation_id, to=caller.organisation_id)
        data = {key: value for key, value in data.items() if key not in PERSONAL}
    return RecordShape(
        device_id=row.thing_id,
        seq=row.seq,
        verb=row.verb,
        from_state=row.from_state,
        to_state=row.to_state,
        at=row.at,
        recorded_at=row.recorded_at,
        organisation_id=organisation_id,
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
    hidden_id = None if knows_origin(caller, device) else device.donor_id
    items = [record_shape(row, caller, house.secret_key, hidden_id=hidden_id) for row in rows]
    return Page(items=items, next_cursor=next_cursor)


doors = [list_device_history]
