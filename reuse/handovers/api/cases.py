from datetime import date
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field, StringConstraints
from sqlmodel import Session, col, select

from reuse.catalogue.rules import HIGHEST_AMOUNT
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line, Reason
from reuse.handovers.actions.warranty.giving import exchange_device, hand_back
from reuse.handovers.actions.warranty.moving import decide_case
from reuse.handovers.actions.warranty.opening import Complaint, open_case
from reuse.handovers.actions.warranty.refunding import Given, refund_case
from reuse.handovers.api.caseshapes import CaseShape, RefundShape, Viewer, case_shapes, refund_shape
from reuse.handovers.api.shapes import HandoverShape, SigningShape, handover_shapes
from reuse.handovers.models import WarrantyCase
from reuse.handovers.queries.cases import case_for, visible_cases
from reuse.handovers.rules.cases import CaseStatus
from reuse.house import House
from reuse.people.rules import Caller
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of


class ComplaintShape(Shape):
    """What is wrong: `defect` is a code of the catalogue of defects where one fits; words tell it in any case."""

    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)]
    defect: Annotated[str | None, Field(max_length=60)] = None


class CaseInput(Shape):
    """A complaint about a device that was handed over; with `take_back` the device comes back in the same step.

    Name nobody in words and note: a beneficiary stands under the pseudonym.
    """

    device_id: UUID
    complaint: ComplaintShape
    note: Annotated[str | None, Field(max_length=4000)] = None
    reported_at: Instant | None = None
    take_back: bool = False


class CaseMoveInput(Shape):
    """To the bench, or an end without a remedy; a remedy comes by handbacks, exchanges or refunds."""

    to: CaseStatus
    reason: Reason | None = None


class HandbackInput(Shape):
    """The device goes home; who signs for it, typed or drawn."""

    signature: SigningShape | Line | None = None


class ExchangeInput(HandbackInput):
    """Which device is given in its place: listed, or reserved for the same network."""

    device_id: UUID


class RefundInput(Shape):
    """What was given back, in minor units, how and on which day; never with which card."""

    amount_minor: Annotated[int, Field(gt=0, le=HIGHEST_AMOUNT)]
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    method: Annotated[Line, Field(max_length=40)]
    on: date | None = None
    note: Annotated[str | None, Field(max_length=1000)] = None


def _signed(data: HandbackInput) -> dict[str, object] | None:
    signature = SigningShape(name=data.signature) if isinstance(data.signature, str) else data.signature
    return signature.model_dump() if signature else None


@door("POST", "/v1/warranty-cases", status=201)
def begin_case(session: Session, caller: Caller, house: House, data: JSONBody[CaseInput]) -> CaseShape:
    """Open a warranty case for a device that was handed over; its term is the one of the receipt."""
    complaint = Complaint(
        device_id=data.device_id,
        words=data.complaint.words,
        defect=data.complaint.defect,
        note=data.note,
        reported_at=data.reported_at,
        take_back=data.take_back,
    )
    return case_shapes(session, _viewer(caller, house), [open_case(session, caller, complaint)])[0]


@door("GET", "/v1/warranty-cases")
def list_cases(
    session: Session,
    caller: Caller,
    house: House,
    status: FromQuery[CaseStatus | None] = None,
    device_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[CaseShape]:
    """Warranty cases that the caller may know of, oldest first; `device_id` finds what was given in exchange too."""
    statement = select(WarrantyCase).where(visible_cases(caller))
    if status is not None:
        statement = statement.where(WarrantyCase.status == status)
    if device_id is not None:
        either = (col(WarrantyCase.device_id) == device_id) | (col(WarrantyCase.new_device_id) == device_id)
        statement = statement.where(either)
    cut = cut_page(session, statement, col(WarrantyCase.id), limit=limit, cursor=cursor)
    shapes = {shape.id: shape for shape in case_shapes(session, _viewer(caller, house), cut.rows)}
    return page_of(cut, lambda row: shapes[row.id])


@door("GET", "/v1/warranty-cases/{case_id:uuid}")
def show_case(session: Session, caller: Caller, house: House, case_id: FromPath[UUID]) -> CaseShape:
    """One warranty case: complaint, term, where it stands, what became of it."""
    return case_shapes(session, _viewer(caller, house), [case_for(session, caller, case_id)])[0]


@door("POST", "/v1/warranty-cases/{case_id:uuid}/moves")
def move_warranty_case(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    case_id: FromPath[UUID],
    data: JSONBody[CaseMoveInput],
) -> CaseShape:
    """Take the device to the bench, refuse with a reason, withdraw, or give up a device that is owed back."""
    moved = decide_case(session, caller, case_id, data.to, reason=data.reason, version=if_match)
    return case_shapes(session, _viewer(caller, house), [moved])[0]


@door("POST", "/v1/warranty-cases/{case_id:uuid}/handbacks", status=201)
def hand_device_back(
    session: Session,
    caller: Caller,
    if_match: int | None,
    case_id: FromPath[UUID],
    data: JSONBody[HandbackInput],
) -> HandoverShape:
    """Give the device back at no price, once it is ready again; the first receipt's warranty goes on."""
    given = hand_back(session, caller, case_id, signature=_signed(data), version=if_match)
    return handover_shapes(session, [given])[0]


@door("POST", "/v1/warranty-cases/{case_id:uuid}/exchanges", status=201)
def exchange(
    session: Session,
    caller: Caller,
    if_match: int | None,
    case_id: FromPath[UUID],
    data: JSONBody[ExchangeInput],
) -> HandoverShape:
    """Hand another device over in its place; what was paid moves with it, and every gate is checked."""
    given = exchange_device(session, caller, case_id, data.device_id, signature=_signed(data), version=if_match)
    return handover_shapes(session, [given])[0]


@door("POST", "/v1/warranty-cases/{case_id:uuid}/refunds", status=201)
def refund(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    case_id: FromPath[UUID],
    data: JSONBody[RefundInput],
) -> RefundShape:
    """Write down that money was given back, at most what was paid; a credit note is printed."""
    return refund_shape(
        session,
        _viewer(caller, house),
        refund_case(session, caller, case_id, Given(**data.model_dump()), version=if_match),
    )


def _viewer(caller: Caller, house: House) -> Viewer:
    return Viewer(caller.organisation_id, house.secret_key)


doors = [begin_case, list_cases, show_case, move_warranty_case, hand_device_back, exchange, refund]
