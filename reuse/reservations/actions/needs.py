from datetime import date

from sqlmodel import Session

from reuse import clock
from reuse.history.actions import record
from reuse.people.rules import Caller, Role, require_role
from reuse.reservations.models import Need


def state_need(
    session: Session,
    caller: Caller,
    *,
    category: str,
    quantity: int,
    min_ram_gb: int | None = None,
    before: date | None = None,
    purpose: str | None = None,
) -> Need:
    """Write down what the caller's network would take, so that its territory sees demand beside supply."""
    require_role(caller, Role.network)
    need = Need(
        id=clock.new_id(),
        network_id=caller.organisation_id,
        territory_id=caller.territory_id,
        category=category,
        quantity=quantity,
        min_ram_gb=min_ram_gb,
        before=before,
        purpose=purpose,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(need)
    what = {"category": category, "quantity": quantity}
    record(session, caller.actor, thing="need", thing_id=need.id, verb="stated", data=what)
    return need
