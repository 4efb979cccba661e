from datetime import date
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlmodel import Session, col, select

from reuse.cursors import cut_page
from reuse.donations.actions.rounds import add_to_round, call_off_round, change_order, make_round, take_out_of_round
from reuse.donations.actions.sheets import order_collection_sheet, order_round_sheet
from reuse.donations.api.plans import round_shape
from reuse.donations.api.shapes import NewRound, RoundChange, RoundMove, RoundShape, StopsIn
from reuse.donations.models import Round
from reuse.donations.queries import collection_for, round_for, visible_rounds
from reuse.house import House
from reuse.people.rules import Caller
from reuse.web import Answer, Page, door, job_accepted, page_of

Since = Annotated[date | None, QueryParameter(name="from")]
Until = Annotated[date | None, QueryParameter(name="to")]


@door("POST", "/v1/rounds", status=201)
def create_round(session: Session, caller: Caller, data: JSONBody[NewRound]) -> RoundShape:
    """Put planned pick-ups of one day into one round; its order is a proposal."""
    facts = data.model_dump(exclude={"day", "collection_ids", "stops"})
    return round_shape(session, caller, make_round(session, caller, day=data.day, stops=data.said(), **facts))


@door("GET", "/v1/rounds")
def list_rounds(
    session: Session,
    caller: Caller,
    since: Since = None,
    until: Until = None,
    carrier_id: FromQuery[UUID | None] = None,
    status: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[RoundShape]:
    """The rounds that the caller's workshop or carrier has, in the order of their making."""
    statement = select(Round).where(visible_rounds(caller))
    if since:
        statement = statement.where(col(Round.date) >= since)
    if until:
        statement = statement.where(col(Round.date) <= until)
    if carrier_id:
        statement = statement.where(Round.carrier_id == carrier_id)
    if status:
        statement = statement.where(Round.status == status)
    cut = cut_page(session, statement, col(Round.id), limit=limit, cursor=cursor)
    return page_of(cut, lambda this: round_shape(session, caller, this))


@door("GET", "/v1/rounds/{round_id:uuid}")
def show_round(session: Session, caller: Caller, round_id: FromPath[UUID]) -> RoundShape:
    """One round with its stops in their order."""
    return round_shape(session, caller, round_for(session, caller, round_id))


@door("PATCH", "/v1/rounds/{round_id:uuid}")
def edit_round(
    session: Session, caller: Caller, if_match: int | None, round_id: FromPath[UUID], data: JSONBody[RoundChange]
) -> RoundShape:
    """Set the order by hand, or the departure, start or vehicle; `order: null` proposes anew."""
    this = round_for(session, caller, round_id)
    change_order(session, caller, this, version=if_match, **data.model_dump(exclude_unset=True))
    return round_shape(session, caller, this)


@door("POST", "/v1/rounds/{round_id:uuid}/collections", status=200)
def join_round(
    session: Session, caller: Caller, if_match: int | None, round_id: FromPath[UUID], data: JSONBody[StopsIn]
) -> RoundShape:
    """Have more collections join the round."""
    this = round_for(session, caller, round_id)
    return round_shape(session, caller, add_to_round(session, caller, this, stops=data.said(), version=if_match))


@door("DELETE", "/v1/rounds/{round_id:uuid}/collections/{collection_id:uuid}", status=200)
def quit_round(
    session: Session, caller: Caller, if_match: int | None, round_id: FromPath[UUID], collection_id: FromPath[UUID]
) -> RoundShape:
    """Take a collection out of the round; it stays planned."""
    this = round_for(session, caller, round_id)
    take_out_of_round(session, caller, this, collection_id=collection_id, version=if_match)
    return round_shape(session, caller, this)


@door("POST", "/v1/rounds/{round_id:uuid}/moves", status=200)
def move_round(
    session: Session, caller: Caller, if_match: int | None, round_id: FromPath[UUID], data: JSONBody[RoundMove]
) -> RoundShape:
    """Call a round off; its collections stay planned."""
    this = round_for(session, caller, round_id)
    return round_shape(session, caller, call_off_round(session, caller, this, reason=data.reason, version=if_match))


@door("POST", "/v1/rounds/{round_id:uuid}/sheet", status=202)
def print_round(session: Session, caller: Caller, house: House, round_id: FromPath[UUID]) -> Answer:
    """Have the carrier's sheet of a round printed: its stops in order, each with what the carrier must know."""
    this = round_for(session, caller, round_id)
    return job_accepted(order_round_sheet(session, caller, this, public_url=house.public_url))


@door("POST", "/v1/collections/{collection_id:uuid}/sheet", status=202)
def print_collection(session: Session, caller: Caller, house: House, collection_id: FromPath[UUID]) -> Answer:
    """Have the carrier's sheet of one collection printed."""
    collection = collection_for(session, caller, collection_id)
    return job_accepted(order_collection_sheet(session, caller, collection, public_url=house.public_url))


doors = [
    create_round,
    list_rounds,
    show_round,
    edit_round,
    join_round,
    quit_round,
    move_round,
    print_round,
    print_collection,
]
