from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar.params import FromPath, JSONBody
from pydantic import AwareDatetime, Field
from sqlmodel import Session

from reuse.devices.api.inputs import AcceptLanguage, Line, Reason
from reuse.devices.api.shapes import DeviceShape, MediumShape, device_shape, medium_shape
from reuse.devices.models import Device
from reuse.devices.queries import workshop_device
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Page, Shape, Upload, door
from reuse.workshop.actions.approving import approve_device, grade_device
from reuse.workshop.actions.capturing import capture_for, confirm_capture, take_capture
from reuse.workshop.actions.checking import Found, check_locks, test_device
from reuse.workshop.actions.repairing import complete_repair, log_work, open_repair
from reuse.workshop.captures.read import read_capture
from reuse.workshop.models import Capture, CheckRow, Repair
from reuse.workshop.queries import media_of_capture
from reuse.workshop.rules import Check, CheckOutcome, Cosmetic, load_test_templates

FLOOR = (Role.technician, Role.lead)
Note = Annotated[str, Field(max_length=2000)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]


class WarningShape(Shape):
    """Something odd in a capture, with its place."""

    pointer: str
    code: str
    message: str


class CaptureShape(Shape):
    """What was read from a capture; personal data is dropped before it is stored."""

    id: UUID
    device_id: UUID
    format: str
    partial: bool
    identity: dict[str, Any]
    media: list[MediumShape]
    warnings: list[WarningShape]


class ConfirmationShape(Shape):
    """Why this is the right machine although its serial differs."""

    reason: Reason


class ResultShape(Shape):
    """One outcome: pass, fail, not_applicable, or waived with its reason in `note`."""

    check: Line
    outcome: CheckOutcome
    value: Line | None = None
    note: Note | None = None


class ResultsShape(Shape):
    """Outcomes of checks; a later outcome takes the place of an earlier one."""

    results: Annotated[list[ResultShape], Field(min_length=1, max_length=200)]


class ChecksShape(Shape):
    """What was kept, and which required checks are still missing: none means that the milestone is met."""

    results: list[ResultShape]
    missing: list[str]
    device: DeviceShape


class PartShape(Shape):
    """A part used: new, or harvested from another device."""

    kind: Line
    serial: Line | None = None
    source: Line | None = None


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
    """A grade with the sum that explains it."""

    grade: str
    score: int
    explanation: list[GradeLineShape]
    table_version: str


class ApprovalShape(Shape):
    """Nothing needs to be said: who signs is who holds the key."""


class WorkSessionShape(Shape):
    """Working time on one operation; `person` is a workshop pseudonym."""

    activity: Line
    person: Line
    minutes: Annotated[int, Field(gt=0, le=24 * 60)]
    at: AwareDatetime
    device_id: UUID | None = None


class LoggedShape(Shape):
    """The entry made."""

    id: UUID


class CheckShape(Shape):
    """One check of a template."""

    code: str
    title_fr: str
    title_en: str
    required: bool
    not_applicable: bool
    unit: str | None


class TemplateShape(Shape):
    """The checks of one category, in the order of the work."""

    category: str
    version: int
    checks: list[CheckShape]


def _floor(session: Session, caller: Caller, device_id: UUID) -> Device:
    require_role(caller, *FLOOR)
    return workshop_device(session, caller, device_id)


def _capture_shape(session: Session, capture: Capture) -> CaptureShape:
    plain = capture.model_dump(include={"id", "device_id", "format", "partial", "identity"})
    media = [medium_shape(medium) for medium in media_of_capture(session, capture)]
    return CaptureShape(**plain, media=media, warnings=[WarningShape(**one) for one in capture.warnings])


@door("POST", "/v1/devices/{device_id:uuid}/captures", status=201)
def add_capture(session: Session, caller: Caller, upload: Upload, device_id: FromPath[UUID]) -> CaptureShape:
    """Send what lshw, smartctl, eReuse… printed, as the body or as `file` of a form; every medium in it is noted."""
    device = _floor(session, caller, device_id)
    capture, _ = take_capture(session, caller, device, read_capture(upload.content), content=upload.content)
    return _capture_shape(session, capture)


