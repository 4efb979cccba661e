from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from labels.fitting import module_mm
from labels.formats import LabelFormat, Sheet, all_formats
from reuse.cursors import cut_page
from reuse.devices.actions.label_formats import describe_label_format
from reuse.devices.actions.label_texts import longest_label
from reuse.devices.actions.labels import MAX_LABELS, LabelOrder, print_labels
from reuse.devices.api.inputs import Line
from reuse.devices.models import LabelRun
from reuse.devices.queries import claimed_labels, label_run, labels_of_run, own_label_formats
from reuse.house import House
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Answer, JobAccepted, Page, Shape, door, job_accepted

FLOOR = (Role.technician, Role.lead)
Length = Annotated[float, Field(gt=0, le=420, allow_inf_nan=False)]
Strip = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=200)]
Symbology = Literal["qr", "datamatrix"]


class SheetShape(Shape):
    """Where the labels lie on a sheet, in millimetres from its top left corner; a pitch is from corner to corner."""

    width_mm: Length = 210
    height_mm: Length = 297
    columns: Count
    rows: Count
    left_mm: Strip
    top_mm: Strip
    pitch_x_mm: Length
    pitch_y_mm: Length


class LabelFormatShape(Shape):
    """A kind of label that can be printed.

    Sheets have a number a page, printers that are spoken to in dots their dots an inch. `module_mm` is how large the
    smallest squares of each symbol get with this installation's address: below 0.25 few telephones read them.
    """

    id: str
    title: str
    kind: str
    width_mm: float
    height_mm: float
    per_page: int | None
    dpi: int | None
    symbology: Symbology
    own: bool
    module_mm: dict[str, float]


class NewLabelFormatShape(Shape):
    """A label that the workshop has bought: a sheet with `sheet`; without it a roll, one label a page."""

    title: Line
    kind: Literal["pdf", "zpl"]
    width_mm: Length
    height_mm: Length
    dpi: Annotated[int, Field(ge=100, le=1200)] | None = None
    sheet: SheetShape | None = None
    margin_x_mm: Strip = 0
    margin_y_mm: Strip = 0
    symbology: Symbology = "qr"
    error_correction: Literal["L", "M", "Q", "H"] = "M"


class LabelOrderShape(Shape):
    """What to label: exactly one of `device_ids`, `donation_id`, `blank` and `run_id`, an earlier run once more.

    `start_at` and `skip` are places of a sheet already begun, counted from 1 row by row. What is not said of an earlier
    run is as it was.
    """

    format: str | None = None
    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_LABELS)] | None = None
    donation_id: UUID | None = None
    blank: Annotated[int, Field(ge=1, le=MAX_LABELS)] | None = None
    run_id: UUID | None = None
    start_at: int = 1
    skip: Annotated[tuple[int, ...], Field(max_length=MAX_LABELS)] = ()
    symbology: Symbology | None = None
    language: Literal["fr", "en", "ar"] | None = None
    with_organisation: bool | None = None


class LabelRunShape(Shape):
    """Labels printed in one go: by whom, when, how many, and how many of them are on a device."""

    id: UUID
    at: datetime
    person: str | None
    kind: Literal["blank", "devices", "donation"]
    format: str
    symbology: Symbology | None
    language: Literal["fr", "en", "ar"] | None
    count: int
    claimed: int
    prints: int
    donation_id: UUID | None
    document_id: UUID | None


class LabelOfRunShape(Shape):
    """One label of a run; no device while it is blank."""

    place: int
    code: str
    device_id: UUID | None


class WholeLabelRunShape(LabelRunShape):
    """A run with its labels, in the order of printing."""

    labels: list[LabelOfRunShape]


def _format_shape(one: LabelFormat, house: House, *, own: bool) -> LabelFormatShape:
    address = longest_label(house.public_url).address
    return LabelFormatShape(
        id=one.id,
        title=one.title,
        kind=one.kind,
        width_mm=one.width_mm,
        height_mm=one.height_mm,
        per_page=one.per_page if one.sheet else None,
        dpi=one.dpi,
        symbology=one.symbology,
        own=own,
        module_mm={
            "qr": round(module_mm(one, address, "qr"), 2),
            "datamatrix": round(module_mm(one, address, "datamatrix"), 2),
        },
    )


