"""A donation's pack, asked for and entered: one for each state of what one organisation may see."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel import Session

from reuse.documents.actions import Readers, add_document
from reuse.documents.models import Document
from reuse.donations.models import Donation
from reuse.history.rules import Actor
from reuse.house import House
from reuse.jobs.actions import enqueue
from reuse.jobs.models import Job
from reuse.jobs.queries import jobs_asked_again
from reuse.jobs.rules import JobState
from reuse.passport.queries.following import followed_donation
from reuse.passport.queries.packs import PACK, Seen, pack_for, seen_by, state_of
from reuse.people.rules import Caller, caller_facts
from reuse.signing import HOUSE, public_key_of, signing_key

GIVEN_UP = frozenset({JobState.failed, JobState.cancelled})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller sees of a donation at one moment, the name of that state, and the pack made of it, if there is."""

    donation: Donation
    seen: Seen
    state: str
    pack: Document | None


def standing_of(session: Session, house: House, caller: Caller, donation_id: UUID) -> Standing:
    """Where the donation stands for this caller; NotFound for whoever may not follow it."""
    donation = followed_donation(session, caller, donation_id)
    seen = seen_by(session, caller, donation)
    fingerprint = public_key_of(signing_key(house.settings, HOUSE))["fingerprint"]
    state = state_of(caller, donation, seen, seal=f"{house.public_url} {house.is_trial} {fingerprint}")
    return Standing(donation, seen, state, pack_for(session, state))


def order_pack(session: Session, caller: Caller, standing: Standing) -> Job:
    """The job that makes the pack of this state, or has made it; asked again after it was given up, a new one."""
    key = base = f"packs.make:{standing.state}"
    for known in jobs_asked_again(session, base):
        if known.state not in GIVEN_UP:
            return known
        key = f"{base}:{known.id}"
    # without the person: all of an organisation see the same
    payload = {"donation_id": standing.donation.id, "caller": caller_facts(replace(caller, person=None))}
    return enqueue(session, "packs.make", actor=caller.actor, payload=payload, deduplicate=key)


def enter_pack(session: Session, actor: Actor, standing: Standing, *, sha256: str, size: int) -> Document:
    """Enter a pack whose bytes are kept, for the organisation that asked for it alone; twice is once."""
    number = standing.donation.number
    return add_document(
        session,
        kind=PACK,
        title=f"Dossier complet / full pack {number}",
        media_type="application/zip",
        file_name=f"{number}.zip",
        sha256=sha256,
        size=size,
        organisation_id=actor.organisation_id,
        readers=Readers(donation_id=standing.donation.id),
        number=number,
        deduplicate=standing.state,
    )
