from typing import Annotated
from uuid import UUID

from litestar.params import JSONBody
from pydantic import Field
from sqlmodel import Session, col, select

from reuse.donations.api.shapes import Category
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.reservations.actions.quotas import QuotaWish, set_sharing_rules
from reuse.reservations.models import Quota
from reuse.reservations.queries import visible_quotas
from reuse.reservations.rules import Period
from reuse.web import Shape, door

LONGEST_OFFER_HOURS = 30 * 24
MOST_QUOTAS = 500


class QuotaShape(Shape):
    """How many devices a network may take in a period; without a network each of them, without a category all."""

    network_id: UUID | None = None
    category: Category | None = None
    period: Period
    most: Annotated[int, Field(ge=0, le=100_000)]


class SharingRulesInput(Shape):
    """How a territory shares; `offer_hours` null or left out: nothing is offered unasked."""

    offer_hours: Annotated[int | None, Field(ge=1, le=LONGEST_OFFER_HOURS)] = None
    quotas: Annotated[list[QuotaShape], Field(max_length=MOST_QUOTAS, default_factory=list)]


class SharingRulesShape(Shape):
    """How a territory shares: for how long a device is offered to the need that is first, and the quotas."""

    territory_id: UUID
    offer_hours: int | None
    quotas: list[QuotaShape]


def _shape(session: Session, caller: Caller, territory: Territory) -> SharingRulesShape:
    quotas = session.exec(select(Quota).where(visible_quotas(caller)).order_by(col(Quota.id)))
    return SharingRulesShape(
        territory_id=territory.id,
        offer_hours=territory.offer_hours,
        quotas=[QuotaShape.model_validate(one.model_dump(exclude={"id", "territory_id"})) for one in quotas],
    )


@door("POST", "/v1/sharing-rules")
def set_the_sharing_rules(session: Session, caller: Caller, data: JSONBody[SharingRulesInput]) -> SharingRulesShape:
    """Set how your territory shares, as a whole: offers on their own, and quotas per network and period."""
    quotas = [QuotaWish(**one.model_dump()) for one in data.quotas]
    return _shape(session, caller, set_sharing_rules(session, caller, offer_hours=data.offer_hours, quotas=quotas))


@door("GET", "/v1/sharing-rules")
def show_sharing_rules(session: Session, caller: Caller) -> SharingRulesShape:
    """How the caller's territory shares; a network sees the quotas that bind it."""
    return _shape(session, caller, session.get_one(Territory, caller.territory_id))


doors = [set_the_sharing_rules, show_sharing_rules]
