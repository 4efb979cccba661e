from typing import Annotated, Any, Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field, FiniteFloat, StringConstraints
from sqlmodel import Session

from reuse.devices.api.inputs import Line, Reason
from reuse.documents.api import DocumentShape, document_shape
from reuse.donations.actions.photos import Picture, clean_photo
from reuse.house import House
from reuse.people.rules import Activity, Caller, Role, require_role
from reuse.transactions import reading
from reuse.web import Answer, Page, Shape, Upload, door, job_accepted
from reuse.workshop.actions.photographing import add_photo
from reuse.workshop.actions.templates import publish_template
from reuse.workshop.actions.testsheet import order_test_sheet
from reuse.workshop.api.floor import FLOOR, on_the_floor
from reuse.workshop.queries import own_template, own_templates, photos_of, templates_in_force, workshop_check
from reuse.workshop.rules import Check, TestTemplate, load_test_templates

Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8)]


class ValueRuleShape(Shape):
    """Which values a check takes, in its unit: what is possible, and with what a pass is believed; or a choice."""

    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    pass_from: FiniteFloat | None = None
    pass_to: FiniteFloat | None = None
    choices: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    required: bool = False


class CheckShape(Shape):
    """One check of a template; `waived_by` says whose waiver counts."""

    code: str
    title_fr: str
    title_en: str
    required: bool
    not_applicable: bool
    unit: str | None
    waived_by: Literal["lead", "anyone"]
    value: ValueRuleShape | None


class NewCheckShape(Shape):
    """One check of a new template; without `waived_by` only a lead may waive a required one."""

    code: Line
    title_fr: Line
    title_en: Line
    required: bool = True
    not_applicable: bool = False
    unit: Unit | None = None
    waived_by: Literal["lead", "anyone"] | None = None
    value: ValueRuleShape | None = None


class TemplateShape(Shape):
    """The checks of one category, in the order of the work; `scope` says whose they are, `id` is null if shipped."""

    category: str
    version: int
    checks: list[CheckShape]
    id: UUID | None
    scope: Literal["shipped", "territory", "workshop"]


class NewTemplateShape(Shape):
    """A category's checks, for the whole territory or, with `workshop_id`, for one workshop."""

    category: Line
    checks: Annotated[list[NewCheckShape], Field(min_length=1, max_length=100)]
    workshop_id: UUID | None = None
    reason: Reason | None = None


class TestSheetShape(Shape):
    """Nothing needs to be said: the sheet is printed from what stands now."""

    __test__ = False  # the name is the contract's word; it is no test case


def template_shape(template: TestTemplate) -> TemplateShape:
    """A template as it is answered."""
    checks = [_check_shape(check) for check in template.checks]
    named = {"category": template.category, "version": template.version, "id": template.id, "scope": template.scope}
    return TemplateShape.model_validate({**named, "checks": checks})


def _check_shape(check: Check) -> CheckShape:
    rule = check.rule
    return CheckShape(
        code=check.code,
        title_fr=check.title_fr,
        title_en=check.title_en,
        required=check.required,
        not_applicable=check.not_applicable,
        unit=check.unit,
        waived_by="lead" if check.lead_waives else "anyone",
        value=None if rule is None else ValueRuleShape(**{name: getattr(rule, name) for name in rule.__slots__}),
    )


def _row_of(check: NewCheckShape) -> dict[str, Any]:
    """A check as a template keeps it: the shape of `reuse/data/test_templates.json`."""
    plain = check.model_dump(exclude={"title_fr", "title_en"}, exclude_none=True, mode="json")
    return {**plain, "title": {"fr": check.title_fr, "en": check.title_en}}


@door("GET", "/v1/test-templates")
def list_test_templates(
    session: Session, caller: Caller, category: FromQuery[str | None] = None, all_versions: FromQuery[bool] = False
) -> Page[TemplateShape]:
    """The template in force for each category, for the caller; with `all_versions` also those that were before."""
    workshop_id = caller.organisation_id if Activity.workshop in caller.activities else None
    if not all_versions:
        found = list(templates_in_force(session, caller.territory_id, workshop_id, category).values())
        return Page(items=[template_shape(one) for one in found])
    shipped = [one for name, one in load_test_templates().items() if category in {None, name}]
    owners = [caller.territory_id, *([workshop_id] if workshop_id else [])]
    own = [own_template(row) for row in own_templates(session, owners, category)]
    return Page(items=[template_shape(one) for one in (*shipped, *own)])


@door("POST", "/v1/test-templates", status=201)
def add_test_template(session: Session, caller: Caller, data: JSONBody[NewTemplateShape]) -> TemplateShape:
    """Publish a new version of a category's template; devices under test keep the one that they began with."""
    require_role(caller, Role.territory, Role.operator)
    template = publish_template(
        session,
        caller,
        category=data.category,
        checks=[_row_of(check) for check in data.checks],
        workshop_id=data.workshop_id,
        reason=data.reason,
    )
    return template_shape(template)


def clean_upload(house: House, caller: Caller, upload: Upload, check_id: UUID) -> tuple[Picture, str]:
    """Draw the photo anew before the transaction, for those who may send one, and keep its bytes."""
    require_role(caller, *FLOOR)
    with reading(house.database) as session:
        workshop_check(session, caller.organisation_id, check_id)
    picture = clean_photo(upload.content)
    return picture, house.files.put(picture.content)


@door("POST", "/v1/checks/{check_id:uuid}/photos", status=201, prepare=clean_upload)
def photograph_check(
    session: Session,
    caller: Caller,
    upload: Upload,  # noqa: ARG001  # what `clean_upload` has drawn anew
    prepared: tuple[Picture, str],
    check_id: FromPath[UUID],
) -> DocumentShape:
    """Send a PNG or JPEG of what a check found; where, when and by whom it was taken is cut out of the file."""
    check = workshop_check(session, caller.organisation_id, check_id)
    picture, sha256 = prepared
    return document_shape(add_photo(session, caller, check, picture, sha256=sha256))


@door("GET", "/v1/checks/{check_id:uuid}/photos")
def list_photos(session: Session, caller: Caller, check_id: FromPath[UUID]) -> Page[DocumentShape]:
    """The photos of a check, oldest first; their bytes are those of the documents."""
    check = workshop_check(session, caller.organisation_id, check_id)
    return Page(items=[document_shape(one) for one in photos_of(session, [check.id])[check.id]])


@door("POST", "/v1/devices/{device_id:uuid}/test-sheets", status=202)
def print_test_sheet(
    session: Session,
    caller: Caller,
    device_id: FromPath[UUID],
    data: JSONBody[TestSheetShape],  # noqa: ARG001  # the contract's empty object
) -> Answer:
    """Have the device's test sheet printed from what stands now; the job's result is `{document_id}`."""
    return job_accepted(order_test_sheet(session, caller, on_the_floor(session, caller, device_id)))


doors = [list_test_templates, add_test_template, photograph_check, list_photos, print_test_sheet]
