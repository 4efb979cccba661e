from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from reuse import clock
from reuse.catalogue.models import PriceGrid
from reuse.catalogue.rules.grids import validate_grid
from reuse.devices.rules import categories
from reuse.errors import Conflict, Fault, Invalid
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_role
from reuse.workshop.rules import score_table_faults


def add_grid(
    session: Session,
    caller: Caller,
    document: dict[str, Any],
    *,
    valid_from: datetime | None = None,
    territory_id: UUID | None = None,
) -> PriceGrid:
    """Enter a territory's prices, in force from `valid_from` or at once.

    Only an operator names another territory than its own. Invalid with every place that is wrong; Conflict where the
    territory has a grid of this version already.
    """
    territory = check_grid(session, caller, document, territory_id=territory_id)
    grid = PriceGrid(
        id=clock.new_id(),
        territory_id=territory.id,
        version=document["version"],
        currency=document["currency"],
        valid_from=valid_from or clock.now(),
        document=document,
        organisation_id=caller.organisation_id,
        person=caller.person,
        created_at=clock.now(),
    )
    session.add(grid)
    try:
        session.flush()
    except IntegrityError as error:
        sentence = f"The territory has a price grid {grid.version} already; a changed grid takes a version of its own."
        raise Conflict(sentence, code="version_taken") from error
    what = {"version": grid.version, "valid_from": grid.valid_from, "territory_id": territory.id}
    record(session, caller.actor, thing="price_grid", thing_id=grid.id, verb="entered", data=what)
    return grid


def check_grid(
    session: Session, caller: Caller, document: dict[str, Any], *, territory_id: UUID | None = None, place: str = ""
) -> Territory:
    """The territory that the caller may set these prices for; Invalid with every place of the grid that is wrong.

    `place` is where the request holds the grid.
    """
    require_role(caller, Role.territory, Role.operator)
    territory = _territory(session, caller, territory_id)
    faults = list(validate_grid(document, categories=categories(), currency=territory.currency))
    if document.get("score_table") is not None:
        faults += score_table_faults(document["score_table"])
    if faults:
        sentence = "This price grid cannot be used as it is: see errors for each place."
        raise Invalid(
            sentence, code="price_grid", errors=tuple(replace(one, pointer=place + one.pointer) for one in faults)
        )
    return territory


def _territory(session: Session, caller: Caller, territory_id: UUID | None) -> Territory:
    wanted = territory_id or caller.territory_id
    found = session.get(Territory, wanted) if caller.sees_all or wanted == caller.territory_id else None
    if found is None:
        sentence = f"There is no territory {territory_id} that you set prices for."
        fault = Fault("/territory_id", "unknown_territory", sentence)
        raise Invalid(sentence, code="unknown_territory", errors=(fault,))
    return found
