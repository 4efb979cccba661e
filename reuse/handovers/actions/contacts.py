"""How a person can be reached under warranty: sealed, read with a reason that is logged, gone with its term."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, delete, select

from reuse import clock
from reuse.canonical import canonical_json
from reuse.errors import Conflict, Fault, Invalid, NotFound
from reuse.handovers.models import Handover, HandoverContact, HandoverLine
from reuse.handovers.queries import contact_of, handover_for, lines_of
from reuse.handovers.rules import contact_faults
from reuse.handovers.rules.cards import is_international_phone, refuse_card_numbers
from reuse.history.actions import record
from reuse.history.rules import SYSTEM, Actor
from reuse.people.actions import note_access
from reuse.people.models import Territory
from reuse.people.rules import Access, Caller, Role, require_person, require_role
from reuse.sealing import key_of_month, seal, unseal
from reuse.settings import Settings

WAYS = ("phone", "email", "words")


@dataclass(frozen=True, slots=True)
class Reached:
    """How a person can be reached, until which day."""

    ways: Mapping[str, str]
    until: date


def keep_contact(
    session: Session, settings: Settings, handover: Handover, ways: Mapping[str, str], *, until: date | None = None
) -> HandoverContact:
    """Seal how the person can be reached, until the last day of the warranty or the earlier day that was agreed.

    Invalid where nobody took the devices home, where nothing is owed, or for a day beyond the warranty.
    """
    refuse_card_numbers({"contact": {name: way for name, way in ways.items() if not is_international_phone(way)}})
    faults = list(contact_faults(ways))
    territory = session.get_one(Territory, handover.territory_id)
    lines = lines_of(session, [handover.id])[handover.id]
    end = _term(handover, lines, until, today=clock.now().astimezone(ZoneInfo(territory.timezone)).date())
    faults += [end] if isinstance(end, Fault) else []
    if faults or isinstance(end, Fault):
        raise Invalid(" ".join(fault.message for fault in faults), code="contact", errors=tuple(faults))
    key_id = key_of_month(end)
    sealed = seal(settings, key_id, canonical_json(dict(ways)), bound_to=_bound(handover.id))
    row = HandoverContact(handover_id=handover.id, key_id=key_id, sealed=sealed, until=end, created_at=clock.now())
    session.add(row)
    session.flush()
    return row


def _term(handover: Handover, lines: Sequence[HandoverLine], until: date | None, *, today: date) -> date | Fault:
    ends = [line.warranty_until for line in lines if line.warranty_until is not None]
    if handover.kind != "person" or not ends:
        sentence = "A contact is kept for the warranty of a person's devices; nothing is owed here: leave it out."
        return Fault("/contact", "contact_without_warranty", sentence)
    if until is not None and not today <= until <= max(ends):
        return Fault(
            "/contact/until", "beyond_warranty", f"Name a day from today to {max(ends)}, when the warranty ends."
        )
    return until or max(ends)


def read_contact(session: Session, settings: Settings, caller: Caller, handover_id: UUID, *, reason: str) -> Reached:
    """How the person can be reached; that it was read, by whom and why, is written down in the same transaction.

    For the network of the hand-over, and for a lead of the workshop that owes the warranty, as a named person. NotFound
    where no contact is kept, Conflict where its key is lost.
    """
    handover = _handover(session, caller, handover_id, Role.network, Role.lead)
    row = contact_of(session, handover.id)
    if row is None:
        raise NotFound("No contact is kept of this hand-over, or its term is over.", code="no_contact")
    opened = open_contact(settings, row)
    if opened is None:
        raise Conflict("The key of this contact is lost, and the contact with it; erase it.", code="contact_key_lost")
    note_access(
        session,
        caller,
        Access.read,
        thing="handover_contact",
        thing_id=handover.id,
        owner_id=handover.network_id,
        reason=reason,
    )
    return opened


def open_contact(settings: Settings, row: HandoverContact) -> Reached | None:
    """What was sealed; None where its key is lost. Whoever asks for it writes the access down."""
    opened = unseal(settings, row.key_id, row.sealed, bound_to=_bound(row.handover_id))
    return None if opened is None else Reached(json.loads(opened), row.until)


def erase_contact(session: Session, caller: Caller, handover_id: UUID) -> Handover:
    """Let a contact go before its term, as the person may always ask; the network does so. NotFound where none is."""
    handover = _handover(session, caller, handover_id, Role.network)
    if not drop_contacts(session, caller.actor, [handover.id], because="asked"):
        raise NotFound("No contact is kept of this hand-over, or its term is over.", code="no_contact")
    note_access(
        session,
        caller,
        Access.erased,
        thing="handover_contact",
        thing_id=handover.id,
        owner_id=handover.network_id,
        reason="asked",
    )
    return handover


def drop_contacts(session: Session, actor: Actor, handover_ids: Sequence[UUID], *, because: str) -> list[UUID]:
    """Let the contacts of these hand-overs go; returns those that had one."""
    gone = session.connection().execute(
        delete(HandoverContact)
        .where(col(HandoverContact.handover_id).in_(handover_ids))
        .returning(col(HandoverContact.handover_id))
    )
    ids = [row[0] for row in gone]
    for one in ids:
        record(session, actor, thing="handover", thing_id=one, verb="contact_erased", data={"because": because})
    return ids


def drop_contacts_over(session: Session, today: date, *, limit: int) -> list[UUID]:
    """Let at most so many contacts go whose last day is past; returns their hand-overs."""
    over = select(HandoverContact.handover_id).where(col(HandoverContact.until) < today).limit(limit)
    return drop_contacts(session, SYSTEM, session.exec(over).all(), because="term_over")


def _handover(session: Session, caller: Caller, handover_id: UUID, *roles: Role) -> Handover:
    """The hand-over, for the organisations that deal with its person; for a territory, which only counts, NotFound."""
    require_role(caller, *roles)
    handover = handover_for(session, caller, handover_id)
    is_network = Role.network in caller.roles and handover.network_id == caller.organisation_id
    is_lead = Role.lead in roles and Role.lead in caller.roles and handover.workshop_id == caller.organisation_id
    if not (is_network or is_lead):
        raise NotFound(f"There is no hand-over {handover_id}.")
    require_person(caller)
    return handover


def _bound(handover_id: UUID) -> bytes:
    return f"handover:{handover_id}:".encode()
