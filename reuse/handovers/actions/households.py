"""The rule of one device per household and period: checked, recorded by hash, freed by a return, forgotten in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import Session, col, delete, select, update

from reuse import clock
from reuse.devices.models import Device
from reuse.errors import Conflict, Fault, Invalid, NotAllowed
from reuse.handovers.actions.orders import HandoverOrder
from reuse.handovers.models import Handover, HandoverLine, HouseholdServed
from reuse.handovers.queries import locked_handover
from reuse.handovers.queries.cases import is_under_case
from reuse.handovers.rules import months_later
from reuse.handovers.rules.households import devices_for_a_household, within_territory
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role


@dataclass(frozen=True, slots=True)
class Serving:
    """What is written down once the hand-over is: the household, until when, and why the rule was set aside."""

    household_hmac: str | None
    until: date
    override_reason: str | None = None


def check_household(
    session: Session, caller: Caller, order: HandoverOrder, territory: Territory, devices: Sequence[Device], day: date
) -> Serving | None:
    """Hold a hand-over to a person against the territory's rule; None where it has none.

    Conflict `household_served` tells from which day it is possible again, and nothing else; `household_one_device` for
    several at once. A lead may set the rule aside with a reason, NotAllowed for anybody else.
    """
    if order.override_reason is not None and Role.lead not in caller.roles:
        sentence = "Only a lead may set the household rule aside; ask one."
        raise NotAllowed(sentence, missing=(Role.lead,))
    months = territory.household_months
    if order.beneficiary is None or months is None:
        return None
    until = months_later(day, months)
    if order.household is None:
        if order.override_reason is None:
            sentence = "Your territory hands over one device per household and period: say which household."
            fault = Fault("/household", "required", sentence)
            raise Invalid(sentence, code="household_required", errors=(fault,))
        return Serving(None, until, order.override_reason)
    hashed = within_territory(order.household, territory.id)
    refusal = _refusal(session, territory, hashed, devices, day)
    if refusal is not None and order.override_reason is None:
        raise refusal
    return Serving(hashed, until, order.override_reason if refusal is not None else None)


def _refusal(
    session: Session, territory: Territory, hashed: str, devices: Sequence[Device], day: date
) -> Conflict | None:
    mine = and_(col(HouseholdServed.territory_id) == territory.id, col(HouseholdServed.household_hmac) == hashed)
    session.exec(delete(HouseholdServed).where(mine, col(HouseholdServed.until) <= day))
    still = select(HouseholdServed).where(mine, col(HouseholdServed.freed_at).is_(None))
    last = session.exec(still.order_by(col(HouseholdServed.until).desc()).limit(1)).first()
    if last is not None:
        sentence = f"This household was served already; it may be again from {last.until.isoformat()} on."
        return Conflict(sentence, code="household_served", missing=("household",))
    count = devices_for_a_household((one.category, one.bundle_id) for one in devices)
    if count > 1:
        sentence = f"These are {count} devices, and a household gets one within the period; offer a set as a bundle."
        return Conflict(sentence, code="household_one_device", missing=("household",))
    return None


def serve_household(session: Session, caller: Caller, serving: Serving, handover: Handover) -> None:
    """Write down that the household is served; who enters the same one at the same moment meets the unique key."""
    if serving.household_hmac is not None:
        row = HouseholdServed(
            id=clock.new_id(),
            territory_id=handover.territory_id,
            household_hmac=serving.household_hmac,
            handover_id=handover.id,
            until=serving.until,
            is_override=serving.override_reason is not None,
        )
        session.add(row)
        session.flush()
    if serving.override_reason is not None:
        what = {"reason": serving.override_reason}
        record(
            session, caller.actor, thing="handover", thing_id=handover.id, verb="household_rule_overridden", data=what
        )


def free_household(session: Session, handover_id: UUID) -> None:
    """Let the household be served again where nothing of its hand-over is out any more, or goes home under a case.

    Returns of one hand-over wait here for each other, so that the last one sees that it is the last.
    """
    session.flush()
    locked_handover(session, handover_id)
    out = select(HandoverLine.id).where(
        HandoverLine.handover_id == handover_id, col(HandoverLine.returned_at).is_(None)
    )
    if session.exec(out.limit(1)).first() is None and not is_under_case(session, handover_id):
        _set(session, handover_id, {"freed_at": clock.now()})


def follow_household(session: Session, before_id: UUID, handover: Handover) -> None:
    """A device given under a warranty case, or complained of when it is back already, keeps the household served.

    Unless it has got another meanwhile, which then counts instead.
    """
    freed = select(HouseholdServed).where(HouseholdServed.handover_id == before_id)
    for row in session.exec(freed).all():
        others = select(HouseholdServed.id).where(
            HouseholdServed.territory_id == row.territory_id,
            HouseholdServed.household_hmac == row.household_hmac,
            HouseholdServed.id != row.id,
            col(HouseholdServed.freed_at).is_(None),
        )
        if session.exec(others.limit(1)).first() is None:
            _set(session, before_id, {"freed_at": None, "handover_id": handover.id})


def _set(session: Session, handover_id: UUID, columns: dict[str, object]) -> None:
    session.exec(
        update(HouseholdServed)
        .where(col(HouseholdServed.handover_id) == handover_id)
        .values(columns)
        .execution_options(synchronize_session=False)
    )


def forget_households(session: Session) -> int:
    """Forget the households whose period is over; returns how many. The day is over everywhere on earth."""
    today = clock.now().date()
    return session.connection().execute(delete(HouseholdServed).where(col(HouseholdServed.until) < today)).rowcount
