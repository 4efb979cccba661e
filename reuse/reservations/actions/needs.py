from datetime import date
from uuid import UUID

from sqlmodel import Session, select

from reuse import clock
from reuse.errors import Conflict, NotFound
from reuse.history.actions import record
from reuse.jobs.actions import enqueue
from reuse.people.models import Territory
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
    session.flush()
    what = {"category": category, "quantity": quantity}
    record(session, caller.actor, thing="need", thing_id=need.id, verb="stated", data=what)
    if session.get_one(Territory, caller.territory_id).offer_hours is not None:
        where = {"territory_id": str(caller.territory_id), "need_id": str(need.id)}
        enqueue(session, "reservations.offer", actor=caller.actor, payload=where)
    return need


def withdraw_need(session: Session, caller: Caller, need_id: UUID, *, reason: str | None = None) -> Need:
    """Take a need of the caller's network off the waiting list; what it was promised stays promised.

    NotFound for another network's, Conflict `need_withdrawn` the second time.
    """
    require_role(caller, Role.network)
    statement = select(Need).where(Need.id == need_id, Need.network_id == caller.organisation_id).with_for_update()
    need = session.exec(statement).first()
    if need is None:
        raise NotFound(f"There is no need {need_id}.")
    if need.withdrawn_at is not None:
        sentence = "This need has been withdrawn already; state a new one if there is one."
        raise Conflict(sentence, code="need_withdrawn")
    need.withdrawn_at = clock.now()
    session.add(need)
    what = {"reason": reason} if reason else {}
    record(session, caller.actor, thing="need", thing_id=need.id, verb="withdrawn", data=what)
    return need
