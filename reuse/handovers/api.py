from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.catalogue.rules import HIGHEST_AMOUNT
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Line, Reason
from reuse.devices.api.shapes import MoneyShape
from reuse.handovers.actions.hand_over import HandoverOrder, Payment, hand_over
from reuse.handovers.actions.returns import take_back_device
from reuse.handovers.models import Handover, HandoverLine
from reuse.handovers.queries import handover_for, lines_of, receipts_of, visible_handovers
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.web import Page, Shape, door, page_of


class BeneficiaryShape(Shape):
    """What is kept of a beneficiary: no name, no papers, no income. `eligible` is attested with true, and not kept."""

    pseudonym: str | None = None
    commune_insee: str | None = None
    qpv: str | bool | None = None
    age_band: str | None = None
    prescriber: str | None = None
    eligible: bool


class KeptBeneficiaryShape(Shape):
    """What was kept of a beneficiary."""

    pseudonym: str | None
    commune_insee: str | None
    qpv: str | None
    age_band: str | None
    prescriber: str | None


class PaymentShape(Shape):
    """What was paid in all, in minor units, and how: cash, card, transfer, cheque, or in your words."""

    amount_minor: Annotated[int, Field(ge=0, le=HIGHEST_AMOUNT)]
    currency: Annotated[str, Field(min_length=3, max_length=3)]
    method: Annotated[Line, Field(max_length=40)]


class SignatureShape(Shape):
    """Who signed for the devices."""

    role: Annotated[Line, Field(max_length=40)] = "network"
    name: Line


class HandoverInput(Shape):
    """Which reserved devices leave; without a beneficiary they go into the network's own stock."""

    device_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]
    beneficiary: BeneficiaryShape | None = None
    payment: PaymentShape | None = None
    signature: SignatureShape | Line | None = None


class HandoverLineShape(Shape):
    """A device that left; `refurbished` where the law allows the word, `returned_at` once it came back."""

    device_id: UUID
    price: MoneyShape
    legal_cap: MoneyShape | None
    refurbished: bool
    warranty_until: date | None
    returned_at: datetime | None
    return_reason: str | None


class HandoverShape(Shape):
    """A hand-over; its receipt is printed by `receipt_job` and is then `receipt_document_id`."""

    id: UUID
    number: str
    kind: str
    reservation_id: UUID
    network_id: UUID
    workshop_id: UUID
    at: datetime
    lines: list[HandoverLineShape]
    total: MoneyShape
    paid: MoneyShape | None
    payment_method: str | None
    beneficiary: KeptBeneficiaryShape | None
    receipt_job: UUID
    receipt_document_id: UUID | None


class ReturnInput(Shape):
    """Why a device comes back."""

    reason: Reason
    note: Annotated[str | None, Field(max_length=4000)] = None


class ReturnShape(Shape):
    """A device that came back, and whether it is under warranty; `version` is the device's."""

    device_id: UUID
    handover_id: UUID
    status: str
    version: int
    reason: str
    note: str | None
    returned_at: datetime
    warranty_until: date | None
    under_warranty: bool


def _order(data: HandoverInput) -> HandoverOrder:
    about: dict[str, Any] | None = None
    if data.beneficiary is not None:
        about = data.beneficiary.model_dump(exclude_none=True)
        if isinstance(about.get("qpv"), bool):
            about["qpv"] = "yes" if about["qpv"] else "no"
    signature = SignatureShape(name=data.signature) if isinstance(data.signature, str) else data.signature
    return HandoverOrder(
        device_ids=tuple(data.device_ids),
        beneficiary=about,
        payment=Payment(**data.payment.model_dump()) if data.payment else None,
        signature=signature.model_dump() if signature else None,
    )


def _line_shape(line: HandoverLine) -> HandoverLineShape:
    cap = line.legal_cap_minor
    plain = line.model_dump(include=set(HandoverLineShape.model_fields))
    return HandoverLineShape(
        **plain,
        price=MoneyShape(amount_minor=line.price_minor, currency=line.currency),
        legal_cap=None if cap is None else MoneyShape(amount_minor=cap, currency=line.currency),
    )


def _shapes(session: Session, rows: Sequence[Handover]) -> list[HandoverShape]:
    ids = [row.id for row in rows]
    lines, receipts = lines_of(session, ids), receipts_of(session, ids)
    return [_shape(row, lines[row.id], receipts.get(row.id)) for row in rows]


def _shape(row: Handover, lines: Sequence[HandoverLine], receipt: UUID | None) -> HandoverShape:
    about = {name: getattr(row, f"beneficiary_{name}") for name in KeptBeneficiaryShape.model_fields}
    return HandoverShape(
        **row.model_dump(include=set(HandoverShape.model_fields)),
        lines=[_line_shape(line) for line in lines],
        total=MoneyShape(amount_minor=row.total_minor, currency=row.currency),
        paid=None if row.paid_minor is None else MoneyShape(amount_minor=row.paid_minor, currency=row.currency),
        beneficiary=KeptBeneficiaryShape(**about) if row.kind == "person" else None,
        receipt_job=row.receipt_job_id,
        receipt_document_id=receipt,
    )


@door("POST", "/v1/reservations/{reservation_id:uuid}/handovers", status=201, tags=["handovers"])
def hand_over_devices(
    session: Session,
    caller: Caller,
    if_match: int | None,
    reservation_id: FromPath[UUID],
    data: JSONBody[HandoverInput],
) -> HandoverShape:
    """Let reserved devices leave to the network or a person; every gate is checked again, a receipt is printed."""
    return _shapes(session, [hand_over(session, caller, reservation_id, _order(data), version=if_match)])[0]


@door("GET", "/v1/handovers")
def list_handovers(
    session: Session,
    caller: Caller,
    reservation_id: FromQuery[UUID | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[HandoverShape]:
    """Hand-overs that the caller may see, oldest first."""
    statement = select(Handover).where(visible_handovers(caller))
    if reservation_id is not None:
        statement = statement.where(Handover.reservation_id == reservation_id)
    cut = cut_page(session, statement, col(Handover.id), limit=limit, cursor=cursor)
    shapes = {shape.id: shape for shape in _shapes(session, cut.rows)}
    return page_of(cut, lambda row: shapes[row.id])


@door("GET", "/v1/handovers/{handover_id:uuid}")
def show_handover(session: Session, caller: Caller, handover_id: FromPath[UUID]) -> HandoverShape:
    """One hand-over with its lines."""
    return _shapes(session, [handover_for(session, caller, handover_id)])[0]


@door("POST", "/v1/devices/{device_id:uuid}/returns", status=201, tags=["handovers"])
def return_device(
    session: Session,
    caller: Caller,
    if_match: int | None,
    device_id: FromPath[UUID],
    data: JSONBody[ReturnInput],
) -> ReturnShape:
    """Take a handed-over device back; it stays returned until the workshop starts work on it."""
    device, line = take_back_device(session, caller, device_id, reason=data.reason, note=data.note, version=if_match)
    territory = session.get_one(Territory, device.territory_id)
    returned_at = line.returned_at or line.at
    day = returned_at.astimezone(ZoneInfo(territory.timezone)).date()
    return ReturnShape(
        device_id=device.id,
        handover_id=line.handover_id,
        status=device.status,
        version=device.version,
        reason=data.reason,
        note=data.note,
        returned_at=returned_at,
        warranty_until=line.warranty_until,
        under_warranty=line.warranty_until is not None and day <= line.warranty_until,
    )


doors = [hand_over_devices, list_handovers, show_handover, return_device]
