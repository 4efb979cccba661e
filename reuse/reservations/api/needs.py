from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse import clock
from reuse.catalogue.queries import MOST_MEMORY_GB
from reuse.cursors import cut_page
from reuse.devices.api.inputs import Reason
from reuse.devices.rules import pseudonym
from reuse.donations.api.shapes import Category
from reuse.house import House
from reuse.people.models import Territory
from reuse.people.rules import Activity, Caller
from reuse.reservations.actions.needs import state_need, withdraw_need
from reuse.reservations.models import Need
from reuse.reservations.queries import need_for, open_needs, visible_needs, waiting_of
from reuse.reservations.rules import Place, Waiting, places
from reuse.shapes import Instant
from reuse.web import Page, Shape, door, page_of

Memory = Annotated[int, Field(ge=0, le=MOST_MEMORY_GB)]
Purpose = Annotated[str, Field(min_length=1, max_length=1000)]
FAIR_ORDER = (
    "Devices go to the need with the greatest weight: its age in days times the share of it that is still unmet. "
    "What is offered or reserved for a need counts as met while it is kept."
)


class NeedInput(Shape):
    """What a network would take, and by which day."""

    category: Category
    quantity: Annotated[int, Field(ge=1, le=100_000)]
    min_ram_gb: Memory | None = None
    before: date | Instant | None = None
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
    withdrawn_at: datetime | None


class WithdrawalInput(Shape):
    """Why a need is no more."""

    reason: Reason | None = None


class WaitingShape(Shape):
    """One place on the waiting list, with the numbers that gave it; `weight` is age_days times unmet_share.

    `network_id` and `need_id` are null where the caller may not know whose it is: `network` is then a pseudonym, the
    same each time.
    """

    place: int
    network: str
    network_id: UUID | None
    need_id: UUID | None
    is_this: bool
    since: datetime
    min_ram_gb: int | None
    quantity: int
    served: int
    age_days: float
    unmet_share: float
    weight: float


class PlaceShape(Shape):
    """Why a need is where it is: everyone before it, and itself; `place` is null where it waits for nothing."""

    need_id: UUID
    category: str
    at: datetime
    place: int | None
    waiting: int
    rule: str
    list: list[WaitingShape]


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


@door("POST", "/v1/needs/{need_id:uuid}/withdrawal")
def withdraw_a_need(
    session: Session, caller: Caller, need_id: FromPath[UUID], data: JSONBody[WithdrawalInput]
) -> NeedShape:
    """Take a need off the waiting list; what was promised to it stays promised."""
    return _need_shape(withdraw_need(session, caller, need_id, reason=data.reason))


@door("GET", "/v1/needs/{need_id:uuid}/place")
def show_place(session: Session, caller: Caller, house: House, need_id: FromPath[UUID]) -> PlaceShape:
    """Why a need is where it is on the waiting list of its category: everyone before it, with the numbers."""
    need, now = need_for(session, caller, need_id), clock.now()
    needs = open_needs(session, session.get_one(Territory, need.territory_id), {need.category})
    waiting = {one.need_id: one for one in waiting_of(session, needs)}
    order, by_id = places(waiting.values(), now), {str(one.id): one for one in needs}
    mine = next((one.place for one in order if one.need_id == str(need.id)), None)
    return PlaceShape(
        need_id=need.id,
        category=need.category,
        at=now,
        place=mine,
        waiting=len(order),
        rule=FAIR_ORDER,
        list=[
            _waiting_shape(caller, house, one, by_id[one.need_id], waiting[one.need_id], is_this=one.place == mine)
            for one in order[: mine or 0]
        ],
    )


def _waiting_shape(
    caller: Caller, house: House, one: Place, need: Need, got: Waiting, *, is_this: bool
) -> WaitingShape:
    is_known = caller.sees_all or Activity.territory in caller.activities or need.network_id == caller.organisation_id
    return WaitingShape(
        place=one.place,
        network="R-" + pseudonym(house.secret_key, need.territory_id, str(need.network_id))[2:],
        network_id=need.network_id if is_known else None,
        need_id=need.id if is_known else None,
        is_this=is_this,
        since=need.created_at,
        min_ram_gb=need.min_ram_gb,
        quantity=need.quantity,
        served=got.served,
        age_days=float(one.age_days),
        unmet_share=float(one.unmet_share),
        weight=float(one.weight),
    )


doors = [state_a_need, list_needs, withdraw_a_need, show_place]
