"""An agreement signed by hand: the scan is kept as a document, and counts for the sides that it can bind."""

from dataclasses import dataclass

from sqlmodel import Session

from labels.words import word
from reuse import clock
from reuse.documents.actions import Readers, add_document
from reuse.donations.actions.agreements import acceptable_agreement, enter_acceptance
from reuse.donations.actions.register import check_side, is_its_lead, lock_donation
from reuse.donations.models import Agreement, AgreementAcceptance, AgreementCopy, Donation
from reuse.donations.rules import AgreementSide, HowAccepted
from reuse.errors import Conflict
from reuse.history.actions import record
from reuse.people.models import Territory
from reuse.people.rules import Caller, require_person

MOST_COPIES = 20
SIGNED_AGREEMENT = "signed_agreement"


@dataclass(frozen=True, slots=True)
class Scan:
    """The bytes of a signed copy, kept under their hash, and what they are."""

    sha256: str
    size: int
    media_type: str
    suffix: str


def add_signed_copy(session: Session, caller: Caller, donation: Donation, scan: Scan) -> bool:
    """Keep a copy of the latest agreement that was signed by hand; False where these very bytes are kept already.

    It counts as the donor's acceptance whoever sends it, and as the workshop's only from the workshop's own lead: a
    donor's scan cannot bind the workshop. NotAllowed for others and for a station; Conflict as for an acceptance.
    """
    check_side(caller, donation)
    person = require_person(caller)
    donation = lock_donation(session, donation.id)
    agreement, signing, document = acceptable_agreement(session, donation)
    if any(copy.sha256 == scan.sha256 for copy in signing.copies):
        return False
    if len(signing.copies) >= MOST_COPIES:
        raise Conflict(
            f"{agreement.number} has {MOST_COPIES} signed copies already; one that both have signed is enough.",
            code="too_many_copies",
        )
    copy = _keep(session, caller, donation, agreement, scan)
    for side in _sides_bound(caller, donation):
        if side in signing.sides:
            continue
        accepted = AgreementAcceptance(
            id=clock.new_id(),
            agreement_id=agreement.id,
            side=side,
            manner=HowAccepted.BY_HAND,
            organisation_id=caller.organisation_id,
            person=person,
            key_id=caller.key_id,
            document_sha256=document.sha256,
            copy_id=copy.id,
            at=clock.now(),
        )
        enter_acceptance(session, caller, donation, agreement, accepted)
    return True


def _sides_bound(caller: Caller, donation: Donation) -> list[AgreementSide]:
    is_workshop = is_its_lead(caller, donation) and caller.organisation_id == donation.workshop_id
    return [AgreementSide.DONOR, AgreementSide.WORKSHOP] if is_workshop else [AgreementSide.DONOR]


def _keep(session: Session, caller: Caller, donation: Donation, agreement: Agreement, scan: Scan) -> AgreementCopy:
    language = session.get_one(Territory, donation.territory_id).language
    document = add_document(
        session,
        kind=SIGNED_AGREEMENT,
        title=f"{word('title.signed_agreement', 'en' if language == 'en' else 'fr')} {agreement.number}",
        media_type=scan.media_type,
        file_name=f"{agreement.number}-{scan.sha256[:8]}.{scan.suffix}",
        sha256=scan.sha256,
        size=scan.size,
        organisation_id=agreement.workshop_id,
        readers=Readers(territory_id=donation.territory_id, donor_id=donation.donor_id, donation_id=donation.id),
        number=agreement.number,
        deduplicate=f"{SIGNED_AGREEMENT}:{agreement.id}:{scan.sha256}",
    )
    copy = AgreementCopy(
        id=clock.new_id(),
        agreement_id=agreement.id,
        document_id=document.id,
        sha256=scan.sha256,
        organisation_id=caller.organisation_id,
        person=require_person(caller),
        created_at=clock.now(),
    )
    session.add(copy)
    session.flush()
    what = {"number": agreement.number, "document_id": document.id, "sha256": scan.sha256}
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="agreement_copy_added", data=what)
    return copy
