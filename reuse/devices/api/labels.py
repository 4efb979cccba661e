from typing import Annotated
from uuid import UUID

from litestar.params import JSONBody
from pydantic import Field
from sqlmodel import Session

from labels.formats import all_formats
from reuse.devices.actions.labels import MAX_LABELS, LabelOrder, print_labels
from reuse.people.rules import Caller, Role, require_role
from reuse.web import Answer, JobAccepted, Page, Shape, door, job_accepted


class LabelFormatShape(Shape):
    """A kind of label that can be bought; sheets have a number a page, roll printers their dots an inch."""

    id: str
    title: str
    kind: str
    width_mm: float
    height_mm: float
    per_page: int | None
    dpi: int | None


class LabelOrderShape(Shape):
    """What to label: exactly one of `device_ids`, `donation_id` and `blank`."""

    format: str
    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_LABELS)] | None = None
    donation_id: UUID | None = None
    blank: Annotated[int, Field(ge=1, le=MAX_LABELS)] | None = None
    start_at: int = 1


@door("GET", "/v1/label-formats")
def list_label_formats() -> Page[LabelFormatShape]:
    """The labels that can be printed, A4 sheets first."""
    return Page(
        items=[
            LabelFormatShape(
                id=one.id,
                title=one.title,
                kind=one.kind,
                width_mm=one.width_mm,
                height_mm=one.height_mm,
                per_page=one.per_page if one.sheet else None,
                dpi=one.dpi,
            )
            for one in all_formats()
        ]
    )


@door("POST", "/v1/labels", status=202)
def order_labels(session: Session, caller: Caller, data: JSONBody[LabelOrderShape]) -> JobAccepted:
    """Print labels; a device without a label code is given one, a device that is not there gets no label."""
    require_role(caller, Role.technician, Role.lead)
    device_ids = tuple(data.device_ids) if data.device_ids is not None else None
    order = LabelOrder(data.format, device_ids, data.donation_id, data.blank, data.start_at)
    accepted: Answer = job_accepted(print_labels(session, caller, order))
    return accepted  # pyright: ignore[reportReturnType]  # the door unwraps an Answer


doors = [list_label_formats, order_labels]
