from sqlmodel import Session, select

from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role


def set_handover_rules(
    session: Session, caller: Caller, *, voucher_required: bool, household_months: int | None
) -> Territory:
    """Set how the caller's territory hands over to persons; what was handed over before stays as it is.

    A household that is known already may be served again on the day that was told then.
    """
    require_role(caller, Role.territory)
    statement = select(Territory).where(Territory.id == caller.territory_id).with_for_update()
    territory = session.exec(statement.execution_options(populate_existing=True)).one()
    territory.voucher_required, territory.household_months = voucher_required, household_months
    session.add(territory)
    session.flush()
    what = {"voucher_required": voucher_required, "household_months": household_months}
    record(session, caller.actor, thing="territory", thing_id=territory.id, verb="handover_rules_set", data=what)
    return territory
