from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
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
from reuse.reservations.actions.answers import answer_reservation, extend_hold, reassign_reservation
from reuse.reservations.actions.reserve import reserve_by_criteria, reserve_devices
from reuse.reservations.models import Reservation, ReservationLine
from reuse.reservations.queries import (
    lines_of,
    reservation_for,
    stands,
    status_now,
    visible_reservations,
)
from reuse.reservations.rules import Criteria, ReservationStatus
from reuse.web import Page, Shape, door, page_of

MOST_DEVICES = 500
Memory = Annotated[int, Field(ge=0, le=MOST_MEMORY_GB)]


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
    """A device in a reservation; `state` is live, handed_over, released, cancelled, reassigned or expired.

    It is `under_warranty` where the device left as the remedy of a warranty case, which counts for no quota.
    `need_id` is the network's need that it serves, where it fits one; `picked_at` is since when the workshop has it
    laid out for the hand-over.
    """

    device_id: UUID
    price: MoneyShape
    state: str
    reason: str | None
    need_id: UUID | None
    picked_at: datetime | None


class ReservationShape(Shape):
    """A reservation: what is kept, for whom, until when.

    `offered_for` is the need that it was offered for unasked: confirm it to take it, cancel it to let it go on.
    """

    id: UUID
    number: str
    version: int
    status: str
    network_id: UUID
    expires_at: datetime
    criteria: dict[str, Any] | None
    offered_for: UUID | None
    extended_at: datetime | None
    lines: list[ReservationLineShape]
    created_at: datetime


class ReservationMove(Shape):
    """Where the reservation is to go: confirmed or cancelled."""

    to: ReservationStatus
    reason: Reason | None = None


class ReassignmentInput(Shape):
    """Which network gets the devices instead, and why."""

    network_id: UUID
    reason: Reason


def _line_shape(line: ReservationLine, status: ReservationStatus) -> ReservationLineShape:
    is_over = line.live and status is ReservationStatus.EXPIRED
    return ReservationLineShape(
        device_id=line.device_id,
        price=MoneyShape(amount_minor=line.price_minor, currency=line.currency),
        state=status.value if is_over else line.state,
        reason=line.reason,
        need_id=line.need_id,
        picked_at=line.picked_at,
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
    offered: FromQuery[bool | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ReservationShape]:
    """Reservations that the caller may see, oldest first; `offered` picks those that were offered unasked, or not."""
    statement = select(Reservation).where(visible_reservations(caller))
    if status is not None:
        statement = statement.where(stands(status, clock.now()))
    if offered is not None:
        statement = statement.where(col(Reservation.offered_for).is_not(None) == offered)
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


@door("POST", "/v1/reservations/{reservation_id:uuid}/extensions", status=201)
def extend_a_hold(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    reservation_id: FromPath[UUID],
) -> ReservationShape:
    """Let a hold last one term longer; each can be extended once."""
    term = timedelta(hours=house.settings.hold_hours)
    extended = extend_hold(session, caller, reservation_id, term=term, version=if_match)
    return reservation_shapes(session, caller, [extended])[0]


@door("POST", "/v1/reservations/{reservation_id:uuid}/reassignments", status=201)
def reassign_a_reservation(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    reservation_id: FromPath[UUID],
    data: JSONBody[ReassignmentInput],
) -> ReservationShape:
    """Give what a reservation keeps to another network, as its territory; the answer is the new reservation."""
    hold = timedelta(hours=house.settings.hold_hours)
    wish = data.model_dump()
    given = reassign_reservation(session, caller, reservation_id, **wish, hold=hold, version=if_match)
    return reservation_shapes(session, caller, [given])[0]


doors = [
    reserve,
    list_reservations,
    show_reservation,
    move_a_reservation,
    extend_a_hold,
    reassign_a_reservation,
]
