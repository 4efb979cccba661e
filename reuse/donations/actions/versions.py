"""The versions of a donation's reconciliation: each frozen with its own note, none ever overwritten."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.canonical import as_json
from reuse.donations.actions.notes import order_version_note
from reuse.donations.actions.reconciliation import reconciliation_of
from reuse.donations.actions.register import change_donation, lock_donation
from reuse.donations.models import Collection, CollectionDonation, Donation, DonationImport, Reconciled
from reuse.donations.queries import latest_version
from reuse.donations.rules import VersionReason
from reuse.errors import NotAllowed
from reuse.history.actions import record
from reuse.history.rules import Actor
from reuse.people.rules import Caller, Role, require_person, require_role


def keep_first_version(
    session: Session, actor: Actor, donation: Donation, collection: Collection, *, number: str
) -> Reconciled:
    """Keep what a reception froze as the donation's present reconciliation; its note is the reception note."""
    lock_donation(session, donation.id)
    link = session.get_one(CollectionDonation, (collection.id, donation.id))
    content = as_json(link.reconciliation)
    because = VersionReason.RECEPTION
    return _keep(session, actor, donation, content, because=because, number=number, collection=collection)


def renew_reconciliation(session: Session, actor: Actor, donation: Donation, *, because: VersionReason) -> Reconciled:
    """Draw the reconciliation up anew where what is known now says something else than what was frozen last.

    The present version is returned where nothing has changed. A new one has a note of its own, and what both sides had
    agreed on before is open again; the donor's answers to differences that remain still hold.
    """
    lock_donation(session, donation.id)
    last = latest_version(session, donation)
    content = as_json(asdict(reconciliation_of(session, [donation.id])))
    if last.content == content:
        return last
    number = order_version_note(session, actor, donation, last, content, because=because)
    return _keep(session, actor, donation, content, because=because, number=number, collection=None)


def renew_after_list(session: Session, import_id: UUID) -> dict[str, Any]:
    """What a list that came after the reception changes of its count; the job's result tells the present version."""
    this = session.get_one(DonationImport, import_id)
    donation = lock_donation(session, this.donation_id)
    actor = Actor(this.organisation_id, this.person, this.key_id)
    return {"version": renew_reconciliation(session, actor, donation, because=VersionReason.LIST).version}


def is_current(session: Session, donation: Donation, present: Reconciled) -> bool:
    """Whether what was frozen last is what would be found now."""
    return present.content == as_json(asdict(reconciliation_of(session, [donation.id])))


def recount(session: Session, caller: Caller, donation: Donation) -> Reconciled:
    """Have the reconciliation drawn up anew by hand, after devices were scanned in, found or taken in blind."""
    check_its_lead(caller, donation)
    return renew_reconciliation(session, caller.actor, donation, because=VersionReason.RECOUNT)


def check_its_lead(caller: Caller, donation: Donation) -> str:
    """The name of the lead who signs for the workshop that receives; NotAllowed for anybody else."""
    require_role(caller, Role.lead)
    if donation.workshop_id != caller.organisation_id:
        raise NotAllowed("This is for the lead of the workshop that receives the donation.", code="not_yours")
    return require_person(caller)


def _keep(
    session: Session,
    actor: Actor,
    donation: Donation,
    content: dict[str, Any],
    *,
    because: VersionReason,
    number: str,
    collection: Collection | None,
) -> Reconciled:
    version = donation.reconciliation_version + 1
    this = Reconciled(
        donation_id=donation.id,
        version=version,
        because=because,
        collection_id=collection.id if collection else None,
        content=content,
        number=number,
        organisation_id=actor.organisation_id,
        person=actor.person,
        made_at=clock.now(),
    )
    session.add(this)
    was_agreed = donation.agreed_at is not None
    change_donation(session, donation, reconciliation_version=version, agreed_at=None)
    what = {
        "version": version,
        "because": because,
        "number": number,
        "differences": len(content["differences"]),
        "agreement_withdrawn": was_agreed,
    }
    record(session, actor, thing="donation", thing_id=donation.id, verb="reconciled", data=what)
    return this
