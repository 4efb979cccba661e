from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.handovers.actions.contacts import keep_contact
from reuse.handovers.actions.hand_over import hand_over
from reuse.handovers.api.shapes import HandoverInput, HandoverShape, handover_shapes, order_of
from reuse.handovers.models import Handover
from reuse.handovers.queries import handover_for, visible_handovers
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Page, door, page_of


@door("POST", "/v1/reservations/{reservation_id:uuid}/handovers", status=201, tags=["handovers"])
def hand_over_devices(
    session: Session,
    caller: Caller,
    house: House,
    if_match: int | None,
    reservation_id: FromPath[UUID],
    data: JSONBody[HandoverInput],
) -> HandoverShape:
    """Let reserved devices leave to the network or a person; every gate is checked again, a receipt is printed."""
    handover = hand_over(session, caller, reservation_id, order_of(data, house), version=if_match)
    if data.contact is not None:
        keep_contact(session, house.settings, handover, data.contact.ways, until=data.contact.until)
    return handover_shapes(session, [handover])[0]


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
    shapes = {shape.id: shape for shape in handover_shapes(session, cut.rows)}
    return page_of(cut, lambda row: shapes[row.id])


@door("GET", "/v1/handovers/{handover_id:uuid}")
def show_handover(session: Session, caller: Caller, handover_id: FromPath[UUID]) -> HandoverShape:
    """One hand-over with its lines."""
    return handover_shapes(session, [handover_for(session, caller, handover_id)])[0]


doors = [hand_over_devices, list_handovers, show_handover]
