from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.devices.api.inputs import AcceptLanguage, Line
from reuse.devices.api.shapes import DeviceShape, device_shape
from reuse.devices.models import Device
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door
from reuse.workshop.actions.checking import Found, check_locks, test_device
from reuse.workshop.api.floor import Note, on_the_floor
from reuse.workshop.models import CheckRow
from reuse.workshop.rules import Check, CheckOutcome, load_test_templates


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


doors = [add_tests, add_unlock_checks, list_test_templates]
