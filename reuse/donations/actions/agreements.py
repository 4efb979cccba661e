"""The agreement of a donation: drafted as things are, printed, and accepted by a named person of each side."""

from uuid import UUID

from sqlmodel import Session

from reuse import clock
from reuse.canonical import canonical_json, sha256_hex
from reuse.documents.actions import Readers, next_number, order_document
from reuse.documents.models import Document
from reuse.donations.actions.register import check_side, lock_donation
from reuse.donations.models import Agreement, AgreementAcceptance, Donation
from reuse.donations.queries import (
    AGREEMENT,
    Signing,
    agreement_key,
    agreement_now,
    agreements_of,
    content_of,
    latest_agreement,
    signing_of,
)
from reuse.donations.rules import (
    CALLED_OFF,
    AgreementSide,
    AgreementState,
    DonationStatus,
    HowAccepted,
    agreement_state,
    changed_parts,
    missing_declarations,
    template_for,
)
from reuse.errors import Conflict, NotAllowed
from reuse.history.actions import record
from reuse.jobs.models import Job
from reuse.people.models import Territory
from reuse.people.rules import Caller, Role, require_person


def draft_agreement(session: Session, caller: Caller, donation: Donation) -> Job:
    """Have the agreement printed as the donation is now; the job's result is `{"document_id": …}`.

    Asked again while nothing has changed, it is the same agreement and document; otherwise a new one, which supersedes
    the one before. Conflict for a draft, a donation without workshop and one that was called off.
    """
    check_side(caller, donation)
    donation = lock_donation(session, donation.id)
    _check_draftable(donation)
    before = next(iter(agreements_of(session, donation.id)), None)
    if before is not None and not changes_since(session, before, donation):
        return _print(session, caller, donation, before)
    workshop_id = UUID(str(donation.workshop_id))
    number = next_number(session, organisation_id=workshop_id, prefix="CV")
    now = clock.now()
    content = content_of(agreement_now(session, donation, number=number, at=now))
    agreement = Agreement(
        id=clock.new_id(),
        donation_id=donation.id,
        revision=before.revision + 1 if before else 1,
        number=number,
        workshop_id=workshop_id,
        supersedes=before.number if before else None,
        content=content,
        content_sha256=sha256_hex(canonical_json(content)),
        created_at=now,
    )
    session.add(agreement)
    what = {"number": number, "content_sha256": agreement.content_sha256, "supersedes": agreement.supersedes}
    record(session, caller.actor, thing="donation", thing_id=donation.id, verb="agreement_drafted", data=what)
    return _print(session, caller, donation, agreement)


def _check_draftable(donation: Donation) -> None:
    if donation.status == DonationStatus.DRAFT:
        raise Conflict("Submit the donation first; a draft is nothing to agree on.", code="not_submitted")
    _check_alive(donation)
    if donation.workshop_id is None:
        raise Conflict(
            "No workshop is named yet that could be party to the agreement; the territory assigns one.",
            code="gate_closed",
            missing=("workshop",),
        )


def _check_alive(donation: Donation) -> None:
    if donation.status in CALLED_OFF:
        raise Conflict(
            f"This donation is {donation.status}; there is nothing to agree on any more.", code="donation_ended"
        )


def _print(session: Session, caller: Caller, donation: Donation, agreement: Agreement) -> Job:
    """Order the document; each party follows a job of its own, and both come to the same document.

    One that is printed already is not printed again: should the wording have changed since, the first print stands.
    """
    key = agreement_key(agreement.id)
    value = agreement_now(
        session, donation, number=agreement.number, at=agreement.created_at, supersedes=agreement.supersedes or ""
    )
    return order_document(
        session,
        caller.actor,
        kind=AGREEMENT,
        value=value,
        number=agreement.number,
        organisation_id=agreement.workshop_id,
        readers=Readers(territory_id=donation.territory_id, donor_id=donation.donor_id, donation_id=donation.id),
        deduplicate=key,
        job_key=f"{key}:{caller.organisation_id}",
    )


