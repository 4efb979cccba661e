from datetime import date
from typing import Annotated
from uuid import UUID

from litestar.params import FromPath, QueryParameter
from sqlmodel import Session

from reuse.handovers.actions.contacts import erase_contact, read_contact
from reuse.handovers.api.shapes import HandoverShape, handover_shapes
from reuse.house import House
from reuse.people.rules import Caller
from reuse.transactions import in_transaction
from reuse.web import Shape, door


class ContactShape(Shape):
    """How a person can be reached, and until which day that is kept."""

    handover_id: UUID
    phone: str | None
    email: str | None
    words: str | None
    until: date


Why = Annotated[str, QueryParameter(min_length=3, max_length=200, description="Why it is read; kept for a year.")]


@door("GET", "/v1/handovers/{handover_id:uuid}/contact", has_own_transaction=True, tags=["handovers"])
def show_contact(caller: Caller, house: House, handover_id: FromPath[UUID], reason: Why) -> ContactShape:
    """Open a sealed contact, for a warranty case; who did, when and why is in the access log.

    For the network that handed over and the lead of the workshop, as a named person.
    """
    found = in_transaction(
        house.database, lambda session: read_contact(session, house.settings, caller, handover_id, reason=reason)
    )
    ways = {name: found.ways.get(name) for name in ("phone", "email", "words")}
    return ContactShape(handover_id=handover_id, until=found.until, **ways)


@door("DELETE", "/v1/handovers/{handover_id:uuid}/contact", tags=["handovers"])
def delete_contact(session: Session, caller: Caller, handover_id: FromPath[UUID]) -> HandoverShape:
    """Let a contact go before its term, because the person asks; nobody can be called under warranty then."""
    return handover_shapes(session, [erase_contact(session, caller, handover_id)])[0]


doors = [show_contact, delete_contact]