@door("POST", "/v1/captures/{capture_id:uuid}/confirmation")
def confirm_machine(
    session: Session, caller: Caller, capture_id: FromPath[UUID], data: JSONBody[ConfirmationShape]
) -> CaptureShape:
    """Say that this is the right machine although its serial number differs from the device's."""
    require_role(caller, *FLOOR)
    capture, device = capture_for(session, caller, capture_id)
    return _capture_shape(session, confirm_capture(session, caller, device, capture, reason=data.reason))


def _found(data: ResultsShape) -> list[Found]:
    return [Found(one.check, one.outcome, one.value, one.note) for one in data.results]


def _checks_shape(
    session: Session, caller: Caller, device: Device, kept: tuple[list[CheckRow], tuple[str, ...]], language: str | None
) -> ChecksShape:
    rows, missing = kept
    return ChecksShape(
        results=[ResultShape(check=r.name, outcome=CheckOutcome(r.outcome), value=r.value, note=r.note) for r in rows],
        missing=list(missing),
        device=device_shape(session, caller, device, language),
    )


@door("POST", "/v1/devices/{device_id:uuid}/tests", status=201)
def add_tests(
    session: Session,
    caller: Caller,
    device_id: FromPath[UUID],
    data: JSONBody[ResultsShape],
    accept_language: AcceptLanguage = None,
) -> ChecksShape:
    """Tell outcomes of function checks; all required ones passed or waived set the milestone `tested`."""
    device = _floor(session, caller, device_id)
    kept = test_device(session, caller, device, _found(data))
    return _checks_shape(session, caller, device, kept, accept_language)


@door("POST", "/v1/devices/{device_id:uuid}/unlock-checks", status=201)
def add_unlock_checks(
    session: Session,
    caller: Caller,
    device_id: FromPath[UUID],
    data: JSONBody[ResultsShape],
    accept_language: AcceptLanguage = None,
) -> ChecksShape:
    """Tell whether account locks, management, firmware passwords are gone and the device is on no list."""
    device = _floor(session, caller, device_id)
    kept = check_locks(session, caller, device, _found(data))
    return _checks_shape(session, caller, device, kept, accept_language)


def _check_shape(check: Check) -> CheckShape:
    return CheckShape(
        code=check.code,
        title_fr=check.title_fr,
        title_en=check.title_en,
        required=check.required,
        not_applicable=check.not_applicable,
        unit=check.unit,
    )


@door("GET", "/v1/test-templates")
def list_test_templates() -> Page[TemplateShape]:
    """The checks of every category."""
    templates = load_test_templates().values()
    items = [
        TemplateShape(category=one.category, version=one.version, checks=[_check_shape(check) for check in one.checks])
        for one in templates
    ]
    return Page(items=items)


def _repair_shape(repair: Repair) -> RepairShape:
    return RepairShape.model_validate(repair.model_dump(include=set(RepairShape.model_fields)))


@door("POST", "/v1/devices/{device_id:uuid}/repairs", status=201)
def add_repair(
    session: Session, caller: Caller, device_id: FromPath[UUID], data: JSONBody[NewRepairShape]
) -> RepairShape:
    """Begin a repair; the device must be tested again afterwards."""
    device = _floor(session, caller, device_id)
    parts = [part.model_dump() for part in data.parts]
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


@door("POST", "/v1/devices/{device_id:uuid}/grade")
def add_grade(session: Session, caller: Caller, device_id: FromPath[UUID], data: JSONBody[NewGradeShape]) -> GradeShape:
    """Grade a device; every point of its score is explained."""
    device = _floor(session, caller, device_id)
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


doors = [
    add_capture,
    confirm_machine,
    add_tests,
    add_unlock_checks,
    list_test_templates,
    add_repair,
    finish_repair,
    add_grade,
    approve,
    add_work_session,
]
