from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, JSONBody
from pydantic import BeforeValidator, Field
from sqlmodel import Session

from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import DeviceShape, device_shape
from reuse.devices.models import Device
from reuse.people.rules import Caller
from reuse.web import Shape, door
from reuse.workshop.actions.checking import Found, Kept, check_locks, standing, test_device
from reuse.workshop.api.floor import Note, on_the_floor
from reuse.workshop.api.templates import TemplateShape, template_shape
from reuse.workshop.models import CheckRow
from reuse.workshop.queries import FUNCTION, UNLOCK, photos_of, standing_checks, template_for
from reuse.workshop.rules import CheckOutcome, tested


def _written(value: object) -> object:
    """A figure that was sent as a number, as it would be written."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Value = Annotated[Line, BeforeValidator(_written)]


class ResultShape(Shape):
    """One outcome: pass, fail, not_applicable, or waived with its reason in `note`."""

    check: Line
    outcome: CheckOutcome
    value: Value | None = None
    note: Note | None = None


class ResultsShape(Shape):
    """Outcomes of checks; a later outcome takes the place of an earlier one."""

    results: Annotated[list[ResultShape], Field(min_length=1, max_length=200)]


class KeptResultShape(Shape):
    """One outcome as it was kept; photos of it are sent to `/v1/checks/{id}/photos`."""

    id: UUID
    check: str
    outcome: CheckOutcome
    value: str | None
    note: str | None


class WarningShape(Shape):
    """Something to look at again: the outcome was kept all the same."""

    pointer: str
    code: str
    message: str


class ChecksShape(Shape):
    """What was kept, and which required checks are still missing: none means that the milestone is met."""

    results: list[KeptResultShape]
    missing: list[str]
    device: DeviceShape
    warnings: list[WarningShape]


class StandingCheckShape(KeptResultShape):
    """An outcome that still stands, with the documents that hold its photos."""

    kind: str
    template_version: int | None
    at: datetime
    photo_ids: list[UUID]


class TestsShape(Shape):
    """Where the tests of a device stand: its template, what was found, what is missing."""

    __test__ = False  # the name is the contract's word; it is no test case

    template: TemplateShape
    results: list[StandingCheckShape]
    missing: list[str]


def _found(data: ResultsShape) -> list[Found]:
    return [Found(one.check, one.outcome, one.value, one.note) for one in data.results]


def _kept_shape(row: CheckRow) -> dict[str, object]:
    outcome = CheckOutcome(row.outcome)
    return {"id": row.id, "check": row.name, "outcome": outcome, "value": row.value, "note": row.note}


def _checks_shape(session: Session, caller: Caller, device: Device, kept: Kept, language: str | None) -> ChecksShape:
    return ChecksShape(
        results=[KeptResultShape.model_validate(_kept_shape(row)) for row in kept.rows],
        missing=list(kept.missing),
        device=device_shape(session, caller, device, language),
        warnings=[WarningShape(pointer=w.pointer, code=w.code, message=w.message) for w in kept.warnings],
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
    device = on_the_floor(session, caller, device_id)
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
    device = on_the_floor(session, caller, device_id)
    kept = check_locks(session, caller, device, _found(data))
    return _checks_shape(session, caller, device, kept, accept_language)


@door("GET", "/v1/devices/{device_id:uuid}/tests")
def show_tests(session: Session, caller: Caller, device_id: FromPath[UUID]) -> TestsShape:
    """Every outcome that still stands of a device, the template it is tested with, and what is missing."""
    device = on_the_floor(session, caller, device_id)
    function = standing_checks(session, device.id, FUNCTION)
    rows = [*function, *standing_checks(session, device.id, UNLOCK)]
    photos = photos_of(session, [row.id for row in rows])
    template = template_for(session, device)
    results = [
        StandingCheckShape.model_validate(
            {
                **_kept_shape(row),
                "kind": row.kind,
                "template_version": row.template_version,
                "at": row.created_at,
                "photo_ids": [document.id for document in photos[row.id]],
            }
        )
        for row in rows
    ]
    missing = tested(template, standing(session, device.id, FUNCTION))
    return TestsShape(template=template_shape(template), results=results, missing=list(missing))


doors = [add_tests, add_unlock_checks, show_tests]
