from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from sqlmodel import Session, col, delete, select

from reuse import clock
from reuse.errors import Fault, Invalid
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.queries import organisations_with
from reuse.people.rules import Activity, Caller, Role, require_role
from reuse.reservations.models import Quota


@dataclass(frozen=True, slots=True)
class QuotaWish:
    """A quota as a territory sets it; None is each network, or every category."""

    period: str
    most: int
    network_id: UUID | None = None
    category: str | None = None


def set_sharing_rules(
    session: Session, caller: Caller, *, offer_hours: int | None, quotas: Sequence[QuotaWish]
) -> Territory:
    """Set how the caller's territory shares: whether devices are offered unasked, for how long, and every quota.

    The rules of before are replaced as a whole, and stay in the history. Invalid for a network that is not the
    territory's. What is reserved already stays reserved.
    """
    require_role(caller, Role.territory)
    networks = {one.id for one in organisations_with(session, caller.territory_id, Activity.network)}
    faults = tuple(
        Fault(f"/quotas/{place}/network_id", "unknown_network", f"Your territory has no network {one.network_id}.")
        for place, one in enumerate(quotas)
        if one.network_id is not None and one.network_id not in networks
    )
    if faults:
        raise Invalid("Some quotas are for networks that are not here.", code="unknown_network", errors=faults)
    statement = select(Territory).where(Territory.id == caller.territory_id).with_for_update()
    territory = session.exec(statement.execution_options(populate_existing=True)).one()
    territory.offer_hours = offer_hours
    session.add(territory)
    session.exec(delete(Quota).where(col(Quota.territory_id) == territory.id))
    session.add_all(Quota(id=clock.new_id(), territory_id=territory.id, **asdict(one)) for one in quotas)
    session.flush()
    what = {"offer_hours": offer_hours, "quotas": [asdict(one) for one in quotas]}
    record(session, caller.actor, thing="territory", thing_id=territory.id, verb="sharing_rules_set", data=what)
    return territory
