from datetime import datetime
from uuid import UUID

from litestar.params import FromPath, FromQuery
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, true
from sqlmodel import Session, col, select

from reuse import clock
from reuse.cursors import cut_list, cut_page
from reuse.devices.api.shapes import knows_origin
from reuse.devices.models import Device
from reuse.devices.queries import Held, custodies_of, custody_of, device_for, devices_held_by, held_at, visible_devices
from reuse.errors import Fault, Invalid
from reuse.people.rules import Activity, Caller
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of

AWARE = TypeAdapter[datetime](Instant)


class CustodyShape(Shape):
    """Who held a device from `since` until `until`: null is nobody, or a donor of whom the caller may not know.

    `said_at` is when it began as somebody said, `recorded_at` when that came here; `since` is what both sides' tellings
    leave of it. An open `until` means: still.
    """

    device_id: UUID
    holder_id: UUID | None
    because: str
    since: datetime
    until: datetime | None
    said_at: datetime
    recorded_at: datetime


def _shape(span: Held, caller: Caller, device: Device) -> CustodyShape:
    is_hidden = span.holder_id == device.donor_id and not knows_origin(caller, device)
    facts = {name: getattr(span, name) for name in CustodyShape.model_fields}
    return CustodyShape.model_validate({**facts, **({"holder_id": None} if is_hidden else {})})


def _instant(at: str | None) -> datetime | None:
    """The instant asked for; Invalid for a text that is none, or that has no zone."""
    try:
        return AWARE.validate_python(at) if at is not None else None
    except ValidationError as error:
        sentence = f"{at} is no instant with its zone; ask as in ?at=2026-03-02T09:30:00Z."
        raise Invalid(sentence, code="bad_instant", errors=(Fault("/at", "bad_instant", sentence),)) from error


@door("GET", "/v1/devices/{device_id:uuid}/custody")
def list_custody_of_device(
    session: Session,
    caller: Caller,
    device_id: FromPath[UUID],
    at: FromQuery[str | None] = None,
    limit: FromQuery[int] = 200,
    cursor: FromQuery[str | None] = None,
) -> Page[CustodyShape]:
    """Who has held a device, oldest first and without a gap; with `at`, who held it at that instant."""
    device, instant = device_for(session, caller, device_id), _instant(at)
    spans = custody_of(session, device)
    if instant is not None:
        spans = [span] if (span := held_at(spans, instant)) is not None else []
    return page_of(cut_list(spans, limit=limit, cursor=cursor), lambda span: _shape(span, caller, device))


@door("GET", "/v1/custody")
def list_custody(
    session: Session,
    caller: Caller,
    holder_id: FromQuery[UUID | None] = None,
    at: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[CustodyShape]:
    """Which devices an organisation held at an instant, by default the caller's own now; one span a device."""
    instant, holder = _instant(at) or clock.now(), holder_id or caller.organisation_id
    statement = select(Device).where(devices_held_by(holder, instant), col(Device.merged_into_id).is_(None))
    if holder != caller.organisation_id:
        statement = statement.where(visible_devices(caller), _may_name(caller, holder))
    cut = cut_page(session, statement, col(Device.id), limit=limit, cursor=cursor)
    spans = custodies_of(session, cut.rows)
    held = [(held_at(spans[device.id], instant), device) for device in cut.rows]
    items = [_shape(span, caller, device) for span, device in held if span is not None]
    return Page(items=items, next_cursor=cut.next_cursor)


def _may_name(caller: Caller, holder_id: UUID) -> ColumnElement[bool]:
    """A donor is named as the holder only to those who may know whose the device was."""
    if caller.sees_all:
        return true()
    inside = col(Device.workshop_id) == caller.organisation_id
    if Activity.territory in caller.activities:
        inside |= col(Device.territory_id) == caller.territory_id
    return col(Device.donor_id).is_distinct_from(holder_id) | inside


doors = [list_custody_of_device, list_custody]
