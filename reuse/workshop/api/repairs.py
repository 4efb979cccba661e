from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.devices.api.inputs import Line
from reuse.devices.queries import workshop_device
from reuse.people.rules import Caller, Role, require_role
from reuse.shapes import Instant
from reuse.web import Page, Shape, door
from reuse.workshop.actions.repairing import complete_repair, log_work, open_repair
from reuse.workshop.api.floor import FLOOR, Note, Since, Until, instants_of, on_the_floor
from reuse.workshop.models import Repair
from reuse.workshop.queries import overseen_workshop, work_totals
from reuse.workshop.rules import load_defects

Minutes = Annotated[int, Field(ge=0, le=24 * 60)]


class PartShape(Shape):
    """A part used: new, or harvested from another device; with `part_id` it is taken out of the workshop's stock."""

    kind: Line
    serial: Line | None = None
    source: Line | None = None
    part_id: UUID | None = None


class NewRepairShape(Shape):
    """A defect of the catalogue, and what is done about it."""

    defect: Line
    action: Note
    parts: tuple[PartShape, ...] = ()
    minutes: Minutes | None = None


class CompletionShape(Shape):
    """The working time, where it is known at the end."""

    minutes: Minutes | None = None


class RepairShape(Shape):
    """A repair; open while `completed_at` is null."""

    id: UUID
    device_id: UUID
    defect: str
    action: str
    parts: list[PartShape]
    minutes: int | None
    created_at: datetime
    completed_at: datetime | None


class WorkSessionShape(Shape):
    """Working time on one operation; `person` is a workshop pseudonym."""

    activity: Line
    person: Line
    minutes: Annotated[int, Field(gt=0, le=24 * 60)]
    at: Instant
    device_id: UUID | None = None


class LoggedShape(Shape):
    """The entry made."""

    id: UUID


def _repair_shape(repair: Repair) -> RepairShape:
    return RepairShape.model_validate(repair.model_dump(include=set(RepairShape.model_fields)))


class DefectShape(Shape):
    """A defect of the catalogue; severity: blocking (repair or parts), major (repair or lower grade), minor (told)."""

    code: str
    component: str
    title_fr: str
    title_en: str
    severity: Literal["blocking", "major", "minor"]


@door("GET", "/v1/defects")
def list_defects(caller: Caller) -> Page[DefectShape]:  # noqa: ARG001  # any member may read the catalogue
    """The coded catalogue of defects that a repair names, in the order of the components."""
    return Page(items=[DefectShape.model_validate(asdict(defect)) for defect in load_defects().values()])


@door("POST", "/v1/devices/{device_id:uuid}/repairs", status=201)
def add_repair(
    session: Session, caller: Caller, device_id: FromPath[UUID], data: JSONBody[NewRepairShape]
) -> RepairShape:
    """Begin a repair; the device must be tested again afterwards."""
    device = on_the_floor(session, caller, device_id)
    parts = [part.model_dump(mode="json") for part in data.parts]
    return _repair_shape(
        open_repair(session, caller, device, defect=data.defect, action=data.action, parts=parts, minutes=data.minutes)
    )


@door("POST", "/v1/repairs/{repair_id:uuid}/completion", status=201)
def finish_repair(
    session: Session, caller: Caller, repair_id: FromPath[UUID], data: JSONBody[CompletionShape]
) -> RepairShape:
    """End a repair."""
    require_role(caller, *FLOOR)
    return _repair_shape(complete_repair(session, caller, repair_id, minutes=data.minutes))


@door("POST", "/v1/work-sessions", status=201)
def add_work_session(session: Session, caller: Caller, data: JSONBody[WorkSessionShape]) -> LoggedShape:
    """Note working time on one operation."""
    require_role(caller, *FLOOR, Role.data_security)
    device = workshop_device(session, caller, data.device_id) if data.device_id else None
    work = log_work(
        session,
        caller,
        activity=data.activity,
        person=data.person,
        minutes=data.minutes,
        at=data.at,
        device=device,
    )
    return LoggedShape(id=work.id)


class TotalShape(Shape):
    """Working time on one operation, of all persons together."""

    activity: str
    minutes: int
    hours: float
    sessions: int
    devices: int


class TotalsShape(Shape):
    """Hours of insertion work; sums only, never a person's."""

    workshop_id: UUID
    minutes: int
    hours: float
    activities: list[TotalShape]


@door("GET", "/v1/work-sessions/totals")
def total_work(
    session: Session,
    caller: Caller,
    workshop_id: FromQuery[UUID | None] = None,
    since: Since = None,
    until: Until = None,
) -> TotalsShape:
    """Hours by operation from the day `from` to the day `to`, for the workshop itself and those over it."""
    workshop = overseen_workshop(session, caller, workshop_id)
    start, end = instants_of(session, workshop, since, until)
    rows = work_totals(session, workshop, start=start, end=end)
    total = sum(minutes for _, minutes, _, _ in rows)
    activities = [
        TotalShape(activity=name, minutes=minutes, hours=round(minutes / 60, 2), sessions=count, devices=devices)
        for name, minutes, count, devices in rows
    ]
    return TotalsShape(workshop_id=workshop, minutes=total, hours=round(total / 60, 2), activities=activities)


doors = [list_defects, add_repair, finish_repair, add_work_session, total_work]
