from uuid import UUID

from litestar.params import FromPath, JSONBody
from sqlmodel import Session

from reuse.devices.api.inputs import AcceptLanguage
from reuse.devices.api.shapes import DeviceShape, device_shape
from reuse.devices.queries import workshop_device
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Shape, door
from reuse.workshop.actions.approving import approve_device, grade_device
from reuse.workshop.api.floor import Note, on_the_floor
from reuse.workshop.rules import Cosmetic


class NewGradeShape(Shape):
    """How the device looks, A to D."""

    cosmetic: Cosmetic
    notes: Note | None = None


class GradeLineShape(Shape):
    """One line of the explanation; the points of all lines add up to the score."""

    text_fr: str
    text_en: str
    points: int


class GradeShape(Shape):
    """A grade with the sum that explains it, and what looks, functions and battery are worth by themselves."""

    grade: str
    cosmetic: str
    functional: str | None
    battery: str | None
    score: int
    explanation: list[GradeLineShape]
    table_version: str


class ApprovalShape(Shape):
    """Nothing needs to be said: who signs is who holds the key."""


@door("POST", "/v1/devices/{device_id:uuid}/grade")
def add_grade(session: Session, caller: Caller, device_id: FromPath[UUID], data: JSONBody[NewGradeShape]) -> GradeShape:
    """Grade a device; every point of its score is explained."""
    device = on_the_floor(session, caller, device_id)
    grading = grade_device(session, caller, device, cosmetic=data.cosmetic, notes=data.notes)
    return GradeShape.model_validate(grading.model_dump(include=set(GradeShape.model_fields)))


@door("POST", "/v1/devices/{device_id:uuid}/approval")
def approve(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[ApprovalShape],  # noqa: ARG001  # the contract's empty object
    accept_language: AcceptLanguage = None,
) -> DeviceShape:
    """Sign a device off as ready, as a second person."""
    require_role(caller, Role.lead)
    device = workshop_device(session, caller, device_id)
    return device_shape(session, caller, approve_device(session, caller, device, version=if_match), accept_language)


doors = [add_grade, approve]
