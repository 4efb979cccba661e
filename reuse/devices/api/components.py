"""The parts of a device, those that have left it, and where a part has been."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from litestar.params import FromPath
from sqlmodel import Session

from reuse.devices.api.history import RecordShape, record_shape
from reuse.devices.models import Component, Fitting
from reuse.devices.queries import device_for, workshop_device
from reuse.devices.queries.components import (
    component_for,
    events_of,
    fittings_in,
    media_kept_apart,
    stays_of,
    where_now,
)
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door

ComponentState = Literal["fitted", "not_seen", "kept_apart", "gone"]


class ComponentShape(Shape):
    """A part as it is in a device, or was: `gone` is in another device now, `not_seen` was missing at the last look.

    `id` is the part's own and follows it; `medium_id` is what this device calls it where it is a storage medium.
    """

    id: UUID
    kind: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    size_bytes: int | None
    health_percent: int | None
    medium_id: UUID | None
    state: ComponentState
    since: datetime
    last_seen_at: datetime
    until: datetime | None
    now_in: UUID | None
    serial_shared: bool


class StayShape(Shape):
    """A part's time in a device."""

    device_id: UUID
    medium_id: UUID | None
    since: datetime
    last_seen_at: datetime
    until: datetime | None


class ComponentHistoryShape(Shape):
    """Where a part has been, oldest first, and what happened to it there: erasures, disposals, certificates."""

    id: UUID
    kind: str
    manufacturer: str | None
    model: str | None
    serial: str | None
    size_bytes: int | None
    serial_shared: bool
    stays: list[StayShape]
    events: list[RecordShape]


_MARKS = {"id", "kind", "manufacturer", "model", "serial", "size_bytes"}


@door("GET", "/v1/devices/{device_id:uuid}/components")
def list_components(session: Session, caller: Caller, device_id: FromPath[UUID]) -> Page[ComponentShape]:
    """The parts of a device: storage media, memory, battery, screen; also those that are no longer in it."""
    device = workshop_device(session, caller, device_for(session, caller, device_id).id)
    fittings = fittings_in(session, device.id)
    apart = media_kept_apart(session, {stay.medium_id for _, stay in fittings if stay.medium_id is not None})
    places = where_now(session, {component.id for component, stay in fittings if stay.ended_at is not None})
    newest = {component.id: (component, stay) for component, stay in fittings}  # of several stays the last one counts
    return Page(items=[_shape(one, stay, apart, places.get(one.id, [])) for one, stay in newest.values()])


def _shape(component: Component, stay: Fitting, apart: set[UUID], places: list[UUID]) -> ComponentShape:
    is_gone = stay.ended_at is not None
    plain = component.model_dump(include={*_MARKS, "health_percent"})
    return ComponentShape(
        **plain,
        medium_id=stay.medium_id,
        state="gone" if is_gone else _state(stay, apart),
        since=stay.since,
        last_seen_at=stay.last_seen_at,
        until=stay.ended_at,
        now_in=next(iter(places), None) if is_gone else stay.device_id,
        serial_shared=component.shared_serial,
    )


def _state(stay: Fitting, apart: set[UUID]) -> ComponentState:
    if stay.medium_id in apart:
        return "kept_apart"
    return "not_seen" if stay.missing else "fitted"


@door("GET", "/v1/components/{component_id:uuid}/history")
def show_component_history(
    session: Session, caller: Caller, house: House, component_id: FromPath[UUID]
) -> ComponentHistoryShape:
    """Where a part has been and what happened to it; a disk that moves keeps its past."""
    component = component_for(session, caller, component_id)
    stays = stays_of(session, component)
    return ComponentHistoryShape(
        **component.model_dump(include=_MARKS),
        serial_shared=component.shared_serial,
        stays=[
            StayShape(
                device_id=stay.device_id,
                medium_id=stay.medium_id,
                since=stay.since,
                last_seen_at=stay.last_seen_at,
                until=stay.ended_at,
            )
            for stay in stays
        ],
        events=[record_shape(row, caller, house.secret_key) for row in events_of(session, component, stays)],
    )


doors = [list_components, show_component_history]