@door("GET", "/v1/label-formats")
def list_label_formats(session: Session, caller: Caller, house: House) -> Page[LabelFormatShape]:
    """The labels that can be printed, A4 sheets first, the workshop's own last."""
    own = own_label_formats(session, caller.organisation_id)
    built_in = [_format_shape(one, house, own=False) for one in all_formats()]
    return Page(items=built_in + [_format_shape(one, house, own=True) for one in own])


def _described(data: NewLabelFormatShape) -> LabelFormat:
    sheet = Sheet(**data.sheet.model_dump()) if data.sheet else None
    return LabelFormat(
        id="new",
        title=data.title,
        kind=data.kind,
        width_mm=data.width_mm,
        height_mm=data.height_mm,
        per_page=sheet.columns * sheet.rows if sheet else 1,
        dpi=data.dpi,
        sheet=sheet,
        error_correction=data.error_correction,
        source="described by the workshop",
        margin_x_mm=data.margin_x_mm,
        margin_y_mm=data.margin_y_mm,
        symbology=data.symbology,
    )


@door("POST", "/v1/label-formats", status=201)
def describe_own_label_format(
    session: Session, caller: Caller, house: House, data: JSONBody[NewLabelFormatShape]
) -> LabelFormatShape:
    """Describe a label of your own; one that cannot be printed or scanned is refused with what to change."""
    require_role(caller, *FLOOR)
    made = describe_label_format(session, caller, _described(data), public_url=house.public_url)
    return _format_shape(made, house, own=True)


@door("POST", "/v1/labels", status=202)
def order_labels(session: Session, caller: Caller, house: House, data: JSONBody[LabelOrderShape]) -> JobAccepted:
    """Print labels; a device without a label code is given one, a device that is not there gets no label."""
    require_role(caller, *FLOOR)
    said: dict[str, Any] = data.model_dump(exclude={"device_ids"})
    device_ids = tuple(data.device_ids) if data.device_ids is not None else None
    order = LabelOrder(**said, device_ids=device_ids)
    accepted: Answer = job_accepted(print_labels(session, caller, order, public_url=house.public_url))
    return accepted  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


def _run_fields(run: LabelRun, claimed: int) -> dict[str, Any]:
    kept = run.model_dump(include={"id", "person", "kind", "count", "prints", "donation_id", "document_id"})
    chosen = {name: run.choices[name] for name in ("format", "symbology", "language")}
    return {**kept, **chosen, "at": run.created_at, "claimed": claimed}


@door("GET", "/v1/label-runs")
def list_label_runs(
    session: Session,
    caller: Caller,
    kind: FromQuery[Literal["blank", "devices", "donation"] | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[LabelRunShape]:
    """The workshop's print runs, oldest first: how many labels of each are on a device."""
    own = select(LabelRun).where(LabelRun.organisation_id == caller.organisation_id)
    statement = own.where(LabelRun.kind == kind) if kind else own
    cut = cut_page(session, statement, col(LabelRun.id), limit=limit, cursor=cursor)
    claimed = claimed_labels(session, [run.id for run in cut.rows])
    items = [LabelRunShape(**_run_fields(run, claimed[run.id])) for run in cut.rows]
    return Page(items=items, next_cursor=cut.next_cursor)


@door("GET", "/v1/label-runs/{run_id:uuid}")
def show_label_run(session: Session, caller: Caller, run_id: FromPath[UUID]) -> WholeLabelRunShape:
    """One print run with its labels and the devices that they are on."""
    run = label_run(session, caller.organisation_id, run_id)
    labels = [
        LabelOfRunShape(place=place, code=code.value, device_id=code.device_id)
        for place, code in labels_of_run(session, run.id)
    ]
    claimed = sum(one.device_id is not None for one in labels)
    return WholeLabelRunShape(**_run_fields(run, claimed), labels=labels)


doors = [
    list_label_formats,
    describe_own_label_format,
    order_labels,
    list_label_runs,
    show_label_run,
]
