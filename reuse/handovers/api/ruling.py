from typing import Annotated
from uuid import UUID

from litestar.params import JSONBody
from pydantic import Field
from sqlmodel import Session

from reuse.handovers.actions.ruling import set_handover_rules
from reuse.people.models import Territory
from reuse.people.rules import Caller
from reuse.web import Shape, door


class HandoverRulesInput(Shape):
    """How a territory hands over to persons: by voucher only, and one device per household in so many months.

    What is left out is off.
    """

    voucher_required: bool = False
    household_months: Annotated[int | None, Field(ge=1, le=120)] = None


class HandoverRulesShape(Shape):
    """How a territory hands over to persons; `household_months` null: households are not asked for."""

    territory_id: UUID
    voucher_required: bool
    household_months: int | None


def _shape(territory: Territory) -> HandoverRulesShape:
    told = territory.model_dump(include={"voucher_required", "household_months"})
    return HandoverRulesShape(territory_id=territory.id, **told)


@door("POST", "/v1/handover-rules", tags=["handovers"])
def set_the_handover_rules(session: Session, caller: Caller, data: JSONBody[HandoverRulesInput]) -> HandoverRulesShape:
    """Set how your territory hands over to persons, as a whole; both rules are off until then."""
    return _shape(set_handover_rules(session, caller, **data.model_dump()))


@door("GET", "/v1/handover-rules", tags=["handovers"])
def show_handover_rules(session: Session, caller: Caller) -> HandoverRulesShape:
    """How the caller's territory hands over to persons."""
    return _shape(session.get_one(Territory, caller.territory_id))


doors = [set_the_handover_rules, show_handover_rules]