def changes_since(session: Session, agreement: Agreement, donation: Donation) -> tuple[str, ...]:
    """The parts in which the donation is no longer what the agreement says; empty while it stands."""
    if donation.workshop_id is None:
        return ("recipient",)
    now = content_of(agreement_now(session, donation, number=agreement.number, at=agreement.created_at))
    in_force = signing_of(session, agreement).sides == set(AgreementSide)
    return changed_parts(agreement.content, now, in_force=in_force)


def accept_agreement(session: Session, caller: Caller, donation: Donation, *, sha256: str | None) -> Agreement:
    """Accept the latest agreement for the caller's side, as a named person, by the hash of the printed file.

    `sha256` is the file that the person has read, where the client says so. NotAllowed for anybody but the donor and
    the workshop's lead, and for a station; Conflict where it is not printed or declarations are missing, where the
    donation has changed since, and for a side that has accepted.
    """
    donation = lock_donation(session, donation.id)
    sides = _sides(caller, donation)
    person = require_person(caller)
    agreement, signing, document = acceptable_agreement(session, donation)
    side = next((one for one in sides if one not in signing.sides), sides[0])
    if sha256 is not None and sha256.lower() != document.sha256:
        raise Conflict(
            f"You have read another file than {agreement.number}, the agreement that stands; read this one first.",
            code="other_document",
        )
    if side in signing.sides:
        raise Conflict(f"The {side} has accepted {agreement.number} already.", code="already_accepted")
    accepted = AgreementAcceptance(
        id=clock.new_id(),
        agreement_id=agreement.id,
        side=side,
        manner=HowAccepted.SIGNED_IN,
        organisation_id=caller.organisation_id,
        person=person,
        key_id=caller.key_id,
        document_sha256=document.sha256,
        at=clock.now(),
    )
    enter_acceptance(session, caller, donation, agreement, accepted)
    return agreement


def enter_acceptance(
    session: Session, caller: Caller, donation: Donation, agreement: Agreement, accepted: AgreementAcceptance
) -> None:
    """Keep one side's acceptance, with the history of the donation telling by what and how far the agreement is."""
    before = signing_of(session, agreement).sides
    session.add(accepted)
    session.flush()
    state = agreement_state({*before, accepted.side}, DonationStatus(donation.status))
    record(
        session,
        caller.actor,
        thing="donation",
        thing_id=donation.id,
        verb="agreement_in_force" if state is AgreementState.IN_FORCE else "agreement_accepted",
        data={
            "number": agreement.number,
            "side": accepted.side,
            "manner": accepted.manner,
            "document_sha256": accepted.document_sha256,
            "copy_id": accepted.copy_id,
        },
    )


def acceptable_agreement(session: Session, donation: Donation) -> tuple[Agreement, Signing, Document]:
    """The latest agreement of a locked donation with its document; Conflict where nobody can accept it as it is."""
    _check_alive(donation)
    agreement = latest_agreement(session, donation.id)
    country = session.get_one(Territory, donation.territory_id).country
    missing = missing_declarations(template_for(country, donation.legal_basis), donation.declarations)
    if missing:
        raise Conflict(
            "The law asks the donor for declarations that are not made yet; see `missing`, PATCH the donation with "
            "them, and draft the agreement anew.",
            code="gate_closed",
            missing=missing,
        )
    if changed := changes_since(session, agreement, donation):
        raise Conflict(
            f"The donation has changed since {agreement.number} was drafted ({', '.join(changed)}); draft it anew.",
            code="agreement_outdated",
        )
    signing = signing_of(session, agreement)
    if signing.document is None:
        raise Conflict(
            "The agreement is not printed yet; follow its job, read the document, then accept.",
            code="gate_closed",
            missing=("document",),
        )
    return agreement, signing, signing.document


def _sides(caller: Caller, donation: Donation) -> list[AgreementSide]:
    """The sides that the caller may speak for; an organisation that is both accepts for one after the other."""
    is_donor = Role.donor in caller.roles and caller.organisation_id == donation.donor_id
    is_lead = Role.lead in caller.roles and caller.organisation_id == donation.workshop_id
    sides = [side for side, speaks in ((AgreementSide.DONOR, is_donor), (AgreementSide.WORKSHOP, is_lead)) if speaks]
    if not sides:
        raise NotAllowed(
            "An agreement is accepted by the donor and by the lead of the workshop that receives the donation.",
            missing=(Role.donor, Role.lead),
        )
    return sides
