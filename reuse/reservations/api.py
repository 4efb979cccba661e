from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import AwareDatetime, Field
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.queries import MOST_MEMORY_GB
from reuse.catalogue.rules import HIGHEST_AMOUNT
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Reason
from reuse.devices.api.shapes import MoneyShape
from reuse.donations.api.shapes import Category
from reuse.errors import Fault, Invalid
from reuse.house import House
from reuse.people.rules import Activity, Caller
from reuse.reservations.actions.answers import answer_reservation
from reuse.reservations.actions.needs import state_need
from reuse.reservations.actions.reserve import reserve_by_criteria, reserve_devices
from reuse.reservations.models import Need, Reservation, ReservationLine
from reuse.reservations.queries import (
    lines_of,
    reservation_for,
    stands,
    status_now,
    visible_needs,
    visible_reservations,
)
from reuse.reservations.rules import Criteria, ReservationStatus
from reuse.web import Page, Shape, door, page_of

MOST_DEVICES = 500
Memory = Annotated[int, Field(ge=0, le=MOST_MEMORY_GB)]
Purpose = Annotated[str, Field(min_length=1, max_length=1000)]


class NeedInput(Shape):
    """What a network would take, and by which day."""

    category: Category
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    min_ram_gb: Memory | None = None
    before: date | AwareDatetime | None = None
    purpose: Purpose | None = None


class NeedShape(Shape):
    """A need that a network has stated."""

    id: UUID
    network_id: UUID
    category: str
    quantity: int
    min_ram_gb: int | None
    before: date | None
    purpose: str | None
    created_at: datetime


class CriteriaShape(Shape):
    """So many devices that are so; of those that fit, the ones listed longest are taken."""

    category: Category
    quantity: Annotated[int, Field(ge=1, le=MOST_DEVICES)]
    min_ram_gb: Memory | None = None
    max_price_minor: Annotated[int | None, Field(ge=0, le=HIGHEST_AMOUNT)] = None
    grade: Annotated[str | None, Field(max_length=10)] = None


class ReservationInput(Shape):
    """Either the devices by their ids, or criteria; all or nothing unless `allow_partial`."""

    device_ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=MOST_DEVICES)] = None
    criteria: CriteriaShape | None = None
    allow_partial: bool = False


class ReservationLineShape(Shape):
    """A device in a reservation; `state` is live, handed_over, released, cancelled or expired."""

    device_id: UUID
    price: MoneyShape
    state: str
    reason: str | None


class ReservationShape(Shape):
    """A reservation: what is kept, for whom, until when."""

    id: UUID
    number: str
    version: int
    status: str
    network_id: UUID
    expires_at: datetime
    criteria: dict[str, Any] | None
    lines: list[ReservationLineShape]
    created_at: datetime


class ReservationMove(Shape):
    """Where the reservation is to go: confirmed or cancelled."""

    to: ReservationStatus
    reason: Reason | None = None


def _need_shape(need: Need) -> NeedShape:
    return NeedShape.model_validate(need.model_dump(include=set(NeedShape.model_fields)))


@door("POST", "/v1/needs", status=201)
def state_a_need(session: Session, caller: Caller, data: JSONBody[NeedInput]) -> NeedShape:
    """State what your network needs."""
    before = data.before.date() if isinstance(data.before, datetime) else data.before
    facts = data.model_dump(exclude={"before"})
    return _need_shape(state_need(session, caller, before=before, **facts))


@door("GET", "/v1/needs")
def list_needs(
    session: Session,
    caller: Caller,
    category: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[NeedShape]:
    """Needs that the caller may see, oldest first: a network its own, a territory all of its networks'."""
    statement = select(Need).where(visible_needs(caller))
    if category is not None:
        statement = statement.where(Need.category == category)
    return page_of(cut_page(session, statement, col(Need.id), limit=limit, cursor=cursor), _need_shape)


def _line_shape(line: ReservationLine, status: ReservationStatus) -> ReservationLineShape:
    is_over = line.live and status is ReservationStatus.EXPIRED
    return ReservationLineShape(
        device_id=line.device_id,
        price=MoneyShape(amount_minor=line.price_minor, currency=line.currency),
        state=status.value if is_over else line.state,
        reason=line.reason,
    )


def reservation_shapes(session: Session, caller: Caller, rows: Sequence[Reservation]) -> list[ReservationShape]:
    """The reservations as this caller sees them, by the clock; a workshop sees the lines of its own devices."""
    lines, now = lines_of(session, [row.id for row in rows]), clock.now()
    in_full = caller.sees_all or Activity.territory in caller.activities
    shapes: list[ReservationShape] = []
    for row in rows:
        status = status_now(row, now)
        seen = [
            _line_shape(line, status)
            for line in lines[row.id]
            if in_full or caller.organisation_id in {row.network_id, line.workshop_id}
        ]
        plain = row.model_dump(include=set(ReservationShape.model_fields) - {"status", "lines"})
        shapes.append(ReservationShape(**plain, status=status.value, lines=seen))
    return shapes


@door("POST", "/v1/reservations", status=201)
def reserve(session: Session, caller: Caller, house: House, data: JSONBody[ReservationInput]) -> ReservationShape:
    """Reserve listed devices for your network, by id or by criteria; the hold ends at `expires_at`."""
    hold = timedelta(hours=house.settings.hold_hours)
    if data.device_ids is not None and data.criteria is None:
        made = reserve_devices(session, caller, data.device_ids, hold=hold, allow_partial=data.allow_partial)
    elif data.criteria is not None and data.device_ids is None:
        wish = data.criteria
        criteria = Criteria(**wish.model_dump(exclude={"quantity"}))
        made = reserve_by_criteria(
            session, caller, criteria, quantity=wish.quantity, hold=hold, allow_partial=data.allow_partial
        )
    else:
        sentence = "Say exactly one of device_ids and criteria."
        raise Invalid(sentence, code="one_selector", errors=(Fault("/", "one_selector", sentence),))
    return reservation_shapes(session, caller, [made])[0]


@door("GET", "/v1/reservations")
def list_reservations(
    session: Session,
    caller: Caller,
    status: FromQuery[ReservationStatus | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ReservationShape]:
    """Reservations that the caller may see, oldest first."""
    statement = select(Reservation).where(visible_reservations(caller))
    if status is not None:
        statement = statement.where(stands(status, clock.now()))
    cut = cut_page(session, statement, col(Reservation.id), limit=limit, cursor=cursor)
    shapes = {shape.id: shape for shape in reservation_shapes(session, caller, cut.rows)}
    return page_of(cut, lambda row: shapes[row.id])


@door("GET", "/v1/reservations/{reservation_id:uuid}")
def show_reservation(session: Session, caller: Caller, reservation_id: FromPath[UUID]) -> ReservationShape:
    """One reservation with its lines."""
    return reservation_shapes(session, caller, [reservation_for(session, caller, reservation_id)])[0]


@door("POST", "/v1/reservations/{reservation_id:uuid}/moves")
def move_a_reservation(
    session: Session,
    caller: Caller,
    if_match: int | None,
    reservation_id: FromPath[UUID],
    data: JSONBody[ReservationMove],
) -> ReservationShape:
    """Confirm a reservation before its hold ends, or cancel it; cancelling offers its devices again."""
    moved = answer_reservation(session, caller, reservation_id, to=data.to, reason=data.reason, version=if_match)
    return reservation_shapes(session, caller, [moved])[0]


doors = [
    state_a_need,
    list_needs,
    reserve,
    list_reservations,
    show_reservation,
    move_a_reservation,
]
