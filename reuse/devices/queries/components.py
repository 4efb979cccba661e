"""Reads of the parts that outlive their devices."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from reuse.devices.models import Component, Fitting, Medium
from reuse.errors import NotFound
from reuse.history.models import HistoryRecord
from reuse.people.rules import Caller

MOST_EVENTS = 2_000
"""A part is in a handful of devices, each with some tens of records; the newest are kept where there are more."""


def fittings_in(session: Session, device_id: UUID) -> list[tuple[Component, Fitting]]:
    """Every stay of a part in this device, ended or not, oldest first."""
    statement = (
        select(Component, Fitting)
        .join(Fitting, col(Fitting.component_id) == col(Component.id))
        .where(Fitting.device_id == device_id)
        .order_by(col(Fitting.id))
    )
    return [(component, fitting) for component, fitting in session.exec(statement)]


def where_now(session: Session, component_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The devices in which parts are now, by part; two where two parts bear one serial."""
    found: dict[UUID, list[UUID]] = {}
    statement = select(Fitting.component_id, Fitting.device_id).where(
        col(Fitting.component_id).in_(component_ids), col(Fitting.ended_at).is_(None)
    )
    for component_id, device_id in session.exec(statement.order_by(col(Fitting.id))):
        found.setdefault(component_id, []).append(device_id)
    return found


def media_kept_apart(session: Session, medium_ids: Collection[UUID]) -> set[UUID]:
    """Those of these media that are out of their device and not yet dealt with."""
    statement = select(Medium.id).where(col(Medium.id).in_(medium_ids), col(Medium.kept_apart))
    return set(session.exec(statement))


def component_for(session: Session, caller: Caller, component_id: UUID) -> Component:
    """The part, if it is of the caller's workshop; NotFound otherwise."""
    component = session.get(Component, component_id)
    if component is None or component.organisation_id != caller.organisation_id:
        raise NotFound(f"There is no component {component_id} in your workshop.")
    return component


def stays_of(session: Session, component: Component) -> list[Fitting]:
    """Where the part has been, oldest first."""
    statement = select(Fitting).where(Fitting.component_id == component.id)
    return list(session.exec(statement.order_by(col(Fitting.id))))


def events_of(session: Session, component: Component, stays: Sequence[Fitting]) -> list[HistoryRecord]:
    """What happened to the part: its own records, and those of its devices that name it or the medium it was there."""
    marks = {str(component.id), *(str(stay.medium_id) for stay in stays if stay.medium_id is not None)}
    statement = select(HistoryRecord).where(
        col(HistoryRecord.thing).in_(("component", "device")),
        col(HistoryRecord.thing_id).in_({component.id, *(stay.device_id for stay in stays)}),
    )
    newest = session.exec(statement.order_by(col(HistoryRecord.recorded_at).desc()).limit(MOST_EVENTS))
    named = [row for row in newest if row.thing == "component" or _names(row.data, marks)]
    return sorted(named, key=lambda row: (row.recorded_at, row.seq))


def _names(value: object, marks: set[str]) -> bool:
    """Whether a record's data names one of these ids, at any depth."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and one in marks:
            return True
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return False
